"""Ranges: zero is a level, nothing is lost, no scale is zero."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openvino.tools.pot.arithmetic.fake_quantize import fake_quantize, level_indices
from openvino.tools.pot.arithmetic.ranges import (
    QuantizerRange,
    asymmetric_range,
    floored,
    room_beyond,
    symmetric_range,
)
from openvino.tools.pot.arithmetic.schemes import halved, weight_range
from openvino.tools.pot.configs.parameters import QuantizerParameters

LEVELS = st.sampled_from([255, 256])
BORDERS = st.floats(-1e6, 1e6, width=32)
MAGNITUDES = arrays(np.float64, st.integers(1, 5), elements=st.floats(0, 1e6, width=32))
EPSILON = float(np.finfo(np.float32).eps)
ZERO = 1e-25


def reference_asymmetric(low: float, high: float, levels: int) -> tuple[float, float]:
    """POT's rule for one channel that is not flat, step by step."""
    low, high = min(low, 0.0), max(high, 0.0)
    zero = round(-low * (levels - 1) / (high - low))
    if zero == 0:
        return 0.0, high
    if zero == levels - 1:
        return low, 0.0
    moved_low = zero / (zero - (levels - 1)) * high
    moved_high = (zero - (levels - 1)) / zero * low
    return (moved_low, high) if high - moved_low >= moved_high - low else (low, moved_high)


def misplacement_of_zero(grid: QuantizerRange) -> float:
    """How far zero is from the nearest level, in steps."""
    place = -grid.low.astype(np.float64) / grid.scale
    return float(np.max(np.abs(place - np.round(place))))


@given(BORDERS, BORDERS, LEVELS)
def test_asymmetric_ranges_follow_the_rule(low: float, high: float, levels: int) -> None:
    low, high = min(low, high), max(low, high)
    assume(max(high, 0) - min(low, 0) > 1e-4)  # else the floor decides
    grid = asymmetric_range(np.array([low]), np.array([high]), levels)
    expected = reference_asymmetric(low, high, levels)
    np.testing.assert_allclose([grid.low[0], grid.high[0]], expected, rtol=2 * EPSILON, atol=0)


@pytest.mark.long
@given(MAGNITUDES, st.data(), LEVELS)
def test_zero_is_a_level_of_asymmetric_ranges(high: np.ndarray, data: st.DataObject, levels: int) -> None:
    low = -data.draw(arrays(np.float64, high.shape, elements=st.floats(-1e6, 1e6, width=32)))
    grid = asymmetric_range(np.minimum(low, high), high, levels)
    assert np.all((grid.low <= 0) & (grid.high >= 0))
    assert misplacement_of_zero(grid) <= levels * EPSILON


@given(MAGNITUDES, LEVELS, st.booleans())
def test_zero_is_a_level_of_symmetric_ranges(high: np.ndarray, levels: int, unsigned: bool) -> None:
    assert misplacement_of_zero(symmetric_range(high, levels, unsigned)) <= levels * EPSILON


@given(BORDERS, BORDERS, LEVELS)
def test_asymmetric_ranges_cover_what_was_seen(low: float, high: float, levels: int) -> None:
    low, high = min(low, high), max(low, high)
    grid = asymmetric_range(np.array([low]), np.array([high]), levels)
    # A border nearer to zero than half a step becomes zero; any other moves outwards.
    width = max(high, 0) - min(low, 0)
    near = (width if width > ZERO else 8e-5) * (0.5 / (levels - 1) + EPSILON)
    assert grid.low[0] <= min(low, 0) + (near if grid.low[0] == 0 else abs(low) * EPSILON)
    assert grid.high[0] >= max(high, 0) - (near if grid.high[0] == 0 else abs(high) * EPSILON)


@given(BORDERS, BORDERS, st.floats(0.01, 100), LEVELS)
def test_asymmetric_ranges_scale_with_the_data(low: float, high: float, factor: float, levels: int) -> None:
    low, high = min(low, high, 0.0), max(low, high, 0.0)
    assume((high - low) * min(factor, 1) > 1e-3)
    place = -low * (levels - 1) / (high - low) % 1
    assume(abs(place - 0.5) > 1e-6)  # else rounding of the product decides
    one, other = (asymmetric_range(np.array([low * f]), np.array([high * f]), levels) for f in (1, factor))
    np.testing.assert_allclose(other.scale, one.scale * factor, rtol=8 * EPSILON)


@given(MAGNITUDES, MAGNITUDES, LEVELS, st.booleans())
def test_the_scale_grows_with_a_symmetric_range(
    first: np.ndarray, second: np.ndarray, levels: int, unsigned: bool
) -> None:
    size = min(len(first), len(second))
    small, large = np.minimum(first[:size], second[:size]), np.maximum(first[:size], second[:size])
    assume(np.max(small) > ZERO)
    scales = [symmetric_range(high, levels, unsigned).scale for high in (small, large)]
    assert np.all(scales[0] <= scales[1])


@given(MAGNITUDES, LEVELS)
def test_symmetric_ranges_reach_the_largest_magnitude(high: np.ndarray, levels: int) -> None:
    grid = symmetric_range(high, levels, unsigned=False)
    assert np.all(grid.high >= high.astype(np.float32))
    ratio = -grid.low.astype(np.float64) / grid.high
    np.testing.assert_allclose(ratio, {255: 1.0, 256: 256 / 254}[levels], rtol=EPSILON)


@given(MAGNITUDES)
def test_floors(high: np.ndarray) -> None:
    raised = floored(high)
    assert np.all(raised >= high)
    floor = 0.01 * np.max(high) if np.max(high) > ZERO else 8e-5
    assert np.min(raised) >= floor
    assert np.all((raised == high) | (raised <= floor * (1 + EPSILON)))


@pytest.mark.parametrize("low, high", [(0, 0), (-1e-30, 0), (0, 1e-30), (-1e-30, 1e-30)])
def test_flat_tensors_get_a_floor(low: float, high: float) -> None:
    for grid in (
        asymmetric_range(np.array([low]), np.array([high]), 256),
        symmetric_range(np.array([high]), 256, True),
    ):
        assert 7.9e-5 < grid.high[0] - grid.low[0] < 9e-5
    beside = asymmetric_range(np.array([low, -1.0]), np.array([high, 1.0]), 256)
    assert beside.high[0] - beside.low[0] == pytest.approx(0.02, rel=0.01)


@pytest.mark.parametrize("size", [1e-5, 1e-9, 1e-20])
def test_small_tensors_keep_their_levels(size: float) -> None:
    high = np.array([size, size / 3])
    for grid in (asymmetric_range(-high, high, 256), symmetric_range(high, 255, False)):
        np.testing.assert_allclose(grid.high, high, rtol=0.01)
        np.testing.assert_allclose(grid.at_least(8e-5).high, [4e-5, 4e-5], rtol=0.02)


@given(
    arrays(np.float32, (3, 20), elements=st.floats(-1e3, 1e3, width=32)),
    st.sampled_from(["symmetric", "asymmetric", "unsigned"]),
)
def test_rounding_moves_values_by_half_a_step_at_most(values: np.ndarray, scheme: str) -> None:
    if scheme == "unsigned":
        values = np.abs(values)
    low, high = values.min(axis=1, keepdims=True), values.max(axis=1, keepdims=True)
    if scheme == "asymmetric":
        grid = asymmetric_range(low, high, 256)
    else:
        grid = symmetric_range(np.abs(values).max(axis=1, keepdims=True), 256, scheme == "unsigned")
    inside = np.clip(values, grid.low, grid.high)
    error = np.abs(fake_quantize(values, grid).astype(np.float64) - inside)
    assert np.all(error <= grid.scale * (0.5 + 256 * EPSILON))


@given(arrays(np.float32, (4, 9), elements=st.floats(-1e3, 1e3, width=32)), st.booleans())
def test_symmetric_weights_are_narrow(values: np.ndarray, half: bool) -> None:
    high = np.abs(values).max(axis=1, keepdims=True).astype(np.float64)
    grid = weight_range(-high, high, True, QuantizerParameters())
    indices = level_indices(values, halved(grid) if half else grid) - 127
    limit = 64 if half else 127
    assert np.all(np.abs(indices) <= limit)
    widest = int(np.argmax(high))
    assert high[widest] < ZERO or np.abs(indices[widest]).max() >= limit - 1


def test_few_samples_leave_room_and_many_none() -> None:
    rooms = [room_beyond(samples) for samples in (1, 12, 20, 30, 300)]
    assert rooms == sorted(rooms, reverse=True)
    assert rooms[0] == rooms[1] == 1.25 and rooms[3] == rooms[4] == 1
    assert rooms[2] == pytest.approx(1.083, abs=0.001)
