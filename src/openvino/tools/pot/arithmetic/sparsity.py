"""Which weights become zero, and what makes up for them in the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]

_HALF = 16
"""Bits of a number that are looked at in one of two rounds."""

_STEPS = 10
"""Of conjugate gradients: on cifar_resnet32 twice as many change a hundredth of a decibel."""


def magnitudes(weights: Singles, normed: bool) -> Singles:
    """How much each weight counts by its size alone.

    Args:
        weights: of a layer, in any shape.
        normed: whether as a share of the layer's norm, so that a layer with small weights keeps its share of them.

    Returns:
        Not negative, in the shape of ``weights``.
    """
    sizes = np.abs(weights, dtype=np.float32)
    norm = np.linalg.norm(sizes.astype(np.float32, copy=False)) if normed else np.float32(1)
    return np.asarray(sizes / norm if norm > 0 else sizes, np.float32)


def threshold(scores: Sequence[Singles], level: float) -> float:
    """The score below which all weights become zero.

    Bit patterns of floats that are not negative are in the order of the floats, so that two counts of 65536 bins give
    the very score in the wanted place, and no layer's scores are ever sorted or stand beside another's.

    Args:
        scores: of the weights of each layer, not negative, finite.
        level: share of the weights that should become zero, in [0, 1).

    Returns:
        As many scores as wanted are below it, or fewer where several are equal to it: whoever has the same score is
        treated alike, and of two the weights that stay do no harm.
    """
    total = sum(each.size for each in scores)
    wanted = int(level * total)
    if wanted == 0:
        return 0.0
    high, below = _bin(_counts(scores), wanted)
    low, _ = _bin(_counts(scores, high), wanted - below)
    return float(np.array(high << _HALF | low, np.uint32).view(np.float32))


def _counts(scores: Iterable[Singles], high: int | None = None) -> NDArray[np.int64]:
    """How many scores have each upper half of their bits, or each lower half among those with a certain upper one."""
    counts = np.zeros(1 << _HALF, np.int64)
    for each in scores:
        bits = np.ascontiguousarray(each).reshape(-1).view(np.uint32)
        part = bits >> _HALF if high is None else bits[bits >> _HALF == high] & ((1 << _HALF) - 1)
        counts += np.bincount(part, minlength=1 << _HALF)
    return counts


def _bin(counts: NDArray[np.int64], place: int) -> tuple[int, int]:
    """The bin of what is in a place, counted from zero, and how many are in those below."""
    sums = np.cumsum(counts)
    found = int(np.searchsorted(sums, place, side="right"))
    return found, int(sums[found] - counts[found])


def usable(covariance: Singles) -> Singles:
    """The covariance of a layer's inputs, float32, ``[groups, inputs, inputs]``, in units of the mean variance.

    A group whose inputs never change tells nothing: its inputs count as independent.
    """
    variance = np.einsum("gii->g", covariance)[:, None, None] / covariance.shape[1]
    known = variance > 0
    scaled = np.divide(covariance, variance, out=np.zeros_like(covariance), where=known)
    return np.asarray(np.where(known, scaled, np.eye(covariance.shape[1], dtype=np.float32)))


def unexplained(covariance: Singles) -> Singles:
    """The standard deviation of what each input has that does not follow from the others.

    A weight times this is how far the layer's output departs without it, once the others make up for it as far as they
    can.

    Source: Hassibi and Stork, "Second order derivatives for network pruning: Optimal Brain Surgeon", 1992, equation 5,
    with the layer's output in place of the network's error.

    Args:
        covariance: of the inputs, as ``usable`` gives it.

    Returns:
        float32, ``[groups, inputs]``.
    """
    inverse = np.linalg.inv(covariance.astype(np.float64))
    return np.asarray(1 / np.sqrt(np.einsum("gii->gi", inverse)), np.float32)


def fitted(weights: Singles, kept: NDArray[np.bool_], covariance: Singles) -> Singles:
    """The weights, zero but for those that are kept, whose outputs differ least from those of all weights.

    Each output has other zeros, and so normal equations of its own; conjugate gradients solve those of all outputs
    at once, each step a product with the covariance. Means are left to the bias.

    Args:
        weights: float32, ``[groups, outputs, inputs]``.
        kept: which of them are not made zero.
        covariance: of the inputs, as ``usable`` gives it.
    """
    variances = np.einsum("gii->gi", covariance)[:, None]
    found = weights * kept
    left = ((weights - found) @ covariance) * kept
    towards = np.zeros_like(left)
    before = np.zeros((*left.shape[:2], 1), np.float32)
    for _ in range(_STEPS):
        scaled = left / variances
        slope = (left * scaled).sum(axis=2, keepdims=True)
        towards = scaled + _ratio(slope, before) * towards
        change = (towards @ covariance) * kept
        step = _ratio(slope, (towards * change).sum(axis=2, keepdims=True))
        found += step * towards
        left -= step * change
        before = slope
    return np.asarray(found, np.float32)


def _ratio(upper: Singles, lower: Singles) -> Singles:
    """Zero where there is nothing to divide by."""
    return np.divide(upper, lower, out=np.zeros_like(upper), where=lower > 0)
