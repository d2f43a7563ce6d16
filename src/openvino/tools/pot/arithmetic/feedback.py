"""Rounding of weights by the error at the layer's output: each weight makes up for the errors of those before it.

Sources: Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers", 2022,
section 3, for the first pass, in the form of Chee et al., "QuIP: 2-Bit Quantization of Large Language Models With
Guarantees", 2023, section 3.1, which takes one triangular factor of the moments and no inverse; Behdin et al.,
"QuantEase: Optimization-based Quantization for Language Models", 2023, section 3, for the sweeps that follow.

Inputs are gone through one after the other, since each depends on those before; all rows at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.groups import Grid, Singles, storable

_DAMPING = 0.01
_BLOCK = 64
"""Inputs after which what they left is handed on to all others at once."""

_SWEEPS = 2


@dataclass(frozen=True)
class Moments:
    """What rounding needs to know of a layer's inputs, the same for all layers that read them.

    Attributes:
        second: the mean product of each two inputs, shape ``[inputs, inputs]``.
        order: inputs by falling size.
        factor: of the products in that order, unit upper triangular: what an error at one input is made up for with
            at a later one.
    """

    second: Singles
    order: NDArray[np.int64]
    factor: Singles

    @classmethod
    def of(cls, rows: Singles) -> Moments:
        """From rows of a layer's inputs, float32, shape ``[rows, inputs]``.

        The fewer rows there are for each input, the less what two of them have in common can be trusted; without any
        trust the nearest levels are best.
        """
        count, size = rows.shape
        trust = np.float32(count / (count + size))
        second = rows.T @ rows
        second /= np.float32(count)
        own = np.diagonal(second).copy()
        second *= trust
        np.einsum("ii->i", second)[...] = own + np.float32(_DAMPING) * own.mean() + np.float32(1e-30)
        order = np.argsort(-own, kind="stable")
        backwards = order[::-1]
        lower = np.linalg.cholesky(second[np.ix_(backwards, backwards)])
        factor = np.ascontiguousarray(lower[::-1, ::-1])
        factor /= np.diagonal(factor).copy()
        return cls(second, order, factor)

    @property
    def sizes(self) -> Singles:
        """The mean square of each input, shape ``[inputs]``."""
        return np.diagonal(self.second)


@dataclass
class _Columns:
    """Weights with inputs first, on their way: what changes, changes in place.

    Attributes:
        levels: ``[inputs, rows]``.
        scale, lowest, highest: of each group, ``[groups, rows]``.
        size: of a group.
    """

    levels: Singles
    scale: Singles
    lowest: Singles
    highest: Singles
    size: int

    def nearest(self, at: int, values: Singles) -> Singles:
        """The levels nearest to values at an input; the values are used up."""
        group = at // self.size
        values /= self.scale[group]
        np.rint(values, out=values)
        return np.clip(values, self.lowest[group], self.highest[group], out=values)

    def floats(self) -> Singles:
        """What the levels stand for."""
        grouped = self.levels.reshape(len(self.scale), self.size, -1)
        return np.asarray((grouped * self.scale[:, None]).reshape(self.levels.shape))


def least_output_error(weights: Singles, grid: Grid, moments: Moments, half: bool) -> tuple[Singles, Grid]:
    """Levels, and scales for them, whose outputs differ least from those of the weights.

    Inputs are gone through by falling size, and what rounding each does to the outputs is made up for by those
    that follow. Then each scale is moved to its best value, and each weight to the level that is best beside all others
    as they are, in turn.

    Args:
        weights: shape ``[rows, inputs]``.
        grid: of groups of inputs, shape ``[rows, groups, 1]``.
        moments: of the inputs.
        half: whether scales are to be such as half precision holds.

    Returns:
        Levels as floats, shape ``[rows, groups, size]``, and the grid.
    """
    parts = (np.broadcast_to(each, grid.scale.shape) for each in (grid.scale, grid.lowest, grid.highest))
    scale, lowest, highest = (np.array(each[:, :, 0].T, order="C") for each in parts)
    exact = np.ascontiguousarray(weights.T)
    columns = _Columns(np.empty_like(exact), scale, lowest, highest, len(exact) // len(scale))
    _hand_on(columns, exact, moments)
    slope = moments.second @ (columns.floats() - exact)
    for _ in range(_SWEEPS):
        _fit_scales(columns, slope, moments.second, half)
        _sweep(columns, slope, moments.second)
    fitted = Grid(np.ascontiguousarray(scale.T)[:, :, None], grid.lowest, grid.highest)
    return np.ascontiguousarray(columns.levels.T).reshape(len(weights), len(scale), -1), fitted


def output_error(apart: Singles, moments: Moments) -> float:
    """The mean square of what rows of weights, ``[rows, inputs]``, give for such inputs, summed over rows."""
    return float(np.vdot(apart @ moments.second, apart))


def _blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, _BLOCK):
        yield slice(start, min(start + _BLOCK, count))


def _hand_on(columns: _Columns, exact: Singles, moments: Moments) -> None:
    """Find the levels of one pass over the inputs."""
    factor, errors = moments.factor, np.empty_like(exact)
    for block in _blocks(len(exact)):
        wanted = exact[moments.order[block]]
        wanted += factor[: block.start, block].T @ errors[: block.start]
        for at in range(block.start, block.stop):
            here, place = at - block.start, moments.order[at]
            value = wanted[here] + factor[block.start : at, at] @ errors[block.start : at]
            found = columns.nearest(place, value)
            columns.levels[place] = found
            np.multiply(found, columns.scale[place // columns.size], out=errors[at])
            np.subtract(exact[place], errors[at], out=errors[at])


def _sweep(columns: _Columns, slope: Singles, second: Singles) -> None:
    """Move each weight to its best level in turn; the slope is half the gradient of the error."""
    levels, own = columns.levels, np.diagonal(second)
    for block in _blocks(len(levels)):
        moved = np.empty((block.stop - block.start, levels.shape[1]), np.float32)
        for at in range(block.start, block.stop):
            here, scale = at - block.start, columns.scale[at // columns.size]
            tilt = slope[at] + second[at, block.start : at] @ moved[:here]
            best = columns.nearest(at, levels[at] * scale - tilt / own[at])
            np.multiply(best - levels[at], scale, out=moved[here])
            levels[at] = best
        slope += second[:, block] @ moved


def _fit_scales(columns: _Columns, slope: Singles, second: Singles, half: bool) -> None:
    """Move each scale to its best value in turn."""
    for group, scale in enumerate(columns.scale):
        part = slice(group * columns.size, (group + 1) * columns.size)
        own = columns.levels[part]
        bend = np.einsum("ir,ir->r", own, second[part, part] @ own)
        tilt = np.einsum("ir,ir->r", own, slope[part])
        fitted = scale - np.where(bend > 0, tilt / np.maximum(bend, np.float32(1e-30)), 0)
        fitted = storable(np.where(fitted * scale > 0, fitted, scale), half)
        slope += second[:, part] @ (own * (fitted - scale))
        columns.scale[group] = fitted
