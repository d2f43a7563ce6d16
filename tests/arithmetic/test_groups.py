"""Weights on grids of few levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.groups import (
    WEIGHT_FORMS,
    Grid,
    WeightForm,
    extreme_grid,
    holds_in_half,
    least_error_grid,
)

VALUES = arrays.arrays(np.float32, (3, 2, 16), elements=st.floats(-8, 8, width=32))
FORMS = pytest.mark.parametrize("form", WEIGHT_FORMS.values(), ids=WEIGHT_FORMS)


def error(values: NDArray[np.float32], grid: Grid) -> NDArray[np.float64]:
    """The squared error of each group."""
    return np.square(values - grid.levels(values) * grid.scale, dtype=np.float64).sum(axis=2)


@FORMS
@given(values=VALUES)
def test_levels_are_those_of_the_form_and_zero_is_one_of_them(
    form: WeightForm, values: NDArray[np.float32]
) -> None:
    grid = least_error_grid(values, form, half=False)
    levels = grid.levels(values)
    assert np.all(np.broadcast_to(grid.highest - grid.lowest, grid.scale.shape) == (1 << form.bits) - 1)
    assert np.all((levels >= grid.lowest) & (levels <= grid.highest)) and np.all(levels == np.rint(levels))
    assert np.all(grid.lowest <= 0) and np.all(grid.highest >= 0)
    assert not form.symmetric or np.all(grid.lowest == -(1 << form.bits) // 2)


@FORMS
@given(values=VALUES)
def test_a_trained_grid_is_never_worse_than_the_one_that_reaches_as_far_as_the_weights(
    form: WeightForm, values: NDArray[np.float32]
) -> None:
    plain, fitted = (
        error(values, make(values, form, half=False)) for make in (extreme_grid, least_error_grid)
    )
    assert np.all(fitted <= plain * (1 + 1e-5) + 1e-12)


@FORMS
def test_all_but_the_extreme_weights_are_half_a_step_off_at_most(form: WeightForm) -> None:
    values = np.random.default_rng(0).normal(size=(8, 4, 64)).astype(np.float32)
    grid = extreme_grid(values, form, half=False)
    apart = np.abs(values - grid.levels(values) * grid.scale) / np.abs(grid.scale)
    assert np.mean(apart > 0.5001) < 0.02 and apart.max() < 1.01


@pytest.mark.parametrize("bits", [4, 8])
def test_with_a_zero_point_weights_of_one_sign_are_closer(bits: int) -> None:
    values = np.random.default_rng(1).uniform(0, 1, size=(8, 4, 64)).astype(np.float32)
    with_zero, without = (
        error(values, least_error_grid(values, WeightForm(bits, symmetric))).sum()
        for symmetric in (False, True)
    )
    assert with_zero < 0.4 * without


def test_what_counts_more_is_closer() -> None:
    values = np.random.default_rng(2).normal(size=(16, 1, 64)).astype(np.float32)
    counts = np.where(np.arange(64) < 8, np.float32(100), np.float32(1))[None]
    grids = [least_error_grid(values, WEIGHT_FORMS["int4_sym"], importance=each) for each in (None, counts)]
    plain, weighted = (
        float((np.square(values - grid.levels(values) * grid.scale) * counts).sum()) for grid in grids
    )
    assert weighted < 0.9 * plain


def test_a_group_of_zeros_stays_zero() -> None:
    for form in WEIGHT_FORMS.values():
        grid = least_error_grid(np.zeros((2, 2, 16), np.float32), form)
        assert np.all(grid.scale == 1) and not grid.levels(np.zeros((2, 2, 16), np.float32)).any()


@pytest.mark.parametrize(("size", "fits"), [(1.0, True), (1e-4, False), (1e5, False), (0.0, True)])
def test_half_precision_holds_what_it_can(size: float, fits: bool) -> None:
    assert holds_in_half(np.full((2, 2, 16), size, np.float32)) == fits
