"""How far an output is from another: in dB, or as a share of equal values."""

from __future__ import annotations

from math import inf, isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvino.tools.pot.arithmetic.distance import from_sample_to_sample, likeness

RANDOM = np.random.default_rng(0)
SIGNAL = [RANDOM.normal(size=(1, 50)).astype(np.float32) for _ in range(8)]


@given(st.floats(0.001, 1), st.floats(0.01, 100))
def test_decibels_are_the_size_of_the_error_whatever_the_scale(share: float, scale: float) -> None:
    noise = np.random.default_rng(1)
    before = [scale * each.astype(np.float64) for each in SIGNAL]
    size = share * np.std(np.concatenate(before))
    after = [each + size * np.sign(noise.normal(size=each.shape)) for each in before]
    found = likeness(before, after)
    assert found.decibels == pytest.approx(-20 * np.log10(share), abs=1e-6)
    assert found.error == pytest.approx(share)
    assert found.reaches(found.decibels - 0.1) and not found.reaches(found.decibels + 0.1)


def test_the_same_is_infinitely_close() -> None:
    assert likeness(SIGNAL, SIGNAL).decibels == inf
    assert likeness(SIGNAL, SIGNAL).error == 0


def test_the_mean_is_no_signal() -> None:
    shifted = [each + 1000 for each in SIGNAL]
    noisy = [each + 0.1 for each in shifted]
    assert likeness(shifted, noisy).decibels == pytest.approx(20, abs=1)


def test_what_is_not_finite_in_float_says_nothing() -> None:
    before, after = [np.array([0.0, 1.0, -inf, np.nan])], [np.array([0.0, 1.0, 5.0, 6.0])]
    assert likeness(before, after).decibels == inf


@pytest.mark.parametrize("bad", [np.nan, inf])
def test_what_is_not_finite_in_integers_alone_is_as_wrong_as_can_be(bad: float) -> None:
    found = likeness([np.array([0.0, 1.0])], [np.array([0.0, bad])])
    assert found.decibels == -inf and not found.reaches(-1000)


@pytest.mark.parametrize(
    ("count", "becoming", "expected"), [(2, -inf, inf), (20, -inf, -inf), (2, inf, -inf), (2, np.nan, -inf)]
)
def test_few_that_become_infinite_as_others_are_say_nothing(
    count: int, becoming: float, expected: float
) -> None:
    before = np.linspace(-5, 5, 100)
    before[:10] = -inf
    after = before.copy()
    after[10 : 10 + count] = becoming
    assert likeness([before], [after]).decibels == expected


@pytest.mark.parametrize("value", [0.0, 5.0])
def test_outputs_that_never_vary_are_measured_by_their_size(value: float) -> None:
    before = [np.full((1, 4), value)] * 3
    assert likeness(before, before).decibels == inf
    error = 0.1 * (value or 1.0)
    assert likeness(before, [each + error for each in before]).decibels == pytest.approx(20)


def test_integers_are_counted() -> None:
    before, after = [np.arange(4)], [np.array([0, 1, 2, 9])]
    found = likeness(before, after)
    assert (found.equal, found.error) == (0.75, 0.25)
    assert isnan(found.decibels) and found.tells
    assert found.reaches(12) and not found.reaches(13)


@pytest.mark.parametrize("shapes", [((2, 3), (2, 4)), ((0,), (0,))])
def test_nothing_is_told_of_other_shapes_and_of_nothing(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    found = likeness([np.zeros(shapes[0])], [np.zeros(shapes[1])])
    assert not found.tells
    assert found.reaches(1000)


@given(st.floats(-40, 60), st.floats(0, 1e3))
def test_what_all_samples_have_in_common_counts_for_nothing(decibels: float, common: float) -> None:
    chance = np.random.default_rng(2)
    places = common * chance.normal(size=200)
    before = [places + chance.normal(size=200) for _ in range(8)]
    after = [each + 10 ** (-decibels / 20) * chance.normal(size=200) for each in before]
    found = from_sample_to_sample(before, after)
    assert (isnan(found) and common > 30) or found == pytest.approx(decibels, abs=0.6)


def test_it_is_told_of_neither_few_samples_nor_several_shapes_nor_integers_nor_constants() -> None:
    other = [each + np.float32(0.1) for each in SIGNAL]
    assert not isnan(from_sample_to_sample(SIGNAL, other))
    assert isnan(from_sample_to_sample(SIGNAL[:3], other[:3]))
    assert isnan(from_sample_to_sample([*SIGNAL[:-1], SIGNAL[-1][:, :9]], other))
    assert isnan(from_sample_to_sample([each.astype(np.int32) for each in SIGNAL], SIGNAL))
    assert isnan(from_sample_to_sample([SIGNAL[0]] * 8, other))
    assert isnan(from_sample_to_sample([each * np.float32(np.inf) for each in SIGNAL], other))
