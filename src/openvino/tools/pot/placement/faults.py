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
from openvino.tools.pot.placement.attention import has_mask_of_one_row, is_square_attention

_NEAR = 0.05
"""Of a step: how far from a level zero may lie."""

_MATRIX, _BATCH = 2, 3
"""Axes."""

_FUSED = 256
"""Rows and columns of weights up to which the CPU computes products of few rows in one go."""


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
    """Whether a matrix comes from a MatMul through elementwise operations, where the device fuses the two.

    The quantizer between them is then applied wrongly; outputs are garbage. Matrices of several rows are fused, of a
    fixed number at least. Those of one row are where each stream has one thread and weights are small, and so are those
    of an open number when somebody fixes it. Higher ranks are right.
    """
    if view.type(name) != "MatMul":
        return False

    def elementwise(tensor: TensorId) -> tuple[TensorId, ...]:
        sources = view.varying(tensor.node)
        alike = all(view.stored_shape(source) == view.stored_shape(tensor) for source in sources)
        return sources if alike else ()

    shapes = {tensor: view.stored_shape(tensor) or () for tensor in view.varying(name)}
    matrices = [each for each, shape in shapes.items() if len(shape) == _MATRIX]
    several = [each for each in matrices if shapes[each][0] not in (None, 1)]
    return any(view.type(tensor.node) == "MatMul" for tensor in walk(several, elementwise)) or (
        len(matrices) == 1 and _has_small_weights(view, name) and _is_fused_behind(view, matrices[0])
    )


def _is_fused_behind(view: GraphView, tensor: TensorId) -> bool:
    """Whether a product of small weights makes a tensor, through what nobody else reads."""
    while len(view.consumers(tensor)) == 1:
        if view.type(tensor.node) == "MatMul":
            return _has_small_weights(view, tensor.node)
        sources = view.varying(tensor.node)
        if len(sources) != 1 or view.stored_shape(sources[0]) != view.stored_shape(tensor):
            return False
        tensor = sources[0]
    return False


def _has_small_weights(view: GraphView, name: str) -> bool:
    """Whether the CPU fuses a product with others for its size."""
    weights = [view.shape(tensor) or () for tensor in view.inputs(name) if view.is_constant(tensor)]
    return len(weights) == 1 and all(size is not None and size <= _FUSED for size in weights[0])


def _is_gained(view: GraphView, name: str, device: Device) -> bool:
    """Whether columns of a product of two activations have factors, which become a part of it.

    Of several matrices the device reads the factors of all but the first behind their end. In three axes it refuses
    factors of rows.
    """
    if view.type(name) != "MatMul" or not _is_of_two(view, name):
        return False
    shape = view.stored_shape(TensorId(name)) or ()
    refused = {-1: not shape or not set(shape[:-2]) <= {1}, -2: len(shape) == _BATCH}
    behind = walk([TensorId(name)], partial(_fused_behind, view))
    factors = [_factor_shape(view, reader.node) for tensor in behind for reader in view.consumers(tensor)]
    return any(
        len(own) >= -axis and own[axis] != 1 for own in factors for axis, is_so in refused.items() if is_so
    )


def _is_of_two(view: GraphView, name: str) -> bool:
    """Whether it is a product of two activations."""
    return traits(view.type(name)).product and not any(map(view.is_constant, view.inputs(name)[:2]))


def _fused_behind(view: GraphView, tensor: TensorId) -> Iterator[TensorId]:
    """What is computed element by element of a tensor alone, in the same shape."""
    for reader in view.consumers(tensor):
        result = TensorId(reader.node)
        if view.varying(reader.node) == (tensor,) and view.stored_shape(result) == view.stored_shape(tensor):
            yield result


def _factor_shape(view: GraphView, name: str) -> tuple[int | None, ...]:
    """The shape of the constant that a node multiplies by; of a scalar where it does nothing of the kind."""
    constants = [each for each in view.inputs(name) if view.is_constant(each)]
    if view.type(name) not in ("Divide", "Multiply") or len(constants) != 1:
        return ()
    return view.shape(constants[0]) or ()


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
    "gained_products": _is_gained,
    "odd_zero_points": _reads_odd_zero,
    "square_attention": is_square_attention,
    "masks_of_one_row": has_mask_of_one_row,
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
    """Whether the channels of a tensor can't even be divided by a Multiply.

    It becomes a part of the ranges of matrices of open sizes, and of a product of two activations, which are then
    refused, or wrong.
    """
    if "open_divisions" not in device.faults:
        return False
    is_open = None in (view.stored_shape(tensor) or ())
    is_matrix = len(view.shape(tensor) or ()) <= _MATRIX
    return (is_open and is_matrix) or any(_is_of_two(view, name) for name in makers(view, tensor))


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
