"""Streaming accumulators: merging is the same as one pass, stacks stay small and even."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvino.tools.pot.arithmetic.estimators import PER_SAMPLE_AGGREGATORS
from openvino.tools.pot.statistics.accumulators import Folded, PerSample, Stack

EXACT: dict[str, Callable[[], Any]] = {
    **{name: (lambda name=name: Folded(name)) for name in ("min", "max", "mean")},
    **{name: (lambda name=name: PerSample(name)) for name in PER_SAMPLE_AGGREGATORS},
}


def filled(accumulator: Any, vectors: Any) -> Any:
    scratch = np.empty(np.shape(vectors)[1:], np.float32)
    for vector in vectors:
        scratch[...] = vector  # as a request's memory, which the next inference overwrites
        accumulator.update(scratch)
    return accumulator


@pytest.mark.parametrize("make", EXACT.values(), ids=EXACT)
@given(count=st.integers(1, 20), cut=st.integers(0, 20), seed=st.integers(0, 5))
def test_merging_is_one_pass(make: Callable[[], Any], count: int, cut: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)
    whole, part, rest = (filled(make(), v) for v in (vectors, vectors[:cut], vectors[cut:]))
    part.merge(rest)
    np.testing.assert_allclose(part.value(), whole.value(), rtol=1e-12)


@given(count=st.integers(1, 500), limit=st.integers(1, 20))
def test_a_stack_is_bounded_and_even(count: int, limit: int) -> None:
    kept = filled(Stack(limit), np.arange(count)[:, None]).value()[:, 0]
    assert min(count, limit) / 2 <= len(kept) <= limit
    steps = np.diff(kept)
    assert kept[0] == 0
    assert len(set(steps)) <= 1
    assert count - kept[-1] <= (steps[0] if len(steps) else count)


@given(first=st.integers(0, 300), second=st.integers(0, 300), limit=st.integers(2, 20))
def test_merged_stacks_are_bounded_and_even(first: int, second: int, limit: int) -> None:
    stack = filled(Stack(limit), np.arange(first)[:, None])
    stack.merge(filled(Stack(limit), np.arange(first, first + second)[:, None]))
    if first + second == 0:
        return
    kept = stack.value()[:, 0]
    assert len(kept) <= limit
    assert len(kept) >= min(first + second, limit) / 4
    # No part of the samples is taken for more than it is.
    for part in (kept[kept < first], kept[kept >= first]):
        steps = np.diff(part)
        assert len(set(steps)) <= 1
    early, late = np.diff(kept[kept < first]), np.diff(kept[kept >= first])
    if len(early) and len(late):
        assert early[0] == late[0]


@given(exponent=st.integers(-60, 60), wide=st.floats(1, 4000), size=st.integers(1, 9), seed=st.integers(0, 9))
def test_a_stack_keeps_figures_of_any_magnitude(exponent: int, wide: float, size: int, seed: int) -> None:
    """To eleven bits, though the first vector sets the unit and later ones may be wider."""
    vectors = np.random.default_rng(seed).normal(size=(6, 2 * size)).astype(np.float32)
    vectors[0] = np.sign(vectors[0])
    vectors[:, :size] *= np.float32(2.0**exponent)
    vectors[1:] *= np.float32(wide / 4)
    kept = filled(Stack(10, 6, [size, size]), vectors).value()
    largest = np.abs(vectors).max(axis=0)
    assert np.all(np.abs(kept - vectors) <= np.abs(vectors) / 2**11 + largest / 2**20)


def test_what_half_precision_cannot_hold_is_cut_and_stays_finite() -> None:
    kept = filled(Stack(10), np.array([[1, 0], [1e9, -1e9]], np.float32)).value()
    assert np.all(np.isfinite(kept))
    assert kept[1, 0] == -kept[1, 1] > 4000


def test_a_part_of_a_stack() -> None:
    stack = filled(Stack(10), np.arange(12, dtype=np.float32).reshape(3, 4))
    np.testing.assert_array_equal(stack.value(slice(1, 3)), stack.value()[:, 1:3])
    assert len(stack) == 3


def test_a_pickled_stack_holds_what_was_kept_and_takes_more() -> None:
    vectors = np.arange(40, dtype=np.float32).reshape(4, 10)
    stack = filled(Stack(1000), vectors[:3])
    packed = pickle.dumps(stack)
    assert len(packed) < 1000  # without the room for hundreds of vectors
    again = filled(pickle.loads(packed), vectors[3:])
    assert np.array_equal(again.value(), vectors) and np.array_equal(stack.value(), vectors[:3])
