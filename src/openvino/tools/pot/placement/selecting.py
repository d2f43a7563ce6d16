"""Nodes as users say which: by a name, a pattern of names, or where they stand in the network."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from openvino.tools.pot.configs.parameters import REGULAR
from openvino.tools.pot.graph.model import SubModel
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.succession import firsts, lasts
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView, walk
from openvino.tools.pot.utils.errors import ConfigError, nearest_name

AFTER, BEFORE, BETWEEN = "after:", "before:", "between:"
_TO = ".."
_WILD = "*?["
_OF_PATTERNS = r"[*?\[\]^$\\+(){}|]"
_ENDS = {"first": firsts, "last": lasts}


@dataclass(frozen=True)
class Selected:
    """What one entry of a scope means.

    Attributes:
        said: by the user.
        by_name: whether it is the name of a node, and no pattern or place.
        nodes: in the order of the model; none where it means nothing.
        layers: how many of them are convolutions, products or recurrent.
    """

    said: str
    by_name: bool
    nodes: tuple[str, ...]
    layers: int

    @property
    def line(self) -> str:
        """What was matched, in words."""
        nodes = f"{len(self.nodes)} node{'' if len(self.nodes) == 1 else 's'}"
        return f"{self.said!r} matches {nodes}, {self.layers} of them layers"


class Selector:
    """Finds the nodes that users mean.

    A name that a node has is that node, whatever letters are in it. Else ``re:`` stands before a regular expression
    that a whole name must fit; ``after:N``, ``before:N`` and ``between:N..M`` are the nodes that data of N reaches,
    those whose data reaches N, and those on the ways from N to M, both included; and what holds ``*``, ``?`` or ``[``
    is a pattern. N and M are names, ``last-convolution``, or ``first-`` or ``last-`` and an operation's type: those
    that no other of them stands behind, or before. But for names, no constants are meant.

    Args:
        view: of the model.
        sub: knows what became of the user's names.
    """

    def __init__(self, view: GraphView, sub: SubModel) -> None:
        self._view, self._sub = view, sub

    def select(self, said: str) -> Selected:
        """What an entry of a scope means.

        Raises:
            ConfigError: it is no regular expression, or its two ends can't be told.
        """
        if said in self._names:
            nodes = set(self._names[said])
        else:
            nodes = {name for name in self._matched(said) if self._computes(name)}
        return self._selected(said, said in self._names, nodes)

    def of_type(self, kind: str) -> Selected:
        """All operations of a type."""
        return self._selected(
            kind, False, {name for name in self._view.nodes if self._view.type(name) == kind}
        )

    @property
    def types(self) -> set[str]:
        """Of the operations that the model has."""
        return {self._view.type(name) for name in self._view.nodes if self._computes(name)}

    def _selected(self, said: str, by_name: bool, nodes: set[str]) -> Selected:
        ordered = sorted(nodes, key=lambda name: self._view.order.get(name, -1))
        layers = sum(is_layer(self._view.type(name)) for name in ordered if name in self._view.nodes)
        return Selected(said, by_name, tuple(ordered), layers)

    def nearest(self, said: str) -> str:
        """What may have been meant by an entry that means nothing, an empty string where nothing is near."""
        near = self._nearest(said)
        return "" if near == said else near

    def refusal(self, said: str) -> str:
        """Why an entry means nothing, in a sentence."""
        near = self._nearest(said)
        if near == said:  # its ends are there
            return f"nothing that computes stands at the place {said!r}"
        return f"the model has no node {said!r}" + (f"; did you mean {near!r}?" if near else "")

    def _nearest(self, said: str) -> str:
        for prefix in (AFTER, BEFORE, BETWEEN):
            if said.startswith(prefix):
                first, *more = (self._nearest_end(end) for end in _ends(said, prefix, self._names))
                return f"{prefix}{_TO.join((first, *more))}" if first and all(more) else ""
        plain = re.sub(_OF_PATTERNS, "", said.removeprefix(REGULAR))
        known = [name for name, nodes in self._names.items() if any(map(self._computes, nodes))]
        near = nearest_name(plain, known)
        if near or plain == said:
            return near
        by_start = {name[: len(plain)]: name for name in reversed(known)}
        return by_start.get(nearest_name(plain, by_start), "")

    @cached_property
    def _names(self) -> dict[str, tuple[str, ...]]:
        """Names that nodes have, and the user's -> the nodes that they mean."""
        users = (*self._sub.renamed, *self._sub.namesakes)
        return {name: (name,) for name in self._view.nodes} | {
            name: self._sub.bearers(name) for name in users
        }

    def _computes(self, name: str) -> bool:
        """Whether a node is there, and neither constant nor an end of the model."""
        view = self._view
        return (
            name in view.nodes
            and not view.is_constant(TensorId(name))
            and view.type(name) not in ("Parameter", "Result")
        )

    def _matched(self, said: str) -> Iterator[str]:
        if said.startswith(REGULAR):
            pattern = _compiled(said)
            fits = (name for name in self._names if pattern.fullmatch(name))
        elif said.startswith((AFTER, BEFORE, BETWEEN)):
            yield from self._at(said)
            return
        elif any(letter in said for letter in _WILD):
            fits = (name for name in self._names if fnmatchcase(name, said))
        else:
            return
        for name in fits:
            yield from self._names[name]

    def _at(self, said: str) -> set[str]:
        """The nodes at a place, none where an end of it is not in the model."""
        if said.startswith(AFTER):
            ends = self._end(said.removeprefix(AFTER))
            return self._further(ends) - ends
        if said.startswith(BEFORE):
            ends = self._end(said.removeprefix(BEFORE))
            return self._back(ends) - ends
        first, last = _ends(said, BETWEEN, self._names)
        return self._further(self._end(first)) & self._back(self._end(last))

    def _further(self, starts: set[str]) -> set[str]:
        return {*walk(starts, lambda name: (reader.node for reader in self._view.readers(name)))}

    def _back(self, starts: set[str]) -> set[str]:
        return {*walk(starts, lambda name: (source.node for source in self._view.inputs(name)))}

    def _end(self, said: str) -> set[str]:
        if said in self._names:
            return set(self._names[said])
        place, _, kind = said.replace(" ", "-").partition("-")
        found = _ENDS.get(place)
        return set() if found is None else found(self._view, self._of_kind(kind))

    def _of_kind(self, kind: str) -> set[str]:
        kinds = {name: self._view.type(name) for name in self._view.nodes}
        if kind == "convolution":
            return {name for name, own in kinds.items() if traits(own).convolves}
        return {name for name, own in kinds.items() if own.lower() == kind.lower()}

    def _nearest_end(self, said: str) -> str:
        if self._end(said):
            return said
        kinds = (*sorted(self.types), "convolution")
        places = [f"{place}-{kind}" for place in _ENDS for kind in kinds]
        known = [name for name, nodes in self._names.items() if any(map(self._computes, nodes))]
        return nearest_name(said, [*known, *(place for place in places if self._end(place))])


def _ends(said: str, prefix: str, names: Iterable[str]) -> tuple[str, ...]:
    """The one end or the two ends of a place, split where names allow it.

    Raises:
        ConfigError: there are no two.
    """
    text = said.removeprefix(prefix)
    if prefix != BETWEEN:
        return (text,)
    places = [match.start() for match in re.finditer(r"(?=\.\.)", text)]
    pairs = [(text[:place], text[place + len(_TO) :]) for place in places]
    pairs = [pair for pair in pairs if all(pair)]
    if not pairs:
        raise ConfigError(f"{said!r} has no two ends, expected {BETWEEN}FIRST{_TO}LAST")
    known = set(names)
    return max(pairs, key=lambda pair: sum(end in known for end in pair))


def _compiled(said: str) -> re.Pattern[str]:
    try:
        return re.compile(said.removeprefix(REGULAR))
    except re.error as error:
        raise ConfigError(f"{said!r} is no regular expression: {error}") from None


def is_layer(kind: str) -> bool:
    """Whether operations of a type are convolutions, products of matrices, or recurrent."""
    known = traits(kind)
    return bool(known.linear) or known.product or known.recurrent
