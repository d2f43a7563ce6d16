"""From weights in their own layout to rows, and from the levels of rows to integers in that layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.weights.choosing import Choice
from openvino.tools.pot.arithmetic.feedback import Moments, least_output_error, output_error
from openvino.tools.pot.arithmetic.groups import (
    Grid,
    Singles,
    WeightForm,
    blocks_of_rows,
    holds_in_half,
    joined,
    least_error_grid,
)
from openvino.tools.pot.graph.edits.decompression import Integers, packed
from openvino.tools.pot.placement.weights import StoredWeights

Number = TypeVar("Number", bound=np.number[Any])

_ROOM = 1 << 22
"""Weights that are rounded by their outputs at a time."""


@dataclass(frozen=True)
class Rounded:
    """Weights that were rounded.

    Attributes:
        levels: as they are stored, ``int8`` without zero points, else ``uint8``, shape ``[rows, groups, size]``.
        grid: their scales.
        half: whether half precision holds these.
        signal, noise: sums of squares of the weights and of their errors.
        output_signal, output_noise: the same of what the layer gives, zero where nothing is known of its inputs.
    """

    levels: NDArray[np.integer]
    grid: Grid
    half: bool
    signal: float
    noise: float
    output_signal: float = 0.0
    output_noise: float = 0.0

    @property
    def decibels(self) -> float | None:
        """How far the weights stand out of what rounding does to them; None where rounding does nothing."""
        return _decibels(self.signal, self.noise)

    @property
    def output_decibels(self) -> float | None:
        """The same of what the layer gives; None where that is not known."""
        return _decibels(self.output_signal, self.output_noise)

    @property
    def share(self) -> float:
        """The noise as a share of the signal, at the output where that is known."""
        signal, noise = self.output_signal or self.signal, self.output_noise or self.noise
        return noise / signal if signal else 0.0


def _decibels(signal: float, noise: float) -> float | None:
    return float(10 * np.log10(signal / noise)) if signal and noise else None


def rows_of(values: NDArray[np.generic], weights: StoredWeights) -> NDArray[np.generic]:
    """Weights as ``[rows, row]``, a view where they lie so."""
    return values.transpose(_kept(weights) + list(weights.summed)).reshape(-1, weights.row)


def rounded(
    rows: NDArray[np.generic],
    form: WeightForm,
    group: int,
    moments: Moments | None = None,
    nearest: bool = False,
) -> Rounded | None:
    """Weights at levels that fit them best; None where some are not finite.

    Args:
        rows: floats of any precision, shape ``[rows, row]``.
        form: of the integers.
        group: how many of a row share a scale; it divides the row.
        moments: of what the weights are multiplied with; absent: the levels are the nearest.
        nearest: whether they are in any case, and moments only count for the scales.
    """
    grouped = rows.reshape(len(rows), -1, group)
    levels: NDArray[np.integer] = np.empty(grouped.shape, np.int8 if form.symmetric else np.uint8)
    parts = list(blocks_of_rows(grouped))
    half = True
    for part in parts:
        values = grouped[part].astype(np.float32)
        if not np.isfinite(values).all():
            return None
        half &= holds_in_half(values)
    feeds_back = moments is not None and not nearest
    sums, grids = np.zeros(4), []
    for part in blocks_of_rows(grouped, _ROOM) if feeds_back else parts:
        values = grouped[part].astype(np.float32)
        importance = None if moments is None else moments.sizes.reshape(-1, group)
        grid = least_error_grid(values, form, half, importance)
        found = grid.levels(values)
        if moments is not None and feeds_back:
            found, grid = least_output_error(values.reshape(len(values), -1), grid, moments, half)
        levels[part] = found if form.symmetric else found - grid.lowest
        sums += _sums(values, found * grid.scale, moments)
        grids.append(grid)
    return Rounded(levels, joined(grids), half, *map(float, sums))


def _sums(values: Singles, stored: Singles, moments: Moments | None) -> NDArray[np.float64]:
    """Signal and noise of weights, and of what they give."""
    stored -= values
    found = [float(np.vdot(each, each)) for each in (values, stored)]
    flat = (each.reshape(len(each), -1) for each in (values, stored))
    return np.array(found + [0.0 if moments is None else output_error(each, moments) for each in flat])


def integers_of(found: Rounded, choice: Choice) -> Integers:
    """What is stored, in the layout that the weights have."""
    weights, form = choice.weights, choice.form
    zero_point = None
    if not form.symmetric:
        zero_point = packed(_laid_out(np.rint(-found.grid.lowest).astype(np.uint8), weights), form.kind)
    scale: NDArray[np.floating] = _laid_out(found.grid.scale, weights)
    if found.half:
        scale = scale.astype(np.float16)
    stored = _laid_out(found.levels, weights)
    return Integers(packed(stored, form.kind), scale, zero_point, form.kind, stored.shape, weights.shape)


def _kept(weights: StoredWeights) -> list[int]:
    return [axis for axis in range(len(weights.shape)) if axis not in weights.summed]


def _laid_out(values: NDArray[Number], weights: StoredWeights) -> NDArray[Number]:
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
