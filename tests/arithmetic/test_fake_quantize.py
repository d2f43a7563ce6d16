"""Our rounding is that of OpenVINO's FakeQuantize."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import model, parameter, run
from openvino.tools.pot.arithmetic.fake_quantize import fake_quantize, level_indices
from openvino.tools.pot.arithmetic.ranges import QuantizerRange, asymmetric_range, symmetric_range

SHAPE = (2, 3, 8, 16)
Floats = NDArray[np.float32]


def grid_of(scheme: str, levels: int, per_channel: bool) -> QuantizerRange:
    high = np.array([0.37, 2.9, 41.0]).reshape(1, 3, 1, 1) if per_channel else np.array(2.9)
    if scheme == "asymmetric":
        return asymmetric_range(-0.43 * high, high, levels)
    return symmetric_range(high, levels, scheme == "unsigned")


def values_for(grid: QuantizerRange) -> tuple[Floats, NDArray[np.bool_]]:
    """Values in and around the range, and whether each lies clear of the middle of two levels."""
    low, high = grid.low.astype(np.float64), grid.high.astype(np.float64)
    share = np.random.default_rng(3).uniform(-0.2, 1.2, SHAPE)
    values = (low + share * (high - low)).astype(np.float32)
    place = (values - low) / grid.scale
    return values, np.abs(place - np.floor(place) - 0.5) > 1e-3


def by_the_book(values: Floats, grid: QuantizerRange) -> NDArray[np.float64]:
    """The definition of FakeQuantize, in float64."""
    low, high = grid.low.astype(np.float64), grid.high.astype(np.float64)
    inside = (
        np.round((values - low) / (high - low) * (grid.levels - 1)) / (grid.levels - 1) * (high - low) + low
    )
    return np.where(values <= low, low, np.where(values > high, high, inside))


def by_the_device(values: Floats, grid: QuantizerRange) -> Floats:
    return run(_network(grid), values)[0]


def by_the_reference(values: Floats, grid: QuantizerRange) -> Floats:
    result = ov.Tensor(ov.Type.f32, ov.Shape(values.shape))
    assert _network(grid).evaluate([result], [ov.Tensor(values)])
    return result.data.copy()


def _network(grid: QuantizerRange) -> ov.Model:
    source = parameter(list(SHAPE))
    return model(op.fake_quantize(source, grid.low, grid.high, grid.low, grid.high, grid.levels), source)


@pytest.mark.parametrize("oracle", [by_the_book, by_the_device, by_the_reference])
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("levels", [255, 256])
@pytest.mark.parametrize("scheme", ["symmetric", "unsigned", "asymmetric"])
def test_parity(
    oracle: Callable[[Floats, QuantizerRange], NDArray[np.floating]],
    scheme: str,
    levels: int,
    per_channel: bool,
) -> None:
    grid = grid_of(scheme, levels, per_channel)
    values, clear = values_for(grid)
    ours, theirs = fake_quantize(values, grid), oracle(values, grid)
    assert ours.dtype == np.float32
    # A few units in the last place of the widest value, since the orders of operations differ.
    tolerance = 4 * np.finfo(np.float32).eps * (grid.high - grid.low)
    assert np.all(np.abs(ours.astype(np.float64) - theirs)[clear] <= np.broadcast_to(tolerance, SHAPE)[clear])
    # Beside the middle of two levels either one may be taken.
    assert np.all(np.abs(ours.astype(np.float64) - theirs) <= grid.scale * (1 + 1e-4))


def test_ties_go_to_even_levels() -> None:
    grid = QuantizerRange(np.float32([-128]), np.float32([127]), 256)
    values = np.float32([-0.5, 0.5, 1.5, 2.5, -1.5])
    np.testing.assert_array_equal(fake_quantize(values, grid), by_the_book(values, grid))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_level_indices_are_whole_and_within_the_levels(dtype: type) -> None:
    grid = grid_of("asymmetric", 256, True)
    values = (values_for(grid)[0] * 100).astype(dtype)
    before = values.copy()
    indices = level_indices(values, grid)
    assert indices.dtype == dtype
    assert set(np.unique(indices)) <= set(range(256))
    assert {0, 255} <= set(np.unique(indices))
    np.testing.assert_array_equal(values, before)
