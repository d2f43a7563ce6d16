"""What the host keeps of the vectors that a reducer gives: streamed, merged, asked for once at the end.

An accumulator takes the vectors of one statistic with the positions of their inferences in the pass; vectors may be
overwritten afterwards. It merges what another one of the same statistic took of other positions. What comes of it
depends on what was taken, and not on the order, or on which of two accumulators took it, to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.estimators import PER_SAMPLE_AGGREGATORS
from openvino.tools.pot.statistics.stack import Stack

Vector = NDArray[np.float32]
Doubles = NDArray[np.float64]
Where = NDArray[np.int64] | slice
_ALL = slice(None)


class Extremes:
    """The elementwise smallest or largest vector.

    Args:
        aggregator: ``min`` or ``max``.
    """

    def __init__(self, aggregator: str) -> None:
        self._aggregator = aggregator
        self._found: Vector | None = None

    def update(self, position: int, vector: Vector, where: Where = _ALL) -> None:
        """Take the figures at some places of the vector of one inference."""
        self._take(vector[where] + np.float32(0))  # of zeros with both signs either would be the smallest

    def merge(self, other: Extremes) -> None:
        """Take what another one has seen."""
        if other._found is not None:
            self._take(other._found.copy())

    def moved(self, by: int) -> Extremes:
        """The same of positions so much further on."""
        return self

    def value(self, where: slice = _ALL) -> Doubles:
        """The elementwise figure."""
        assert self._found is not None
        return self._found[where].astype(np.float64)

    def parts(self) -> Iterator[NDArray[np.generic]]:
        """All that it holds, for a digest."""
        if self._found is not None:
            yield self._found

    def _take(self, own: Vector) -> None:
        fold = np.minimum if self._aggregator == "min" else np.maximum
        self._found = own if self._found is None else fold(self._found, own)


class Mean:
    """The elementwise mean vector.

    Sums are those of a tree over positions: of two neighbours, of two neighbouring pairs, and so on, in float64. What
    was not taken is left out. So parts have the sums of whole branches, however a pass is split.
    """

    def __init__(self) -> None:
        self._count = 0
        self._sums: dict[tuple[int, int], Doubles] = {}
        """(level, number): sum over the positions from ``number << level`` on, ``1 << level`` of them."""

    def update(self, position: int, vector: Vector, where: Where = _ALL) -> None:
        """Take the figures at some places of the vector of one inference."""
        self._take(0, position, vector[where].astype(np.float64))
        self._count += 1

    def merge(self, other: Mean) -> None:
        """Take what another one has seen of other positions."""
        for (level, number), own in other._sums.items():
            self._take(level, number, own)
        self._count += other._count

    def moved(self, by: int) -> Mean:
        """The same of positions so much further on, by a multiple of a power of two beyond all of them."""
        other = Mean()
        other._count = self._count
        other._sums = {(level, number + (by >> level)): own for (level, number), own in self._sums.items()}
        return other

    def value(self, where: slice = _ALL) -> Doubles:
        """The elementwise figure."""
        first, *others = (self._sums[key][where] for key in self._ordered())
        total = first.copy()
        for own in others:
            total += own
        return np.asarray(total / self._count)

    def parts(self) -> Iterator[NDArray[np.generic]]:
        """All that it holds, for a digest."""
        yield from (self._sums[key] for key in self._ordered())

    def _ordered(self) -> list[tuple[int, int]]:
        return sorted(self._sums, key=lambda key: key[1] << key[0])

    def _take(self, level: int, number: int, own: Doubles) -> None:
        while (level, number ^ 1) in self._sums:
            own = own + self._sums.pop((level, number ^ 1))
            level, number = level + 1, number >> 1
        self._sums[level, number] = own


class PerSample:
    """All vectors, for aggregators that need every sample at once: a scalar or a channel vector each.

    Args:
        aggregator: the name of one of ``PER_SAMPLE_AGGREGATORS``.
    """

    def __init__(self, aggregator: str) -> None:
        self._aggregator = aggregator
        self._vectors: dict[int, Vector] = {}

    def update(self, position: int, vector: Vector, where: Where = _ALL) -> None:
        """Take the figures at some places of the vector of one inference."""
        self._vectors[position] = vector[where].copy()

    def merge(self, other: PerSample) -> None:
        """Take what another one has seen of other positions."""
        self._vectors |= other._vectors

    def moved(self, by: int) -> PerSample:
        """The same of positions so much further on."""
        other = PerSample(self._aggregator)
        other._vectors = {position + by: vector for position, vector in self._vectors.items()}
        return other

    def value(self, where: slice = _ALL) -> Doubles:
        """The aggregate over samples."""
        vectors = np.stack([vector[where] for vector in self.parts()])
        return PER_SAMPLE_AGGREGATORS[self._aggregator](vectors.astype(np.float64))

    def parts(self) -> Iterator[Vector]:
        """All that it holds, for a digest."""
        yield from (self._vectors[position] for position in sorted(self._vectors))


STACKED = {"long stack": 300, "stack": 150, "short stack": 38}
"""How many vectors are kept: of the usual 300 samples all, every second and every eighth."""

_FEWEST = 8
"""Vectors that are kept in any case."""


Accumulator = Extremes | Mean | PerSample | Stack


def accumulator(aggregator: str, expected: int, pieces: Sequence[int], share: float = 1.0) -> Accumulator:
    """A new, empty one; see ``Request`` for the names, and ``Stack`` for the rest.

    Args:
        aggregator, expected, pieces: as they say.
        share: of the vectors that are kept otherwise.
    """
    if aggregator in STACKED:
        return Stack(_most(aggregator, share), expected, pieces)
    if aggregator == "mean":
        return Mean()
    return Extremes(aggregator) if aggregator in ("min", "max") else PerSample(aggregator)


def _most(aggregator: str, share: float) -> int:
    """Vectors that a stack keeps at most."""
    return max(round(STACKED[aggregator] * share), _FEWEST)


def bytes_of(aggregator: str, expected: int, share: float = 1.0) -> int:
    """What one takes for each figure of a vector; see ``accumulator``."""
    if aggregator in STACKED:
        return 2 * min(_most(aggregator, share), expected)
    if aggregator == "mean":
        return 8 * (1 + expected.bit_length())
    return 4 if aggregator in ("min", "max") else 4 * expected
