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
from openvino.tools.pot.quantization.ranges import QuantizerRange, asymmetric_range, floored, symmetric_range

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

STRENGTHS = (0.5, 0.65, 0.8, 0.9)
_TINY = 1e-30
_LARGEST_WEIGHT = 127
LOPSIDED = 3.0
FIRST_CLIPS = (1.0, 0.55)
FURTHER_CLIPS = (0.8, 0.65, 0.45, 0.35, 0.25)


@dataclass(frozen=True)
class Migration:
    """A division of activations channel by channel.

    Attributes:
        scale: divisor of each channel of the last axis.
        grid: the range after the division.
    """

    scale: Array
    grid: QuantizerRange


def migration_scale(activation: Array, weights: Array, strength: float) -> Array:
    """The divisor of each input channel, around one.

    Args:
        activation: largest magnitude of each channel.
        weights: largest magnitude of the weights that multiply it.
        strength: how much of the activations' spread moves, 0 to 1.
    """
    scale = floored(activation) ** strength / floored(weights) ** (1 - strength)
    return np.asarray(scale / np.exp(np.mean(np.log(scale))))


def best_migration(rows: Floats, low: Array, high: Array, weights: Floats) -> Migration:
    """The scale and the clipping that make the product's error least; a scale of ones is among the candidates.

    Strength is searched first, at two clippings, then the clipping at the best strength.

    Args:
        rows: samples of the activation, shape ``[rows, channels]``.
        low, high: smallest and largest value of each channel over all data.
        weights: what multiplies it, shape ``[outputs, channels]``.
    """
    problem = _Product(rows, weights)
    activation = np.maximum(-low, high)
    largest = floored(np.abs(weights).max(axis=0).astype(np.float64))
    scales = [migration_scale(activation, largest, strength) for strength in STRENGTHS]
    tried: dict[float, Migration] = {}
    for scale in (np.ones_like(activation), *scales):
        problem.divide(scale)
        for clip in FIRST_CLIPS:
            grid = _clipped(low / scale, high / scale, clip)
            tried[problem.error(grid)] = Migration(scale, grid)
    scale = tried[min(tried)].scale
    problem.divide(scale)
    for clip in FURTHER_CLIPS:
        grid = _clipped(low / scale, high / scale, clip)
        tried[problem.error(grid)] = Migration(scale, grid)
    return tried[min(tried)]


def _clipped(low: Array, high: Array, clip: float) -> QuantizerRange:
    """One range for all channels, its wider side shortened to ``clip`` of the largest magnitude.

    A free zero point makes matrix products slower, so that only lopsided ranges get one.
    """
    least, most = np.min(low, keepdims=True), np.max(high, keepdims=True)
    limit = np.maximum(-least, most) * clip
    if least >= 0 or -least * LOPSIDED > most:
        return symmetric_range(limit, 256, unsigned=bool(least >= 0))
    return asymmetric_range(np.maximum(least, -limit), np.minimum(most, limit), 256)


class _Product:
    """A product of activations and weights, and its error when both are rounded.

    Rows count in inverse proportion to their power: products are normalised row by row further on
    (LayerNorm, Softmax), and a few rows of large values would decide alone otherwise.
    """

    def __init__(self, rows: Floats, weights: Floats) -> None:
        self._rows, self._weights = rows, weights
        self._product = rows @ weights.T
        power = (self._product.astype(np.float64) ** 2).mean(axis=1)
        shares = 1 / (power + np.median(power) + _TINY)
        self._shares = (shares / shares.sum()).astype(np.float32)

    def divide(self, scale: Array) -> None:
        """Divide the activations by ``scale`` and round the weights times it."""
        factor = scale.astype(np.float32)
        self._divided = np.asarray(self._rows / factor, np.float32)
        rounded = self._weights * factor
        # As fake_quantize does over a symmetric range, but that nothing lies outside of it: this is the hot place.
        step = floored(np.abs(rounded).max(axis=1, keepdims=True)) / _LARGEST_WEIGHT
        rounded /= step.astype(np.float32)
        self._rounded = np.round(rounded, out=rounded) * step.astype(np.float32)

    def error(self, grid: QuantizerRange) -> float:
        """The weighted squared error, less what a bias makes up for, with activations rounded to ``grid``."""
        quantized = fake_quantize(self._divided, grid)
        difference = quantized @ self._rounded.T
        difference -= self._product
        mean = (self._shares @ difference).astype(np.float64)
        power = np.einsum("ro,ro->r", difference, difference).astype(np.float64)
        return float(self._shares @ power - mean @ mean)
