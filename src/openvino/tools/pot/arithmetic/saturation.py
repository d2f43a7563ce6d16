"""Protection of sums: against saturation at 16 bits on processors without VNNI, and at the end of an accumulator.

Their instruction ``vpmaddubsw`` multiplies pairs of neighbouring input channels, unsigned 8-bit activations by
signed 8-bit weights, and adds the two products in int16 with saturation; only then are sums widened to int32. A
pair saturates where both weights are large, of one sign, and meet large inputs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.fake_quantize import level_indices
from openvino.tools.pot.arithmetic.formats import BYTE, FORMATS
from openvino.tools.pot.arithmetic.ranges import QuantizerRange

Array = NDArray[np.float64]

LIMIT = float(FORMATS["i16"].highest - 2 * BYTE.narrow)
"""What int16 holds, less room for two weights that are later rounded up in place of down."""

_ROUNDS = 16


def pair_bound(weights: NDArray[np.floating], largest: Array) -> Array:
    """The largest magnitude that the sum of two neighbouring products can reach.

    Args:
        weights: integers, shape ``[groups, outputs, inputs, taps]``.
        largest: the largest level index of each input channel, 0 to 255, shape ``[groups, inputs]``.

    Returns:
        One figure for each output channel, shape ``[groups, outputs]``.
    """
    products = weights * largest[:, None, :, None].astype(weights.dtype)
    if products.shape[2] % 2:
        products = np.pad(products, ((0, 0), (0, 0), (0, 1), (0, 0)))
    sums = products[:, :, 0::2] + products[:, :, 1::2]
    # Where signs differ, the other input may be zero: then the larger product is all there is.
    worst: Array = np.maximum(_magnitude(products), _magnitude(sums))
    return worst


def _magnitude(values: NDArray[np.floating]) -> Array:
    """The largest one over the last two of four axes."""
    flat = values.reshape(*values.shape[:2], -1)
    return np.asarray(np.maximum(flat.max(axis=2), -flat.min(axis=2)), np.float64)


def saturation_free(weights: NDArray[np.floating], span: QuantizerRange, largest: Array) -> Array:
    """How much wider the range of each output channel must be so that no pair can saturate.

    Args:
        weights: float weights, shape ``[groups, outputs, inputs, taps]``.
        span: their symmetric range, borders of shape ``[groups, outputs, 1, 1]``.
        largest: the largest level index of each input channel, shape ``[groups, inputs]``.

    Returns:
        Factors of at least one, shape ``[groups, outputs]``.
    """
    groups, outputs = weights.shape[:2]
    channels = weights.reshape(-1, 1, *weights.shape[2:])  # each a group of one output
    low, high = (
        np.broadcast_to(border, (groups, outputs, 1, 1)).reshape(-1, 1, 1, 1)
        for border in (span.low, span.high)
    )
    inputs, middle = np.repeat(largest, outputs, axis=0), np.float32((span.levels - 1) / 2)
    factor = np.ones(len(channels))
    left = np.arange(len(channels))  # not known to be free
    for _ in range(_ROUNDS):
        own = QuantizerRange(low[left], high[left], span.levels).widened(factor[left, None, None, None])
        bound = pair_bound(level_indices(channels[left], own) - middle, inputs[left])[:, 0]
        left, bound = left[bound > LIMIT], bound[bound > LIMIT]
        if not len(left):
            break
        # Rounding may lift a weight by half a level: a little more than the ratio brings it below.
        factor[left] *= bound / LIMIT * 1.002
    return factor.reshape(groups, outputs)


def accumulator_limit(bits: int) -> float:
    """The largest sum that a signed accumulator holds."""
    return float(2 ** (bits - 1) - 1)


def steps(results: Array, input_scale: Array | float, weight_scale: Array | float) -> Array:
    """Results as an accumulator counts them: in products of a step of the input and a step of the weight.

    Args:
        results: largest magnitudes, float64.
        input_scale, weight_scale: distances of two levels, which broadcast against them.
    """
    return np.asarray(np.abs(results) / (np.asarray(input_scale) * np.asarray(weight_scale)), np.float64)


def fitting_factor(counted: Array, bits: int) -> Array:
    """What the scale of weights must be times as large for sums to fit; 1 where they do.

    Args:
        counted: largest magnitudes of sums, in steps.
        bits: of the accumulator.
    """
    return np.maximum(counted / accumulator_limit(bits), 1.0)
