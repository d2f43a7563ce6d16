"""Offsets and steps of channels whose values are those of 8 bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvino.tools.pot.arithmetic.lattice import Lattice, lattice_of

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 4000))
PIXELS[:, :2] = 0, 255

scales = st.floats(1e-3, 1e2)


def normalized(means: tuple[float, ...], scale: tuple[float, ...]) -> np.ndarray:
    return ((PIXELS[: len(means)] - np.array([means]).T) / np.array([scale]).T).astype(np.float32)


@given(st.tuples(*[st.floats(0, 255)] * 3), st.tuples(scales, scales, scales))
def test_what_normalized_pixels_were(means: tuple[float, ...], scale: tuple[float, ...]) -> None:
    values = normalized(means, scale)
    found = lattice_of(values)
    assert found is not None
    numbers = (values - np.array([found.offsets]).T) / np.array([found.steps]).T
    np.testing.assert_allclose(numbers, PIXELS, atol=0.01)


def test_a_part_of_the_pixels_is_enough() -> None:
    few = normalized((124.0, 116.0, 104.0), (58.0, 57.0, 57.0))[:, 10:60]
    found = lattice_of(few)
    assert found is not None and np.allclose(found.steps, [1 / 58, 1 / 57, 1 / 57], rtol=1e-4)


OTHERS = {
    "floats": np.random.default_rng(1).standard_normal((3, 4000)).astype(np.float32),
    "16 bits": np.random.default_rng(1).integers(0, 1 << 16, (3, 4000)).astype(np.float32),
    "one channel of floats": np.concatenate([PIXELS[:2], np.random.default_rng(1).random((1, 4000))]).astype(
        np.float32
    ),
    "a constant": np.ones((3, 4000), np.float32),
    "two values": (PIXELS > 99).astype(np.float32),
    "squares": np.square(PIXELS[:, :200]).astype(np.float32),
    "not finite": np.where(PIXELS == 3, np.nan, PIXELS).astype(np.float32),
}


@pytest.mark.parametrize("values", OTHERS.values(), ids=OTHERS.keys())
def test_other_values_have_none(values: np.ndarray) -> None:
    assert lattice_of(values) is None


@pytest.mark.parametrize(
    ("means", "scale", "one"),
    [
        ((0, 0, 0), (255, 255, 255), True),
        ((127.5, 127.5, 127.5), (127.5, 127.5, 127.5), True),
        ((104, 117, 123), (1, 1, 1), False),
        ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375), False),
        ((127, 127, 127), (127, 127, 128), False),
    ],
)
def test_one_lattice_for_all_channels(means: tuple[float, ...], scale: tuple[float, ...], one: bool) -> None:
    found = lattice_of(normalized(means, scale))
    assert found is not None and found.is_one == one


def test_lattices_half_a_step_apart_are_two() -> None:
    assert not Lattice((0.0, 0.5), (1.0, 1.0), (255, 255)).is_one


@pytest.mark.parametrize(("first", "highest", "one"), [(3.0, 252.0, True), (3.0, 253.0, False)])
def test_a_channel_without_the_darkest_pixels(first: float, highest: float, one: bool) -> None:
    assert Lattice((0.0, first), (1.0, 1.0), (255.0, highest)).is_one == one


@given(st.integers(0, 100), st.integers(150, 255))
def test_further_values_extend_it(low: int, high: int) -> None:
    means, scale = (124.0, 116.0, 104.0), (58.0, 57.0, 57.0)
    values = normalized(means, scale)
    some = np.stack(
        [own[(pixels >= low) & (pixels <= high)][:500] for own, pixels in zip(values, PIXELS, strict=True)]
    )
    first = lattice_of(some)
    assert first is not None
    found = first.over(values)
    assert found is not None and found.highest == (255, 255, 255)
    np.testing.assert_allclose(found.offsets, [-means[0] / 58, -means[1] / 57, -means[2] / 57], atol=1e-4)
    assert first.over(values + np.float32(0.004)) is None and first.over(values * np.float32(2)) is None
    assert first.over(np.full_like(values, np.nan)) is None
