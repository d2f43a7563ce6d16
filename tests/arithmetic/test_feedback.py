"""Rounding by the error at the layer's output."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.feedback import Moments, least_output_error, output_error
from openvino.tools.pot.arithmetic.groups import WEIGHT_FORMS, WeightForm, least_error_grid

FORMS = pytest.mark.parametrize("form", WEIGHT_FORMS.values(), ids=WEIGHT_FORMS)


def correlated(rows: int, size: int, seed: int) -> NDArray[np.float32]:
    """Inputs of a few causes, and a little of their own."""
    rng = np.random.default_rng(seed)
    causes = rng.normal(size=(rows, max(2, size // 8))) @ rng.normal(size=(max(2, size // 8), size))
    return (causes + 0.1 * rng.normal(size=(rows, size))).astype(np.float32)


@FORMS
@given(seed=st.integers(0, 1000), groups=st.integers(1, 3), size=st.sampled_from([16, 40, 70]))
def test_outputs_are_closer_than_with_the_nearest_levels(
    form: WeightForm, seed: int, groups: int, size: int
) -> None:
    inputs = groups * size
    weights = np.random.default_rng(seed).normal(size=(12, inputs)).astype(np.float32)
    moments = Moments.of(correlated(4 * inputs, inputs, seed))
    grid = least_error_grid(
        weights.reshape(12, groups, size), form, importance=moments.sizes.reshape(groups, size)
    )
    nearest = grid.levels(weights.reshape(12, groups, size)) * grid.scale
    levels, fitted = least_output_error(weights, grid, moments, half=True)
    before, after = (
        output_error(each.reshape(12, -1) - weights, moments) for each in (nearest, levels * fitted.scale)
    )
    assert after <= 0.9 * before
    assert np.all((levels >= grid.lowest) & (levels <= grid.highest)) and np.all(levels == np.rint(levels))
    assert np.array_equal(fitted.scale, fitted.scale.astype(np.float16).astype(np.float32))


def test_moments_are_those_of_the_rows_where_there_are_many() -> None:
    rows = correlated(20000, 8, 3)
    found = Moments.of(rows)
    exact = rows.T.astype(np.float64) @ rows / len(rows)
    assert np.allclose(found.second, exact, rtol=0.01, atol=0.02 * exact.max())
    turned = found.second[np.ix_(found.order, found.order)]
    sizes = np.linalg.inv(found.factor) @ turned @ np.linalg.inv(found.factor).T
    assert np.allclose(sizes, np.diag(np.diagonal(sizes)), atol=1e-3 * exact.max())


def test_without_anything_in_common_the_nearest_levels_are_best() -> None:
    rng = np.random.default_rng(0)
    rows = np.eye(32, dtype=np.float32)[rng.permutation(np.repeat(np.arange(32), 50))]
    weights = rng.normal(size=(4, 32)).astype(np.float32)
    grid = least_error_grid(weights[:, None], WEIGHT_FORMS["int8_asym"])
    levels, fitted = least_output_error(weights, grid, Moments.of(rows), half=True)
    assert np.abs(levels * fitted.scale - weights[:, None]).max() <= 0.51 * np.abs(fitted.scale).max()
