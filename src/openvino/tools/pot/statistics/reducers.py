"""Reductions that run inside the graph: from a tensor to a short vector for each inference.

A reducer is frozen data, so that equal requests fall together; ``reduce`` appends its nodes to a graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.graph.geometry import Window
from openvino.tools.pot.statistics.places import Places


class Reducer(Protocol):
    """What is computed from a tensor at each inference."""

    def reduce(self, source: ov.Output, places: Places) -> ov.Output:
        """Append the reduction of ``source``; returns a float32 vector whose length ``size`` tells."""
        ...

    def size(self, shape: tuple[int | None, ...]) -> int:
        """The length of that vector for a tensor of this shape."""
        ...


@dataclass(frozen=True)
class Extreme:
    """Minimum, maximum, largest magnitude or mean of a tensor, or of each index of one of its axes.

    Attributes:
        kind: ``min``, ``max``, ``abs_max`` or ``mean``.
        axis: the channel axis kept; None reduces the whole tensor.
    """

    kind: str
    axis: int | None = None

    def reduce(self, source: ov.Output, places: Places) -> ov.Output:
        """Append the reduction of ``source``."""
        axes = op.constant(_other_axes(source, self.axis))
        value = op.abs(source).output(0) if self.kind == "abs_max" else source
        reduce = {"min": op.reduce_min, "mean": op.reduce_mean}.get(self.kind, op.reduce_max)
        return _vector(reduce(value, axes, False).output(0))

    def size(self, shape: tuple[int | None, ...]) -> int:
        """One, or the number of channels."""
        return _channels(shape, self.axis)


@dataclass(frozen=True)
class Quantile:
    """The quantile of a tensor, or of each channel, by linear interpolation between order statistics.

    Attributes:
        probability: the share of values that lie beyond the quantile, 0 to 0.5.
        upper: whether they lie above it or below.
        magnitude: whether values or their magnitudes are meant.
        axis: the channel axis kept; None reduces the whole tensor.
    """

    probability: float
    upper: bool
    magnitude: bool = False
    axis: int | None = None

    def reduce(self, source: ov.Output, places: Places) -> ov.Output:
        """Append the reduction of ``source``: a TopK no longer than the tail, not a full sort."""
        value = op.abs(source).output(0) if self.magnitude else source
        rows = _as_f32(_rows_by_channel(value, self.axis))
        count = op.gather(op.shape_of(rows), op.constant(np.int64(1)), op.constant(np.int64(0)))
        place = op.multiply(
            op.convert(op.subtract(count, op.constant(np.int64(1))), "f32"),
            op.constant(np.float32(self.probability)),
        )
        whole = op.floor(place)
        first = op.convert(whole, "i64")
        second = op.minimum(
            op.add(first, op.constant(np.int64(1))), op.subtract(count, op.constant(np.int64(1)))
        )
        depth = op.add(second, op.constant(np.int64(1)))
        tail = op.topk(rows, depth, 1, "max" if self.upper else "min", "value").output(0)
        near = op.gather(tail, first, op.constant(np.int64(1)))
        far = op.gather(tail, second, op.constant(np.int64(1)))
        share = op.subtract(place, whole)
        return _vector(op.add(near, op.multiply(op.subtract(far, near), share)).output(0))

    def size(self, shape: tuple[int | None, ...]) -> int:
        """One, or the number of channels."""
        return _channels(shape, self.axis)


@dataclass(frozen=True)
class Rows:
    """A few vectors along the channel axis, taken at places spread over the other axes.

    Attributes:
        axis: the channel axis.
        count: how many vectors for each inference, at places that move from inference to inference.
    """

    axis: int
    count: int

    def reduce(self, source: ov.Output, places: Places) -> ov.Output:
        """Append the gathering of ``count`` vectors; returned flat, channel by channel."""
        rows = _rows_by_channel(source, self.axis)
        return _vector(op.gather(rows, places.along(rows, self.count), op.constant(np.int64(1))).output(0))

    def size(self, shape: tuple[int | None, ...]) -> int:
        """Channels times vectors."""
        return _channels(shape, self.axis) * self.count


@dataclass(frozen=True)
class Patches:
    """What a convolution multiplies with its kernel at a few output positions, padding as zeros.

    Attributes:
        window: the convolution's geometry.
        count: how many positions for each inference; they move from inference to inference.
    """

    window: Window
    count: int

    def reduce(self, source: ov.Output, places: Places) -> ov.Output:
        """Append the gathering of ``count`` patches; returned flat: channel, position, tap."""
        indices, valid = places.of_windows(self.window, self.count)
        gathered = op.gather(_rows_by_channel(source, 1), indices, op.constant(np.int64(1)))
        return _vector(op.multiply(_as_f32(gathered.output(0)), valid).output(0))

    def size(self, shape: tuple[int | None, ...]) -> int:
        """Channels times positions times taps."""
        return _channels(shape, 1) * self.count * self.window.taps


def _channels(shape: tuple[int | None, ...], axis: int | None) -> int:
    size = 1 if axis is None else shape[axis]
    if size is None:
        raise ValueError(f"axis {axis} of shape {shape} is dynamic")
    return size


def _other_axes(source: ov.Output, axis: int | None) -> NDArray[np.int64]:
    rank = source.get_partial_shape().rank.get_length()
    return np.array([a for a in range(rank) if axis is None or a != axis % rank], np.int64)


def _rows_by_channel(source: ov.Output, axis: int | None) -> ov.Output:
    """The tensor as a matrix with a row for each channel, or one row."""
    if axis is None:
        return op.reshape(source, op.constant(np.array([1, -1], np.int64)), False).output(0)
    shape = source.get_partial_shape()
    order = np.array([axis % len(shape), *_other_axes(source, axis)], np.int64)
    if order[0] == 1 and shape[0].is_static and shape[0].get_length() == 1:
        moved = source  # with a batch of one the channels lead already
    else:
        moved = op.transpose(source, op.constant(order)).output(0)
    channels = shape[axis].get_length()
    return op.reshape(moved, op.constant(np.array([channels, -1], np.int64)), False).output(0)


def _vector(value: ov.Output) -> ov.Output:
    return op.reshape(_as_f32(value), op.constant(np.array([-1], np.int64)), False).output(0)


def _as_f32(value: ov.Output) -> ov.Output:
    return value if value.get_element_type() == ov.Type.f32 else op.convert(value, "f32").output(0)
