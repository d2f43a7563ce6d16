"""Scales of weights with which the sums of a layer fit an accumulator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


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
