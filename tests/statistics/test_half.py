"""Half precision by whole arrays is numpy's, but for ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from openvino.tools.pot.statistics.halves import from_half, to_half

LARGEST = float(np.finfo(np.float16).max)
SPACING = 2.0**-24
"""Of the smallest halves."""


def halved(values: NDArray[np.float32], unit: NDArray[np.float32]) -> NDArray[np.float16]:
    out = np.empty(values.shape, np.float16)
    to_half(values, unit, out)
    return out


def test_every_half_comes_back() -> None:
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)]
    wide = finite.astype(np.float32)
    unit = np.ones_like(wide)
    np.testing.assert_array_equal(from_half(finite, unit), wide)
    np.testing.assert_array_equal(halved(wide, unit).view(np.uint16), finite.view(np.uint16))


@given(
    st.lists(st.floats(-LARGEST, LARGEST, width=32), min_size=1, max_size=50),
    st.integers(-100, 100),
)
def test_the_nearest_half_is_chosen(values: list[float], exponent: int) -> None:
    scaled = np.array(values, np.float32)
    unit = np.full_like(scaled, np.ldexp(np.float32(1), exponent))
    found = from_half(halved(scaled * unit, unit), unit) / unit
    nearest = scaled.astype(np.float16).astype(np.float32)
    error = np.abs(found.astype(np.float64) - scaled)
    np.testing.assert_array_less(error, np.abs(nearest.astype(np.float64) - scaled) + SPACING / 1e6)


@pytest.mark.parametrize("value", [1e6, -1e6, np.inf, -np.inf, 65519.0, 65520.0])
def test_what_is_too_large_becomes_the_largest(value: float) -> None:
    values = np.array([value], np.float32)
    assert halved(values, np.ones(1, np.float32)).tolist() == [np.copysign(LARGEST, value)]


@pytest.mark.parametrize("exponent", [-126, -100, 20, 120])
def test_units_of_any_magnitude(exponent: int) -> None:
    unit = np.full(3, np.ldexp(np.float32(1), exponent))
    values = np.array([1.5, -0.25, 0.0], np.float32) * unit
    np.testing.assert_array_equal(from_half(halved(values, unit), unit), values)


def test_a_part_of_the_columns_can_be_read() -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4) - 6
    halves = np.empty((3, 4), np.float16)
    to_half(values, np.ones_like(values), halves)
    np.testing.assert_array_equal(from_half(halves[:2, 1:3], np.ones(2, np.float32)), values[:2, 1:3])
