"""Convolutions at the beginning whose input could be quantized without rounding, with one channel more."""

from __future__ import annotations

from math import nan, prod

import openvino as ov

from openvino.tools.pot.graph.edits.exact_input import MARK
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import Device
from openvino.tools.pot.placement.cost import is_worth_padding
from openvino.tools.pot.placement.layers import find_layers

_CHANNELS = range(2, 4)
"""Of an image. With eight and one more, and open sizes, the CPU plugin (2026.4) computed a convolution wrongly."""

_NORMALIZING = ("Convert", "Subtract", "Add", "Multiply", "Divide")


def first_convolution(view: GraphView) -> tuple[TensorId, str] | None:
    """What the first convolution reads, the only input up to its normalisation, and its name; None if it reads another.

    Args:
        view: the float model.
    """
    if len(view.model.inputs) != 1:
        return None
    tensor = source = TensorId(view.model.inputs[0].get_node().get_friendly_name())
    while view.type(tensor.node) != "Convolution":
        readers = view.consumers(tensor)
        if len(readers) != 1 or not _passes(view, readers[0]):
            return None
        source, tensor = tensor, TensorId(readers[0].node)
    shape = view.shape(source)
    counts = shape is not None and len(shape) == 4 and shape[0] in (None, 1) and shape[1] in _CHANNELS
    floats = view.output(source).get_element_type() == ov.Type.f32
    return (source, tensor.node) if counts and floats else None


def is_worth_counting(view: GraphView, device: Device, source: TensorId, layer: str) -> bool:
    """Whether one more channel of what a convolution reads costs next to nothing, by what the device's table says.

    Args:
        view: the float model, which knows the sizes of samples.
        device: the hardware table.
        source: what it reads.
        layer: its name.
    """
    layers, _ = find_layers(view, device, {})
    shape = [nan if size is None else size for size in view.shape(source) or ()]
    padded = prod(shape) * (1 + 1 / shape[1])
    return device.cost is not None and layer in layers and is_worth_padding(view, device.cost, layers, padded)


def counted(view: GraphView) -> dict[TensorId, str]:
    """Tensors whose numbers are levels as they are, so that no channel may be divided, with that reason."""
    found = (name for name in view.nodes if name.endswith(MARK) and view.type(name) == "Pad")
    return {TensorId(name): "its numbers are levels as they are" for name in found}


def _passes(view: GraphView, reader: InputId) -> bool:
    """Whether what reads an input is a convolution of it, or normalises it by constants."""
    others = [own for port, own in enumerate(view.inputs(reader.node)) if port != reader.port]
    known = all(view.is_constant(own) for own in others)
    kind = view.type(reader.node)
    return known and (kind in _NORMALIZING or (kind == "Convolution" and reader.port == 0))
