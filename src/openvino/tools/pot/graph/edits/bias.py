"""Change of a layer's bias.

layer ── Add(b) ── next          layer ── Add(b + shift) ── next
layer ── next             ──▶    layer ── Add(shift) ── next
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.graph.edits.replace import constant_like, rewire
from openvino.tools.pot.graph.geometry import LinearLayer, along
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView


def bias_input(view: GraphView, layer: LinearLayer) -> InputId | None:
    """The constant input of the Add that serves as the layer's bias, None where there is no such Add."""
    output = TensorId(layer.node)
    readers = view.consumers(output)
    if len(readers) != 1 or view.type(readers[0].node) != "Add":
        return None
    other = InputId(readers[0].node, 1 - readers[0].port)
    tensor = view.source(other)
    if not view.is_constant(tensor):
        return None
    shape, rank = view.shape(tensor), len(view.shape(output) or ())
    if shape is None or len(shape) > rank:
        return None
    padded = (1,) * (rank - len(shape)) + shape
    per_channel = all(size == 1 for axis, size in enumerate(padded) if axis != layer.output_axis % rank)
    return other if per_channel else None


def shift_bias(view: GraphView, layer: LinearLayer, shift: NDArray[np.float64]) -> None:
    """Add ``shift``, shape ``[output channels]``, to the layer's output."""
    output = view.nodes[layer.node].output(0)
    added = along(shift, layer.output_axis, output.get_partial_shape().rank.get_length())
    bias, name = bias_input(view, layer), f"{layer.node}/corrected_bias"
    if bias is not None:
        old = view.value(view.source(bias)).astype(np.float64)
        rewire([view.port(bias)], constant_like(output, old + added, name))
        return
    readers, names = output.get_target_inputs(), output.get_names()
    add = op.add(output, constant_like(output, added, name), name=f"{layer.node}/add_bias")
    rewire(readers, add)
    # The tensor's names follow the values, so that outputs of the model keep theirs.
    output.set_names(set())
    add.output(0).set_names(names)
