"""Rows that repeat within a sample, and means in which they count by how often they do.

The padding of an image and a plain background give a layer the same row at many positions. Rounding errors of
different rows average out in what later layers sum over positions; those of equal rows are equal and add up. So
the error of a row that repeats ``n`` times in a sample counts ``n`` times: ``n**2`` for all of them, as the
square of their sum. What repeats in a few samples only is theirs, and nothing that a bias can set right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_TOLERANCE = 2e-5
"""Squared distance over the sum of squared lengths: equal inputs differ by what float32 sums in other orders make."""

_HABIT = 0.5
"""Share of the samples in which rows must repeat."""

_SIGMAS = 4.0
"""Rows are compared where their shadows are no farther apart than this many times what is called equal."""


def repetitions(rows: NDArray[np.float32], samples: int) -> Array:
    """How many rows of its sample each row equals, itself included; one where most samples have no equal rows.

    Equal rows have equal shadows on any line, so that rows are compared with the neighbours of their shadow alone,
    and what equals a row is equal to what that equals.

    Args:
        rows: float32, shape ``[samples * count, ...]``, sample after sample.
        samples: how many samples they are of.

    Returns:
        float64, shape ``[samples * count]``.
    """
    flat = rows.reshape(len(rows), -1)
    line = np.random.default_rng(0).standard_normal(flat.shape[1], np.float32)
    shadows, lengths = flat @ line, np.einsum("ij,ij->i", flat, flat)
    starts = np.arange(0, len(rows), len(rows) // samples)[:, None]
    order = starts + np.argsort(shadows.reshape(samples, -1), axis=1)
    left, right = order[:, :-1].reshape(-1), order[:, 1:].reshape(-1)
    limit = np.float32(_TOLERANCE) * (lengths[left] + lengths[right])
    equal = (shadows[right] - shadows[left]) ** 2 <= _SIGMAS**2 * limit
    near = np.flatnonzero(equal)
    apart = flat[left[near]] - flat[right[near]]
    equal[near] = np.einsum("ij,ij->i", apart, apart) <= limit[near]
    counts = np.empty(len(rows))
    counts[order.reshape(-1)] = _run_lengths(equal.reshape(samples, -1))
    habitual = np.mean(counts.reshape(samples, -1).max(axis=1) > 1) >= _HABIT
    return counts if habitual else np.ones(len(rows))


def _run_lengths(joined: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The length of the run that each element is in, from whether it is joined to the next one of its line."""
    first = np.ones((len(joined), joined.shape[1] + 1), bool)
    first[:, 1:] = ~joined
    runs = np.cumsum(first.reshape(-1)) - 1
    return np.asarray(np.bincount(runs)[runs])


def unevenly(counts: Array, samples: int) -> Array:
    """How much more often each row is there than the rarest one of its sample; one where that is twice in few samples.

    A sample that has fewer rows than were asked for gives all of them about as often: that is no repetition.

    Args:
        counts: as ``repetitions`` gives them.
        samples: how many samples they are of.
    """
    by_sample = counts.reshape(samples, -1)
    beyond = by_sample / by_sample.min(axis=1, keepdims=True)
    habitual = np.mean(beyond.max(axis=1) >= 2) >= _HABIT
    return beyond.reshape(-1) if habitual else np.ones(counts.size)


def sample_means(rows: NDArray[np.floating], counts: Array, samples: int) -> Array:
    """What each sample makes of the mean of all rows, in which each counts as often as it says.

    Args:
        rows: shape ``[samples * count, channels]``, sample after sample.
        counts: of each row.
        samples: how many samples they are of.

    Returns:
        float64, shape ``[samples, channels]``; the mean over samples is the mean of the rows, and its standard
        error is that of the mean (of a ratio of sums, to first order). With equal counts they are the means of
        the samples.
    """
    share = (counts * (samples / counts.sum())).reshape(samples, 1, -1)
    by_sample = rows.reshape(samples, -1, rows.shape[1])
    sums = (share.astype(rows.dtype) @ by_sample)[:, 0].astype(np.float64)
    mean = sums.mean(axis=0)
    return np.asarray(sums + mean * (1 - share.sum(axis=2)))
