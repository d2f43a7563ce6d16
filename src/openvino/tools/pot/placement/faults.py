"""Where a model meets what a device's plugin computes wrongly; which faults a device has, its table says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

from openvino.tools.pot.graph.channels import CHANNEL_AXIS
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView, walk
from openvino.tools.pot.hardware import Device, Fault

_NEAR = 0.05
"""Of a step: how far from a level zero may lie."""

_MATRIX = 2
"""Axes."""


def wrong_layer(view: GraphView, name: str, device: Device) -> str:
    """Why a device would compute a layer wrongly in INT8, an empty string where it would not."""
    return next(
        (
            device.faults[fault]
            for fault, is_met in _OF_LAYERS.items()
            if fault in device.faults and is_met(view, name, device)
        ),
        "",
    )


def _reads_vector(view: GraphView, name: str, device: Device) -> bool:
    shapes = map(view.shape, view.inputs(name))
    return view.type(name) == "MatMul" and any(len(shape or (0, 0)) < 2 for shape in shapes)


def _follows_product(view: GraphView, name: str, device: Device) -> bool:
    """Whether a matrix with a fixed number of rows above one comes from a MatMul through elementwise operations.

    Fused with the first product, the quantizer between the two is applied wrongly; outputs are garbage. Single
    rows, dynamic batches and higher ranks are right.
    """
    if view.type(name) != "MatMul":
        return False

    def elementwise(tensor: TensorId) -> tuple[TensorId, ...]:
        sources = view.varying(tensor.node)
        alike = all(view.stored_shape(source) == view.stored_shape(tensor) for source in sources)
        return sources if alike else ()

    shapes = {tensor: view.stored_shape(tensor) or () for tensor in view.varying(name)}
    matrices = [each for each, shape in shapes.items() if len(shape) == _MATRIX and shape[0] not in (None, 1)]
    return any(view.type(tensor.node) == "MatMul" for tensor in walk(matrices, elementwise))


def _reads_odd_zero(view: GraphView, name: str, device: Device) -> bool:
    """Whether a convolution reads a FakeQuantize of which zero is no level."""
    sources = view.varying(name)
    if not traits(view.type(name)).convolves or len(sources) == len(view.inputs(name)):
        return False
    source = origin(view, sources[0], device)
    return view.type(source) == "FakeQuantize" and not _has_zero(view, source)


_OF_LAYERS: Mapping[Fault, Callable[[GraphView, str, Device], bool]] = {
    "vectors": _reads_vector,
    "chained_products": _follows_product,
    "odd_zero_points": _reads_odd_zero,
}


def origin(view: GraphView, tensor: TensorId, device: Device) -> str:
    """The node that a tensor comes from, past those that move data at most."""
    while view.type(tensor.node) in device.transparent and view.inputs(tensor.node):
        tensor = view.inputs(tensor.node)[0]
    return tensor.node


def _has_zero(view: GraphView, name: str) -> bool:
    """Whether zero is a level of all that a FakeQuantize gives, or that is not known."""
    borders = view.inputs(name)[3:]
    if not all(map(view.is_constant, borders)):
        return True
    low, high = (np.asarray(view.value(tensor), np.float64) for tensor in borders)
    last = int(view.nodes[name].get_attributes()["levels"]) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        level = -low * last / (high - low)
    inside = (level > -_NEAR) & (level < last + _NEAR)
    return bool(np.all(inside & (np.abs(level - np.round(level)) < _NEAR)))


def open_batch(view: GraphView, name: str, device: Device) -> bool:
    """Whether a MatMul has rows of an unknown number, beside which a batch of matrices has one range."""
    rows = view.stored_shape(view.inputs(name)[0]) or ()
    return "open_batches" in device.faults and len(rows) < 4 and None in rows[-2:]


def open_gate(view: GraphView, tensor: TensorId, device: Device) -> bool:
    """Whether a tensor is one position for each channel beside a batch of any size, as gates are."""
    shape = view.stored_shape(tensor) or ()
    is_gate = len(shape) > CHANNEL_AXIS + 1 and None in shape and set(shape[CHANNEL_AXIS + 1 :]) == {1}
    return "open_gates" in device.faults and is_gate


def open_division(view: GraphView, tensor: TensorId, device: Device) -> bool:
    """Whether the channels of a tensor of dynamic sizes can't even be divided by a Multiply.

    It becomes a part of matrices' ranges, and of a product of two activations, which are then refused, or wrong.
    """
    if "open_divisions" not in device.faults or None not in (view.stored_shape(tensor) or ()):
        return False
    return len(view.shape(tensor) or ()) <= _MATRIX or any(
        traits(view.type(name)).product and not any(map(view.is_constant, view.inputs(name)[:2]))
        for name in makers(view, tensor)
    )


def makers(view: GraphView, tensor: TensorId) -> Iterator[str]:
    """The nodes that make a tensor, up to operations that keep its shape."""
    return (each.node for each in walk([tensor], partial(alike, view)))


def alike(view: GraphView, tensor: TensorId) -> list[TensorId]:
    """What the node that makes a tensor reads in the same shape."""
    return [source for source in view.inputs(tensor.node) if view.shape(source) == view.shape(tensor)]


def counts_padding(view: GraphView, name: str, device: Device) -> bool:
    """Whether an average counts padding, whose zeros come out wrong beside a zero point."""
    if "counted_padding" not in device.faults or view.type(name) != "AvgPool":
        return False
    attributes = view.nodes[name].get_attributes()
    pads = (*attributes["pads_begin"], *attributes["pads_end"])
    return not attributes["exclude-pad"] and (any(pads) or attributes["auto_pad"].startswith("same"))
