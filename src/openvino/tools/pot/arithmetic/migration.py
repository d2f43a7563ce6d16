"""Migration of range from activations to weights, channel by channel, before a matrix product.

``W x = (W s) (x / s)``: channels of ``x`` that are much wider than the rest lose width, the weights that
multiply them gain it. Source: Xiao et al., "SmoothQuant", 2023, section 4; strength and clipping are searched
together here, for the least error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.fake_quantize import fake_quantize
from openvino.tools.pot.arithmetic.formats import BYTE
from openvino.tools.pot.arithmetic.ranges import (
    QuantizerRange,
    around_one,
    asymmetric_range,
    floored,
    symmetric_range,
)

Array = NDArray[np.float64]
Singles = NDArray[np.float32]

STRENGTHS = (0.5, 0.65, 0.8, 0.9)
_TINY = 1e-30
LOPSIDED = 3.0
FIRST_CLIPS = (1.0, 0.55)
FURTHER_CLIPS = (0.8, 0.65, 0.45, 0.35, 0.25)
ROOMY_CLIPS = (1.25, 1.0)
"""In place of the first, where little was seen."""
MANY = 1000
"""Values of a channel after which another one hardly ever lies beyond them all."""
_ROWS_TRIED, _VALUES_TRIED = 128, 16384
_PARTS = 4


@dataclass(frozen=True)
class Migration:
    """A division of activations channel by channel.

    Attributes:
        scale: divisor of each channel of the last axis.
        span: the range after the division.
    """

    scale: Array
    span: QuantizerRange


def migration_scale(activation: Array, weights: Array, strength: float) -> Array:
    """The divisor of each input channel, around one.

    Args:
        activation: largest magnitude of each channel.
        weights: largest magnitude of the weights that multiply it.
        strength: how much of the activations' spread moves, 0 to 1.
    """
    return around_one(floored(activation) ** strength / floored(weights) ** (1 - strength))


def best_migration(
    rows: Singles, low: Array, high: Array, weights: Singles, seen: int = MANY, normalised: bool = True
) -> Migration:
    """The scale and the clipping that make the product's error least; a scale of ones is among the candidates.

    Strength is searched first, at two clippings, then the clipping at the best strength. Where little was seen of each
    channel, widths of three quarters of the rows are tried on the last one, in turn: divided by the largest that they
    happened to have, all channels go beyond their range in what is new.

    Args:
        rows: samples of the activation in the order of the data, shape ``[rows, channels]``.
        low, high: smallest and largest value of each channel over all data.
        weights: what multiplies it, shape ``[outputs, channels]``.
        seen: how many values of each channel these are of.
        normalised: whether products are brought to one size row by row further on (LayerNorm): then rows count in
            inverse proportion to their power, since a few of large values would decide alone.
    """
    largest = floored(np.abs(weights).max(axis=0).astype(np.float64))
    few = seen < MANY
    if few and len(rows) < 2:
        return Migration(np.ones_like(low), _clipped(low, high, ROOMY_CLIPS[0]))
    if few:
        parts = np.array_split(rows, min(_PARTS, len(rows)))
        trials = []
        for number, part in enumerate(parts):
            others = np.concatenate(parts[:number] + parts[number + 1 :])
            least, most = (end(axis=0).astype(np.float64) for end in (others.min, others.max))
            trials.append(_Trial(least, most, part, weights, normalised))
    else:
        trials = [_Trial(low, high, rows, weights, normalised)]
    tried: dict[tuple[float | None, float], float] = {}
    for strength in (None, *STRENGTHS):
        for clip in ROOMY_CLIPS if few else FIRST_CLIPS:
            tried[strength, clip] = sum(trial.error(largest, strength, clip) for trial in trials)
    strength = min(tried, key=tried.__getitem__)[0]
    for clip in FURTHER_CLIPS:
        tried[strength, clip] = sum(trial.error(largest, strength, clip) for trial in trials)
    strength, clip = min(tried, key=tried.__getitem__)
    scale = _scale(low, high, largest, strength)
    return Migration(scale, _clipped(low / scale, high / scale, clip))


def _scale(low: Array, high: Array, weights: Array, strength: float | None) -> Array:
    return (
        np.ones_like(low) if strength is None else migration_scale(np.maximum(-low, high), weights, strength)
    )


def _clipped(low: Array, high: Array, clip: float) -> QuantizerRange:
    """One range for all channels, its wider side ``clip`` of the largest magnitude.

    A free zero point makes matrix products slower, so that only lopsided ranges get one.
    """
    room = max(clip, 1.0)
    least, most = np.min(low, keepdims=True) * room, np.max(high, keepdims=True) * room
    limit = np.maximum(-least, most) * min(clip, 1.0)
    if least >= 0 or -least * LOPSIDED > most:
        return symmetric_range(limit, BYTE.levels, unsigned=bool(least >= 0))
    return asymmetric_range(np.maximum(least, -limit), np.minimum(most, limit), BYTE.levels)


class _Trial:
    """Widths of channels, and a product of rows and weights that ranges made of them are tried on."""

    def __init__(self, low: Array, high: Array, rows: Singles, weights: Singles, normalised: bool) -> None:
        self._low, self._high, self._weights = low, high, weights
        self._strength: float | None = -1.0
        # Enough rows to hold the rare values that a clipping costs.
        wanted = max(_ROWS_TRIED, _VALUES_TRIED // rows.shape[1])
        self._rows = rows[:: max(1, len(rows) // wanted)]
        self._product = self._rows @ weights.T
        power = (self._product.astype(np.float64) ** 2).mean(axis=1)
        shares = 1 / (power + np.median(power) + _TINY) if normalised else np.ones_like(power)
        self._shares = (shares / shares.sum()).astype(np.float32)

    def _divide(self, scale: Array) -> None:
        """Divide the activations by ``scale`` and round the weights times it."""
        factor = scale.astype(np.float32)
        self._divided = np.asarray(self._rows / factor, np.float32)
        rounded = self._weights * factor
        # As fake_quantize does over a symmetric range, but that nothing lies outside of it: this is the hot place.
        step = floored(np.abs(rounded).max(axis=1, keepdims=True)) / BYTE.highest
        rounded /= step.astype(np.float32)
        self._rounded = np.round(rounded, out=rounded) * step.astype(np.float32)

    def error(self, largest: Array, strength: float | None, clip: float) -> float:
        """The weighted squared error when both are rounded, less what a bias makes up for.

        Args:
            largest: magnitude of the weights that multiply each channel.
            strength, clip: of the range of activations.
        """
        scale = _scale(self._low, self._high, largest, strength)
        if strength != self._strength:
            self._divide(scale)
            self._strength = strength
        quantized = fake_quantize(self._divided, _clipped(self._low / scale, self._high / scale, clip))
        difference = quantized @ self._rounded.T
        difference -= self._product
        mean = (self._shares @ difference).astype(np.float64)
        power = np.einsum("ro,ro->r", difference, difference).astype(np.float64)
        return float(self._shares @ power - mean @ mean)
