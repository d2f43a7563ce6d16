"""How some layers of a model stand behind each other."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView

_Beside = Callable[[str], Iterable[TensorId | InputId]]

Befores = Mapping[str, frozenset[str]]
"""Layer -> those that it reads what comes from, with no other of them in between, in topological order."""


def befores(view: GraphView, layers: Container[str]) -> Befores:
    """Which layers stand directly before each."""
    last: dict[str, frozenset[str]] = {}
    found: dict[str, frozenset[str]] = {}
    for name in view.nodes:
        reaching = frozenset[str]().union(*(last[source.node] for source in view.inputs(name)))
        if name in layers:
            found[name], reaching = reaching, frozenset((name,))
        last[name] = reaching
    return found


def levels(before: Befores) -> dict[str, int]:
    """How many layers stand behind each other at most up to each, itself included."""
    found: dict[str, int] = {}
    for name, sources in before.items():
        found[name] = 1 + max((found[source] for source in sources), default=0)
    return found


def groups(before: Befores, count: int) -> list[list[str]]:
    """Layers in groups one behind the other, without those that feed others of their group.

    Layers that feed none are in the last one, whatever their level.

    Args:
        before: of all layers.
        count: of groups, at most as many as levels.
    """
    place, feeding = _placed(before, count)
    return _by_place(place, (name for name in before if name not in feeding), count)


def feeding(before: Befores, count: int) -> list[list[str]]:
    """The others: layers that feed others of their group, by the groups that they are left out of.

    Args:
        before: of all layers.
        count: of groups, as of ``groups``.
    """
    place, found = _placed(before, count)
    return _by_place(place, (name for name in before if name in found), count)


def _placed(before: Befores, count: int) -> tuple[dict[str, int], set[str]]:
    """The group of each layer, and which ones feed others of theirs."""
    level = levels(before)
    depth = max(level.values(), default=0)
    place = {name: (own * count - 1) // depth for name, own in level.items()}
    followed = {source for sources in before.values() for source in sources}
    place |= dict.fromkeys(before.keys() - followed, count - 1)
    feeding = {
        source for name, sources in before.items() for source in sources if place[source] == place[name]
    }
    return place, feeding


def _by_place(place: Mapping[str, int], names: Iterable[str], count: int) -> list[list[str]]:
    found: list[list[str]] = [[] for _ in range(count)]
    for name in names:
        found[place[name]].append(name)
    return found


def firsts(view: GraphView, chosen: Container[str]) -> set[str]:
    """Those of some nodes that data of no other of them reaches; that a shape was read counts for nothing."""
    return _unreached(view, view.nodes, chosen, view.inputs)


def lasts(view: GraphView, chosen: Container[str]) -> set[str]:
    """Those of some nodes whose data reaches no other of them."""
    return _unreached(view, reversed(view.nodes), chosen, view.readers)


def _unreached(view: GraphView, order: Iterable[str], chosen: Container[str], beside: _Beside) -> set[str]:
    """Those of some nodes that no other of them stands before, in an order that has all neighbours beside one first."""
    behind: set[str] = set()
    found: set[str] = set()
    for name in order:
        reached = any(each.node in behind for each in beside(name))
        if name in chosen and not reached:
            found.add(name)
        if not traits(view.type(name)).shapes and (reached or name in chosen):
            behind.add(name)
    return found
