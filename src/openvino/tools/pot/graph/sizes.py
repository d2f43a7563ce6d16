"""Sizes of a model's inputs, where it leaves them open: those of samples, and those that users fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.names import by_any_name, input_name
from openvino.tools.pot.utils.errors import ConfigError, ModelError, nearest, reason

Extents = Sequence[int | None]
Sizes = Mapping[str, tuple[int | None, ...]]
"""Input -> its sizes, None for those that samples don't agree on; inputs may be absent."""


def sizes_of(feed: Mapping[str, NDArray[Any]]) -> Sizes:
    """The sizes of what a model is fed."""
    return {name: array.shape for name, array in feed.items()}


def common_sizes(first: Sizes, second: Sizes) -> Sizes:
    """The sizes that both have."""
    return {
        name: tuple(a if a == b else None for a, b in zip(first[name], second[name], strict=True))
        for name in first.keys() & second.keys()
        if len(first[name]) == len(second[name])
    }


def with_sizes(model: ov.Model, sizes: Sizes) -> ov.Model | None:
    """A copy of a model for inputs of these sizes; None without any, and where the model can't have them."""
    if not sizes:
        return None
    clone = model.clone()
    for parameter in clone.get_parameters():
        seen = sizes.get(input_name(parameter.output(0)))
        if parameter.get_partial_shape().is_dynamic and seen is not None:
            parameter.set_partial_shape(ov.PartialShape([-1 if size is None else size for size in seen]))
    try:
        clone.validate_nodes_and_infer_types()
    except RuntimeError:
        return None
    return clone


def have_sizes(model: ov.Model, feed: Mapping[str, NDArray[Any]]) -> bool:
    """Whether a model takes arrays of the shapes of a feed."""
    return fits(input_shapes(model), feed)


def input_shapes(model: ov.Model) -> dict[str, Extents]:
    """Input -> its sizes, None for those that are open; those of any rank are left out."""
    shapes = {input_name(port): port.get_partial_shape() for port in model.inputs}
    return {
        name: tuple(None if size.is_dynamic else size.get_length() for size in shape)
        for name, shape in shapes.items()
        if shape.rank.is_static
    }


def fits(shapes: Mapping[str, Extents], feed: Mapping[str, NDArray[Any]]) -> bool:
    """Whether arrays are of shapes, as far as these are known."""
    pairs = ((shapes[name], array.shape) for name, array in feed.items() if name in shapes)
    return all(
        len(own) == len(found) and all(size in (None, other) for size, other in zip(own, found, strict=True))
        for own, found in pairs
    )


def with_shapes(model: CompressedModel, shapes: Mapping[str, Extents] | Extents) -> CompressedModel:
    """A copy of a model of one network, with these sizes of its inputs.

    Args:
        model: stays as it is.
        shapes: name of an input -> its sizes, None or -1 for those that stay; or the sizes of the only input.

    Raises:
        ConfigError: the model has no such input, or it can't have such sizes.
        ModelError: the rest of the model doesn't go with them.
    """
    (sub,) = model.submodels
    network = sub.model.clone()
    ports = by_any_name(network.inputs)
    named = shapes if isinstance(shapes, Mapping) else {_only_input(network, shapes): shapes}
    for name in named:
        if name not in ports:
            raise ConfigError(f"the model has no input {name!r}{nearest(name, ports)}")
    wanted = {input_name(ports[name]): _partial(sizes) for name, sizes in named.items()}
    fixed = {}
    for number, port in enumerate(network.inputs):
        name, own = input_name(port), port.get_partial_shape()
        shape = wanted.get(name, own)
        if not own.compatible(shape):
            raise ConfigError(f"input {name!r} has shape {own}, found {shape}")
        fixed[number] = _both(own, shape)
    try:
        network.reshape(fixed)
    except RuntimeError as error:
        said = ", ".join(f"{name!r} {shape}" for name, shape in wanted.items())
        raise ModelError(f"the model can't have inputs of these shapes, {said}: {reason(error)}") from error
    return CompressedModel([replace(sub, model=network)], model.name)


def is_static(model: CompressedModel) -> bool:
    """Whether all inputs have fixed sizes."""
    return all(port.get_partial_shape().is_static for sub in model for port in sub.model.inputs)


def _only_input(network: ov.Model, sizes: Extents) -> str:
    names = [input_name(port) for port in network.inputs]
    if len(names) != 1:
        raise ConfigError(
            f"the model has inputs {names}, expected a mapping of input name to shape, found {sizes}"
        )
    return names[0]


def _partial(sizes: Extents) -> ov.PartialShape:
    values = [-1 if size is None else size for size in sizes] if isinstance(sizes, Sequence) else [0]
    if not all(isinstance(value, int) and (0 < value < 1 << 31 or value == -1) for value in values):
        raise ConfigError(
            f"found {sizes!r}, expected sizes such as [1, 3, 224, 224], None for one that is open"
        )
    return ov.PartialShape(values)


def _both(own: ov.PartialShape, shape: ov.PartialShape) -> ov.PartialShape:
    """The sizes that either says, of two shapes that are compatible."""
    if own.rank.is_dynamic or shape.rank.is_dynamic:
        return shape if own.rank.is_dynamic else own
    return ov.PartialShape([a if a.is_static else b for a, b in zip(shape, own, strict=True)])
