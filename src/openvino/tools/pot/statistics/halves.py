"""Half precision by whole arrays: numpy converts to and from halves one number at a time, several times as slowly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

_DROPPED = 13
"""Bits of a float32's mantissa that half precision has no room for."""

_BIAS = np.float32(2.0**112)
"""A float32 divided by it has the exponent bits of the half of the same value."""

_LARGEST = np.float32(np.finfo(np.float16).max)
_SIGN = np.uint32(1 << 31)
_BETWEEN = np.int32(~(7 << 28))
"""Clears the three exponent bits that half precision doesn't have, between its own and the sign."""


def to_half(values: Vector, unit: Vector, out: NDArray[np.float16]) -> None:
    """Write ``values / unit`` as the nearest halves, ties away from zero, what is too large as the largest.

    Args:
        values: any shape; not NaN.
        unit: powers of two, of the same shape.
        out: of the same shape.
    """
    scaled = np.divide(values, unit)
    np.clip(scaled, -_LARGEST, _LARGEST, out=scaled)
    scaled /= _BIAS
    bits = scaled.view(np.uint32)
    sign = bits & _SIGN
    sign >>= 3
    bits += np.uint32(1 << (_DROPPED - 1))
    bits |= sign
    bits >>= _DROPPED
    np.copyto(out.view(np.uint16), bits, casting="unsafe")


def from_half(halves: NDArray[np.float16], unit: Vector) -> Vector:
    """What ``halves * unit`` is in float32.

    Args:
        halves: any shape, finite.
        unit: powers of two, in a shape that broadcasts against it.
    """
    bits = halves.view(np.int16).astype(np.int32)  # repeats the sign in all bits above
    bits <<= _DROPPED
    bits &= _BETWEEN
    values = bits.view(np.float32)
    values *= _BIAS
    values *= unit
    return values
