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
from openvino.tools.pot.graph.names import all_names, stabilise
from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.graph.view import GraphView

MARK = "/counted"
"""How names of what pads end."""

_HIGHEST = LEVELS - 1

_ABOVE = 2.0**-10
"""Steps by which numbers lie above whole ones, so that float32 makes none of them negative."""


def count_in_steps(view: GraphView, layer: str, offsets: Sequence[float], steps: Sequence[float]) -> None:
    """Let a convolution read its input counted in steps; it gives the same as before.

    Args:
        view: of the model.
        layer: the convolution, without groups, with constant weights ``[outputs, inputs, height, width]``.
        offsets, steps: of its input's channels.
    """
    data, kernel = InputId(layer, 0), InputId(layer, 1)
    first, step = (np.array(own).reshape(1, -1, 1, 1) for own in (offsets, steps))
    before = all_names(view.model)
    source = view.output(view.source(data))
    scaled = op.multiply(source, op.constant((1 / step).astype(np.float32)))
    numbers = op.add(scaled, op.constant((_ABOVE - first / step).astype(np.float32)))
    highest = op.constant(np.float32(_HIGHEST))
    padded = op.pad(numbers, [0, 0, 0, 0], [0, 1, 0, 0], "constant", highest, name=f"{layer}{MARK}")
    weights = view.value(view.source(kernel)).astype(np.float64)
    carried = (weights * (first - _ABOVE * step)).sum(axis=1, keepdims=True) / _HIGHEST
    values = np.concatenate([weights * step, carried], axis=1).astype(np.float32)
    view.port(data).replace_source_output(padded.output(0))
    replace_constant(view, [kernel], values, f"{layer}{MARK}_weights")
    view.model.validate_nodes_and_infer_types()
    stabilise(view.model, [*before, padded.get_friendly_name()])


def count_as(view: GraphView, other: ov.Model) -> None:
    """Let a float model count its input as a quantized one that was made of it does, if that does."""
    for pad in _counting(other):
        layer, node = pad.get_friendly_name().removesuffix(MARK), pad.input_value(0).get_node()
        if node.get_type_name() == "FakeQuantize":
            node = node.input_value(0).get_node()
        if node.get_type_name() != "Add" or layer not in view.nodes or view.type(layer) != "Convolution":
            continue
        scaled = node.input_value(0).get_node()
        found = [each.input_value(1).get_node() for each in (scaled, node) if each.get_input_size() == 2]
        if scaled.get_type_name() == "Multiply" and all(isinstance(each, Constant) for each in found):
            rates, shifts = (each.get_data().astype(np.float64).reshape(-1) for each in found)
            count_in_steps(view, layer, list((_ABOVE - shifts) / rates), list(1 / rates))


def quantize_before_padding(model: ov.Model) -> None:
    """Let what was counted be quantized before the channel of ones comes to it, where these are a level.

    What stays in float reads its input as it was: large numbers that cancel out cost precision in half precision.
    """
    for pad in _counting(model):
        readers = list(pad.output(0).get_target_inputs())
        if len(readers) == 1 and readers[0].get_node().get_type_name() == "Convolution":
            _count_no_more(pad, readers[0].get_node())
        if len(readers) != 1 or not _holds(readers[0].get_node()):
            continue
        quantizer = readers[0].get_node()
        for port in (1, 2):  # whole numbers, so that the device takes them for the levels themselves
            old = quantizer.input_value(port).get_node()
            border = op.constant(np.rint(old.get_data()).astype(np.float32), name=old.get_friendly_name())
            for place in (port, port + 2):
                quantizer.input(place).replace_source_output(border.output(0))
        ends = list(quantizer.output(0).get_target_inputs())
        quantizer.input(0).replace_source_output(pad.input_value(0))
        pad.input(0).replace_source_output(quantizer.output(0))
        for end in ends:
            end.replace_source_output(pad.output(0))


def _count_no_more(pad: ov.Node, layer: ov.Node) -> None:
    """Undo what a layer in float has no use for, unless its weights are quantized all the same."""
    kernel, scaled = layer.input_value(1).get_node(), pad.input_value(0).get_node().input_value(0).get_node()
    if isinstance(kernel, Constant) and scaled.get_type_name() == "Multiply":
        rates = scaled.input_value(1).get_node().get_data().astype(np.float64)
        values = (kernel.get_data()[:, : rates.size] * rates.reshape(1, -1, 1, 1)).astype(np.float32)
        weights = op.constant(values, name=kernel.get_friendly_name())
        layer.input(0).replace_source_output(scaled.input_value(0))
        layer.input(1).replace_source_output(weights.output(0))


def _counting(model: ov.Model) -> list[ov.Node]:
    """What pads inputs that are counted."""
    found = []
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Pad" and node.get_friendly_name().endswith(MARK):
            value = node.input_value(node.get_input_size() - 1).get_node()
            if (
                node.get_input_size() == 4
                and isinstance(value, Constant)
                and float(value.get_data()) == _HIGHEST
            ):
                found.append(node)
    return found


def _holds(quantizer: ov.Node) -> bool:
    """Whether a node quantizes all channels alike to whole numbers, the highest one among them."""
    if quantizer.get_type_name() != "FakeQuantize":
        return False
    borders = [quantizer.input_value(port).get_node() for port in range(1, 5)]
    if any(not isinstance(own, Constant) or own.get_data().size != 1 for own in borders):
        return False
    low, high, *written = (float(own.get_data().reshape(-1)[0]) for own in borders)
    whole = all(abs(own - round(own)) < 2 * _ABOVE for own in (low, high))
    steps = quantizer.get_attributes()["levels"] - 1
    return (
        whole
        and [low, high] == written
        and round(high) - round(low) == steps
        and low < 1
        and high > _HIGHEST - 1
    )
