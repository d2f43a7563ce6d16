"""Levels of weights chosen anew for inputs as the quantized network makes them, beside those of the float one.

Sources: the objective is the layer-wise one with inputs of both networks, as in Nagel et al., "Up or Down? Adaptive
Rounding for Post-Training Quantization", 2020, section 3.3 (asymmetric reconstruction); levels are found by coordinate
descent as in Behdin et al., "QuantEase: Optimization-based Quantization for Language Models", 2023, section 3, with the
scale of each output channel at its least squares in between.

Inputs are gone through one after the other, since each depends on those before; all outputs and groups at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Doubles = NDArray[np.float64]

_BLOCK = 64
"""Inputs after which what they changed is handed on to all others at once."""

_SWEEPS = 3
_DAMPING = np.float32(0.1)
_TINY = np.float32(1e-30)
_FURTHEST = 1.5
"""What a scale may become, as a factor either way."""


@dataclass(frozen=True)
class PairMoments:
    """What tuning needs to know of the inputs of a layer in both networks.

    Attributes:
        covariance: of the quantized inputs, float32, shape ``[groups, inputs, inputs]``.
        of_errors: covariance of what quantization adds to each input with the quantized ones, in the same shape.
        means: of the float inputs, float64, shape ``[groups, inputs]``.
        quantized: the same of the quantized ones.
        rows: how many there were.
    """

    covariance: Singles
    of_errors: Singles
    means: Doubles
    quantized: Doubles
    rows: int

    @classmethod
    def of(cls, inputs: Singles, quantized: Singles, counts: Doubles) -> PairMoments:
        """From rows of a layer's inputs at the same places of both networks.

        Args:
            inputs: in float, float32, shape ``[rows, groups, inputs]``.
            quantized: as the quantized network makes them, in the same shape.
            counts: how often each row counts, shape ``[rows]``.
        """
        share = (counts / counts.sum()).astype(np.float32)
        # With rows of a group behind each other in memory, as products of many small matrices want them to be fast.
        plain, other = (np.array(rows.transpose(1, 0, 2), order="C") for rows in (inputs, quantized))
        means, means_of_other = (share @ rows for rows in (plain, other))
        plain -= means[:, None]
        other -= means_of_other[:, None]
        errors, weighed = np.subtract(other, plain, out=plain), other * share[:, None]
        covariance, of_errors = (rows.transpose(0, 2, 1) @ weighed for rows in (other, errors))
        return cls(
            covariance, of_errors, means.astype(np.float64), means_of_other.astype(np.float64), len(counts)
        )

    def trusted(self) -> PairMoments:
        """With what two inputs have in common believed the less, the fewer rows there are for each input."""
        trust = np.float32(self.rows / (self.rows + self.covariance.shape[1]))
        covariance, own = self.covariance * trust, np.einsum("gii->gi", self.covariance)
        rest = own + _DAMPING * own.mean(axis=1, keepdims=True) + _TINY
        np.einsum("gii->gi", covariance)[...] = rest
        return replace(self, covariance=covariance, of_errors=self.of_errors * trust)

    def error(self, weights: Singles, quantized: Singles) -> Doubles:
        """The variance of ``Wq Xq - W X`` less that of ``W Xq - W X``, of each output: float64, ``[groups, outputs]``.

        Args:
            weights: in float, shape ``[groups, outputs, inputs]``.
            quantized: in the same shape.
        """
        apart = quantized - weights
        slope = apart @ self.covariance + 2 * (weights @ self.of_errors)
        return np.asarray(np.einsum("goi,goi->go", slope, apart, dtype=np.float64))

    def mean_error(self, weights: Singles, quantized: Singles) -> Doubles:
        """The mean of ``Wq Xq - W X``, of each output: float64, shape ``[groups, outputs]``."""
        own, other = (
            np.einsum("goi,gi->go", values, means)
            for values, means in ((weights, self.means), (quantized, self.quantized))
        )
        return np.asarray(other - own, np.float64)


@dataclass(frozen=True)
class Grid:
    """Weights at levels.

    Attributes:
        levels: integers as float32, shape ``[groups, outputs, inputs]``.
        scale: of each output channel, float32, shape ``[groups, outputs, 1]``.
    """

    levels: Singles
    scale: Singles

    @property
    def values(self) -> Singles:
        """What the levels stand for."""
        return np.asarray(self.levels * self.scale)

    def where(self, chosen: NDArray[np.bool_], other: Grid) -> Grid:
        """That of another one for the output channels that are chosen, ``[groups, outputs]``."""
        mask = chosen[:, :, None]
        return Grid(np.where(mask, other.levels, self.levels), np.where(mask, other.scale, self.scale))


def tuned(
    weights: Singles, start: Grid, highest: int, moments: PairMoments, belief: float, fits_scale: bool
) -> Grid:
    """The levels, and scales, that make ``Wq Xq`` differ least from ``W X``; means are left to the bias.

    A weight moves between zero and the level that is next to it and farther from zero, so that what holds for the
    nearest levels, as that sums of products do not overflow, holds for these. Weights that are zero stay so.

    Args:
        weights: in float, shape ``[groups, outputs, inputs]``.
        start: where they begin, at levels within these limits.
        highest: the largest magnitude of a level.
        moments: of the inputs, as far as they are to be trusted.
        belief: how far the errors of inputs are taken for what will be seen again, 0 to 1.
        fits_scale: whether scales may change.
    """
    exact = np.ascontiguousarray(weights.transpose(0, 2, 1))
    scale = start.scale.transpose(0, 2, 1).copy()
    levels = np.ascontiguousarray(start.levels.transpose(0, 2, 1))
    steps = np.clip(exact / scale, -highest, highest)
    limits = tuple(
        outer(levels, bound(outward(steps), 0))
        for outer, bound, outward in (
            (np.minimum, np.minimum, np.floor),
            (np.maximum, np.maximum, np.ceil),
        )
    )
    wanted = moments.covariance @ exact
    wanted -= np.float32(belief) * (moments.of_errors.transpose(0, 2, 1) @ exact)
    for _ in range(_SWEEPS):
        slope = moments.covariance @ (levels * scale) - wanted
        _sweep(levels, scale, limits, slope, moments.covariance)
        if fits_scale:
            scale *= _fitted(levels * scale, wanted, moments.covariance)
    return Grid(levels.transpose(0, 2, 1), scale.transpose(0, 2, 1))


def _sweep(
    levels: Singles, scale: Singles, limits: Sequence[Singles], slope: Singles, covariance: Singles
) -> None:
    """Move each weight to its best level in turn; the slope is half the gradient of the error."""
    own, (lowest, highest) = np.einsum("gii->gi", covariance), limits
    for start in range(0, levels.shape[1], _BLOCK):
        block = slice(start, min(start + _BLOCK, levels.shape[1]))
        moved = np.zeros_like(levels[:, block])
        for at in range(block.start, block.stop):
            here = at - start
            tilt = slope[:, at] + (covariance[:, at, None, block] @ moved)[:, 0]
            best = np.rint(levels[:, at] - tilt / (own[:, at, None] * scale[:, 0]))
            np.clip(best, lowest[:, at], highest[:, at], out=best)
            np.multiply(best - levels[:, at], scale[:, 0], out=moved[:, here])
            levels[:, at] = best
        slope += covariance[:, :, block] @ moved


def _fitted(values: Singles, wanted: Singles, covariance: Singles) -> Singles:
    """What the scale of each output is to be times as large; 1 where nothing says so."""
    tilt = np.einsum("gio,gio->go", values, wanted)
    bend = np.einsum("gio,gio->go", values, covariance @ values)
    factor = np.where(bend > 0, tilt / np.maximum(bend, _TINY), 1)
    is_near = (factor > 1 / _FURTHEST) & (factor < _FURTHEST)
    return np.where(is_near, factor, 1).astype(np.float32)[:, None]
