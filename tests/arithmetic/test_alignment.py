"""Alignment of channels: the division chosen, and the error that it is chosen by."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.alignment import Channels, Reader, aligned, estimated_error
from openvino.tools.pot.arithmetic.fake_quantize import fake_quantize
from openvino.tools.pot.arithmetic.ranges import asymmetric_range, symmetric_range
from openvino.tools.pot.arithmetic.saturation import LIMIT, pair_bound

Array = NDArray[np.float64]

SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 6), st.integers(1, 4))
SEEDS = st.integers(0, 1000)
Shape = tuple[int, int, int, int]


def problem(shape: Shape, seed: int, spread: float = 30, positive: bool = False) -> tuple[Array, Array]:
    """Rows ``[rows, channels]`` of uniform values, their widths apart by ``spread`` at most, and weights."""
    random = np.random.default_rng(seed)
    count = shape[0] * shape[2]
    width = random.permutation(np.geomspace(1, spread, count))
    rows = random.uniform(0 if positive else -0.7, 1, (4000, count)) * width
    return rows, random.normal(size=shape) / width.reshape(shape[0], 1, shape[2], 1) ** random.uniform(0, 1)


def channels_of(rows: Array) -> Channels:
    return Channels(rows.min(axis=0), rows.max(axis=0), np.square(rows).mean(axis=0))


def rescaled(channels: Channels, factor: Array) -> Channels:
    return Channels(channels.low * factor, channels.high * factor, channels.power * factor**2)


def by_input(figures: Array, weights: Array) -> Array:
    """A figure for each channel, in a shape that broadcasts against weights."""
    return figures.reshape(len(weights), 1, weights.shape[2], 1)


@given(SHAPES, SEEDS, st.floats(1, 300), st.booleans())
def test_never_estimated_worse_than_no_division(
    shape: Shape, seed: int, spread: float, protected: bool
) -> None:
    rows, weights = problem(shape, seed, spread)
    channels = channels_of(rows)
    readers = [Reader.of(weights, protected), Reader.of(weights[:, :1], protected)]
    scale, left = aligned(channels, readers)
    assert scale.shape == (rows.shape[1],)
    assert np.all(scale > 0)
    assert np.exp(np.log(scale).mean()) == pytest.approx(1)
    before = estimated_error(channels, readers, np.ones(len(scale)))
    assert left <= 1
    assert estimated_error(channels, readers, scale) == pytest.approx(left * before)


@given(SHAPES, SEEDS, st.booleans())
def test_the_estimate_does_not_care_who_holds_the_width(shape: Shape, seed: int, protected: bool) -> None:
    """Channels times something and weights over it, with the divisor times it, are the same problem."""
    rows, weights = problem(shape, seed)
    random = np.random.default_rng(seed)
    scale, factor = random.uniform(0.1, 10, (2, rows.shape[1]))
    plain = Reader.of(weights, protected)
    moved = Reader.of(weights / by_input(factor, weights), protected)
    expected = estimated_error(channels_of(rows), [plain], scale)
    found = estimated_error(rescaled(channels_of(rows), factor), [moved], scale * factor)
    assert found == pytest.approx(expected)


@given(SHAPES, SEEDS, st.floats(0.01, 100))
def test_a_common_factor_of_the_divisor_changes_nothing(shape: Shape, seed: int, factor: float) -> None:
    rows, weights = problem(shape, seed)
    scale = np.random.default_rng(seed).uniform(0.1, 10, rows.shape[1])
    channels, readers = channels_of(rows), [Reader.of(weights, True)]
    expected = estimated_error(channels, readers, scale)
    assert estimated_error(channels, readers, scale * factor) == pytest.approx(expected)


@given(st.integers(1, 8), SEEDS)
def test_what_was_in_balance_gets_back_into_it(count: int, seed: int) -> None:
    """The divisor is what channels were multiplied by, up to a common factor."""
    random = np.random.default_rng(seed)
    even = Channels(-np.ones(count), np.ones(count), np.full(count, 1 / 3))
    weights = random.choice([-1.0, 1.0], (1, 4, count, 3))
    factor = random.uniform(1, 50, count)
    channels = rescaled(even, factor)
    readers = [Reader.of(weights / by_input(factor, weights), False)]
    scale, _ = aligned(channels, readers)
    np.testing.assert_allclose(scale / scale[0], factor / factor[0])
    expected = estimated_error(even, [Reader.of(weights, False)], np.ones(count))
    assert estimated_error(channels, readers, scale) == pytest.approx(expected)


def test_channels_in_balance_are_left() -> None:
    even = Channels(-np.ones(6), np.ones(6), np.full(6, 1 / 3))
    scale, _ = aligned(even, [Reader.of(np.ones((1, 4, 6, 9)), False)])
    np.testing.assert_allclose(scale, 1)


def test_one_wide_channel_of_small_weights_becomes_like_the_others() -> None:
    rows, weights = problem((1, 16, 12, 9), 0, spread=1)
    factor = np.where(np.arange(12) == 5, 50.0, 1.0)
    channels, readers = channels_of(rows * factor), [Reader.of(weights / by_input(factor, weights), False)]
    scale, _ = aligned(channels, readers)
    assert 35 < scale[5] / np.median(scale) < 70
    ones = estimated_error(channels, readers, np.ones(12))
    assert estimated_error(channels, readers, scale) < ones / 100


def rounded_error(rows: Array, weights: Array, scale: Array, widened: Array | float = 1.0) -> float:
    """What rounding does to the outputs: the mean over rows of the squared error, all outputs together.

    Every tap meets rows of its own, as neighbouring places of an image are no copies of each other.
    """
    divided = rows / scale
    grid = asymmetric_range(divided.min(keepdims=True)[0], divided.max(keepdims=True)[0], 256)
    scaled = weights * by_input(scale, weights)
    largest = np.abs(scaled).max(axis=(2, 3), keepdims=True) * widened
    levels = fake_quantize(scaled, symmetric_range(largest, 255, unsigned=False))
    total = np.zeros((len(rows), *weights.shape[:2]))
    for tap in range(weights.shape[3]):
        met = np.roll(divided, 7 * tap, axis=0).reshape(len(rows), len(weights), -1)
        rounded = fake_quantize(met, grid)
        total += np.einsum("ngi,goi->ngo", rounded, levels[..., tap])
        total -= np.einsum("ngi,goi->ngo", met, scaled[..., tap])
    return float(np.square(total).mean(axis=0).sum())


@pytest.mark.long
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("divided", [False, True])
@pytest.mark.parametrize("shape", [(1, 24, 24, 1), (1, 24, 24, 9), (4, 12, 6, 9), (48, 1, 1, 9)])
def test_the_estimate_is_the_error_of_rounding(shape: Shape, divided: bool, positive: bool) -> None:
    """Dense, grouped and depthwise; uniform values of either sign or without."""
    ratios = []
    for seed in range(6):
        rows, weights = problem(shape, seed, 5, positive)
        channels, reader = channels_of(rows), Reader.of(weights, False)
        scale = aligned(channels, [reader])[0] if divided else np.ones(rows.shape[1])
        ratios.append(rounded_error(rows, weights, scale) / estimated_error(channels, [reader], scale))
    assert 0.75 < np.exp(np.mean(np.log(ratios))) < 1.33
    assert min(ratios) > 0.5
    assert max(ratios) < 2


@given(st.integers(1, 3), SEEDS)
def test_equal_groups_add_up(groups: int, seed: int) -> None:
    rows, weights = problem((1, 5, 4, 3), seed)
    one = estimated_error(channels_of(rows), [Reader.of(weights, False)], np.ones(4))
    reader = Reader.of(np.repeat(weights, groups, axis=0), False)
    many = estimated_error(channels_of(np.tile(rows, groups)), [reader], np.ones(4 * groups))
    assert many == pytest.approx(groups * one)


@given(SHAPES, SEEDS)
def test_readers_add_up(shape: Shape, seed: int) -> None:
    rows, weights = problem(shape, seed)
    channels, scale = channels_of(rows), np.random.default_rng(seed).uniform(0.1, 10, rows.shape[1])
    readers = [Reader.of(weights, False), Reader.of(weights[:, :, :, ::2] * 3, False)]
    alone = [estimated_error(channels, [reader], scale) for reader in readers]
    assert estimated_error(channels, readers, scale) == pytest.approx(sum(alone))


@given(SHAPES, SEEDS)
def test_readers_of_channels_in_any_order(shape: Shape, seed: int) -> None:
    """Its input channels may be some of those of the activation, shuffled, as behind a Concat or a split."""
    rows, weights = problem(shape, seed)
    random = np.random.default_rng(seed)
    scale = random.uniform(0.1, 10, rows.shape[1])
    ids = random.permutation(rows.shape[1] + 3)[: rows.shape[1]]
    channels = channels_of(rows)
    wide = Channels(*(np.zeros(rows.shape[1] + 3) for _ in range(3)))
    wide.low[ids], wide.high[ids], wide.power[ids] = channels.low, channels.high, channels.power
    wide_scale = np.ones(rows.shape[1] + 3)
    wide_scale[ids] = scale
    found = estimated_error(wide, [Reader.of(weights, True, ids)], wide_scale)
    assert found == pytest.approx(estimated_error(channels, [Reader.of(weights, True)], scale))


@given(SHAPES, SEEDS)
def test_figures_of_a_reader(shape: Shape, seed: int) -> None:
    weights = problem(shape, seed)[1]
    reader = Reader.of(weights, False)
    assert reader.taps == shape[3]
    np.testing.assert_allclose(reader.power, np.square(weights).sum(axis=(1, 3)).reshape(-1))
    np.testing.assert_array_equal(reader.largest, np.abs(weights).max(axis=3))


@given(SHAPES, SEEDS)
def test_pairs_are_those_of_the_divided_activation(shape: Shape, seed: int) -> None:
    """In levels above the lowest, times the weights that make up for the division."""
    rows, weights = problem(shape, seed)
    channels, scale = channels_of(rows), np.random.default_rng(seed).uniform(0.1, 10, rows.shape[1])
    divided = rows / scale
    inputs = (divided.max(axis=0) - divided.min()).reshape(shape[0], shape[2])
    expected = pair_bound(weights * by_input(scale, weights), inputs)
    np.testing.assert_allclose(Reader.of(weights, True).pairs(channels, scale, divided.min()), expected)
    assert not Reader.of(weights, False).pairs(channels, scale, divided.min()).any()


@given(SHAPES, SEEDS)
def test_protection_only_adds_error(shape: Shape, seed: int) -> None:
    rows, weights = problem(shape, seed)
    channels, scale = channels_of(rows), np.random.default_rng(seed).uniform(0.1, 10, rows.shape[1])
    free, protected = (Reader.of(weights, protect) for protect in (False, True))
    assert estimated_error(channels, [protected], scale) >= estimated_error(channels, [free], scale)


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_protection_counts_as_the_wider_steps_that_it_makes(seed: int, positive: bool) -> None:
    """Two neighbouring weights of an output are the largest: its range must be almost twice as wide."""
    rows, weights = problem((1, 24, 24, 1), seed, 1, positive)
    weights[0, :, 6:8] = np.abs(weights).max()
    channels, ones = channels_of(rows), np.ones(24)
    reader, low = Reader.of(weights, True), min(float(rows.min()), 0.0)
    step, largest = (rows.max() - low) / 255, np.abs(weights).max(axis=(2, 3), keepdims=True)
    factor = (reader.pairs(channels, ones, low)[:, :, None, None] / (step * LIMIT)) / (largest / 127)
    assert np.all(factor > 1.9)
    ratio = rounded_error(rows, weights, ones, factor) / estimated_error(channels, [reader], ones)
    assert 0.75 < ratio < 1.33


def test_one_wide_channel_of_either_sign_is_narrowed_for_protected_readers_too() -> None:
    """What lies below zero in the wide channel does not count as inputs of the others."""
    rows, weights = problem((1, 16, 12, 9), 0, spread=1)
    factor = np.where(np.arange(12) == 5, 50.0, 1.0)
    channels, reader = channels_of(rows * factor), Reader.of(weights / by_input(factor, weights), True)
    scale, _ = aligned(channels, [reader])
    assert 35 < scale[5] / np.median(scale) < 70


@pytest.mark.parametrize("protect", [False, True])
def test_ranges_hold_zero(protect: bool) -> None:
    """Values that all lie far below zero have steps as wide as if the largest were zero."""
    rows, weights = problem((1, 5, 4, 3), 0)
    below = channels_of(-np.abs(rows) - 40)
    up_to_zero = Channels(below.low, np.zeros(4), below.power)
    errors = [
        estimated_error(channels, [Reader.of(weights, protect)], np.ones(4))
        for channels in (below, up_to_zero)
    ]
    assert errors[0] == pytest.approx(errors[1])


@pytest.mark.parametrize("dead", [[0], [1, 3], [0, 1, 2, 3]])
@pytest.mark.parametrize("of_weights", [False, True])
def test_channels_without_range(dead: list[int], of_weights: bool) -> None:
    rows, weights = problem((1, 5, 4, 3), 0)
    rows[:, dead] = 0
    if of_weights:
        weights[:, :, dead] = 0
    channels, readers = channels_of(rows), [Reader.of(weights, True)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scale, _ = aligned(channels, readers)
    assert np.isfinite(scale).all()
    assert np.all(scale > 0)


def test_a_reader_of_some_channels_in_another_order() -> None:
    """Behind a Concat and a split, say; the channels that nobody reads cost nothing."""
    rows, weights = problem((1, 4, 3, 2), 5)
    channels, order = channels_of(rows), np.array([2, 0])
    scale = np.array([0.5, 3.0, 1.5])
    part = Reader.of(weights[:, :, order], False, order)
    padded = weights.copy()
    padded[:, :, 1] = 0
    whole = Reader.of(padded, False)
    silent = Channels(channels.low, channels.high, channels.power * [1, 0, 1])
    assert estimated_error(channels, [part], scale) == pytest.approx(estimated_error(silent, [whole], scale))
