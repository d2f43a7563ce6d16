"""Rounding of weights that minimises the error of the layer's output, not of the weights.

Source: the layer-wise objective of Nagel et al., "Up or Down? Adaptive Rounding for Post-Training Quantization",
2020, section 3, minimised by coordinate descent over single flips.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]

_BLOCK, _SMALLEST_BLOCK = 512, 64
_DAMPING = 0.01
_FLIPS, _FLIPS_OF_BLOCK = 16, 8


@dataclass(frozen=True)
class InputMoments:
    """What rounding needs to know of a layer's inputs, the same for all layers that read them.

    Inputs are taken in blocks of about 512, or of as many as there are rows, as if blocks were independent: cost
    grows linearly with their number, and correlations between more inputs than rows are chance.

    Attributes:
        covariance: of the quantized inputs, ``[groups, inputs, inputs]`` for each block.
        of_errors: covariance of their errors with them, in the same shapes.
    """

    covariance: tuple[Singles, ...]
    of_errors: tuple[Singles, ...]

    @classmethod
    def of(
        cls, inputs: Singles, quantized: Singles, counts: NDArray[np.float64] | None = None
    ) -> InputMoments:
        """From rows of a layer's inputs.

        Args:
            inputs: float, shape ``[rows, groups, inputs]``.
            quantized: the same rows, quantized.
            counts: how often each row counts; absent: once.
        """
        share = _shares(inputs, counts)
        parts = [_moments(inputs[:, :, a:b], quantized[:, :, a:b], share) for a, b in _blocks(inputs)]
        covariance, of_errors = zip(*parts, strict=True)
        return cls(covariance, of_errors)


def covariances(inputs: Singles, counts: NDArray[np.float64] | None = None) -> tuple[Singles, ...]:
    """The same of inputs that are not quantized, ``[groups, inputs, inputs]`` for each block."""
    share = _shares(inputs, counts)
    return tuple(_covariance(_centred(inputs[:, :, a:b], share), share) for a, b in _blocks(inputs))


def least_error_rounding(
    weights: Singles, scale: Singles, highest: int, moments: InputMoments
) -> NDArray[np.integer]:
    """The integers that times ``scale`` are the weights whose outputs differ least from those in float.

    It starts from the nearest integers. At each step every output channel moves the one weight to its other
    neighbour that lowers the squared error of ``Wq Q(x)`` against ``W x`` over the rows most; means are left to
    the bias. Weights that are zero stay so.

    Args:
        weights: float weights, shape ``[groups, outputs, inputs]``.
        scale: of each output channel, shape ``[groups, outputs, 1]``.
        highest: the largest magnitude allowed.
        moments: of the inputs.

    Returns:
        In the shape of ``weights``, in the smallest type that holds ``highest``.
    """
    edges = np.cumsum([0, *(block.shape[1] for block in moments.covariance)])
    flips = _FLIPS if len(moments.covariance) == 1 else _FLIPS_OF_BLOCK
    parts = [
        _descend(weights[:, :, a:b] / scale, highest, flips, *block)
        for (a, b), *block in zip(pairwise(edges), moments.covariance, moments.of_errors, strict=True)
    ]
    return np.concatenate(parts, axis=2, dtype=np.min_scalar_type(-highest), casting="unsafe")


def _shares(inputs: Singles, counts: NDArray[np.float64] | None) -> Singles:
    """What part of all rows each row is."""
    shares = np.full(len(inputs), 1 / len(inputs)) if counts is None else counts / counts.sum()
    return shares.astype(np.float32)


def _blocks(inputs: Singles) -> list[tuple[int, int]]:
    """The first input of each block, and the one behind its last."""
    width = min(_BLOCK, max(len(inputs), _SMALLEST_BLOCK))
    blocks = max(1, round(inputs.shape[2] / width))
    return [*pairwise(np.linspace(0, inputs.shape[2], blocks + 1).astype(int).tolist())]


def _centred(rows: Singles, share: Singles) -> Singles:
    """Rows less their mean, ``[groups, rows, inputs]``."""
    by_group = rows.transpose(1, 0, 2)
    return np.asarray(by_group - share @ by_group[:, None])


def _trust(count: int, size: int) -> np.float32:
    """How far correlations between inputs are believed: the less, the fewer rows there are for each input."""
    return np.float32(count / (count + size))


def _moments(inputs: Singles, quantized: Singles, share: Singles) -> tuple[Singles, Singles]:
    """Covariances of the quantized inputs, and of their errors with them, each ``[groups, inputs, inputs]``.

    Without any correlations the nearest integers are best.
    """
    trust = _trust(len(inputs), inputs.shape[2])
    centred = _centred(quantized, share)
    of_errors = (quantized - inputs).transpose(1, 2, 0) @ (centred * (share * trust)[:, None])
    return _covariance(centred, share), of_errors


def _covariance(centred: Singles, share: Singles) -> Singles:
    """Of centred rows, which it scales on its way."""
    trust = _trust(*centred.shape[1:])
    centred *= np.sqrt(share)[:, None]
    covariance = centred.transpose(0, 2, 1) @ centred
    own = np.einsum("gii->gi", covariance)
    rest = own * (1 - trust) + np.float32(_DAMPING) * own.mean(axis=1, keepdims=True)
    covariance *= trust
    np.einsum("gii->gi", covariance)[...] += rest
    return np.asarray(covariance, np.float32)


def _descend(exact: Singles, highest: int, flips: int, covariance: Singles, of_errors: Singles) -> Singles:
    integers = np.clip(np.round(exact), -highest, highest)
    step = np.where(integers > exact, np.float32(-1), np.float32(1))
    # What the step of a weight adds to half the error: ``step * slope + own``, and infinity beyond the levels.
    slope = (integers - exact) @ covariance
    slope += exact @ of_errors
    own = np.einsum("gii->gi", covariance) / 2
    change = np.multiply(step, slope, out=slope)
    change += own[:, None]
    change[np.abs(integers + step) > highest] = np.inf
    change[exact == 0] = np.inf  # somebody made it zero, so it stays
    group, output = np.ogrid[: exact.shape[0], : exact.shape[1]]
    for _ in range(min(flips, exact.shape[2])):
        best = change.argmin(axis=2)
        at = (group, output, best)
        better = change[at] < 0
        if not better.any():
            break
        flip = np.where(better, step[at], np.float32(0))
        moved = covariance[group, best]
        moved *= flip[:, :, None]
        moved *= step
        change += moved
        integers[at] += flip
        # Its next step leads back, by the same slope.
        step[at] -= 2 * flip
        change[at] = np.where(better, 2 * own[group, best] - change[at], change[at])
    return integers
