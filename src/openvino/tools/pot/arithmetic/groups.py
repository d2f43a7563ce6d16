"""Weights as integers of few bits, with a scale and perhaps a zero point for each group of neighbours in a row.

Rows are what a layer gives, one for each output; a group is so many of the inputs that a row sums over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]

_SHRINKS = (0.95, 0.9, 0.85)
"""Narrower ranges that are tried, as parts of what reaches as far as the weights do."""

_REFINEMENTS = 2
"""How often the scale is fitted to the levels, and the levels to the scale."""

_FULL = 8
"""Bits of which there is nothing to win by narrower ranges."""

_SMALLEST_HALF, _LARGEST_HALF = 2.0**-17, 2.0**15
"""Magnitudes that half precision holds with an error of a hundredth or less, with room for sums."""

_BLOCK = 1 << 16
"""Weights that are worked on at a time, so that what lies between stays in the cache."""


@dataclass(frozen=True)
class WeightForm:
    """How weights are stored.

    Attributes:
        bits: of each.
        symmetric: integers have a sign and no zero point; otherwise neither sign nor a fixed zero.
    """

    bits: int
    symmetric: bool

    @property
    def kind(self) -> str:
        """The name of OpenVINO's type."""
        return f"{'i' if self.symmetric else 'u'}{self.bits}"


WEIGHT_FORMS: dict[str, WeightForm] = {
    f"int{bits}_{'sym' if symmetric else 'asym'}": WeightForm(bits, symmetric)
    for bits in (8, 4)
    for symmetric in (False, True)
}
"""Name of a mode -> what it means."""


@dataclass(frozen=True)
class Grid:
    """The values that the weights of each group can have: a scale times the integers between two.

    Attributes:
        scale: may be negative, shape ``[rows, groups, 1]``.
        lowest, highest: integers as floats, counted from the zero point, in shapes that broadcast to that.
    """

    scale: Singles
    lowest: Singles
    highest: Singles

    def levels(self, values: Singles) -> Singles:
        """The integers nearest to values ``[rows, groups, size]``."""
        found = values / self.scale
        np.rint(found, out=found)
        return np.clip(found, self.lowest, self.highest, out=found)

    def of_rows(self, rows: slice) -> Grid:
        """That of some rows."""
        return Grid(
            *(each[rows] if len(each) > 1 else each for each in (self.scale, self.lowest, self.highest))
        )


def holds_in_half(values: Singles) -> bool:
    """Whether scales of integers can be stored, and what they are of computed, in half precision.

    Args:
        values: the weights, or some whose magnitudes are like theirs; any shape, finite.
    """
    largest = np.abs(values.reshape(-1, values.shape[-1])).max(axis=1)
    largest = largest[largest > 0] / 256
    return bool(
        not largest.size or (largest.min() >= _SMALLEST_HALF and largest.max() * 256 <= _LARGEST_HALF)
    )


def extreme_grid(values: Singles, form: WeightForm, half: bool = True, shrink: float = 1.0) -> Grid:
    """The grid that reaches as far as the weights of each group do.

    Without a zero point the extreme weight, of whichever sign, gets the lowest integer, which has no counterpart.

    Args:
        values: float32, shape ``[rows, groups, size]``.
        form: of the integers.
        half: whether the scale is one that half precision holds.
        shrink: what the range is multiplied with.
    """
    low = np.minimum(values.min(axis=2, keepdims=True), 0) * np.float32(shrink)
    high = np.maximum(values.max(axis=2, keepdims=True), 0) * np.float32(shrink)
    levels = 1 << form.bits
    if form.symmetric:
        extreme = np.where(-low >= high, low, high)
        lowest, highest = (np.full((1, 1, 1), each, np.float32) for each in (-levels // 2, levels // 2 - 1))
        return Grid(storable(extreme / lowest, half), lowest, highest)
    scale = storable((high - low) / np.float32(levels - 1), half)
    zero_point = np.clip(np.rint(-low / scale), 0, levels - 1)
    return Grid(scale, -zero_point, np.float32(levels - 1) - zero_point)


def least_error_grid(
    values: Singles, form: WeightForm, half: bool = True, importance: Singles | None = None
) -> Grid:
    """The grid on which the nearest values have the least squared error, found by trial and refinement.

    A few ranges are tried for each group; then the scale is that of least squares for its levels, and the levels the
    nearest for the scale, in turn.

    Args:
        values: float32, shape ``[rows, groups, size]``.
        form: of the integers.
        half: whether the scale is one that half precision holds.
        importance: of each input, what its squared error counts, shape ``[groups, size]``; absent: the same for all.
    """
    best = extreme_grid(values, form, half)
    error = _error(values, best.levels(values), best, importance)
    for shrink in _SHRINKS if form.bits < _FULL else ():
        grid = extreme_grid(values, form, half, shrink)
        best, error = _better(values, grid, best, error, importance)
    for _ in range(_REFINEMENTS if form.bits < _FULL else 1):
        grid = Grid(
            _fitted(values, best.levels(values), best.scale, half, importance), best.lowest, best.highest
        )
        best, error = _better(values, grid, best, error, importance)
    return best


def blocks_of_rows(values: NDArray[np.generic], block: int = _BLOCK) -> Iterator[slice]:
    """Rows that are worked on together, so many weights or a row."""
    step = max(1, block // max(1, values[:1].size))
    for start in range(0, len(values), step):
        yield slice(start, start + step)


def joined(grids: list[Grid]) -> Grid:
    """The grid of the rows of several, one after the other."""
    lowest, highest = (
        np.concatenate([getattr(grid, name) for grid in grids])
        if len(getattr(grids[0], name)) == len(grids[0].scale)
        else getattr(grids[0], name)
        for name in ("lowest", "highest")
    )
    return Grid(np.concatenate([grid.scale for grid in grids]), lowest, highest)


def _better(
    values: Singles, grid: Grid, best: Grid, error: Singles, importance: Singles | None
) -> tuple[Grid, Singles]:
    """Of two grids the better one of each group, and its error."""
    found = _error(values, grid.levels(values), grid, importance)
    wins = found < error
    parts = [
        np.where(wins, one, other) if one.shape != (1, 1, 1) else one
        for one, other in (
            (grid.scale, best.scale),
            (grid.lowest, best.lowest),
            (grid.highest, best.highest),
        )
    ]
    return Grid(*parts), np.minimum(error, found)


def _error(values: Singles, levels: Singles, grid: Grid, importance: Singles | None) -> Singles:
    """The squared error of each group, shape ``[rows, groups, 1]``."""
    apart = levels * grid.scale
    apart -= values
    np.square(apart, out=apart)
    if importance is not None:
        apart *= importance
    return np.asarray(apart.sum(axis=2, keepdims=True))


def _fitted(
    values: Singles, levels: Singles, scale: Singles, half: bool, importance: Singles | None
) -> Singles:
    """The scale of least squares for some levels; the old one where all of them are zero."""
    weighted = levels if importance is None else levels * importance
    own = np.einsum("rgi,rgi->rg", weighted, levels)[:, :, None]
    mixed = np.einsum("rgi,rgi->rg", weighted, values)[:, :, None]
    found = np.where(own > 0, mixed / np.maximum(own, np.float32(1e-30)), scale)
    return storable(found, half)


def storable(scale: Singles, half: bool) -> Singles:
    """Scales as they can be stored, in half precision or in single; one for groups of zeros."""
    stored = scale.astype(np.float16).astype(np.float32) if half else scale.astype(np.float32)
    return np.where(stored == 0, np.float32(1), stored)
