"""The shift of a layer's mean output that quantization causes, in closed form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def output_shift(
    weights: NDArray[np.floating],
    quantized: NDArray[np.floating],
    tap_share: Array,
    mean: Array,
    quantized_mean: Array,
) -> Array:
    """E[W x] - E[Wq Q(x)] for each output channel: what must be added to the bias.

    A convolution is linear in each tap of its kernel, so that means over all positions are enough; a tap
    reads padding at some positions, which ``tap_share`` accounts for.

    Args:
        weights, quantized: float and quantized weights, shape ``[groups, outputs, inputs, taps]``.
        tap_share: share of the output positions at which a tap reads data, shape ``[taps]``.
        mean, quantized_mean: mean of the float and of the quantized input, shape ``[groups, inputs]``.

    Returns:
        float64, shape ``[groups * outputs]``.
    """
    plain = weights.astype(np.float64) @ tap_share
    rounded = quantized.astype(np.float64) @ tap_share
    shift = plain @ mean[..., None] - rounded @ quantized_mean[..., None]
    return shift.reshape(-1)
