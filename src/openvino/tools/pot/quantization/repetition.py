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

_TOLERANCE = 1e-5
"""Of the squared distance to the squared lengths: equal inputs differ by what float32 sums in other orders make."""

_HABIT = 0.5
"""Share of the samples in which rows must repeat."""


def repetitions(rows: NDArray[np.float32], samples: int) -> Array:
    """How many rows of its sample each row equals, itself included; one where most samples have no equal rows.

    Args:
        rows: float32, shape ``[samples * count, ...]``, sample after sample.
        samples: how many samples they are of.

    Returns:
        float64, shape ``[samples * count]``.
    """
    by_sample = rows.reshape(samples, len(rows) // samples, -1)
    products = by_sample @ by_sample.transpose(0, 2, 1)
    half = np.einsum("sii->si", products) * np.float32(0.5 - _TOLERANCE)
    equal = products >= half[:, :, None] + half[:, None]
    counts = np.maximum(equal.sum(axis=2, dtype=np.float64), 1)
    habitual = np.mean(counts.max(axis=1) > 1) >= _HABIT
    return counts.reshape(-1) if habitual else np.ones(len(rows))


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
    share = counts * (samples / counts.sum())
    mean = (share / samples) @ rows.astype(np.float64)
    around = (share[:, None] * (rows - mean)).reshape(samples, -1, rows.shape[1]).sum(axis=1)
    return np.asarray(mean + around)
