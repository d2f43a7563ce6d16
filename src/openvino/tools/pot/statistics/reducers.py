"""Reductions that run inside the graph: from a tensor to a short vector for each inference.

A reducer is frozen data, so that equal requests fall together; ``reduce`` appends its nodes to a graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd, isqrt, prod
from typing import Literal, Protocol

import numpy as np
import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.graph.edits.replace import typed
from openvino.tools.pot.graph.geometry import Window
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.statistics.places import Places, channels_lead, keeps_channels_together

_VECTOR = 16
"""Floats that the widest vectors of a processor hold."""

_SHALLOWEST = 16
"""Values that TopK gives at least: OpenVINO writes sorts of two to six out in full, which takes seconds to compile."""

_LEAST_NOISE = 1e-15
"""What is added to noise, so that there is something to divide by."""

_WORTH = 0.25
"""Share of a row's length that looking through groups may take, so that it is quicker than looking through all."""


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
        batch: the axis of samples of which each is reduced by itself; None reduces them together.
    """

    kind: str
    axis: int | None = None
    batch: int | None = None

    def reduce(self, source: ov.Output, places: Places) -> ov.Output:
        """Append the reduction of ``source``."""
        value = op.abs(source).output(0) if self.kind == "abs_max" else source
        if self.axis == 1 and _can_be_pooled(source):
            return _vector(self._pooled(value, places), places)
        if self.batch is not None:
            return self._reduced(_matrix(value, (self.batch, self.axis), places), [-1], places)
        rank = source.get_partial_shape().rank.get_length()
        others = [a for a in range(rank) if self.axis is None or a != self.axis % rank]
        return self._reduced(value, others, places)

    def _reduced(self, value: ov.Output, axes: list[int], places: Places) -> ov.Output:
        reduce = {"min": op.reduce_min, "mean": op.reduce_mean}.get(self.kind, op.reduce_max)
        reduced = reduce(value, places.constant(axes), False).output(0)
        return typed(reduced) if len(reduced.get_partial_shape()) == 1 else _vector(reduced, places)

    def _pooled(self, value: ov.Output, places: Places) -> ov.Output:
        """The same by pooling over all positions at once, which the device does several times as fast."""
        channels, *window = value.get_shape()[1:]
        ones, zeros = [1] * len(window), [0] * len(window)
        if self.kind == "mean":
            return op.avg_pool(value, ones, zeros, zeros, window, True).output(0)
        if self.kind != "min":
            return op.max_pool(value, ones, ones, zeros, zeros, window).output(0)
        # Of smallest values there is no pooling. Reducing is fast where rows fill whole vectors of the processor.
        together = _VECTOR // gcd(channels, _VECTOR)
        if prod(window) % together == 0:
            wide = op.reshape(places.matrix(value, 1), places.constant((-1, together * channels)), False)
            smallest = op.reduce_min(wide, places.constant((0,)), True)
            rows = op.reshape(smallest, places.constant((together, channels)), False)
            return op.reduce_min(rows, places.constant((0,)), False).output(0)
        largest = op.max_pool(op.negative(value), ones, ones, zeros, zeros, window).output(0)
        return op.negative(largest).output(0)

    def size(self, shape: tuple[int | None, ...]) -> int:
        """One, or the number of channels; so many for each sample."""
        return _channels(shape, self.batch) * _channels(shape, self.axis)


@dataclass(frozen=True)
class Quantile:
    """The quantile of a tensor, or of each channel, by linear interpolation between order statistics.

    Attributes:
        probability: the share of values that lie beyond the quantile, 0 to 0.5.
        upper: whether they lie above it or below.
        magnitude: whether values or their magnitudes are meant.
        axis: the channel axis kept; None reduces the whole tensor.
        batch: the axis of samples of which each is reduced by itself; None reduces them together.
    """

    probability: float
    upper: bool
    magnitude: bool = False
    axis: int | None = None
    batch: int | None = None

    def reduce(self, source: ov.Output, places: Places) -> ov.Output:
        """Append the reduction of ``source``: a TopK of the tail, not a full sort."""
        value = op.abs(source).output(0) if self.magnitude else source
        rows = typed(_matrix(value, (self.batch, self.axis), places))
        count = op.gather(op.shape_of(rows), places.constant(1), places.constant(0))
        place = op.multiply(
            op.convert(op.subtract(count, places.constant(1)), "f32"),
            op.constant(np.float32(self.probability)),
        )
        whole = op.floor(place)
        first = op.convert(whole, "i64")
        second = op.minimum(op.add(first, places.constant(1)), op.subtract(count, places.constant(1)))
        depth = op.minimum(
            op.maximum(op.add(second, places.constant(1)), places.constant(_SHALLOWEST)), count
        )
        tail = op.topk(self._outer(rows, places), depth, 1, self._most, "value").output(0)
        near = op.gather(tail, first, places.constant(1))
        far = op.gather(tail, second, places.constant(1))
        share = op.subtract(place, whole)
        return _vector(op.add(near, op.multiply(op.subtract(far, near), share)).output(0), places)

    @property
    def _most(self) -> str:
        return "max" if self.upper else "min"

    def _outer(self, rows: ov.Output, places: Places) -> ov.Output:
        """The groups of values that have the outermost ones: the tail is among them, and TopK of all takes long."""
        if rows.get_partial_shape()[1].is_dynamic:
            return rows
        length = rows.get_partial_shape()[1].get_length()
        depth = max(_SHALLOWEST, int(self.probability * length) + 3)  # never less than float32 makes of it
        size = _group(length, depth)
        if size == 1:
            return rows
        groups = op.reshape(rows, places.constant((0, length // size, size)), True)
        outermost = (op.reduce_max if self.upper else op.reduce_min)(groups, places.constant((2,)), False)
        which = op.topk(outermost, places.constant(depth), 1, self._most, "none").output(1)
        chosen = op.gather(groups, which, places.constant(1), 1)
        return op.reshape(chosen, places.constant((0, -1)), True).output(0)

    def size(self, shape: tuple[int | None, ...]) -> int:
        """One, or the number of channels; so many for each sample."""
        return _channels(shape, self.batch) * _channels(shape, self.axis)


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
        """Append the gathering of ``count`` vectors; returned flat, one after the other."""
        return _vector(places.rows(source, self.axis, self.count), places)

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
        """Append the gathering of ``count`` patches; returned flat: position, tap, channel."""
        return _vector(places.patches(source, self.window, self.count), places)

    def size(self, shape: tuple[int | None, ...]) -> int:
        """Channels times positions times taps."""
        return _channels(shape, 1) * self.count * self.window.taps


@dataclass(frozen=True)
class Drift:
    """How far the mean of each channel of a tensor lies above that of another one of the same shape.

    Of tokens, those that are valid count alone.

    Attributes:
        axis: the channel axis, not negative.
        other: the other tensor.
    """

    axis: int
    other: TensorId

    def reduce(self, source: ov.Output, places: Places) -> ov.Output:
        """Append both reductions of ``source`` and of the other tensor, and their difference."""
        own, other = (self._mean(value, places) for value in (source, places.output(self.other)))
        return op.subtract(own, other).output(0)

    def _mean(self, value: ov.Output, places: Places) -> ov.Output:
        count = places.token_count(value, self.axis)
        if not count:
            return Extreme("mean", self.axis).reduce(value, places)
        rows = places.rows(value, self.axis, count)
        return typed(op.reduce_mean(rows, places.constant((0,)), False).output(0))

    def size(self, shape: tuple[int | None, ...]) -> int:
        """The number of channels."""
        return _channels(shape, self.axis)


@dataclass(frozen=True)
class Departure:
    """The mean square of the difference from another tensor of the same shape; of tokens, that of the valid ones.

    Attributes:
        other: the other tensor.
    """

    other: TensorId

    def reduce(self, source: ov.Output, places: Places) -> ov.Output:
        """Append the difference and its reduction."""
        apart = _valid(op.subtract(typed(source), typed(places.output(self.other))).output(0), places)
        return Extreme("mean").reduce(op.multiply(apart, apart).output(0), places)

    def size(self, shape: tuple[int | None, ...]) -> int:
        """One."""
        return 1


@dataclass(frozen=True)
class Noise:
    """The mean square of a tensor, and that of the difference of another one of the same shape from it.

    Of tokens, those that are valid count alone.

    Attributes:
        other: the other tensor.
        axis: the channel axis, not negative, of which each index is taken by itself; None: all together.
        ratio: whether the first figure over the second is given in place of both, of each ``element``, whose mean it is
            then, or of each ``inference``.
    """

    other: TensorId
    axis: int | None = None
    ratio: Literal["", "inference", "element"] = ""

    def reduce(self, source: ov.Output, places: Places) -> ov.Output:
        """Append both reductions."""
        source = typed(source)
        own = _valid(source, places)
        apart = op.subtract(own, _valid(typed(places.output(self.other)), places))
        signal, noise = (op.multiply(each, each).output(0) for each in (own, apart))
        if self.ratio == "element":
            return Extreme("mean", self._axis(own, source)).reduce(_over(signal, noise), places)
        means = [Extreme("mean", self._axis(own, source)).reduce(each, places) for each in (signal, noise)]
        return _over(*means) if self.ratio else op.concat(means, 0).output(0)

    def _axis(self, own: ov.Output, source: ov.Output) -> int | None:
        """Where channels are, which follow tokens that were chosen."""
        return self.axis if self.axis is None or own is source else 1

    def size(self, shape: tuple[int | None, ...]) -> int:
        """One or two figures for each channel."""
        return _channels(shape, self.axis) * (1 if self.ratio else 2)


def _over(signal: ov.Output, noise: ov.Output) -> ov.Output:
    least = op.constant(np.float32(_LEAST_NOISE))
    ratio: ov.Output = op.divide(signal, op.add(noise, least)).output(0)
    return ratio


def _valid(value: ov.Output, places: Places) -> ov.Output:
    """The tensor, or of tokens the rows of those that are valid."""
    rank = value.get_partial_shape().rank.get_length()
    count = places.token_count(value, rank - 1) if rank > 1 else 0
    return places.rows(value, rank - 1, count) if count else value


def _group(length: int, depth: int) -> int:
    """Values in a group, so that looking for the ``depth`` best groups, and through them, takes least; 1: no groups."""
    sizes = np.arange(1, isqrt(length) + 1)
    sizes = sizes[length % sizes == 0]
    looked = length / sizes + depth * sizes
    best = int(looked.argmin())
    return int(sizes[best]) if looked[best] <= _WORTH * length else 1


def _channels(shape: tuple[int | None, ...], axis: int | None) -> int:
    size = 1 if axis is None else shape[axis]
    if size is None:
        raise ValueError(f"axis {axis} of shape {shape} is dynamic")
    return size


def _can_be_pooled(source: ov.Output) -> bool:
    """Whether the axes behind the channels are known, of one sample, and its channels lie together in memory."""
    shape = source.get_partial_shape()
    if shape.is_dynamic or not 3 <= len(shape) <= 5 or source.get_element_type() != ov.Type.f32:
        return False
    return channels_lead(source, 1) and keeps_channels_together(source)


def _matrix(source: ov.Output, axes: tuple[int | None, ...], places: Places) -> ov.Output:
    """The tensor as a matrix with a row for each index of some axes, or with one row."""
    shape = source.get_partial_shape()
    lead = [axis % len(shape) for axis in axes if axis is not None]
    order = [*lead, *(other for other in range(len(shape)) if other not in lead)] if lead else []
    stays = order == sorted(order) or (len(lead) == 1 and channels_lead(source, lead[0]))
    moved = source if stays else op.transpose(source, places.constant(order)).output(0)
    count = prod(shape[axis].get_length() for axis in lead)
    return op.reshape(moved, places.constant((count, -1)), False).output(0)


def _vector(value: ov.Output, places: Places) -> ov.Output:
    return op.reshape(typed(value), places.constant((-1,)), False).output(0)
