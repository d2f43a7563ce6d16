"""Arithmetic of boxes: left, top, right and bottom."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Base = Literal["union", "first", "smaller"]

_AT_ONCE = 64
"""Boxes that are compared with all others by one operation: so many lists of numbers stay small."""


def overlaps(first: Floats, second: Floats, include_boundaries: bool, base: Base = "union") -> Floats:
    """The area that two boxes share, for each of ``first`` with each of ``second``.

    Args:
        first: ``[n, 4]``.
        second: ``[m, 4]``.
        include_boundaries: whether boxes include the pixels at their right and bottom, so that they are one pixel
            larger than right less left.
        base: what the area is a share of: both boxes together, the first, or the smaller one.

    Returns:
        From 0 to 1, ``[n, m]``.
    """
    edge = float(include_boundaries)
    start = np.maximum(first[:, None, :2], second[None, :, :2])
    stop = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = _product((stop - start + edge).clip(min=0))
    whole, other = (_product(boxes[:, 2:] - boxes[:, :2] + edge) for boxes in (first, second))
    whole = whole[:, None]
    if base == "union":
        whole = whole + other - shared
    elif base == "smaller":
        whole = np.minimum(whole, other)
    shares: Floats = np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)
    return shares


def non_maximum_suppression(
    boxes: Floats, order: NDArray[np.intp], most: float, include_boundaries: bool, base: Base = "union"
) -> NDArray[np.intp]:
    """Which boxes stay when those go that overlap one before them.

    Args:
        boxes: ``[n, 4]``.
        order: in which they are looked at, the best one first; of others than these none stays.
        most: that two boxes which stay may overlap.
        include_boundaries: as in ``overlaps``.
        base: as in ``overlaps``.

    Returns:
        Their numbers, in the order given.
    """
    left, kept = order, [order[:0]]
    while left.size:
        best = left[:_AT_ONCE]
        is_apart = overlaps(boxes[best], boxes[left], include_boundaries, base) <= most
        stays = np.ones(left.size, bool)
        for number in range(best.size):
            if stays[number]:
                stays[number + 1 :] &= is_apart[number, number + 1 :]
        kept.append(best[stays[: best.size]])
        left = left[best.size :][stays[best.size :]]
    return np.concatenate(kept)


def _product(sides: Floats) -> Floats:
    areas: Floats = sides[..., 0] * sides[..., 1]
    return areas
