"""Migration of range from activations to weights, channel by channel, before a matrix product.

``W x = (W s) (x / s)``: channels of ``x`` that are much wider than the rest lose width, the weights that
multiply them gain it. Source: Xiao et al., "SmoothQuant", 2023, section 4; strength and clipping are searched
together here, for the least error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.quantization.fake_quantize import fake_quantize
from openvino.tools.pot.quantization.ranges import floored, symmetric_range

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

STRENGTHS = (0.5, 0.65, 0.8, 0.9)
CLIPS = (1.0, 0.8, 0.65, 0.5, 0.4, 0.3)


@dataclass(frozen=True)
class Migration:
    """A division of activations channel by channel.

    Attributes:
        scale: divisor of each channel of the last axis.
        high: largest magnitude kept after the division, shape ``[1]``.
    """

    scale: Array
    high: Array


def migration_scale(activation: Array, weights: Array, strength: float) -> Array:
    """The divisor of each input channel, around one.

    Args:
        activation: largest magnitude of each channel.
        weights: largest magnitude of the weights that multiply it.
        strength: how much of the activations' spread moves, 0 to 1.
    """
    scale = floored(activation) ** strength / floored(weights) ** (1 - strength)
    return np.asarray(scale / np.exp(np.mean(np.log(scale))))


def best_migration(rows: Floats, activation: Array, weights: list[Floats], unsigned: bool) -> Migration:
    """The scale and the clipping that make the products' error least; a scale of ones is among the candidates.

    The error of a product is taken as the sum over channels of what rounding adds to each of its factors, as
    if those were independent of each other, which is much cheaper than the products themselves.

    Args:
        rows: samples of the activation, shape ``[rows, channels]``.
        activation: largest magnitude of each channel over all data.
        weights: the matrices that multiply it, each ``[outputs, channels]``.
        unsigned: whether the activation is never negative.
    """
    largest = np.max([np.abs(matrix).max(axis=0) for matrix in weights], axis=0).astype(np.float64)
    power = np.mean(rows.astype(np.float64) ** 2, axis=0)
    gains = np.sum([(matrix**2).sum(axis=0) for matrix in weights], axis=0)
    best, least = None, np.inf
    for strength in (None, *STRENGTHS):
        scale = (
            np.ones_like(activation) if strength is None else migration_scale(activation, largest, strength)
        )
        weight_error = float(sum(_weight_error(matrix, scale) for matrix in weights) @ power)
        widest = np.max(activation / scale, keepdims=True)
        for clip in CLIPS:
            error = weight_error + float(_activation_error(rows, scale, widest * clip, unsigned) @ gains)
            if error < least:
                best, least = Migration(scale, widest * clip), error
    assert best is not None
    return best


def _weight_error(matrix: Floats, scale: Array) -> Array:
    """Squared rounding error of the weights of each channel, in units of the unscaled ones."""
    factor = scale.astype(np.float32)
    scaled = matrix * factor
    rounded = fake_quantize(scaled, symmetric_range(np.abs(scaled).max(1, keepdims=True), 255, False))
    return np.asarray((((rounded - scaled) / factor) ** 2).sum(axis=0), np.float64)


def _activation_error(rows: Floats, scale: Array, high: Array, unsigned: bool) -> Array:
    """Mean squared rounding and clipping error of each channel, in units of the undivided ones."""
    divided = np.asarray(rows / scale.astype(np.float32), np.float32)
    rounded = fake_quantize(divided, symmetric_range(high, 256, unsigned))
    return np.asarray(((rounded - divided) ** 2).mean(axis=0), np.float64) * scale**2
