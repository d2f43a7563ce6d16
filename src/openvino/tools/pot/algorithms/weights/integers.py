"""From weights in their own layout to rows, and from the levels of rows to integers in that layout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.weights.choosing import Choice
from openvino.tools.pot.arithmetic.groups import (
    Grid,
    WeightForm,
    blocks_of_rows,
    holds_in_half,
    joined,
    least_error_grid,
)
from openvino.tools.pot.graph.edits.decompression import Integers, packed
from openvino.tools.pot.placement.weights import StoredWeights


@dataclass(frozen=True)
class Rounded:
    """Weights that were rounded.

    Attributes:
        levels: integers counted from the zero point, ``int16``, shape ``[rows, groups, size]``.
        grid: their scales.
        half: whether half precision holds these.
        signal, noise: sums of squares of the weights and of their errors.
    """

    levels: NDArray[np.int16]
    grid: Grid
    half: bool
    signal: float
    noise: float

    @property
    def decibels(self) -> float:
        """How far the weights stand out of what rounding does to them."""
        if not self.signal:
            return float("inf")
        return float(10 * np.log10(self.signal / self.noise)) if self.noise else float("inf")


def rows_of(values: NDArray[np.generic], weights: StoredWeights) -> NDArray[np.generic]:
    """Weights as ``[rows, row]``, a view where they lie so."""
    return values.transpose(_kept(weights) + list(weights.summed)).reshape(-1, weights.row)


def rounded(rows: NDArray[np.generic], form: WeightForm, group: int) -> Rounded | None:
    """Weights at the nearest of the levels that fit them best, without data; None where some are not finite.

    Args:
        rows: floats of any precision, shape ``[rows, row]``.
        form: of the integers.
        group: how many of a row share a scale; it divides the row.
    """
    grouped = rows.reshape(len(rows), -1, group)
    levels = np.empty(grouped.shape, np.int16)
    parts = list(blocks_of_rows(grouped))
    half, signal, noise, grids = True, 0.0, 0.0, []
    for part in parts:
        values = grouped[part].astype(np.float32)
        if not np.isfinite(values).all():
            return None
        half &= holds_in_half(values)
    for part in parts:
        values = grouped[part].astype(np.float32)
        grid = least_error_grid(values, form, half)
        found = grid.levels(values)
        levels[part] = found
        signal += float(np.vdot(values, values))
        values -= found * grid.scale
        noise += float(np.vdot(values, values))
        grids.append(grid)
    return Rounded(levels, joined(grids), half, signal, noise)


def integers_of(found: Rounded, choice: Choice) -> Integers:
    """What is stored, in the layout that the weights have."""
    weights, form = choice.weights, choice.form
    kind: type[np.generic] = np.int8 if form.symmetric else np.uint8
    zero_point = None
    levels = found.levels
    if not form.symmetric:
        zero = np.rint(-found.grid.lowest).astype(np.int16)
        levels = levels + zero
        zero_point = packed(_laid_out(zero.astype(kind), weights), form.kind)
    scale = _laid_out(found.grid.scale.astype(np.float16 if found.half else np.float32), weights)
    stored = _laid_out(levels.astype(kind), weights)
    return Integers(packed(stored, form.kind), scale, zero_point, form.kind, stored.shape, weights.shape)


def _kept(weights: StoredWeights) -> list[int]:
    return [axis for axis in range(len(weights.shape)) if axis not in weights.summed]


def _laid_out(values: NDArray[np.generic], weights: StoredWeights) -> NDArray[np.generic]:
    """Values ``[rows, groups, size]`` in the layout of the weights, groups on an axis before that of their size."""
    kept, (_, groups, size) = _kept(weights), values.shape
    sizes = [weights.shape[axis] for axis in kept]
    if groups == 1:
        summed = [weights.shape[axis] if size > 1 else 1 for axis in weights.summed]
        order = np.argsort(kept + list(weights.summed))
        return np.ascontiguousarray(values.reshape(sizes + summed).transpose(order))
    (axis,) = weights.summed
    places = [kept.index(each) for each in range(len(weights.shape)) if each != axis]
    places[axis:axis] = [len(kept), len(kept) + 1]
    return np.ascontiguousarray(values.reshape(*sizes, groups, size).transpose(places))
