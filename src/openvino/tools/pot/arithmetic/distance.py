"""How far the output of one network is from that of another, over a few samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, isnan, nan

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

_FEW = 0.05
"""Share of the values of an output that may become infinite where others are."""

_SAMPLES, _DIFFERS = 4, 1e-4
"""Samples that show how places differ between them, and the share of the power that must."""

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
    pairs = [(first.reshape(-1), second.reshape(-1)) for first, second in zip(before, after, strict=True)]
    if np.result_type(*before).kind != "f":
        same = sum(int(np.count_nonzero(first == second)) for first, second in pairs)
        return Likeness(equal=same / sum(first.size for first, _ in pairs))
    return Likeness(decibels=_decibels(pairs))


def from_sample_to_sample(
    before: Sequence[NDArray[np.generic]], after: Sequence[NDArray[np.generic]]
) -> float:
    """How well what differs between samples is followed, place by place, in dB.

    ``likeness`` takes in how places differ that are alike in all samples, such as anchors of a detector: outputs may
    follow those, and nothing of what there is to see.

    Args:
        before: one array for each sample.
        after: the same of the other network.

    Returns:
        Power of the first around each place's mean over samples, over that of the difference; NaN where that can't be
        told: of few samples, of several shapes, without floats, or where next to nothing differs.
    """
    shapes = {each.shape for each in (*before, *after)}
    if len(before) < _SAMPLES or len(shapes) > 1 or np.result_type(*before).kind != "f":
        return nan
    mean, signal, power = np.zeros(before[0].size), 0.0, 0.0
    with np.errstate(invalid="ignore", over="ignore"):  # of masks, which hold infinities
        for each in before:  # one by one: in double precision all would take much memory
            mean += np.asarray(each, np.float64).reshape(-1) / len(before)
        for each in before:
            values = np.asarray(each, np.float64).reshape(-1)
            signal, power = signal + _square(values - mean), power + _square(values)
    signal *= len(before) / (len(before) - 1)
    noise = sum(squared_error(*pair) for pair in zip(before, after, strict=True))
    if not (np.isfinite(signal) and signal > _DIFFERS * power and noise > 0):
        return nan
    return float(10 * np.log10(signal / noise))


Pairs = Sequence[tuple[NDArray[np.generic], NDArray[np.generic]]]
"""Of each sample the values of both. They are taken one by one: in double precision all would take much memory."""


def _decibels(pairs: Pairs) -> float:
    borders = _borders(pairs)
    figures = [_figures(*pair) for pair in _known(pairs, borders)]
    count, total, power, noise = (float(sum(each)) for each in zip(*figures, strict=True))
    if not count:
        return nan
    signal = sum(_square(first - total / count) for first, _ in _known(pairs, borders))
    if signal <= _CONSTANT * power or signal == 0:
        signal = power or count
    with np.errstate(divide="ignore"):  # noise without end is a ratio of nothing
        return float(10 * np.log10(signal / noise)) if noise > 0 else inf


def _known(pairs: Pairs, borders: Sequence[float]) -> Iterator[tuple[Doubles, Doubles]]:
    """What can be compared, in double precision."""
    for before, after in pairs:
        first, second = np.asarray(before, np.float64), np.asarray(after, np.float64)
        known = np.isfinite(first)
        if borders:
            known &= ~np.isin(second, borders)
        yield (first, second) if known.all() else (first[known], second[known])


def _figures(first: Doubles, second: Doubles) -> tuple[float, float, float, float]:
    """How many values there are, their sum, that of their squares, and that of the squares of what differs."""
    noise = _square(first - second) if np.all(np.isfinite(second)) else inf
    return first.size, float(first.sum()), _square(first), noise


def _borders(pairs: Pairs) -> list[float]:
    """Infinities of the second where the first is close to them: the logarithm of nothing, or of next to nothing.

    Only those that the first has elsewhere, and only in few places.
    """
    found = [infinity for infinity in (inf, -inf) if any(np.any(first == infinity) for first, _ in pairs)]
    moved = sum(int(np.count_nonzero(np.isfinite(first) & np.isin(second, found))) for first, second in pairs)
    return found if moved <= _FEW * sum(first.size for first, _ in pairs) else []


def _square(values: Doubles) -> float:
    """The sum of squares, by a product with itself, which needs none of them in memory."""
    return float(values @ values)


def squared_error(before: NDArray[np.generic], after: NDArray[np.generic], lost: float = inf) -> float:
    """The sum of the squares of what differs.

    What is not finite in float says nothing. What is finite there, but not in the other, is off by ``lost``. An array
    of another shape is another answer altogether, and infinitely far away.
    """
    if before.shape != after.shape:
        return inf
    known = np.isfinite(np.asarray(before, np.float64))
    error = np.asarray(after, np.float64)[known] - np.asarray(before, np.float64)[known]
    return float(np.square(np.where(np.isfinite(error), error, lost)).sum())
