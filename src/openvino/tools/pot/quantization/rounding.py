"""Rounding of weights that minimises the error of the layer's output, not of the weights.

Source: the layer-wise objective of Nagel et al., "Up or Down? Adaptive Rounding for Post-Training Quantization",
2020, section 3, minimised by coordinate descent over single flips.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_BLOCK = 512
_DAMPING = 0.01
_MOST_FLIPS = 16
_WORK = 4e7


@dataclass(frozen=True)
class InputMoments:
    """What rounding needs to know of a layer's inputs, the same for all layers that read them.

    Inputs are taken in blocks of about 512 as if blocks were independent, so that cost grows linearly with their
    number.

    Attributes:
        covariance: of the quantized inputs, ``[groups, inputs, inputs]`` for each block.
        of_errors: covariance of their errors with them, in the same shapes.
    """

    covariance: tuple[Floats, ...]
    of_errors: tuple[Floats, ...]

    @classmethod
    def of(cls, inputs: Floats, quantized: Floats, counts: NDArray[np.float64] | None = None) -> InputMoments:
        """From rows of a layer's inputs.

        Args:
            inputs: float, shape ``[rows, groups, inputs]``.
            quantized: the same rows, quantized.
            counts: how often each row counts; absent: once.
        """
        share = np.full(len(inputs), 1 / len(inputs)) if counts is None else counts / counts.sum()
        blocks = max(1, round(inputs.shape[2] / _BLOCK))
        edges = np.linspace(0, inputs.shape[2], blocks + 1).astype(int)
        parts = [
            _moments(inputs[:, :, a:b], quantized[:, :, a:b], share.astype(np.float32))
            for a, b in pairwise(edges)
        ]
        covariance, of_errors = zip(*parts, strict=True)
        return cls(covariance, of_errors)


def least_error_rounding(
    weights: Floats, scale: Floats, lowest: int, highest: int, moments: InputMoments
) -> Floats:
    """Weights on the grid ``scale * integers`` whose outputs differ least from those in float.

    It starts from the nearest integers. At each step every output channel moves the one weight to its other
    neighbour that lowers the squared error of ``Wq Q(x)`` against ``W x`` over the rows most; means are left to
    the bias.

    Args:
        weights: float weights, shape ``[groups, outputs, inputs]``.
        scale: of each output channel, shape ``[groups, outputs, 1]``.
        lowest, highest: the integers allowed.
        moments: of the inputs.

    Returns:
        The weights on the grid, in the shape of ``weights``.
    """
    edges = np.cumsum([0, *(block.shape[1] for block in moments.covariance)])
    parts = [
        _descend(weights[:, :, a:b], scale, lowest, highest, *block)
        for (a, b), *block in zip(pairwise(edges), moments.covariance, moments.of_errors, strict=True)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)


def _moments(inputs: Floats, quantized: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Covariances of the quantized inputs, and of their errors with them, each ``[groups, inputs, inputs]``.

    The fewer rows there are for each input, the less the correlations between inputs can be trusted; without
    any the nearest integers are best.
    """
    count, _, size = inputs.shape
    trust = np.float32(count / (count + size))
    by_group = quantized.transpose(1, 0, 2)
    centred = by_group - share @ by_group[:, None]
    weighted = centred * share[:, None]
    covariance = centred.transpose(0, 2, 1) @ weighted
    of_errors = (quantized - inputs).transpose(1, 2, 0) @ weighted
    own = np.einsum("gii->gi", covariance)
    rest = own * (1 - trust) + np.float32(_DAMPING) * own.mean(axis=1, keepdims=True)
    covariance *= trust
    np.einsum("gii->gi", covariance)[...] += rest
    return covariance, np.asarray(of_errors * trust, np.float32)


def _descend(
    weights: Floats, scale: Floats, lowest: int, highest: int, covariance: Floats, of_errors: Floats
) -> Floats:
    exact = weights / scale
    integers = np.clip(np.round(exact), lowest, highest)
    # Moving a weight by ``step`` changes half the error by ``step * slope + own``; own is infinite off the grid.
    step = np.where(integers > exact, np.float32(-1), np.float32(1))
    slope = (integers - exact) @ covariance + exact @ of_errors
    diagonal = np.einsum("gii->gi", covariance) / 2
    own = np.where(_allowed(integers + step, lowest, highest), diagonal[:, None], np.float32(np.inf))
    group, output = np.ogrid[: weights.shape[0], : weights.shape[1]]
    change = np.empty_like(slope)
    for _ in range(min(_MOST_FLIPS, weights.shape[2], max(8, int(_WORK / weights.size)))):
        np.multiply(step, slope, out=change)
        change += own
        best = change.argmin(axis=2)
        at = (group, output, best)
        flip = np.where(change[at] < 0, step[at], np.float32(0))
        if not flip.any():
            break
        integers[at] += flip
        step[at] = np.where(integers[at] > exact[at], np.float32(-1), np.float32(1))
        back = _allowed(integers[at] + step[at], lowest, highest)
        own[at] = np.where(back, diagonal[group, best], np.float32(np.inf))
        moved = covariance[group, best]
        moved *= flip[:, :, None]
        slope += moved
    return np.asarray(integers * scale, np.float32)


def _allowed(integers: Floats, lowest: int, highest: int) -> NDArray[np.bool_]:
    return np.asarray((integers >= lowest) & (integers <= highest))
