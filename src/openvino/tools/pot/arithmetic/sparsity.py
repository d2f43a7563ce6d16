"""Which weights become zero."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]

_HALF = 16
"""Bits of a number that are looked at in one of two rounds."""


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
