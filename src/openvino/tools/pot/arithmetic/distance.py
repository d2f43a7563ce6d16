"""How far the output of one network is from that of another, over a few samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isnan, nan

import numpy as np
from numpy.typing import NDArray

_FEW = 0.05
"""Share of the values of an output that may become infinite where others are."""

_CONSTANT = 1e-10
"""Share of the power of an output that its variation makes at least, if it is to count as a signal."""


@dataclass(frozen=True)
class Likeness:
    """How well one output follows another.

    Attributes:
        decibels: power of the variation of the first over that of the difference, in dB: 20 is an error of a tenth,
            40 of a hundredth; minus infinity where a finite value is none in the second; NaN where it can't be told,
            since shapes differ or the output holds no floats.
        equal: for outputs that are no floats the share of equal values, 0 to 1; NaN for others.
    """

    decibels: float = nan
    equal: float = nan

    @property
    def tells(self) -> bool:
        """Whether there is a figure."""
        return not (isnan(self.decibels) and isnan(self.equal))

    @property
    def error(self) -> float:
        """The size of the difference as a share of the output's own variation, or the share of values that differ."""
        return 1 - self.equal if isnan(self.decibels) else float(10 ** (-self.decibels / 20))

    def reaches(self, decibels: float) -> bool:
        """Whether the second is as close to the first as this; shares count as errors. True where nothing is told."""
        return not self.tells or self.error <= 10 ** (-decibels / 20)


def likeness(before: Sequence[NDArray[np.generic]], after: Sequence[NDArray[np.generic]]) -> Likeness:
    """Compare an output over samples.

    Values that are not finite in ``before`` are left out: masks hold infinities, and what is undefined in float
    is so in integers. So are few that become infinite in ``after`` as others are in ``before``. An output that never
    varies is measured by its own size, or by one where it is zero.

    Args:
        before: one array for each sample.
        after: the same of the other network.
    """
    if any(first.shape != second.shape for first, second in zip(before, after, strict=True)):
        return Likeness()
    if not any(array.size for array in before):
        return Likeness()
    kind = np.float64 if np.result_type(*before).kind == "f" else None
    first, second = (
        np.concatenate([array.reshape(-1) for array in arrays], dtype=kind) for arrays in (before, after)
    )
    if kind is None:
        return Likeness(equal=float(np.mean(first == second)))
    return Likeness(decibels=_decibels(first, second))


def _are_borders(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where the second is infinite and the first is close to it: the logarithm of nothing, or of next to nothing.

    Only where the first has infinities of that sign elsewhere, and in few places.
    """
    moved = np.zeros(first.shape, np.bool_)
    for infinity in (inf, -inf):
        if np.any(first == infinity):
            moved |= np.isfinite(first) & (second == infinity)
    return moved if np.mean(moved) <= _FEW else np.zeros_like(moved)


def _decibels(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    known = np.isfinite(first) & ~_are_borders(first, second)
    if not known.all():
        first, second = first[known], second[known]
    if first.size == 0:
        return nan
    if not np.all(np.isfinite(second)):
        return -inf
    noise, power = _mean_square(first - second), _mean_square(first)
    signal = _mean_square(first - first.mean())
    if signal <= _CONSTANT * power or signal == 0:
        signal = power or 1.0
    return float(10 * np.log10(signal / noise)) if noise > 0 else inf


def _mean_square(values: NDArray[np.float64]) -> float:
    """By a product with itself, which needs no squares in memory."""
    return float(values @ values) / values.size
