"""Aggregators over samples and statistics of arrays, against the plainest way to compute them."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openvino.tools.pot.arithmetic.estimators import PER_SAMPLE_AGGREGATORS, array_statistic

SAMPLES = arrays(
    np.float64,
    st.tuples(st.integers(1, 30), st.integers(1, 3)),
    elements=st.floats(-1e3, 1e3, width=32),
)


def kept(column: np.ndarray) -> np.ndarray:
    low, high = np.quantile(column, [0.05, 0.95])
    inside = column[(column >= low) & (column <= high)]
    return inside if len(inside) else column


def plain(name: str, column: np.ndarray) -> float:
    if name == "median":
        return float(np.median(column))
    if name == "hl_estimator":
        pairs = itertools.combinations_with_replacement(column.tolist(), 2)
        return float(np.median([(a + b) / 2 for a, b in pairs]))
    if name == "mean_no_outliers":
        return float(np.mean(kept(column)))
    return float(np.median(kept(column)))


@pytest.mark.parametrize("name", PER_SAMPLE_AGGREGATORS)
@given(samples=SAMPLES)
def test_aggregators(name: str, samples: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = PER_SAMPLE_AGGREGATORS[name](samples)
    assert result.shape == samples.shape[1:]
    expected = [plain(name, column) for column in samples.T]
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["mean_no_outliers", "median_no_outliers", "hl_estimator", "median"])
def test_an_outlier_hardly_counts(name: str) -> None:
    samples = np.random.default_rng(0).normal(5, 0.1, (100, 2))
    samples[17] = 1e6
    assert np.all(np.abs(PER_SAMPLE_AGGREGATORS[name](samples) - 5) < 0.1)


def test_hodges_lehmann_of_many_samples_is_bounded_and_near() -> None:
    samples = np.random.default_rng(0).normal(3, 1, (5000, 64))
    estimate = PER_SAMPLE_AGGREGATORS["hl_estimator"](samples)
    assert np.all(np.abs(estimate - 3) < 0.2)


@pytest.mark.parametrize("kind", ["min", "max", "abs_max", "quantile", "abs_quantile"])
@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("axes", [(), (0,), (0, 1), (1,), (0, 2)])
def test_array_statistics(kind: str, upper: bool, axes: tuple[int, ...]) -> None:
    values = np.random.default_rng(1).normal(0, 2, (3, 4, 5, 6)).astype(np.float32)
    result = array_statistic(values, kind, 0.03, upper, axes)
    assert result.dtype == np.float64
    assert result.shape == tuple(n if axis in axes else 1 for axis, n in enumerate(values.shape))
    share = 0.97 if upper or kind == "abs_quantile" else 0.03
    plain = {
        "min": np.min,
        "max": np.max,
        "abs_max": lambda part: np.abs(part).max(),
        "quantile": lambda part: np.quantile(part, share),
        "abs_quantile": lambda part: np.quantile(np.abs(part), share),
    }[kind]
    for index in np.ndindex(result.shape):
        part = values[tuple(i if axis in axes else slice(None) for axis, i in enumerate(index))]
        assert result[index] == pytest.approx(plain(part), rel=1e-6)
