"""Which weights become zero: as many as wanted, the least important ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openvino.tools.pot.arithmetic.sparsity import fitted, magnitudes, threshold, unexplained, usable

SCORES = st.lists(
    arrays(np.float32, st.integers(1, 40), elements=st.floats(0, 2.0**100, width=32)), min_size=1, max_size=4
)


@given(SCORES, st.floats(0, 0.999))
def test_the_threshold_is_the_score_in_the_wanted_place(scores: list[np.ndarray], level: float) -> None:
    together = np.sort(np.concatenate(scores))
    wanted = int(level * len(together))
    found = threshold(scores, level)
    assert found == (together[wanted] if wanted else 0)
    assert np.count_nonzero(together < found) <= wanted


@given(arrays(np.float32, 30, elements=st.integers(-100, 100).map(np.float32)))
def test_with_norms_layers_of_any_scale_count_alike(weights: np.ndarray) -> None:
    np.testing.assert_allclose(magnitudes(weights * 64, True), magnitudes(weights, True), rtol=1e-5)
    np.testing.assert_array_equal(magnitudes(weights, False), np.abs(weights))


def test_a_layer_of_zeros_has_no_norm() -> None:
    np.testing.assert_array_equal(magnitudes(np.zeros(3, np.float32), True), np.zeros(3))


@pytest.mark.parametrize("level", [0.25, 0.5, 0.9])
def test_of_many_scores_the_share_is_exact(level: float) -> None:
    scores = [np.abs(np.random.default_rng(n).standard_normal(1000)).astype(np.float32) for n in range(3)]
    found = threshold(scores, level)
    assert sum(np.count_nonzero(each < found) for each in scores) == int(level * 3000)


def inputs(seed: int, groups: int = 2, size: int = 6) -> np.ndarray:
    """Rows of inputs that depend on each other."""
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((groups, size, size))
    return rng.standard_normal((groups, 200, size)) @ mixing


def covariance(rows: np.ndarray) -> np.ndarray:
    return usable((rows.transpose(0, 2, 1) @ rows / rows.shape[1]).astype(np.float32))


@given(st.integers(0, 1000))
def test_the_fit_is_that_of_least_squares(seed: int) -> None:
    rng, rows = np.random.default_rng(seed), inputs(seed)
    weights = rng.standard_normal((2, 3, 6)).astype(np.float32)
    kept = rng.random((2, 3, 6)) < 0.5
    found = fitted(weights, kept, covariance(rows))
    assert not np.any(found[~kept])
    for group in range(2):
        for output in range(3):
            own = kept[group, output]
            wanted = rows[group] @ weights[group, output]
            best = np.zeros(6)
            best[own] = np.linalg.lstsq(rows[group][:, own], wanted, rcond=None)[0]
            errors = [np.sum((rows[group] @ each - wanted) ** 2) for each in (found[group, output], best)]
            assert errors[0] <= 1.02 * errors[1] + 1e-4 * np.sum(wanted**2)


@given(st.integers(0, 1000))
def test_a_weight_is_as_important_as_what_the_others_can_not_make_up_for(seed: int) -> None:
    rows = inputs(seed)
    weights = np.random.default_rng(seed).standard_normal((2, 1, 6)).astype(np.float32)
    known = covariance(rows)
    scores = np.abs(weights) * unexplained(known)[:, None]
    for place in range(6):
        kept = np.ones((2, 1, 6), bool)
        kept[:, :, place] = False
        lost = (fitted(weights, kept, known) - weights).astype(np.float64)
        errors = np.sqrt(np.einsum("goi,gij,goj->go", lost, known.astype(np.float64), lost))
        np.testing.assert_allclose(errors, scores[:, :, place], rtol=0.05, atol=1e-2)


def test_inputs_that_never_change_tell_nothing() -> None:
    weights, kept = np.ones((1, 1, 3), np.float32), np.array([[[True, False, True]]])
    nothing = usable(np.zeros((1, 3, 3), np.float32))
    np.testing.assert_array_equal(unexplained(nothing), [[1, 1, 1]])
    np.testing.assert_array_equal(fitted(weights, kept, nothing), [[[1, 0, 1]]])
