"""Alignment of the channels of an activation, so that one range fits them all.

``W x = (W s) (x / s)``: a wide channel loses width and the weights that multiply it gain it. Convolutions have
rows by the thousand that count alike, so that the error of a division follows from a few figures of each channel,
without multiplying anything. Source of the idea: Meller et al., "Same, Same But Different", 2019, section 3; the
division is chosen here by the estimated error of the layers that read the activation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.formats import BYTE
from openvino.tools.pot.arithmetic.ranges import around_one, floored
from openvino.tools.pot.arithmetic.saturation import LIMIT, pair_bound

Array = NDArray[np.float64]

ACTIVATION_STRENGTHS = (0.25, 0.5, 0.75, 1.0)
WEIGHT_STRENGTHS = (0.0, 0.25, 0.5)


@dataclass(frozen=True)
class Channels:
    """What the choice of a division needs to know of an activation: a figure for each channel, float64.

    Attributes:
        low, high: smallest and largest value over all data.
        power: mean square.
    """

    low: Array
    high: Array
    power: Array


@dataclass(frozen=True)
class Reader:
    """What it needs to know of a layer that reads the activation.

    Attributes:
        ids: which channel of the activation each input channel is.
        largest: largest magnitude of the weights over the kernel, shape ``[groups, outputs, inputs]``.
        power: sum of the squared weights of each input channel.
        taps: number of kernel elements.
        protected: the weights themselves where sums of two products must not saturate, else None.
    """

    ids: NDArray[np.int64]
    largest: Array
    power: Array
    taps: int
    protected: NDArray[np.floating] | None

    @classmethod
    def of(cls, weights: NDArray[np.floating], protect: bool, ids: NDArray[np.int64] | None = None) -> Reader:
        """From the layer's weights.

        Args:
            weights: shape ``[groups, outputs, inputs, taps]``.
            protect: whether sums of two products must not saturate.
            ids: which channel of the activation each input channel is; absent: the channels as they are.
        """
        power = np.einsum("goit,goit->gi", weights, weights, dtype=np.float64)
        largest = np.abs(weights).max(axis=3).astype(np.float64)
        if ids is None:
            ids = np.arange(power.size)
        return cls(ids, largest, power.reshape(-1), weights.shape[3], weights if protect else None)

    def unprotected(self) -> Reader:
        """The same where sums may saturate."""
        return replace(self, protected=None)

    def pairs(self, channels: Channels, scale: Array, low: float) -> Array:
        """The largest sum of two neighbouring products, shape ``[groups, outputs]``; zeros if not protected.

        Levels count from the lowest divided value, which is ``low * scale`` in the units of each channel;
        padding may be larger than all values.
        """
        if self.protected is None:
            return np.zeros(self.largest.shape[:2])
        inputs = np.maximum(channels.high[self.ids], 0) - low * scale[self.ids]
        return pair_bound(self.protected, inputs.reshape(len(self.protected), -1))


def aligned(channels: Channels, readers: Sequence[Reader]) -> tuple[Array, float]:
    """The divisor of each channel that makes the estimated error of the readers least; ones are a candidate.

    Returns:
        The divisors, and the error as a share of that without division.
    """
    width = floored(np.maximum(channels.high, -channels.low))
    largest = np.zeros_like(width)
    for reader in readers:
        np.maximum.at(largest, reader.ids, reader.largest.max(axis=1).reshape(-1))
    largest = floored(largest)
    best = np.ones_like(width)
    least = without = estimated_error(channels, readers, best)
    scales = [around_one(width**a / largest**b) for a in ACTIVATION_STRENGTHS for b in WEIGHT_STRENGTHS]
    unprotected = [reader.unprotected() for reader in readers]
    bounds = [estimated_error(channels, unprotected, scale) for scale in scales]
    for place in np.argsort(bounds, kind="stable"):
        if bounds[place] >= least:  # protection, which is costly to foresee, only adds to the error
            break
        error = estimated_error(channels, readers, scales[place])
        if error < least:
            best, least = scales[place], error
    return best, least / without if without else 1.0


def estimated_error(channels: Channels, readers: Sequence[Reader], scale: Array) -> float:
    """The expected squared error of all readers' outputs: a rounded value is off by a twelfth of its squared step.

    Args:
        channels: of the activation.
        readers: the layers that read it.
        scale: divisor of each channel.
    """
    low = min(float(np.min(channels.low / scale)), 0.0)
    high = max(float(np.max(channels.high / scale)), 0.0)
    step = float(floored(np.array([high - low]))[0]) / BYTE.narrow
    error = 0.0
    for reader in readers:
        own = scale[reader.ids]
        error += step**2 * float(reader.power @ own**2)
        by_group = reader.largest.shape[0], 1, reader.largest.shape[2]
        steps = (reader.largest * own.reshape(by_group)).max(axis=2) / (BYTE.narrow // 2)
        steps = np.maximum(steps, reader.pairs(channels, scale, low) / (step * LIMIT))
        power = (channels.power[reader.ids] / own**2).reshape(by_group[0], -1).sum(axis=1)
        error += reader.taps * float(((steps**2).sum(axis=1) * power).sum())
    return error / 12
