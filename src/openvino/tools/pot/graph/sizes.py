"""The sizes that a model's inputs have in samples, where the model leaves them open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.graph.names import input_name

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
    """A copy of a model for inputs of these sizes; None without any, and where the model can't have them.

    Fixing sizes folds what computes with shapes; where it folds data too, there is no copy that answers for them.
    """
    if not sizes:
        return None
    clone, shapes = model.clone(), {}
    for number, port in enumerate(clone.inputs):
        own, seen = port.get_partial_shape(), sizes.get(input_name(port))
        if own.is_dynamic and seen is not None:
            shapes[number] = ov.PartialShape([-1 if size is None else size for size in seen])
    try:
        clone.reshape(shapes)
    except RuntimeError:
        return None
    there = {node.get_friendly_name() for node in clone.get_ops()}
    folded = [node for node in model.get_ops() if node.get_friendly_name() not in there]
    return (
        None
        if any(port.get_element_type().is_real() for node in folded for port in node.outputs())
        else clone
    )


def have_sizes(model: ov.Model, feed: Mapping[str, NDArray[Any]]) -> bool:
    """Whether a model takes arrays of the shapes of a feed."""
    shapes = {input_name(port): port.get_partial_shape() for port in model.inputs}
    return all(
        shapes[name].compatible(ov.PartialShape(list(array.shape)))
        for name, array in feed.items()
        if name in shapes
    )
