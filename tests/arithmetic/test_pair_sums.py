"""Sums of saturated pairs, against the same made one by one with Python's integers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic import pair_sums
from openvino.tools.pot.arithmetic.pair_sums import patches, saturating_product, spread

# rows, groups, outputs, inputs, taps
SHAPES = st.tuples(*(st.integers(1, most) for most in (3, 2, 3, 5, 3)))
Ints = NDArray[np.integer]


def one_by_one(levels: Ints, weights: Ints) -> tuple[Ints, Ints, int]:
    rows, groups, inputs, taps = levels.shape
    outputs = weights.shape[1]
    exact = np.zeros((rows, groups, outputs), np.int64)
    saturated, overflows = exact.copy(), 0
    for r, g, o in np.ndindex(rows, groups, outputs):
        for tap, first in itertools.product(range(taps), range(0, inputs, 2)):
            pair = range(first, min(first + 2, inputs))
            total = sum(int(levels[r, g, i, tap]) * int(weights[g, o, i, tap]) for i in pair)
            exact[r, g, o] += total
            saturated[r, g, o] += min(max(total, -32768), 32767)
            overflows += not -32768 <= total <= 32767
    return exact, saturated, overflows


@pytest.mark.long
@given(SHAPES, st.integers(0, 1000), st.booleans())
def test_sums_are_those_made_one_by_one(shape: tuple[int, ...], seed: int, small_blocks: bool) -> None:
    rows, groups, outputs, inputs, taps = shape
    rng = np.random.default_rng(seed)
    # Most of them large, so that about every second pair overflows.
    levels = rng.choice([0, 100, 200, 255], (rows, groups, inputs, taps)).astype(np.uint8)
    weights = rng.choice([-128, -127, -90, 0, 90, 127], (groups, outputs, inputs, taps)).astype(np.int8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair_sums, "_BLOCK", 4 if small_blocks else 1 << 22)
        sums = saturating_product(levels, weights)
    exact, saturated, overflows = one_by_one(levels, weights)
    np.testing.assert_array_equal(sums.exact, exact)
    np.testing.assert_array_equal(sums.saturated, saturated)
    assert sums.saturations == overflows


def product(levels: list[int], weights: list[int]) -> tuple[int, int, int]:
    sums = saturating_product(
        np.array(levels, np.uint8).reshape(1, 1, -1, 1), np.array(weights, np.int8).reshape(1, 1, -1, 1)
    )
    return int(sums.exact[0, 0, 0]), int(sums.saturated[0, 0, 0]), sums.saturations


def test_only_pairs_beyond_sixteen_bits_saturate() -> None:
    assert product([255, 255], [64, 64]) == (32640, 32640, 0)
    assert product([255, 255], [65, 64]) == (32895, 32767, 1)
    assert product([255, 255], [-64, -64]) == (-32640, -32640, 0)
    assert product([255, 255], [-127, -127]) == (-64770, -32768, 1)
    assert product([127, 129], [127, 129 - 2]) == (32512, 32512, 0)


def test_the_second_channel_and_the_third_are_no_pair() -> None:
    assert product([0, 255, 255, 0], [0, 127, 127, 0]) == (64770, 64770, 0)
    assert product([0, 0, 255, 255], [0, 0, 127, 127]) == (64770, 32767, 1)


def test_a_pair_that_overflows_is_not_made_up_for() -> None:
    assert product([255, 255, 255, 255], [127, 127, -127, -127]) == (0, -1, 2)


@given(
    st.integers(1, 2),
    st.integers(1, 3),
    st.integers(1, 2),
    st.integers(1, 2),
    st.integers(0, 2),
    st.integers(0, 99),
)
def test_patches_are_what_the_kernel_meets(
    batch: int, kernel: int, stride: int, dilation: int, pad: int, seed: int
) -> None:
    levels = np.random.default_rng(seed).integers(0, 256, (batch, 2, 6, 5)).astype(np.uint8)
    found = patches(levels, [kernel, 2], [stride, 1], [dilation, 1], [(pad, 0), (0, 1)], 7)
    rows = (6 + pad - (kernel - 1) * dilation - 1) // stride + 1
    assert found.shape == (batch * rows * 5, 2, kernel * 2)
    for n, y, x in np.ndindex(batch, rows, 5):
        for c, i, j in np.ndindex(2, kernel, 2):
            place = y * stride + i * dilation - pad, x + j
            inside = 0 <= place[0] < 6 and place[1] < 5
            expected = levels[n, c, place[0], place[1]] if inside else 7
            assert found[(n * rows + y) * 5 + x, c, i * 2 + j] == expected


def test_zeros_lie_between_the_inputs_of_a_transposed_convolution() -> None:
    levels = np.arange(1, 5, dtype=np.uint8).reshape(1, 1, 2, 2)
    assert spread(levels, [2, 3])[0, 0].tolist() == [[1, 0, 0, 2], [0, 0, 0, 0], [3, 0, 0, 4]]
