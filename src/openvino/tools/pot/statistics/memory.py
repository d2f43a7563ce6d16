"""How the device lays tensors out in memory, as far as the graph tells.

A wrong guess costs time and never a figure. Convolutions of the CPU keep the channels of a position together,
and what follows them element by element leaves it so; operations that move data put tensors back in order.
"""

from __future__ import annotations

import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.graph.operations import traits

_FARTHEST = 32


def channels_lead(output: ov.Output, axis: int) -> bool:
    """Whether a tensor is one row for each index of ``axis`` as it stands: that of the channels of one sample."""
    shape = output.get_partial_shape()
    return axis % len(shape) == 1 and bool(shape[0].is_static and shape[0].get_length() == 1)


def keeps_channels_together(output: ov.Output) -> bool:
    """Whether a tensor comes from a convolution, with nothing but element by element operations in between."""
    rank = output.get_partial_shape().rank
    for _ in range(_FARTHEST):
        node = output.get_node()
        own = traits(node.get_type_name())
        if own.convolves:
            return True
        sources = [port.get_source_output() for port in node.inputs()]
        data = [s for s in sources if s.get_node().get_type_name() != "Constant" and _of_rank(s, rank)]
        if not own.layout or not data:
            return False
        output = data[0]
    return False


def owned(output: ov.Output) -> ov.Output:
    """A tensor, or its copy where it is a sum that a convolution writes over one of its summands.

    Turning such a tensor costs many times as much as a copy. Pooling of single values is a copy that keeps channels
    together.
    """
    if not (_is_sum_in_place(output) and keeps_channels_together(output)):
        return output
    axes = len(output.get_partial_shape()) - 2
    ones, zeros = [1] * axes, [0] * axes
    return op.max_pool(output, ones, ones, zeros, zeros, ones).output(0)


def _is_sum_in_place(output: ov.Output) -> bool:
    """Whether a tensor is a sum, perhaps behind an activation, of two tensors that nobody else reads."""
    node = output.get_node()
    if node.get_input_size() == 1:
        node = node.input_value(0).get_node()
    summands = [port.get_source_output() for port in node.inputs()]
    return node.get_type_name() == "Add" and all(
        summand.get_node().get_type_name() != "Constant" and len(summand.get_target_inputs()) == 1
        for summand in summands
    )


def _of_rank(output: ov.Output, rank: ov.Dimension) -> bool:
    return bool(output.get_partial_shape().rank == rank)
