"""An input whose channels have steps of their own, counted in these steps, so that 8 bits hold it without rounding.

x ── layer      ──▶      x ── Multiply ── Add ── Pad(a channel of 255) ── layer(other weights)

Offsets can't go into the layer's bias where it pads: there its zeros mean zeros of the input. A channel that says where
there is an image, and whose padding is zero, carries them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import openvino as ov
from openvino import opset13 as op
from openvino.op import Constant

from openvino.tools.pot.arithmetic.lattice import LEVELS
from openvino.tools.pot.graph.edits.replace import replace_constant
from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.graph.view import GraphView

_MARK = "/counted"
_HIGHEST = LEVELS - 1


def count_in_steps(view: GraphView, layer: str, offsets: Sequence[float], steps: Sequence[float]) -> None:
    """Let a convolution read its input counted in steps; it gives the same as before.

    Args:
        view: of the model.
        layer: the convolution, without groups, with constant weights ``[outputs, inputs, height, width]``.
        offsets, steps: of its input's channels.
    """
    data, kernel = InputId(layer, 0), InputId(layer, 1)
    first, step = (np.array(own).reshape(1, -1, 1, 1) for own in (offsets, steps))
    source = view.output(view.source(data))
    scaled = op.multiply(source, op.constant((1 / step).astype(np.float32)))
    numbers = op.add(scaled, op.constant((-first / step).astype(np.float32)))
    highest = op.constant(np.float32(_HIGHEST))
    padded = op.pad(numbers, [0, 0, 0, 0], [0, 1, 0, 0], "constant", highest, name=f"{layer}{_MARK}")
    weights = view.value(view.source(kernel)).astype(np.float64)
    carried = (weights * first).sum(axis=1, keepdims=True) / _HIGHEST
    values = np.concatenate([weights * step, carried], axis=1).astype(np.float32)
    view.port(data).replace_source_output(padded.output(0))
    replace_constant(view, [kernel], values, f"{layer}{_MARK}_weights")
    view.model.validate_nodes_and_infer_types()


def count_as(view: GraphView, other: ov.Model) -> None:
    """Let a float model count its input as a quantized one that was made of it does, if that does."""
    for pad in [each for each in other.get_ops() if each.get_friendly_name().endswith(_MARK)]:
        layer, node = pad.get_friendly_name().removesuffix(_MARK), pad.input_value(0).get_node()
        if node.get_type_name() == "FakeQuantize":
            node = node.input_value(0).get_node()
        if node.get_type_name() != "Add" or layer not in view.nodes or view.type(layer) != "Convolution":
            continue
        scaled = node.input_value(0).get_node()
        found = [each.input_value(1).get_node() for each in (scaled, node)]
        if scaled.get_type_name() == "Multiply" and all(isinstance(each, Constant) for each in found):
            rates, shifts = (each.get_data().astype(np.float64).reshape(-1) for each in found)
            count_in_steps(view, layer, list(-shifts / rates), list(1 / rates))


def quantize_before_padding(model: ov.Model) -> None:
    """Let what was counted be quantized before the channel of ones comes to it, where these are a level."""
    for pad in [each for each in model.get_ordered_ops() if each.get_friendly_name().endswith(_MARK)]:
        readers = list(pad.output(0).get_target_inputs())
        quantizer = readers[0].get_node()
        if len(readers) != 1 or not _holds(quantizer, pad):
            continue
        ends = list(quantizer.output(0).get_target_inputs())
        quantizer.input(0).replace_source_output(pad.input_value(0))
        pad.input(0).replace_source_output(quantizer.output(0))
        for end in ends:
            end.replace_source_output(pad.output(0))


def _holds(quantizer: ov.Node, pad: ov.Node) -> bool:
    """Whether a node quantizes all channels alike, to levels that what is padded is one of, unchanged."""
    if pad.get_type_name() != "Pad" or quantizer.get_type_name() != "FakeQuantize":
        return False
    if float(pad.input_value(3).get_node().get_data()) != _HIGHEST:
        return False
    borders = [quantizer.input_value(port).get_node().get_data() for port in range(1, 5)]
    low, high, low_out, high_out = (float(own.reshape(-1)[0]) for own in borders)
    if any(own.size != 1 for own in borders) or (low, high) != (low_out, high_out):
        return False
    step = (high - low) / (quantizer.get_attributes()["levels"] - 1)
    number = (_HIGHEST - low) / step
    return low <= _HIGHEST <= high and abs(number - round(number)) < 1e-4
