"""Halving finds the things without which all is right, and no others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvino.tools.pot.algorithms.halving import culprits


@given(st.integers(1, 60), st.sets(st.integers(0, 59), max_size=5))
def test_those_that_are_wrong_by_themselves(count: int, wrong: set[int]) -> None:
    wrong = {each for each in wrong if each < count}

    def right(without: Sequence[int]) -> bool:
        return wrong <= set(without)

    assert sorted(culprits(range(count), right)) == sorted(wrong)


def test_of_two_that_are_wrong_together_one_goes() -> None:
    def right(without: Sequence[int]) -> bool:
        return not {3, 7}.isdisjoint(without)

    assert culprits(range(10), right) == [7]


@pytest.mark.parametrize("count", [7, 30])
def test_where_there_are_many_all_that_is_left_goes(count: int) -> None:
    tries = 0

    def right(without: Sequence[int]) -> bool:
        nonlocal tries
        tries += 1
        return len(without) == count

    assert sorted(culprits(range(count), right)) == list(range(count))
    assert tries < 60
