"""Vectors of a part of the samples, from which distributions are estimated: the same ones however a pass is split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.statistics.halves import from_half, to_half

Vector = NDArray[np.float32]
Where = NDArray[np.int64] | slice
_ALL = slice(None)
_MIDDLE = 4  # bits: room for values 4096 times as large, and 2**18 times as small before precision is lost
_BITS = 48
"""More than positions have."""


def rank(position: int) -> int:
    """The bits of a position in the opposite order.

    Those of the lowest rank, of any run of positions, lie as far apart as they can: every second, fourth, ...
    """
    return int(f"{position:0{_BITS}b}"[::-1], 2)


def highest_rank(count: int, expected: int) -> int:
    """Up to which rank positions are kept, so that it is so many of those that are expected."""
    stride = 1
    while stride < expected and -(-expected // (2 * stride)) >= count:
        stride *= 2
    return sorted(map(rank, range(0, expected, stride)))[count - 1]


class Stack:
    """Vectors of at most ``limit`` inferences: of those whose positions have the lowest ``rank``.

    Which these are follows from the positions alone: stacks of parts of a pass, merged in any order, hold what one
    stack would that had seen all. Where ``expected`` tells the length of the pass, others are not taken to begin with.

    They are kept in half precision, a few bits more than quantizing to 8 bits leaves: of large networks they would
    take more memory than the weights. Each piece of each vector has a unit, a power of two, so that figures of any
    magnitude find room.

    Args:
        limit: the most vectors that are kept.
        expected: how many there will be in the whole pass, as far as that is known.
        pieces: lengths of the parts of a vector that have a unit each, absent: one for all.
    """

    def __init__(self, limit: int, expected: int = 1, pieces: Sequence[int] | None = None) -> None:
        self._limit, self._pieces = limit, pieces
        self._room = min(expected, limit)
        self._highest = highest_rank(limit, expected) if expected > limit else (1 << _BITS)
        self._positions: list[int] = []
        self._units = np.empty((0, 0), np.float32)
        self._kept = np.empty((0, 0), np.float16)

    def update(self, position: int, vector: Vector, where: Where = _ALL) -> None:
        """Take the vector of an inference, or leave it out.

        Args:
            position: of the inference in the pass.
            vector: may be overwritten afterwards.
            where: its figures lie in it.
        """
        slot = self._slot(position) if rank(position) <= self._highest else None
        if slot is not None:
            self._keep(vector[where], slot)

    def merge(self, other: Stack) -> None:
        """Take what another one has kept, of other positions."""
        positions = self._positions + other._positions
        chosen = sorted(
            sorted(range(len(positions)), key=lambda number: rank(positions[number]))[: self._limit]
        )
        if other._positions:
            both = [(self._kept, self._units), (other._kept, other._units)]
            parts = [
                [array[: len(own)] for array in arrays]
                for arrays, own in zip(both, (self._positions, other._positions), strict=True)
                if own
            ]
            self._kept, self._units = (np.concatenate(each)[chosen] for each in zip(*parts, strict=True))
            self._pieces = other._pieces
        self._positions = [positions[number] for number in chosen]

    def moved(self, by: int) -> Stack:
        """The same of positions so much further on."""
        other = copy(self)
        other._positions = [position + by for position in self._positions]
        return other

    def __len__(self) -> int:
        """The number of kept vectors."""
        return len(self._positions)

    def __getstate__(self) -> dict[str, Any]:
        """Without the room for more."""
        count = len(self)
        return {**self.__dict__, "_kept": self._kept[:count], "_units": self._units[:count]}

    def value(self, where: slice = _ALL) -> NDArray[np.float32]:
        """A part of the kept vectors, in the order of their positions, shape ``[samples, size]``, float32."""
        if not self._positions:
            return np.empty((0, 0), np.float32)
        size, order = self._kept.shape[1], self._order()
        start, stop, _ = where.indices(size)
        ends = np.cumsum([0, *self._lengths(size)])
        found = [
            from_half(self._kept[order, max(first, start) : min(end, stop)], self._units[order, number, None])
            for number, (first, end) in enumerate(pairwise(ends))
            if first < stop and end > start
        ]
        return found[0] if len(found) == 1 else np.concatenate(found, axis=1)

    def parts(self) -> Iterator[NDArray[np.generic]]:
        """All that it holds, for a digest."""
        if self._positions:
            yield from (each[self._order()] for each in (self._units, self._kept))

    def _order(self) -> NDArray[np.int64] | slice:
        """Slots in the order of their positions."""
        order = np.argsort(self._positions)
        return slice(len(order)) if np.array_equal(order, np.arange(len(order))) else order

    def _slot(self, position: int) -> int | None:
        """Where the vector of a position goes: behind the others, or in place of one; None: nowhere."""
        if len(self) < self._limit:
            self._positions.append(position)
            return len(self) - 1
        last = max(range(len(self)), key=lambda number: rank(self._positions[number]))
        if rank(self._positions[last]) < rank(position):
            return None
        self._positions[last] = position
        return last

    def _lengths(self, size: int) -> Sequence[int]:
        return self._pieces or [size]

    def _keep(self, vector: Vector, slot: int) -> None:
        lengths = self._lengths(len(vector))
        if slot >= len(self._kept):
            room = max(self._room, 2 * len(self._kept), 1)
            self._kept = _grown(self._kept, room, len(vector))
            self._units = _grown(self._units, room, len(lengths))
        self._units[slot] = _units(vector, lengths)
        to_half(vector, np.repeat(self._units[slot], lengths), self._kept[slot])


def _grown(array: NDArray[Any], room: int, size: int) -> NDArray[Any]:
    """The same with room for more."""
    grown = np.empty((room, size), array.dtype)
    if len(array):
        grown[: len(array)] = array
    return grown


def _units(vector: Vector, lengths: Sequence[int]) -> Vector:
    """For each piece what one stands for, so that its figures lie in the middle of half precision."""
    largest = np.maximum.reduceat(np.abs(vector), np.cumsum([0, *lengths[:-1]]))
    exponents = np.frexp(np.where(largest > 0, largest, 1))[1] - _MIDDLE
    return np.asarray(np.ldexp(np.float32(1), exponents), np.float32)
