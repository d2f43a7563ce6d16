"""What the host keeps of the vectors that a reducer gives: streamed, merged, asked for once at the end.

An accumulator takes the vectors of one statistic in the order of the samples; they may be overwritten afterwards. It
merges all that another one of the same statistic took, as if that came after.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.estimators import PER_SAMPLE_AGGREGATORS

Vector = NDArray[np.float32]
Where = NDArray[np.int64] | slice
_ALL = slice(None)
_MIDDLE = 4  # bits: room for values 4096 times as large, and 2**18 times as small before precision is lost
_DROPPED = 13
"""Bits of a float32's mantissa that half precision has no room for."""

_BIAS = np.float32(2.0**112)
"""A float32 divided by it has the exponent bits of the half of the same value."""

_LARGEST = np.float32(np.finfo(np.float16).max)
_SIGN = np.uint32(1 << 31)
_BETWEEN = np.int32(~(7 << 28))
"""Clears the three exponent bits that half precision doesn't have, between its own and the sign."""


class Folded:
    """The elementwise smallest, largest or mean vector; extremes are exact under merging, means are summed in float64.

    Args:
        aggregator: ``min``, ``max`` or ``mean``.
    """

    def __init__(self, aggregator: str) -> None:
        self._aggregator, self._count = aggregator, 0
        self._folded: NDArray[np.floating] | None = None

    def update(self, vector: Vector, where: Where = _ALL) -> None:
        """Take the figures at some places of the vector of one inference."""
        self._take(vector[where].astype(np.float64 if self._aggregator == "mean" else np.float32), 1)

    def merge(self, other: Folded) -> None:
        """Take what another one has seen."""
        if other._folded is not None:
            self._take(other._folded.copy(), other._count)

    def _take(self, own: NDArray[np.floating], count: int) -> None:
        self._folded = own if self._folded is None else _FOLDS[self._aggregator](self._folded, own)
        self._count += count

    def value(self, where: slice = _ALL) -> NDArray[np.float64]:
        """The elementwise figure."""
        assert self._folded is not None
        found = self._folded[where].astype(np.float64)
        return found / self._count if self._aggregator == "mean" else found

    def parts(self) -> Iterator[NDArray[np.generic]]:
        """All that it holds, for a digest."""
        if self._folded is not None:
            yield self._folded


_FOLDS = {"min": np.minimum, "max": np.maximum, "mean": np.add}


class PerSample:
    """All vectors, for aggregators that need every sample at once: a scalar or a channel vector each.

    Args:
        aggregator: the name of one of ``PER_SAMPLE_AGGREGATORS``.
    """

    def __init__(self, aggregator: str) -> None:
        self._aggregator = aggregator
        self._vectors: list[Vector] = []

    def update(self, vector: Vector, where: Where = _ALL) -> None:
        """Take the figures at some places of the vector of one inference."""
        self._vectors.append(vector[where].copy())

    def merge(self, other: PerSample) -> None:
        """Take what another one has seen."""
        self._vectors.extend(other._vectors)

    def value(self, where: slice = _ALL) -> NDArray[np.float64]:
        """The aggregate over samples."""
        vectors = np.stack([vector[where] for vector in self._vectors])
        return PER_SAMPLE_AGGREGATORS[self._aggregator](vectors.astype(np.float64))

    def parts(self) -> Iterator[NDArray[np.generic]]:
        """All that it holds, for a digest."""
        yield from self._vectors


class Stack:
    """Vectors from a part of the samples, stacked: for rows, from which distributions are estimated.

    Samples beyond ``limit`` are thinned evenly: every second one goes whenever the limit is reached, so that
    what is kept is spread over the whole pass. Where ``expected`` tells its length, those that would go are not
    taken to begin with.

    They are kept in half precision, a few bits more than quantizing to 8 bits leaves: of large networks they would
    take more memory than the weights. The first vector sets the unit of each piece, a power of two, so that figures
    of any magnitude find room.

    Args:
        limit: the most vectors that are kept.
        expected: how many there will be, as far as that is known.
        pieces: lengths of the parts of a vector that have a unit each, absent: one for all.
    """

    def __init__(self, limit: int, expected: int = 1, pieces: Sequence[int] | None = None) -> None:
        self._limit = limit
        self._room = min(expected, limit) + 1
        self._stride = 1
        while self._stride * limit < expected:
            self._stride *= 2
        self._pieces = pieces
        self._unit: Vector | None = None
        self._seen = 0
        self._count = 0
        self._kept = np.empty((0, 0), np.float16)

    def update(self, vector: Vector, where: Where = _ALL) -> None:
        """Take one vector, or leave it out."""
        if self._seen % self._stride == 0:
            self._keep(vector[where])
        self._seen += 1
        self._thin()

    def merge(self, other: Stack) -> None:
        """Take what another one has kept, both thinned alike."""
        while self._stride < other._stride:
            self._halve()
        for vector in other.value()[:: self._stride // other._stride]:
            self._keep(vector)
        self._seen += other._seen
        self._thin()

    def __len__(self) -> int:
        """The number of kept vectors."""
        return self._count

    def __getstate__(self) -> dict[str, Any]:
        """Without the room for more."""
        return {**self.__dict__, "_kept": self._kept[: self._count]}

    def value(self, where: slice = _ALL) -> NDArray[np.float32]:
        """A part of the kept vectors, shape ``[samples, size]``, float32."""
        if self._unit is None:
            return np.empty((0, 0), np.float32)
        return from_half(self._kept[: self._count, where], self._unit[where])

    def parts(self) -> Iterator[NDArray[np.generic]]:
        """All that it holds, for a digest."""
        if self._unit is not None:
            yield from (self._unit, self._kept[: self._count])

    def _keep(self, vector: Vector) -> None:
        if self._unit is None:
            self._unit = _units(vector, self._pieces or [len(vector)])
        if self._count == len(self._kept):
            self._grow(len(vector))
        to_half(vector, self._unit, self._kept[self._count])
        self._count += 1

    def _grow(self, size: int) -> None:
        grown = np.empty((max(self._room, 2 * self._count), size), np.float16)
        grown[: self._count] = self._kept[: self._count].reshape(self._count, size)
        self._kept = grown

    def _thin(self) -> None:
        while self._count > self._limit:
            self._halve()

    def _halve(self) -> None:
        half = self._kept[: self._count : 2]
        self._kept[: len(half)] = half.copy()
        self._count, self._stride = len(half), self._stride * 2


def _units(vector: Vector, pieces: Sequence[int]) -> Vector:
    """For each figure what one stands for, so that those of its piece lie in the middle of half precision."""
    starts = np.cumsum([0, *pieces[:-1]])
    largest = np.maximum.reduceat(np.abs(vector), starts)
    exponents = np.frexp(np.where(largest > 0, largest, 1))[1] - _MIDDLE
    return np.repeat(np.ldexp(np.float32(1), exponents), pieces)


def to_half(values: Vector, unit: Vector, out: NDArray[np.float16]) -> None:
    """Write ``values / unit`` as the nearest halves, ties away from zero, what is too large as the largest.

    By whole arrays: numpy converts to and from halves one number at a time, several times as slowly.

    Args:
        values: any shape; not NaN.
        unit: powers of two, of the same shape.
        out: of the same shape.
    """
    scaled = np.divide(values, unit)
    np.clip(scaled, -_LARGEST, _LARGEST, out=scaled)
    scaled /= _BIAS
    bits = scaled.view(np.uint32)
    sign = bits & _SIGN
    sign >>= 3
    bits += np.uint32(1 << (_DROPPED - 1))
    bits |= sign
    bits >>= _DROPPED
    np.copyto(out.view(np.uint16), bits, casting="unsafe")


def from_half(halves: NDArray[np.float16], unit: Vector) -> Vector:
    """What ``halves * unit`` is in float32.

    Args:
        halves: any shape, finite.
        unit: powers of two, in a shape that broadcasts against it.
    """
    bits = halves.view(np.int16).astype(np.int32)  # repeats the sign in all bits above
    bits <<= _DROPPED
    bits &= _BETWEEN
    values = bits.view(np.float32)
    values *= _BIAS
    values *= unit
    return values


_STACKED = {"long stack": 300, "stack": 150, "short stack": 64}


Accumulator = Folded | PerSample | Stack


def accumulator(aggregator: str, expected: int, pieces: Sequence[int]) -> Accumulator:
    """A new, empty one; see ``Request`` for the names, and ``Stack`` for the rest."""
    if aggregator in _STACKED:
        return Stack(_STACKED[aggregator], expected, pieces)
    return Folded(aggregator) if aggregator in _FOLDS else PerSample(aggregator)
