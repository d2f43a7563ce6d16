"""Rounding by the error at the output: on the grid, beside the nearest, and better where inputs correlate."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openvino.tools.pot.arithmetic.rounding import InputMoments, least_error_rounding


def problem(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights ``[2, 5, 24]``, their scales, and rows ``[400, 2, 24]`` that share a few directions."""
    random = np.random.default_rng(seed)
    weights = random.normal(size=(2, 5, 24)).astype(np.float32)
    scale = np.abs(weights).max(axis=2, keepdims=True) / 7
    rows = 0.1 * random.normal(size=(400, 2, 24)) + random.normal(size=(400, 2, 3)) @ random.normal(
        size=(3, 24)
    )
    return weights, scale.astype(np.float32), rows.astype(np.float32)


def rounding(
    weights: np.ndarray,
    scale: np.ndarray,
    highest: int,
    rows: np.ndarray,
    quantized: np.ndarray,
    counts: np.ndarray | None = None,
) -> np.ndarray:
    return scale * least_error_rounding(weights, scale, highest, InputMoments.of(rows, quantized, counts))


def nearest(weights: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return np.clip(np.round(weights / scale), -7, 7) * scale


def output_error(weights: np.ndarray, rounded: np.ndarray, rows: np.ndarray) -> float:
    difference = np.einsum("ngi,goi->ngo", rows, (rounded - weights).astype(np.float64))
    return float(difference.var(axis=0).sum())


@given(seed=st.integers(0, 40))
def test_weights_stay_on_the_grid_and_beside_their_value(seed: int) -> None:
    weights, scale, rows = problem(seed)
    integers = rounding(weights, scale, 7, rows, rows) / scale
    assert np.allclose(integers, np.round(integers), atol=1e-4)
    assert np.abs(integers).max() <= 7 + 1e-4
    assert np.abs(integers - weights / scale).max() < 1 + 1e-4


@given(seed=st.integers(0, 40))
def test_correlated_inputs_get_less_error_than_the_nearest(seed: int) -> None:
    weights, scale, rows = problem(seed)
    found = output_error(weights, rounding(weights, scale, 7, rows, rows), rows)
    assert found < 0.7 * output_error(weights, nearest(weights, scale), rows)


def test_independent_inputs_get_the_nearest() -> None:
    weights, scale, _ = problem(3)
    axes = np.eye(24, dtype=np.float32)[:, None].repeat(2, axis=1)
    rows = np.concatenate([axes, -axes])
    assert np.allclose(rounding(weights, scale, 7, rows, rows), nearest(weights, scale))


def test_too_few_rows_are_not_trusted() -> None:
    weights, scale, rows = problem(5)
    seen = rows[:3]
    error = output_error(weights, rounding(weights, scale, 7, seen, seen), rows)
    assert error < 1.1 * output_error(weights, nearest(weights, scale), rows)


def test_inputs_in_blocks() -> None:
    random = np.random.default_rng(0)
    weights = random.normal(size=(1, 3, 1100)).astype(np.float32)
    scale = np.abs(weights).max(axis=2, keepdims=True) / 127
    rows = np.repeat(random.normal(size=(64, 1, 110)), 10, axis=2).astype(np.float32)
    rounded = rounding(weights, scale, 127, rows, rows)
    plain = np.clip(np.round(weights / scale), -127, 127) * scale
    assert output_error(weights, rounded, rows) < output_error(weights, plain, rows)


def test_dead_inputs() -> None:
    weights, scale, rows = problem(1)
    assert np.allclose(rounding(weights, scale, 7, rows * 0, rows * 0), nearest(weights, scale))


def total_error(
    weights: np.ndarray, rounded: np.ndarray, rows: np.ndarray, quantized: np.ndarray, counts: np.ndarray
) -> float:
    """Of quantized inputs and rounded weights against float, less its mean, each row counting as often as said."""
    found, exact = (np.einsum("ngi,goi->ngo", *pair) for pair in ((quantized, rounded), (rows, weights)))
    error, share = (found - exact).astype(np.float64), counts / counts.sum()
    error -= np.einsum("n,ngo->go", share, error)
    return float(np.einsum("n,ngo->", share, error**2))


@given(seed=st.integers(0, 40))
def test_errors_of_inputs_are_made_up_for(seed: int) -> None:
    """Inputs that were clipped lose in proportion to what they are, and weights can take a part of it back."""
    weights, scale, rows = problem(seed)
    clipped, ones = np.clip(rows, -1.5, 1.5), np.ones(len(rows))
    with_errors = rounding(weights, scale, 7, rows, clipped)
    without = rounding(weights, scale, 7, clipped, clipped)
    losses = [total_error(weights, found, rows, clipped, ones) for found in (with_errors, without)]
    assert losses[0] < 0.8 * losses[1]


@given(seed=st.integers(0, 40))
def test_a_row_that_counts_often_gets_less_error(seed: int) -> None:
    weights, scale, rows = problem(seed)
    counts = np.where(np.arange(len(rows)) < 2, 200.0, 1.0)
    rows[0], rows[1] = rows[:2] * 2
    quantized = np.round(rows * 4) / 4
    heavy = rounding(weights, scale, 7, rows, quantized, counts)
    even = rounding(weights, scale, 7, rows, quantized)
    losses = [total_error(weights, found, rows, quantized, counts) for found in (heavy, even)]
    assert losses[0] < 0.95 * losses[1]


@given(seed=st.integers(0, 40))
def test_a_row_that_counts_twice_is_two_rows(seed: int) -> None:
    rows = problem(seed)[2]
    twice = np.concatenate([rows, rows[:50]])
    counts = np.where(np.arange(len(rows)) < 50, 2.0, 1.0)
    moments = [InputMoments.of(rows, np.round(rows), counts), InputMoments.of(twice, np.round(twice))]
    covariances = [(*own.covariance, *own.of_errors) for own in moments]
    for counted, repeated in zip(*covariances, strict=True):
        np.testing.assert_allclose(counted / (400 / 424), repeated / (450 / 474), rtol=0.05, atol=0.02)
