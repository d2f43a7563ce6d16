"""Rounding to the levels of a range: what FakeQuantize computes, on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.ranges import QuantizerRange

_BINS = 256


def fake_quantize(values: NDArray[np.floating], span: QuantizerRange) -> NDArray[np.floating]:
    """``values`` clipped to the range and rounded to the nearest level, ties to even, in the dtype given."""
    low, high = span.low.astype(values.dtype), span.high.astype(values.dtype)
    rounded = level_indices(values, span)
    rounded *= (high - low) / (span.levels - 1)
    rounded += low
    return rounded


def level_indices(values: NDArray[np.floating], span: QuantizerRange) -> NDArray[np.floating]:
    """The index of the level nearest to each value, 0 to levels - 1, in the dtype of ``values``."""
    low, high = span.low.astype(values.dtype), span.high.astype(values.dtype)
    # In this very order, so that values halfway between two levels go where FakeQuantize sends them.
    steps: NDArray[np.floating] = np.asarray(np.maximum(values, low))
    np.minimum(steps, high, out=steps)
    steps -= low
    steps /= high - low
    steps *= span.levels - 1
    return np.asarray(np.round(steps, out=steps))


def get_num_levels(x: NDArray[Any]) -> int:
    """How many steps the values of an array are apart, from the least to the largest, as a histogram shows them.

    Returns:
        The range over the least distance of two values, both in 256 bins, so that large numbers are rough; 0 if all
        values are equal, -1 if neighbouring bins are filled, as they are by values that were never rounded.
    """
    values = np.asarray(x).ravel()
    if not values.size or values.min() == values.max():
        return 0
    filled = np.flatnonzero(np.histogram(values, _BINS)[0])
    step = int(np.diff(filled).min())
    return -1 if step == 1 else round(_BINS / step)
