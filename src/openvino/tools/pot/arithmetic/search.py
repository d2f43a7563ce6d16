"""The range that makes the rounding of sampled values cost least."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.fake_quantize import fake_quantize
from openvino.tools.pot.arithmetic.ranges import QuantizerRange

Array = NDArray[np.float64]

Histogram = tuple[Array, Array]
"""Mean and number of the values in each bin."""

EXPONENT = 2.2
"""Above 2: networks forgive many small errors sooner than a few large ones, such as those of clipping."""

_COUNT = 24
SHRINKS: Array = np.linspace(0.3, 1.0, _COUNT, dtype=np.float64)
_BINS = 1024
_ROUNDS = 2


def least_error_range(
    histogram: Histogram,
    low: float,
    high: float,
    make: Callable[[Array, Array], QuantizerRange],
) -> QuantizerRange:
    """The range whose borders, each shrunk by itself, give the least sum of ``|x - Q(x)| ** EXPONENT``.

    Args:
        histogram: of a sample of the tensor's values.
        low, high: the extremes over all data; the search starts there and goes no further.
        make: the scheme: borders of many candidates, shape ``[candidates]``, to their ranges.

    Returns:
        The best candidate, borders of shape ``[1]``.
    """
    centres, counts = histogram
    best_low = best_high = 1.0
    for _ in range(_ROUNDS):
        errors = _errors(centres, counts, make(np.full(_COUNT, low * best_low), high * SHRINKS))
        best_high = float(SHRINKS[np.argmin(errors)])
        if low == 0:
            break
        errors = _errors(centres, counts, make(low * SHRINKS, np.full(_COUNT, high * best_high)))
        best_low = float(SHRINKS[np.argmin(errors)])
    return make(np.array([low * best_low]), np.array([high * best_high]))


def histogram_of(values: NDArray[np.floating]) -> Histogram:
    """Mean and number of the values in each bin that holds any; zeros are left out: they cost nothing."""
    values = np.asarray(values).reshape(-1)
    values = values[values != 0]
    if len(values) == 0:
        return np.zeros(1), np.ones(1)
    least, most = values.min(), values.max()
    width = max((most - least) / values.dtype.type(_BINS), np.finfo(values.dtype).tiny)
    bins = np.minimum(((values - least) / width).astype(np.intp), _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    sums = np.bincount(bins, weights=values, minlength=_BINS)
    filled = counts > 0
    return sums[filled] / counts[filled], counts[filled].astype(np.float64)


def _errors(centres: Array, counts: Array, span: QuantizerRange) -> Array:
    columns = QuantizerRange(span.low[:, None], span.high[:, None], span.levels)
    difference = np.abs(
        fake_quantize(np.broadcast_to(centres, (len(span.low), len(centres))), columns) - centres
    )
    return np.asarray(difference**EXPONENT @ counts)
