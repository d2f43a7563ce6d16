"""Streaming accumulators: what is kept follows from what was taken, however it was split; stacks stay small."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvino.tools.pot.arithmetic.estimators import PER_SAMPLE_AGGREGATORS
from openvino.tools.pot.statistics.accumulators import accumulator
from openvino.tools.pot.statistics.stack import Stack, highest_rank, rank

KINDS = ("min", "max", "mean", *PER_SAMPLE_AGGREGATORS, "stack")
SIZE = 6


def made(kind: str, expected: int = 1) -> Any:
    return Stack(7, expected, [2, 4]) if kind == "stack" else accumulator(kind, expected, [SIZE])


def filled(accumulator: Any, vectors: Any, positions: Sequence[int] | None = None) -> Any:
    scratch = np.empty(np.shape(vectors)[1:], np.float32)
    for position, vector in zip(positions or range(len(vectors)), vectors, strict=True):
        scratch[...] = vector  # as a request's memory, which the next inference overwrites
        accumulator.update(position, scratch)
    return accumulator


def merged(first: Any, second: Any) -> Any:
    first.merge(second)
    return first


def held(accumulator: Any) -> list[bytes]:
    return [np.ascontiguousarray(part).tobytes() for part in accumulator.parts()]


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_however_a_pass_is_split_and_merged_it_is_one_pass_to_the_last_bit(
    kind: str, data: st.DataObject
) -> None:
    count, told = data.draw(st.integers(1, 40)), data.draw(st.booleans())
    vectors = np.random.default_rng(count).normal(size=(count, SIZE)).astype(np.float32)
    vectors[np.abs(vectors) < 0.3] *= 0  # zeros of both signs
    cuts = sorted(data.draw(st.lists(st.integers(0, count), max_size=6)))
    spans = list(zip([0, *cuts], [*cuts, count], strict=True))
    expected = count if told else 1
    parts = [
        filled(made(kind, expected), vectors[start:stop], range(start, stop))
        for start, stop in data.draw(st.permutations(spans))
        if stop > start
    ]
    whole = filled(made(kind, expected), vectors)
    left = reduce(merged, pickle.loads(pickle.dumps(parts)))
    right = reduce(lambda behind, own: merged(own, behind), reversed(pickle.loads(pickle.dumps(parts))))
    assert held(left) == held(whole) == held(right)
    np.testing.assert_array_equal(left.value(), whole.value())


@pytest.mark.parametrize("kind", KINDS)
@given(count=st.integers(1, 20), by=st.sampled_from([32, 64, 96]))
def test_moved_it_is_as_if_positions_had_been_others(kind: str, count: int, by: int) -> None:
    vectors = np.random.default_rng(count).normal(size=(count, SIZE)).astype(np.float32)
    moved = filled(made(kind), vectors).moved(by)
    assert held(moved) == held(filled(made(kind), vectors, range(by, by + count)))
    first = filled(made(kind), vectors)
    first.merge(moved)
    both = filled(made(kind), [*vectors, *vectors], [*range(count), *range(by, by + count)])
    assert held(first) == held(both)


@given(st.integers(0, 5))
def test_a_mean_is_as_exact_as_float64(seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(100, SIZE)).astype(np.float32)
    mean = filled(accumulator("mean", 1, [SIZE]), vectors)
    np.testing.assert_allclose(mean.value(), vectors.mean(axis=0, dtype=np.float64), rtol=1e-12, atol=1e-15)
    assert len(held(mean)) <= 7  # of a hundred vectors


@given(count=st.integers(1, 500), limit=st.integers(1, 20), told=st.booleans())
def test_a_stack_is_bounded_and_even(count: int, limit: int, told: bool) -> None:
    stack = filled(Stack(limit, count if told else 1), np.arange(count)[:, None])
    kept = stack.value()[:, 0]
    assert len(kept) == len(stack) == min(count, limit)
    steps = np.diff(kept)
    assert kept[0] == 0 and np.all(steps > 0)
    assert len(steps) == 0 or steps.max() <= 2 * steps.min()
    assert len(steps) == 0 or count - kept[-1] <= 2 * steps.max()


def test_a_stack_keeps_every_second_fourth_eighth() -> None:
    for limit, stride in ((150, 2), (75, 4), (38, 8)):
        kept = filled(Stack(limit, 300), np.arange(300)[:, None]).value()[:, 0]
        np.testing.assert_array_equal(kept, np.arange(0, 300, stride))


@given(limit=st.integers(1, 40), expected=st.integers(41, 3000))
def test_what_is_not_taken_to_begin_with_would_have_gone(limit: int, expected: int) -> None:
    assert highest_rank(limit, expected) == sorted(map(rank, range(expected)))[limit - 1]


@given(exponent=st.integers(-60, 60), wide=st.floats(1, 4000), size=st.integers(1, 9), seed=st.integers(0, 9))
def test_a_stack_keeps_figures_of_any_magnitude(exponent: int, wide: float, size: int, seed: int) -> None:
    """To eleven bits, each vector and each piece in a unit of its own."""
    vectors = np.random.default_rng(seed).normal(size=(6, 2 * size)).astype(np.float32)
    vectors[:, :size] *= np.float32(2.0**exponent)
    vectors[1:] *= np.float32(wide)
    kept = filled(Stack(10, 6, [size, size]), vectors).value()
    for piece in (slice(0, size), slice(size, None)):
        largest = np.abs(vectors[:, piece]).max(axis=1, keepdims=True)
        apart = np.abs(kept[:, piece] - vectors[:, piece])
        assert np.all(apart <= np.abs(vectors[:, piece]) / 2**11 + largest / 2**20)


@given(start=st.integers(0, 8), stop=st.integers(0, 9))
def test_a_part_of_a_stack(start: int, stop: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(3, 9)).astype(np.float32)
    stack = filled(Stack(10, 3, [2, 3, 4]), vectors)
    if start < stop:
        np.testing.assert_array_equal(stack.value(slice(start, stop)), stack.value()[:, start:stop])
    assert len(stack) == 3


def test_a_pickled_stack_holds_what_was_kept_and_takes_more() -> None:
    vectors = np.arange(40, dtype=np.float32).reshape(4, 10)
    stack = filled(Stack(1000, 1000), vectors[:3])
    packed = pickle.dumps(stack)
    assert len(packed) < 1000  # without the room for hundreds of vectors
    again = filled(pickle.loads(packed), vectors[3:], [3])
    assert np.array_equal(again.value(), vectors) and np.array_equal(stack.value(), vectors[:3])


def test_an_interrupted_measurement_of_few_is_empty_not_wrong() -> None:
    assert Stack(10).value().shape == (0, 0) and not held(Stack(10))


def test_merging_takes_no_part_of_the_other_with_it() -> None:
    vectors = np.ones((3, SIZE), np.float32)
    for kind in KINDS:
        first, second = filled(made(kind), vectors), filled(made(kind), 2 * vectors, range(8, 11))
        before = held(second)
        first.merge(second)
        filled(first, 5 * vectors, range(16, 19))
        assert held(second) == before
