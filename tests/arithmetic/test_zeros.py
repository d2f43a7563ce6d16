"""Which weights become zero: as many as wanted, the least important ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openvino.tools.pot.arithmetic.sparsity import magnitudes, threshold

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
