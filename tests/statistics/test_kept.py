"""What is computed of statistics is computed once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from openvino.tools.pot.statistics.kept import Kept


@dataclass(frozen=True)
class Pair:
    one: NDArray[np.float32]
    other: NDArray[np.float32]


def pair(bytes_of_each: int) -> Pair:
    return Pair(*(np.zeros(bytes_of_each // 4, np.float32) for _ in range(2)))


def test_a_value_is_made_once() -> None:
    kept, made = Kept(), []

    def make() -> NDArray[np.float32]:
        made.append(1)
        return np.ones(3, np.float32)

    first = kept.once(("a", 1), make)
    assert kept.once(("a", 1), make) is first
    assert kept.once(("a", 2), make) is not first
    assert len(made) == 2


def test_what_is_asked_for_stays_and_what_is_not_goes() -> None:
    kept = Kept(room=100)
    first, second = kept.once("first", lambda: pair(20)), kept.once("second", lambda: pair(20))
    assert kept.once("first", lambda: pair(20)) is first
    kept.once("third", lambda: pair(20))  # 120 bytes: the one that was not asked for the longest goes
    assert kept.once("first", lambda: pair(20)) is first
    assert kept.once("second", lambda: pair(20)) is not second


def test_what_is_larger_than_the_room_is_given_and_not_kept() -> None:
    kept = Kept(room=30)
    small = kept.once("small", lambda: pair(8))
    assert kept.once("large", lambda: pair(20)) is not kept.once("large", lambda: pair(20))
    assert kept.once("small", lambda: pair(8)) is small


def test_what_could_be_done_without_leaves_most_of_the_room() -> None:
    kept = Kept(room=400)
    first = kept.once("first", lambda: pair(40), spare=True)
    assert kept.once("first", lambda: pair(40), spare=True) is first
    assert kept.once("second", lambda: pair(40), spare=True) is not kept.once("second", lambda: pair(40))
    needed = kept.once("needed", lambda: pair(100))
    assert kept.once("needed", lambda: pair(100)) is needed
    assert kept.once("first", lambda: pair(40), spare=True) is first  # it is there


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12)), max_size=40))
def test_there_is_never_more_than_there_is_room_for(asked: list[tuple[int, int]]) -> None:
    kept = Kept(room=64)
    for key, words in asked:
        value = kept.once((key, words), lambda: (np.zeros(words, np.float32),))  # noqa: B023
        assert value[0].size == words
        assert sum(size for _, size in kept._found.values()) <= 64
