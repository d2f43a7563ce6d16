"""How closely outputs follow, as a diagnosis counts it: what is the same for all samples is no signal.

Boxes around anchors, or logits of classes that are never seen, differ from place to place whatever the image shows:
beside that variation an error looks small that turns every answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.checking.running import Run
from openvino.tools.pot.arithmetic.distance import Likeness, squared_error
from openvino.tools.pot.graph.parts import values_in
from openvino.tools.pot.statistics.phases import TOKEN_MASKS
from openvino.tools.pot.statistics.witness import Witness

VARIES = 1e-8
"""Share of an output's power that varies from sample to sample, if that is to count as its signal."""

Arrays = Sequence[NDArray[Any]]


@dataclass(frozen=True)
class Followed:
    """What is kept of a run, whose values may take much memory.

    Attributes:
        decibels: of the output that follows worst, as ``decibels`` says.
        lost: squared error of each sample, over all that is watched; without end where the run failed.
    """

    decibels: float
    lost: NDArray[np.float64]

    @classmethod
    def of(cls, witness: Witness, found: Run) -> Followed:
        """How a run follows."""
        if found.failure:
            return cls(decibels(witness, found), np.full(len(witness), inf))
        pairs = zip(witness.values, found.values, strict=True)
        lost = [sum(map(squared_error, before, after)) for before, after in pairs]
        return cls(decibels(witness, found), np.asarray(lost, np.float64))

    def better_on(self, than: Followed, times: float = 2.0) -> float:
        """The share of samples, 0 to 1, whose squared error is so many times smaller than in another run.

        Where a class or a letter turns in one sample of many, that makes most of an error: decibels tell two models
        apart then that differ by chance. A run that failed is worse on all samples.
        """
        return float(np.mean(times * self.lost < than.lost))

    def closer_than(self, than: Followed) -> float:
        """DB by which a sample follows better than in another run, in the mean over samples.

        That of all errors together is another one where a letter that turns in one sample is most of them: ranges up to
        the largest values won 6.9 dB like that on samples that they were made of, and lost 3.5 on others.
        """
        own, other = (np.log10(np.clip(each, 1e-30, 1e30)) for each in (self.lost, than.lost))
        return 10 * float(np.mean(other - own))


def likenesses(witness: Witness, found: Run) -> tuple[Likeness, ...]:
    """How well each part that can be compared follows."""
    if TOKEN_MASKS & {*witness.feeds[0]}:  # which positions count is known to the check alone
        return found.figures
    figures, number = [], 0
    for place, parts in enumerate(witness.watched.joined):
        before, after = ([values[place] for values in each] for each in (witness.values, found.values))
        for part in parts:
            pair = [[values_in(value, part) for value in each] for each in (before, after)]
            figures.append(_centred(*pair) or found.figures[number])
            number += 1
    return tuple(figures)


def decibels(witness: Witness, found: Run) -> float:
    """Of the output that follows worst, within bounds that a file can hold; shares of equal values count as errors."""
    if found.failure:
        return -300.0
    errors = [figure.error for figure in likenesses(witness, found) if figure.tells]
    return float(np.clip(-20 * np.log10(max(max(errors, default=0.0), 1e-15)), -300, 300))


def _centred(before: Arrays, after: Arrays) -> Likeness | None:
    """Around the mean of each place over samples; None where that tells nothing."""
    shapes = {value.shape for value in (*before, *after)}
    if len(before) < 2 or len(shapes) != 1 or before[0].dtype.kind != "f" or not before[0].size:
        return None
    if not all(np.isfinite(value).all() for value in before):
        return None
    mean = sum(value.astype(np.float64) for value in before) / len(before)
    signal, power = (sum(_power(value, zero) for value in before) for zero in (mean, 0.0))
    if signal <= VARIES * power:
        return None
    noise = sum(squared_error(*pair) for pair in zip(before, after, strict=True))
    with np.errstate(divide="ignore"):  # no noise is an infinite ratio, noise without end one of nothing
        return Likeness(float(10 * np.log10(np.divide(signal, noise))))


def _power(value: NDArray[Any], zero: NDArray[np.float64] | float) -> float:
    """The sum of the squares of what a value is beyond something."""
    return float(np.square(value.astype(np.float64) - zero).sum())
