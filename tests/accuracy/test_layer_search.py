"""Searching for layers in float, on drops that are made up."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvino.tools.pot.algorithms.accuracy.search import Floats, cleaned, reaching

NAMES = tuple("abcdefghijklmnop")


def judged(costs: dict[str, float]) -> tuple[Callable[[Floats], float], list[Floats]]:
    """A judge whose drop is the sum of what the layers in INT8 cost, and the sets that it was asked for."""
    asked: list[Floats] = []

    def judge(floats: Floats) -> float:
        asked.append(floats)
        return sum(cost for name, cost in costs.items() if name not in floats)

    return judge, asked


def allowed(drop: float) -> Callable[[float], bool]:
    return lambda found: found <= drop + 1e-9


def test_one_fragile_layer_is_found_wherever_it_stands() -> None:
    for fragile in NAMES:
        judge, _ = judged({fragile: 1.0})
        found = reaching(NAMES, judge, allowed(0.5), 1.0)
        assert found is not None and fragile in found
        assert cleaned(found, judge, allowed(0.5)) == (fragile,)


def test_the_first_of_the_ranking_costs_one_evaluation() -> None:
    judge, asked = judged({"a": 1.0})
    assert reaching(NAMES, judge, allowed(0.5), 1.0) == ("a",)
    assert asked == [frozenset("a")]


def test_a_good_guess_saves_evaluations() -> None:
    judge, asked = judged({"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0})
    assert reaching(NAMES, judge, allowed(0.5), 4.0, first=4) == ("a", "b", "c", "d")
    assert len(asked) == 3


def test_evaluations_grow_with_the_logarithm_of_the_layers() -> None:
    names = [str(number) for number in range(1000)]
    judge, asked = judged({"700": 1.0})
    assert reaching(names, judge, allowed(0.5), 1.0) is not None
    assert len(asked) < 25


def test_no_more_layers_than_allowed() -> None:
    judge, asked = judged(dict.fromkeys(NAMES, 1.0))
    assert reaching(NAMES, judge, allowed(0.5), 16.0, most=5) is None
    assert max(map(len, asked)) == 5


@pytest.mark.parametrize("undo", [True, False])
def test_a_block_that_makes_it_worse_is_undone(undo: bool) -> None:
    costs = {"a": 1.0, "b": -0.5, "c": -0.5, "d": 5.0}
    judge, asked = judged(costs)
    order = ("a", "b", "c", "d")
    assert reaching(order, judge, allowed(-0.4), sum(costs.values()), undo=undo) == (
        ("a", "d") if undo else None
    )
    assert (frozenset(order) in asked) is not undo


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=16),
    st.floats(0.01, 0.99),
    st.integers(0, 1000),
)
def test_what_is_found_meets_the_drop_and_needs_each_layer(
    costs: list[float], share: float, seed: int
) -> None:
    by_name = dict(zip(NAMES, costs, strict=False))
    names = list(by_name)
    random.Random(seed).shuffle(names)
    judge, _ = judged(by_name)
    is_met = allowed(share * sum(costs))
    start = sum(costs)
    if is_met(start):
        return
    found = reaching(names, judge, is_met, start)
    assert found is not None and is_met(judge(frozenset(found)))
    left = cleaned(found, judge, is_met)
    assert is_met(judge(frozenset(left))) and set(left) <= set(found)
    for name in left if len(found) <= 8 else ():
        rest = frozenset(left) - {name}
        assert not rest or not is_met(judge(rest))
