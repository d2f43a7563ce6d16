"""How what a layer is fed compares with its offsets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.stimulus import (
    Response,
    hardly_varies,
    is_at_odds,
    is_loud,
    is_quiet,
    is_still,
    moments,
    response,
    stillness,
)

Floats = NDArray[np.float32]
scales = st.floats(-3, 3)
seeds = st.integers(0, 1 << 16)


def drawn(seed: int, channels: int = 4, count: int = 3) -> list[Floats]:
    """Samples of channels first, each of its own mean and of a spread of one."""
    random = np.random.default_rng(seed)
    means = random.standard_normal((1, channels, 1, 1))
    return [(random.standard_normal((1, channels, 40, 40)) + means).astype(np.float32) for _ in range(count)]


def of(samples: Sequence[Floats], offset: float = 1.0, axis: int = 1) -> Response:
    zeros = np.full_like(samples[0], offset)
    return response([moments(own - zeros, axis) for own in samples], zeros, axis)


@given(seeds, scales)
def test_data_that_is_larger_by_a_power_of_ten_is_so_by_that(seed: int, power: float) -> None:
    samples = drawn(seed)
    larger = [own * np.float32(10**power) for own in samples]
    assert of(larger).size == pytest.approx(of(samples).size + power, abs=1e-3)
    assert of(larger).stillness == pytest.approx(of(samples).stillness, abs=1e-3)


@given(seeds, st.floats(0.5, 4))
def test_what_varies_less_around_a_mean_is_stiller(seed: int, power: float) -> None:
    samples = drawn(seed)
    mean = np.mean(samples, axis=(0, 3, 4), keepdims=True)[0]
    still = [(mean + (own - mean) / 10**power).astype(np.float32) for own in samples]
    assert of(still).stillness == pytest.approx(of(samples).stillness + power, abs=0.05)


@given(seeds)
def test_the_axis_of_channels_may_be_any(seed: int) -> None:
    samples = drawn(seed)
    last = [own.transpose(0, 2, 3, 1) for own in samples]
    assert of(last, axis=3).size == pytest.approx(of(samples).size)
    assert stillness(last, 3) == pytest.approx(stillness(samples, 1))


@given(seeds)
def test_samples_of_a_channel_count_together(seed: int) -> None:
    samples = drawn(seed)
    found = of(samples)
    every = np.concatenate([own.reshape(4, -1) for own in samples], axis=1)
    assert np.allclose(found.spread, every.std(axis=1), rtol=0.1)
    assert np.allclose(found.mean, every.mean(axis=1), atol=0.1)


def test_what_is_normalized_is_neither_too_much_nor_too_little() -> None:
    samples = drawn(0)
    assert not of(samples).is_too_much and not of(samples).is_too_little
    assert of([own * np.float32(255) for own in samples]).is_too_much
    assert of([own / np.float32(255) + 1 for own in samples]).is_too_little


def test_pixels_that_deviations_should_have_divided_are_too_much_even_where_they_hardly_vary() -> None:
    faint = [own / np.float32(4) for own in drawn(0)]  # pages of text, against photographs
    assert not of(faint).is_too_much
    assert of([own * np.float32(58) for own in faint]).is_too_much


def test_without_offsets_or_data_nothing_is_said() -> None:
    samples = drawn(0)
    assert not of(samples, offset=0.0).is_too_much
    blank = [np.ones_like(own) for own in samples]
    assert not of(blank).is_too_little and not is_still(stillness(blank, 1))


def layers(*spreads: float, offset: float = 1.0) -> list[Response]:
    one = np.ones(4)
    return [Response(one * spread, one, one * offset) for spread in spreads]


def test_the_last_three_layers_say_how_loud_a_network_is() -> None:
    assert is_loud(layers(1, 1, 50, 70, 60)) and not is_loud(layers(100, 100, 1, 20, 2))
    assert is_quiet(layers(1, 1, 0.01, 0.02, 0.01)) and not is_quiet(layers(0.01, 0.01, 1, 2, 1))


def test_layers_behind_the_first_may_be_at_odds_with_it() -> None:
    assert is_at_odds(layers(300, 1, 1, 2)) and not is_at_odds(layers(300, 300, 200, 2))


@given(seeds, st.floats(-8, 8))
def test_what_rounding_leaves_is_no_variation(seed: int, power: float) -> None:
    first = np.random.default_rng(seed).standard_normal((2, 9)).astype(np.float32) * np.float32(10**power)
    rounded = np.nextafter(first, np.float32(np.inf))
    assert hardly_varies([first, rounded, first])
    assert not hardly_varies([first, first, first * np.float32(1.001)])


def test_zeros_do_not_vary_and_infinities_tell_nothing() -> None:
    zeros = np.zeros(4, np.float32)
    assert hardly_varies([zeros, zeros]) and not hardly_varies([zeros, zeros + 1])
    assert not hardly_varies([zeros + np.inf, zeros + np.inf])
