"""Aggregators over samples and range statistics of arrays, as POT defined them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_OUTLIERS = 0.1


def median(samples: Array) -> Array:
    """The median over samples, shape ``[samples, channels]`` to ``[channels]``."""
    return np.asarray(np.median(samples, axis=0))


def hodges_lehmann(samples: Array) -> Array:
    """The Hodges-Lehmann estimate: the median of the means of all pairs of samples.

    Source: Hodges and Lehmann, "Estimates of Location Based on Rank Tests", 1963. Beyond 512 samples pairs
    are taken from 512 of them, spread evenly, so that cost stays bounded.
    """
    if len(samples) > 512:
        samples = samples[np.linspace(0, len(samples) - 1, 512).round().astype(int)]
    first, second = np.triu_indices(len(samples))
    # Channel by channel: the pairs of all at once would take a gigabyte for a thousand channels.
    return np.array([np.median((channel[first] + channel[second]) / 2) for channel in samples.T])


def _without_outliers(reduce: Callable[..., Array]) -> Callable[[Array], Array]:
    def aggregate(samples: Array) -> Array:
        low, high = np.quantile(samples, (_OUTLIERS / 2, 1 - _OUTLIERS / 2), axis=0)
        inside = (samples >= low) & (samples <= high)
        inside |= ~inside.any(axis=0)  # of two samples both lie outside
        return reduce(np.where(inside, samples, np.nan), axis=0)

    return aggregate


PER_SAMPLE_AGGREGATORS: dict[str, Callable[[Array], Array]] = {
    "median": median,
    "hl_estimator": hodges_lehmann,
    "mean_no_outliers": _without_outliers(np.nanmean),
    "median_no_outliers": _without_outliers(np.nanmedian),
}
"""Aggregators that need the figures of every sample at once; ``min``, ``max`` and ``mean`` are streamed."""


def array_statistic(
    values: NDArray[np.floating], kind: str, probability: float, upper: bool, axes: tuple[int, ...]
) -> Array:
    """A range statistic of an array for each index of the kept ``axes``.

    Args:
        values: the array, any float dtype.
        kind: ``min``, ``max``, ``abs_max``, ``quantile`` or ``abs_quantile``.
        probability: share of values beyond the quantile.
        upper: whether the upper or the lower border is sought.
        axes: the axes kept; empty gives one figure.

    Returns:
        float64, the shape of ``values`` with 1 for every axis that isn't kept.
    """
    others = tuple(axis for axis in range(values.ndim) if axis not in axes)
    if kind == "abs_max":  # with no copy of the array
        low, high = (array_statistic(values, end, probability, upper, axes) for end in ("min", "max"))
        return np.maximum(-low, high)
    if kind == "max":
        return np.asarray(values.max(axis=others, keepdims=True), np.float64)
    if kind == "min":
        return np.asarray(values.min(axis=others, keepdims=True), np.float64)
    if kind == "abs_quantile":
        values = np.abs(values)
    share = 1 - probability if upper or kind == "abs_quantile" else probability
    return np.asarray(np.quantile(values, share, axis=others, keepdims=True), np.float64)
