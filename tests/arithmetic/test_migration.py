"""Migration of range before a matrix product."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from openvino.tools.pot.arithmetic.fake_quantize import fake_quantize
from openvino.tools.pot.arithmetic.migration import Migration, best_migration, migration_scale
from openvino.tools.pot.arithmetic.ranges import symmetric_range

CHANNELS = 32


def problem(spread: float, seed: int = 0, positive: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose channels differ in width by ``spread`` at most, and weights."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(200, CHANNELS)) * np.geomspace(1, spread, CHANNELS)
    rows = np.abs(rows) if positive else rows
    return rows.astype(np.float32), rng.normal(size=(16, CHANNELS)).astype(np.float32)


def solve(rows: np.ndarray, weights: np.ndarray) -> Migration:
    return best_migration(rows, rows.min(0).astype(np.float64), rows.max(0).astype(np.float64), weights)


def error(rows: np.ndarray, weights: np.ndarray, migration: Migration | None) -> float:
    scale = np.ones(CHANNELS) if migration is None else migration.scale
    grid = (
        symmetric_range(np.abs(rows).max(keepdims=True)[0], 256, False)
        if migration is None
        else migration.span
    )
    scaled = (weights * scale).astype(np.float32)
    rounded = fake_quantize(scaled, symmetric_range(np.abs(scaled).max(1, keepdims=True), 255, False))
    product = fake_quantize((rows / scale).astype(np.float32), grid) @ rounded.T
    return float(((product - rows @ weights.T) ** 2).mean())


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_scales_are_around_one(strength: float) -> None:
    rows, weights = problem(100)
    scale = migration_scale(np.abs(rows).max(0), np.abs(weights).max(0), strength)
    assert np.all(scale > 0)
    assert np.exp(np.log(scale).mean()) == pytest.approx(1)


def test_a_full_migration_makes_channels_equal() -> None:
    rows = problem(20)[0]
    largest = np.abs(rows).max(0).astype(np.float64)
    divided = largest / migration_scale(largest, np.ones(CHANNELS), 1.0)
    np.testing.assert_allclose(divided, divided[0])


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_uneven_channels_gain_much(seed: int, positive: bool) -> None:
    rows, weights = problem(100, seed, positive)
    assert error(rows, weights, solve(rows, weights)) < 0.7 * error(rows, weights, None)


@pytest.mark.parametrize("seed", range(3))
def test_even_channels_lose_nothing(seed: int) -> None:
    rows, weights = problem(1, seed)
    assert error(rows, weights, solve(rows, weights)) <= 1.1 * error(rows, weights, None)


@pytest.mark.parametrize("seed", range(3))
def test_ranges_are_those_of_the_divided_activation(seed: int) -> None:
    rows, weights = problem(10, seed)
    migration = solve(rows, weights)
    divided = rows / migration.scale
    assert migration.span.high[0] <= np.abs(divided).max() * 1.0001
    assert migration.span.high[0] >= np.abs(divided).max() * 0.24


def test_an_activation_of_zeros() -> None:
    rows, weights = problem(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        migration = solve(np.zeros_like(rows), weights)
    assert np.isfinite(migration.scale).all()
    assert np.isfinite(migration.span.high).all()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("count", [10, 30, 100])
def test_widths_that_little_was_seen_of_do_not_clip_what_is_new(count: int, seed: int) -> None:
    """Channels of one width: divided by the largest that each happened to have, all would go beyond their range."""
    rng = np.random.default_rng(seed)
    rows, others = (rng.normal(size=(size, CHANNELS)).astype(np.float32) for size in (count, 2000))
    weights = rng.normal(size=(16, CHANNELS)).astype(np.float32)
    low, high = rows.min(0).astype(np.float64), rows.max(0).astype(np.float64)
    held_out = best_migration(rows, low, high, weights, seen=count)
    assert error(others, weights, held_out) < 5 * error(others, weights, None)
    sure = best_migration(rows, low, high, weights, normalised=False)
    assert count == 100 or error(others, weights, held_out) < error(others, weights, sure)


def test_uneven_channels_that_little_was_seen_of_still_gain() -> None:
    rows, weights = problem(100)
    others, _ = problem(100, seed=5)
    low, high = rows.min(0).astype(np.float64), rows.max(0).astype(np.float64)
    migration = best_migration(rows, low, high, weights, seen=len(rows), normalised=False)
    assert error(others, weights, migration) < error(others, weights, None) / 2
