"""Rows that repeat within a sample: counted, and means that weigh them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvino.tools.pot.arithmetic.repetition import repetitions, sample_means, unevenly

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(1, 5), st.integers(1, 40), st.integers(1, 300), st.floats(1e-6, 1e6))
def test_equal_rows_are_counted_within_their_sample(
    seed: int, samples: int, count: int, size: int, factor: float
) -> None:
    random = np.random.default_rng(seed)
    kinds = random.integers(0, 4, (samples, count))
    rows = (random.normal(size=(4, size)) * factor)[kinds].astype(np.float32)
    if size < 8:  # short rows may be alike by chance
        rows = rows + 10 * factor * np.arange(4, dtype=np.float32)[kinds][:, :, None] ** 2
    expected = (kinds[:, :, None] == kinds[:, None]).sum(axis=2)
    if np.mean(expected.max(axis=1) > 1) < 0.5:
        expected[:] = 1
    found = repetitions(rows.reshape(samples * count, size), samples)
    np.testing.assert_array_equal(found, expected.reshape(-1))


def test_few_rows_given_again_and_again_repeat_no_more_than_each_other() -> None:
    """Five rows of a short sample, asked for twelve times, and one of another that half of its places hold."""
    short, long = (np.random.default_rng(0).normal(size=(count, 16)).astype(np.float32) for count in (5, 12))
    given = short[np.arange(12) * 5 // 12]
    np.testing.assert_array_equal(unevenly(repetitions(np.concatenate([given, long]), 2), 2), 1)
    long[:6] = long[0]
    found = unevenly(repetitions(np.concatenate([given, long]), 2), 2)
    np.testing.assert_array_equal(found[12:], [6.0] * 6 + [1.0] * 6)
    assert found[:12].max() < 2


@pytest.mark.parametrize(("plain", "expected"), [(3, 1), (4, 7)])
def test_most_samples_have_none_or_some(plain: int, expected: int) -> None:
    rows = np.random.default_rng(0).normal(size=(8, 10, 16)).astype(np.float32)
    rows[:plain, :7] = 1
    assert repetitions(rows.reshape(80, 16), 8).max() == expected


def test_sums_in_another_order_are_equal() -> None:
    rows = np.random.default_rng(0).normal(size=(1, 400)).astype(np.float32)
    noisy = rows * (1 + np.random.default_rng(1).uniform(-1e-6, 1e-6, (30, 400)).astype(np.float32))
    np.testing.assert_array_equal(repetitions(noisy, 1), 30)
    np.testing.assert_array_equal(repetitions(noisy, 30), 1)


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 9)])
def test_rows_of_zeros_are_equal(shape: tuple[int, ...]) -> None:
    np.testing.assert_array_equal(repetitions(np.zeros(shape, np.float32), 2), 3)


def test_rows_that_differ_by_a_level_are_not_equal() -> None:
    row = np.random.default_rng(0).uniform(0, 1, 16)
    rows = np.stack([row, row + 1 / 127]).astype(np.float32)
    np.testing.assert_array_equal(repetitions(rows, 1), 1)


@given(SEEDS, st.integers(1, 6), st.integers(1, 9))
def test_equal_counts_give_the_means_of_samples(seed: int, samples: int, count: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(samples, count, 3))
    found = sample_means(rows.reshape(-1, 3), np.full(samples * count, 2.0), samples)
    np.testing.assert_allclose(found, rows.mean(axis=1), atol=1e-12)


@given(SEEDS, st.integers(1, 6), st.integers(1, 9))
def test_their_mean_is_that_of_rows_repeated(seed: int, samples: int, count: int) -> None:
    random = np.random.default_rng(seed)
    rows, counts = random.normal(size=(samples * count, 3)), random.integers(1, 5, samples * count)
    found = sample_means(rows, counts.astype(float), samples).mean(axis=0)
    np.testing.assert_allclose(found, np.repeat(rows, counts, axis=0).mean(axis=0), atol=1e-12)


def test_their_spread_is_that_of_the_mean_over_draws() -> None:
    """The standard error from one draw of the samples against how much the mean differs between draws."""
    random = np.random.default_rng(0)
    means, errors = [], []
    for _ in range(400):
        counts = np.repeat(random.choice([1.0, 6.0], (60, 1)), 4, axis=1)
        rows = random.normal(size=(60, 1, 1)) + counts[:, :, None] + 0.5 * random.normal(size=(60, 4, 1))
        of_samples = sample_means(rows.reshape(-1, 1), counts.reshape(-1), 60)
        means.append(of_samples.mean())
        errors.append(of_samples.std(ddof=1) / np.sqrt(60))
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.1)
