"""Levels for inputs of two networks: errors as computed directly, within limits, never worse on the same rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openvino.tools.pot.arithmetic.bias import is_closer_mostly
from openvino.tools.pot.arithmetic.tuning import Grid, PairMoments, tuned

HIGHEST = 7


class Problem:
    """Weights ``[2, 5, 30]`` on a coarse grid, and rows of two networks that share a few directions."""

    def __init__(self, seed: int, inputs: int = 30) -> None:
        random = np.random.default_rng(seed)
        self.weights = random.normal(size=(2, 5, inputs)).astype(np.float32)
        self.weights[:, :, ::7] = 0
        scale = np.abs(self.weights).max(axis=2, keepdims=True) / HIGHEST
        self.start = Grid(np.rint(self.weights / scale), scale)
        common = random.normal(size=(400, 2, 3)) @ random.normal(size=(3, inputs))
        self.rows = (common + 0.3 * random.normal(size=common.shape)).astype(np.float32)
        errors = 0.1 * random.normal(size=common.shape) + 0.1 * np.abs(common)
        self.quantized = (self.rows + errors).astype(np.float32)
        self.counts = random.integers(1, 4, len(self.rows)).astype(np.float64)
        self.moments = PairMoments.of(self.rows, self.quantized, self.counts)

    def direct(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Variance and mean of the output's error, from the rows themselves."""
        outputs = [
            np.einsum("ngi,goi->ngo", rows.astype(np.float64), weights.astype(np.float64))
            for rows, weights in ((self.quantized, values), (self.rows, self.weights))
        ]
        share, apart = self.counts / self.counts.sum(), outputs[0] - outputs[1]
        mean = np.einsum("n,ngo->go", share, apart)
        return np.einsum("n,ngo->go", share, np.square(apart - mean)), mean


@settings(deadline=None)
@given(st.integers(0, 1000))
def test_errors_are_those_of_the_rows(seed: int) -> None:
    problem = Problem(seed)
    values = problem.start.values
    (variance, mean), (of_float, _) = problem.direct(values), problem.direct(problem.weights)
    assert np.allclose(
        problem.moments.error(problem.weights, values), variance - of_float, rtol=1e-3, atol=1e-3
    )
    assert np.allclose(problem.moments.mean_error(problem.weights, values), mean, rtol=1e-3, atol=1e-4)


@settings(deadline=None)
@given(
    st.integers(0, 1000), st.sampled_from([0.0, 0.5, 1.0]), st.booleans(), st.sampled_from([4, 30, 70, 130])
)
def test_levels_lie_between_zero_and_the_one_behind_the_weight(
    seed: int, belief: float, fits: bool, inputs: int
) -> None:
    problem = Problem(seed, inputs)
    found = tuned(problem.weights, problem.start, HIGHEST, problem.moments.trusted(), belief, fits)
    steps = problem.weights / problem.start.scale
    assert np.array_equal(found.levels, np.rint(found.levels))
    assert np.all(found.levels * np.sign(steps) >= 0) and np.abs(found.levels).max() <= HIGHEST
    assert np.all(np.abs(found.levels) < np.abs(steps) + 1)
    assert np.all(found.levels[problem.weights == 0] == 0)
    assert np.all(found.scale > 0) and (fits or np.array_equal(found.scale, problem.start.scale))


@settings(deadline=None)
@given(st.integers(0, 1000), st.booleans())
def test_no_output_gets_more_error_on_the_rows_that_were_trusted(seed: int, fits: bool) -> None:
    problem = Problem(seed)
    trusted = problem.moments.trusted()
    found = tuned(problem.weights, problem.start, HIGHEST, trusted, 1.0, fits)
    errors = [trusted.error(problem.weights, each.values) for each in (problem.start, found)]
    assert np.all(errors[1] <= errors[0] + 1e-3)
    assert errors[1].sum() < errors[0].sum()


def test_what_arrives_is_made_up_for() -> None:
    problem = Problem(5)
    fine = Grid(np.rint(problem.weights / problem.start.scale * 16), problem.start.scale / 16)
    problem.quantized = problem.rows * np.linspace(0.9, 1.3, 30, dtype=np.float32)
    trusted = PairMoments.of(problem.rows, problem.quantized, problem.counts).trusted()
    found = [tuned(problem.weights, fine, 16 * HIGHEST, trusted, each, True) for each in (0.0, 1.0)]
    ignored, made_up_for = (problem.direct(each.values)[0].sum() for each in found)
    assert made_up_for < 0.8 * ignored


def test_rows_count_as_often_as_they_say() -> None:
    problem = Problem(3)
    repeated = PairMoments.of(
        *(np.repeat(rows, problem.counts.astype(int), axis=0) for rows in (problem.rows, problem.quantized)),
        np.ones(int(problem.counts.sum())),
    )
    for name in ("covariance", "of_errors", "means", "quantized"):
        assert np.allclose(getattr(problem.moments, name), getattr(repeated, name), rtol=1e-3, atol=1e-4)


def test_inputs_that_are_always_zero_change_nothing() -> None:
    problem = Problem(1)
    rows = problem.rows * 0
    moments = PairMoments.of(rows, rows, problem.counts).trusted()
    found = tuned(problem.weights, problem.start, HIGHEST, moments, 1.0, True)
    assert np.isfinite(found.scale).all() and np.isfinite(found.levels).all()


def test_outputs_are_closer_if_a_typical_sample_is_and_all_are_no_worse_beyond_chance() -> None:
    before = np.array([[1.0], [1.0], [1.0], [100.0]])
    assert is_closer_mostly(before * 0.9, before)
    assert not is_closer_mostly(before, before)
    assert is_closer_mostly(before * [[0.5], [0.5], [0.5], [1.02]], before)
    assert not is_closer_mostly(
        np.tile(before, (50, 1)) * np.tile([[0.5], [0.5], [0.5], [1.2]], (50, 1)), np.tile(before, (50, 1))
    )
    assert not is_closer_mostly(before * [[2.0], [2.0], [2.0], [0.9]], before)
    assert not is_closer_mostly(before * np.nan, before)
    assert not is_closer_mostly(before * 0, before * 0)
