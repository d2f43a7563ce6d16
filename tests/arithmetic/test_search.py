"""Ranges of least error: better than the extremes, and never beyond them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvino.tools.pot.arithmetic.fake_quantize import fake_quantize
from openvino.tools.pot.arithmetic.ranges import QuantizerRange, asymmetric_range, symmetric_range
from openvino.tools.pot.arithmetic.search import EXPONENT, SHRINKS, histogram_of, least_error_range

Make = Callable[[np.ndarray, np.ndarray], QuantizerRange]
SCHEMES: dict[str, Make] = {
    "symmetric": lambda low, high: symmetric_range(np.maximum(-low, high), 256, False),
    "unsigned": lambda low, high: symmetric_range(high, 256, True),
    "asymmetric": lambda low, high: asymmetric_range(low, high, 256),
}


def samples(seed: int, signed: bool) -> np.ndarray:
    values = np.random.default_rng(seed).standard_t(3, 4000).astype(np.float32)
    return values if signed else np.abs(values)


def error(values: np.ndarray, grid: QuantizerRange) -> float:
    return float((np.abs(fake_quantize(values.astype(np.float64), grid) - values) ** EXPONENT).sum())


@pytest.mark.parametrize("scheme", SCHEMES)
@given(seed=st.integers(0, 50))
def test_no_worse_than_the_extremes_and_not_beyond(scheme: str, seed: int) -> None:
    values, make = samples(seed, scheme != "unsigned"), SCHEMES[scheme]
    low, high = min(float(values.min()), 0.0), float(values.max())
    grid = least_error_range(histogram_of(values), low, high, make)
    full = make(np.array([low]), np.array([high]))
    assert grid.low.shape == grid.high.shape == (1,)
    assert error(values, grid) <= error(values, full) * 1.05  # of values put in bins
    assert full.low[0] <= grid.low[0] <= 0 <= grid.high[0] <= full.high[0]


def test_near_the_best_of_all_pairs() -> None:
    values, make = samples(1, True), SCHEMES["asymmetric"]
    low, high = float(values.min()), float(values.max())
    found = error(values, least_error_range(histogram_of(values), low, high, make))
    pairs = [make(np.array([low * a]), np.array([high * b])) for a in SHRINKS for b in SHRINKS]
    assert found <= 1.05 * min(error(values, grid) for grid in pairs)


def test_an_outlier_does_not_set_the_range() -> None:
    values = np.append(np.random.default_rng(0).normal(size=1_000_000), 30.0)
    grid = least_error_range(histogram_of(values), float(values.min()), 30.0, SCHEMES["asymmetric"])
    assert values[:-1].max() < grid.high[0] < 27


@pytest.mark.parametrize("value", [0.0, 1.0, 1e-30])
def test_constant_tensors(value: float) -> None:
    grid = least_error_range(histogram_of(np.full(10, value)), 0.0, value, SCHEMES["unsigned"])
    assert np.isfinite(grid.high).all()
    assert abs(error(np.full(1, value), grid)) <= (grid.scale[0] / 2) ** EXPONENT * 1.01
