"""How layers stand behind each other."""

from __future__ import annotations

import openvino as ov
from hypothesis import given
from hypothesis import strategies as st
from openvino import opset13 as op

from builders import model, parameter, weights
from openvino.tools.pot.graph.succession import befores, feeding, groups, levels
from openvino.tools.pot.graph.view import GraphView


def dense(source: ov.Output | ov.Node, name: str) -> ov.Node:
    return op.matmul(source, op.constant(weights((4, 4))), False, False, name=name)


def residual() -> GraphView:
    """a ─ relu ─┬─ b ─ c ─ + ─ e
    └──── d ───┘      and f, which reads what a gives, ends alone."""
    x = parameter([1, 4])
    a = op.relu(dense(x, "a"))
    total = op.add(dense(dense(a, "b"), "c"), dense(a, "d"))
    return GraphView(model([dense(total, "e"), dense(a, "f")], x))


LAYERS = frozenset("abcdef")


def test_layers_directly_before() -> None:
    found = {name: set(sources) for name, sources in befores(residual(), LAYERS).items()}
    assert found == {"a": set(), "b": {"a"}, "c": {"b"}, "d": {"a"}, "e": {"c", "d"}, "f": {"a"}}


def test_levels_count_the_longest_way() -> None:
    assert levels(befores(residual(), LAYERS)) == {"a": 1, "b": 2, "c": 3, "d": 2, "e": 4, "f": 2}


def test_of_a_group_only_layers_count_that_feed_none_of_it() -> None:
    before = befores(residual(), LAYERS)
    assert [set(group) for group in groups(before, 4)] == [{"a"}, {"b", "d"}, {"c"}, {"e", "f"}]
    assert [set(group) for group in groups(before, 2)] == [{"b", "d"}, {"e", "f"}]
    assert [set(group) for group in groups(before, 1)] == [{"e", "f"}]
    assert [set(group) for group in feeding(before, 2)] == [{"a"}, {"c"}]
    assert [set(group) for group in feeding(before, 4)] == [set(), set(), set(), set()]


@given(st.lists(st.sets(st.integers(0, 11)), min_size=1, max_size=12), st.integers(1, 12))
def test_layers_of_a_group_do_not_feed_each_other(edges: list[set[int]], wanted: int) -> None:
    before = {
        str(number): frozenset(str(source) for source in sources if source < number)
        for number, sources in enumerate(edges)
    }
    level = levels(before)
    count = min(wanted, max(level.values()))
    found = groups(before, count)
    assert len(found) == count and all(found)
    assert {name for name in before if all(name not in sources for sources in before.values())} <= set(
        found[-1]
    )
    others = feeding(before, count)
    assert sorted(name for group in (*found, *others) for name in group) == sorted(before)
    place = {name: number for number, group in enumerate(found) for name in group}
    for name, number in place.items():
        reached, pending = set[str](), list(before[name])
        while pending:
            source = pending.pop()
            if source not in reached:
                reached.add(source)
                pending.extend(before[source])
        assert all(place.get(source, -1) < number for source in reached)
