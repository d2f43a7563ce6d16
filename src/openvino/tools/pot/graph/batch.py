"""Where the samples of a batch lie in the tensors of a model: following their axis through operations that keep it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np
import openvino as ov

from openvino.tools.pot.graph.geometry import summed_axis
from openvino.tools.pot.graph.operations import Samples, traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView

_PROBE = 7
"""Samples with which models are tried that take any number of them."""

_IMAGES = 4
"""Axes that images have in a batch."""

_SIDE = 8
"""Rows and columns of the smallest image."""

Axes = Sequence[int | None]
"""Of each input of a node the axis of samples, None where it doesn't depend on them."""


def batch_axes(view: GraphView, axis: int = 0) -> dict[TensorId, int]:
    """The axis of samples of each tensor of a model, as far as it can be told.

    Args:
        view: a model whose inputs have one static size along the axis, more than 1.
        axis: of the inputs, along which samples lie.

    Returns:
        Tensors that don't depend on samples are left out, as are those in which samples mix or can't be followed.
    """
    known: dict[TensorId, int] = {}
    unknown: set[TensorId] = set()
    for name in view.nodes:
        inputs = view.inputs(name)
        if view.type(name) == "Parameter":
            known[TensorId(name)] = axis
        elif traits(view.type(name)).shapes:
            continue
        elif unknown.intersection(inputs):
            unknown.update(view.outputs(name))
        elif any(tensor in known for tensor in inputs):
            axes = [known.get(tensor) for tensor in inputs]
            found, size = axis_behind(view, name, axes), _size(view, inputs, axes)
            for output in view.outputs(name):
                shape = view.shape(output) or ()
                if found is not None and 0 <= found < len(shape) and shape[found] == size:
                    known[output] = found
                else:
                    unknown.add(output)
    return known


def output_axes(model: ov.Model, axis: int = 0) -> list[int | None]:
    """The axis of samples of each output, None where it can't be told; see ``batch_axes``."""
    view = GraphView(model)
    known = batch_axes(view, axis)
    return [known.get(TensorId(node.get_friendly_name())) for node in model.get_results()]


def fixed_batch(model: ov.Model | ov.CompiledModel, axis: int = 0) -> int:
    """How many samples the model takes at a time: 1 where that is free, not the same for all inputs, or no batch.

    Args:
        model: compiled or not.
        axis: of the inputs, along which the samples of a batch lie.
    """
    shapes = [port.get_partial_shape() for port in model.inputs]
    if any(shape.rank.is_dynamic or len(shape) <= axis or shape[axis].is_dynamic for shape in shapes):
        return 1
    sizes = {int(shape[axis].get_length()) for shape in shapes}
    return sizes.pop() if len(sizes) == 1 and _may_be_batch(model, axis) else 1


def _may_be_batch(model: ov.Model | ov.CompiledModel, axis: int) -> bool:
    """Whether an axis of the inputs is neither the only one, nor the channels of an image, nor what a layout says."""
    if is_batch(model, axis):
        return True
    layouts = [port.get_node().get_layout() for port in model.inputs]
    largest = max((list(port.get_partial_shape()) for port in model.inputs), key=len)
    few, *others = largest
    image = (
        len(others) == 2
        and few in (3, 4)
        and all(size.is_dynamic or size.get_length() >= _SIDE for size in others)
    )
    return bool(others) and not image and all(layout.empty for layout in layouts)


def is_batch(model: ov.Model | ov.CompiledModel, axis: int = 0) -> bool:
    """Whether what lies along an axis of the inputs certainly are samples: of images, or as a layout says.

    Rows of a matrix may be samples, or as well the parts of one.
    """
    for port in model.inputs:
        layout, shape = port.get_node().get_layout(), port.get_partial_shape()
        if layout.has_name("N") and ov.layout_helpers.batch_idx(layout) == axis:
            return True
        if shape.rank.is_static and len(shape) >= _IMAGES and axis == 0:
            return True
    return False


def takes_samples_apart(model: ov.Model, axis: int = 0) -> bool:
    """Whether a batch, whose size is free, certainly gives the same as its samples one by one."""
    shapes = []
    for port in model.inputs:
        sizes = [] if port.get_partial_shape().rank.is_dynamic else list(port.get_partial_shape())
        if len(sizes) <= axis or sizes[axis].is_static:
            return False
        sizes[axis] = ov.Dimension(_PROBE)
        shapes.append(ov.PartialShape(sizes))
    if not is_batch(model, axis) or model.get_sinks():
        return False
    clone = model.clone()
    try:
        clone.reshape(dict(zip(clone.inputs, shapes, strict=True)))
    except RuntimeError:
        return False
    return None not in output_axes(clone, axis)


def _size(view: GraphView, inputs: Sequence[TensorId], axes: Axes) -> int | None:
    sizes = {
        (view.shape(tensor) or ())[axis]
        for tensor, axis in zip(inputs, axes, strict=True)
        if axis is not None
    }
    return sizes.pop() if len(sizes) == 1 else None


def axis_behind(view: GraphView, name: str, axes: Axes) -> int | None:
    """The axis of samples in the outputs of a node, None where it can't be told.

    Args:
        view: where the node is.
        name: of the node.
        axes: of samples, for each of its inputs.
    """
    rule = _RULES.get(traits(view.type(name)).samples)
    return None if rule is None else rule(view, name, axes)


def _only(axes: Axes) -> int | None:
    """The axis of the first input, the only one that may depend on samples."""
    return axes[0] if all(axis is None for axis in axes[1:]) else None


def _rank(view: GraphView, tensor: TensorId) -> int:
    return len(view.shape(tensor) or ())


def _aligned(view: GraphView, name: str, axes: Axes) -> int | None:
    """Inputs broadcast against each other, last axis beside last axis."""
    ranks = [_rank(view, tensor) for tensor in view.inputs(name)]
    rank = _rank(view, TensorId(name))
    found = {axis + rank - own for axis, own in zip(axes, ranks, strict=True) if axis is not None}
    return found.pop() if len(found) == 1 else None


def _touched(view: GraphView, name: str) -> set[int] | None:
    """The axes along which an operation works, None where these are no constants."""
    inputs, rank = view.inputs(name), _rank(view, view.inputs(name)[0])
    if traits(view.type(name)).samples == "beside_attribute":
        return {int(view.nodes[name].get_attributes()["axis"]) % rank}
    if not view.is_constant(inputs[1]):
        return None
    return {int(axis) % rank for axis in np.atleast_1d(view.value(inputs[1]))}


def _along_first(view: GraphView, name: str, axes: Axes) -> int | None:
    """Samples lie along the first axis of all that depends on them."""
    return 0 if set(axes) <= {0, None} else None


def _kept(view: GraphView, name: str, axes: Axes) -> int | None:
    same = _rank(view, view.inputs(name)[0]) == _rank(view, TensorId(name))
    return _only(axes) if same and not _turns(view, name) else None


def _beside(view: GraphView, name: str, axes: Axes) -> int | None:
    """The axis of all that depends on samples, unless the operation works along it."""
    found = {axis for axis in axes if axis is not None}
    axis = _only(axes) if traits(view.type(name)).moves != "joins" else min(found, default=None)
    touched = _touched(view, name)
    return None if axis is None or touched is None or {axis} != found or axis in touched else axis


def _turns(view: GraphView, name: str) -> bool:
    """Whether a slice may go backwards."""
    inputs = view.inputs(name)
    if view.type(name) not in ("Slice", "StridedSlice") or len(inputs) < 4:
        return False
    return not view.is_constant(inputs[3]) or bool(np.min(view.value(inputs[3]), initial=1) < 0)


def _regrouped(view: GraphView, name: str, axes: Axes) -> int | None:
    """The axis of the same size with as many elements before it."""
    axis, before = _only(axes), view.shape(view.inputs(name)[0])
    after = view.shape(TensorId(name))
    if axis is None or before is None or after is None or None in before or None in after:
        return None
    sizes, lead = [size or 0 for size in after], prod(size or 0 for size in before[:axis])
    return next((a for a, size in enumerate(sizes) if size == before[axis] and prod(sizes[:a]) == lead), None)


def _reduced(view: GraphView, name: str, axes: Axes) -> int | None:
    axis, touched = _only(axes), _touched(view, name)
    if axis is None or touched is None or axis in touched:
        return None
    keeps = bool(view.nodes[name].get_attributes().get("keep_dims"))
    return axis if keeps else axis - sum(other < axis for other in touched)


def _transposed(view: GraphView, name: str, axes: Axes) -> int | None:
    axis, order = _only(axes), view.inputs(name)[1]
    if axis is None or not view.is_constant(order):
        return None
    places = view.value(order).tolist() or list(range(_rank(view, TensorId(name))))[::-1]
    return int(places.index(axis))


def _multiplied(view: GraphView, name: str, axes: Axes) -> int | None:
    """Samples are rows, columns or whole matrices."""
    rank, found = _rank(view, TensorId(name)), set()
    for port, axis in enumerate(axes):
        if axis is None:
            continue
        own = _rank(view, view.inputs(name)[port])
        last = axis - own  # -1 or -2 in the matrix itself
        if own < 2 or last == summed_axis(view, name, port):
            return None
        found.add(rank + (last if last < -2 else port - 2))
    return found.pop() if len(found) == 1 else None


def _gathered(view: GraphView, name: str, axes: Axes) -> int | None:
    data, indices, along = view.inputs(name)
    batched = int(view.nodes[name].get_attributes().get("batch_dims", 0))
    if not view.is_constant(along) or axes[2] is not None:
        return None
    axis = int(view.value(along).reshape(-1)[0]) % _rank(view, data)
    if axes[0] is not None and axes[1] is not None:
        return axes[0] if axes[0] == axes[1] < batched else None
    if batched:
        return None
    if axes[1] is not None:
        return axis + axes[1]
    if axes[0] is None or axes[0] == axis:
        return None
    return axes[0] if axes[0] < axis else axes[0] + _rank(view, indices) - 1


def _broadcast(view: GraphView, name: str, axes: Axes) -> int | None:
    if view.nodes[name].get_attributes().get("mode") == "explicit" or _only(axes) is None:
        return None
    return _aligned(view, name, [axes[0], *(None for _ in axes[1:])])


_RULES: dict[Samples, Callable[[GraphView, str, Axes], int | None]] = {
    "aligned": _aligned,
    "first": _along_first,
    "kept": _kept,
    "beside_attribute": _beside,
    "beside_input": _beside,
    "regrouped": _regrouped,
    "reduced": _reduced,
    "broadcast": _broadcast,
    "gathered": _gathered,
    "multiplied": _multiplied,
    "transposed": _transposed,
}
