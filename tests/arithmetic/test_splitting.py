"""Channels that are taken several times: the whole stays, ranges shrink, and roundings of the parts sum up."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openvino.tools.pot.arithmetic.splitting import copies, split

STEPS = 127


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, int]:
    """Weights with tails, and a number of further channels."""
    shape = draw(st.integers(1, 6)), draw(st.integers(1, 8)), draw(st.integers(1, 4))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    return random.standard_t(2, shape).astype(np.float32), draw(st.integers(0, 12))


def summed(parts: np.ndarray, more: np.ndarray) -> np.ndarray:
    """What the parts of each channel come to."""
    size = parts.shape[1] - len(more)
    found = parts[:, :size].astype(np.float64)
    for place, channel in enumerate(more):
        found[:, channel] += parts[:, size + place]
    return found


@given(cases())
def test_parts_sum_up_to_the_whole_and_are_no_more_than_wanted(case: tuple[np.ndarray, int]) -> None:
    weights, count = case
    taken = copies(weights, count)
    parts, more = split(weights, taken)
    assert taken.min() == 1 or taken.min() > 1
    assert len(more) == taken.sum() - len(taken) <= count
    np.testing.assert_array_equal(np.bincount(more, minlength=len(taken)), taken - 1)
    np.testing.assert_allclose(summed(parts, more), weights, rtol=1e-6, atol=1e-6 * np.abs(weights).max())


@given(cases())
def test_ranges_shrink_with_every_channel(case: tuple[np.ndarray, int]) -> None:
    weights, count = case
    widths = []
    for more in range(count + 1):
        taken = copies(weights, more)
        widths.append(np.square((np.abs(weights).max(axis=2) / taken).max(axis=1)).sum())
        parts = split(weights, taken)[0]
        # Parts are apart by less than a step.
        assert np.square(np.abs(parts).max(axis=(1, 2))).sum() <= widths[-1] * (1 + 1 / STEPS) ** 2
    assert np.all(np.diff(widths) <= 0)


@given(cases())
def test_parts_rounded_sum_up_to_the_whole_rounded(case: tuple[np.ndarray, int]) -> None:
    weights, count = case
    taken = copies(weights, count)
    parts, more = split(weights, taken)
    step = (np.abs(weights).max(axis=2) / taken).max(axis=1)[:, None, None] / STEPS
    if not step.all():
        return
    found, whole = summed(np.round(parts / step), more), weights / step
    off = np.abs(np.abs(whole - np.floor(whole)) - 0.5)  # float32 may tip what lies half-way between levels
    np.testing.assert_array_equal(found[off > 1e-3], np.round(whole)[off > 1e-3])


def test_the_outlier_is_what_is_split() -> None:
    weights = np.ones((4, 5, 1), np.float32)
    weights[:, 3] = 8
    np.testing.assert_array_equal(copies(weights, 2), [1, 1, 1, 3, 1])


def test_a_layer_of_equal_channels_is_left_alone_and_so_is_one_of_a_single_channel() -> None:
    assert copies(np.ones((4, 5, 1), np.float32), 3).max() == 1
    assert copies(np.ones((4, 1, 3), np.float32), 3).max() == 1
    assert copies(np.zeros((4, 5, 1), np.float32), 3).max() == 1
