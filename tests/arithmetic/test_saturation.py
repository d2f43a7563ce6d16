"""Ranges wide enough that no sum of two products leaves int16, and no wider than needed."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openvino.tools.pot.arithmetic.fake_quantize import level_indices
from openvino.tools.pot.arithmetic.ranges import QuantizerRange, symmetric_range
from openvino.tools.pot.arithmetic.saturation import LIMIT, pair_bound, saturation_free

SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 7), st.integers(1, 4))


def integers(weights: np.ndarray, grid: QuantizerRange) -> np.ndarray:
    return level_indices(weights, grid).astype(np.float64) - 127


def worst_pair(weights: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Every corner of every pair: each input at zero or at its largest."""
    groups, outputs, inputs, taps = weights.shape
    worst = np.zeros((groups, outputs))
    for g, o, i, t in np.ndindex(groups, outputs, inputs, taps):
        if i % 2 == 0:
            pair = [weights[g, o, j, t] * largest[g, j] for j in (i, i + 1) if j < inputs]
            subsets = itertools.chain.from_iterable(itertools.combinations(pair, n) for n in range(3))
            sums = [abs(sum(subset)) for subset in subsets]
            worst[g, o] = max(worst[g, o], *sums)
    return worst


@given(SHAPES, st.integers(0, 100))
def test_the_bound_is_the_worst_pair(shape: tuple[int, int, int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.integers(-127, 128, shape).astype(np.float64)
    largest = rng.integers(0, 256, (shape[0], shape[2])).astype(np.float64)
    np.testing.assert_array_equal(pair_bound(weights, largest), worst_pair(weights, largest))


@given(SHAPES, st.integers(0, 100), st.floats(0, 1))
def test_nothing_overflows_in_the_widened_range(
    shape: tuple[int, int, int, int], seed: int, evenness: float
) -> None:
    rng = np.random.default_rng(seed)
    # Evenly large weights are the worst: many pairs at the border of the range.
    weights = (rng.normal(size=shape) * (1 - evenness) + evenness).astype(np.float32)
    largest = rng.integers(100, 256, (shape[0], shape[2])).astype(np.float64)
    grid = symmetric_range(np.abs(weights).max(axis=(2, 3), keepdims=True), 255, False)
    factor = saturation_free(weights, grid, largest)
    assert np.all(factor >= 1)
    before = pair_bound(integers(weights, grid), largest)
    stretch = factor[:, :, None, None].astype(np.float32)
    wide = QuantizerRange(grid.low * stretch, grid.high * stretch, 255)
    assert np.all(pair_bound(integers(weights, wide), largest) <= LIMIT)
    np.testing.assert_array_equal(factor == 1, before <= LIMIT)
    assert np.all(factor <= np.maximum(1, before / LIMIT) * 1.03)
