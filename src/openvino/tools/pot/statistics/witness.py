"""What the float model makes of the first samples of a pass, so that a quantized one can be held against it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.parts import WHOLE, Part, parts
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView

WITNESSED = 8
"""Samples whose inferences are kept."""

_PARTS = 4
"""Inferences that are kept for each sample, where these are fed in parts."""

_ROOM = 64_000_000
"""Bytes of feeds and values from which on no further sample is kept than WITNESSED."""


@dataclass(frozen=True)
class Watched:
    """Where models are compared.

    Attributes:
        ordered: the inputs of nodes whose values can be compared: of results, or of what sorts before them.
        behind: results of layers behind what sorts, whose values may come in another order.
        parts: of each that is ordered, the kinds of values that are joined in it; empty in statistics of before.
    """

    ordered: tuple[InputId, ...] = ()
    behind: tuple[InputId, ...] = ()
    parts: tuple[tuple[Part, ...], ...] = ()

    @property
    def all(self) -> tuple[InputId, ...]:
        """Those that can be compared, then the others."""
        return self.ordered + self.behind

    @property
    def joined(self) -> tuple[tuple[Part, ...], ...]:
        """Of each that is ordered what is compared one by one."""
        return self.parts or ((WHOLE,),) * len(self.ordered)


@dataclass
class Witness:
    """Inferences of the float model, in their order.

    Attributes:
        watched: where values were kept.
        feeds: of each inference, input name to array.
        values: of each inference, an array for each place that is watched.
        fresh: of each inference, whether states had their initial values before it.
        samples: how many samples the inferences are of.
        remarks: what was found of the inferences themselves, in sentences.
        wanted: of how many samples inferences are kept, where there is room for them.
    """

    watched: Watched = field(default_factory=Watched)
    feeds: list[dict[str, NDArray[Any]]] = field(default_factory=list)
    values: list[list[NDArray[Any]]] = field(default_factory=list)
    fresh: list[bool] = field(default_factory=list)
    samples: int = 0
    remarks: list[str] = field(default_factory=list)
    wanted: int = WITNESSED
    _known: list[object] = field(default_factory=list)
    _awaited: deque[bool] = field(default_factory=deque)  # of inferences under way, whether they are kept

    @classmethod
    def joined(cls, parts: Sequence[Witness]) -> Witness:
        """The first inferences of a pass, from those of its parts in their order: as if one had seen them all."""
        if parts[0].samples >= parts[0].wanted or len(parts[0]) >= parts[0].most:
            return parts[0]
        whole = cls(parts[0].watched, wanted=max(part.wanted for part in parts))
        for part in parts:
            for feed, fresh, values in zip(part.feeds, part.fresh, part.values, strict=True):
                whole.note_feed(feed, fresh)
                whole.note_values(values)
        return whole

    def note_feed(self, feed: Mapping[str, NDArray[Any]], fresh: bool = True, sample: object = None) -> None:
        """Keep what an inference is given, if it is of one of the first samples.

        Args:
            feed: input name to array.
            fresh: whether states have their initial values.
            sample: the same object for inferences of one sample, which may take turns with others; None: a sample
                of its own.
        """
        if self.watched.all:
            self._awaited.append(self._is_wanted(sample))
            if self._awaited[-1]:
                self.feeds.append({name: np.array(value) for name, value in feed.items()})
                self.fresh.append(fresh)

    def _is_wanted(self, sample: object) -> bool:
        most = WITNESSED if self.wanted > WITNESSED and self._bytes >= _ROOM else self.wanted
        if len(self.feeds) >= _PARTS * most:
            return False
        if sample is None or not any(sample is known for known in self._known):
            if self.samples >= most:
                return False
            self.samples += 1
            self._known.append(sample)
        return True

    def note_values(self, values: Sequence[NDArray[Any]]) -> None:
        """Keep what came of the next inference, if what it was given was kept."""
        if self.watched.all and self._awaited.popleft():
            self.values.append([np.array(value) for value in values])

    @property
    def most(self) -> int:
        """The most inferences that are kept."""
        return _PARTS * self.wanted

    @property
    def _bytes(self) -> int:
        fed = sum(value.nbytes for feed in self.feeds for value in feed.values())
        return fed + sum(value.nbytes for values in self.values for value in values)

    def __len__(self) -> int:
        return len(self.values)

    def __getstate__(self) -> dict[str, Any]:
        """Without the samples themselves."""
        return {**self.__dict__, "_known": [], "_awaited": deque()}


def watched_inputs(view: GraphView) -> Watched:
    """Where outputs of a model can be compared: at its results, or where what they are sorted by is read."""
    firsts: dict[str, tuple[str, ...]] = {}  # node -> the first sorting nodes on the ways to it
    layered: set[str] = set()  # nodes with a layer between them and such a node
    ordered: dict[InputId, None] = {}
    behind: list[InputId] = []
    for name in view.nodes:
        sources = [source for source in view.inputs(name) if not _is_sorted_values(view, source, firsts)]
        firsts[name] = tuple(
            dict.fromkeys(first for source in sources for first in firsts.get(source.node, ()))
        )
        own = traits(view.type(name))
        computes = own.linear != "" or own.recurrent
        if firsts[name] and (computes or any(source.node in layered for source in sources)):
            layered.add(name)
        if not firsts[name] and own.sorts:
            firsts[name] = (name,)
    for result in view.model.get_results():  # in the order of the outputs, so that these serve as they are
        name = result.get_friendly_name()
        ordered.update(dict.fromkeys(_of_sorting(view, firsts[name]) or [InputId(name, 0)]))
        if name in layered and view.is_float(view.inputs(name)[0]):
            behind.append(InputId(name, 0))
    joined = tuple(parts(view, view.inputs(place.node)[place.port]) for place in ordered)
    return Watched(tuple(ordered), tuple(behind), joined)


def _is_sorted_values(view: GraphView, source: TensorId, firsts: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether it is what TopK gives: sorted values differ by no more than the values did."""
    return view.type(source.node) == "TopK" and source.port == 0 and firsts[source.node] == (source.node,)


def _of_sorting(view: GraphView, names: Iterable[str], steps: int = 8) -> list[InputId]:
    """The floats that sorting nodes read, or that were compared for what they read."""
    found: list[InputId] = []
    for name in names if steps else ():
        for port, source in enumerate(view.inputs(name)):
            if view.is_constant(source) or view.type(source.node) in ("Parameter", "ShapeOf"):
                continue
            if view.is_float(source):
                found.append(InputId(name, port))
            else:
                found += _of_sorting(view, [source.node], steps - 1)
    return list(dict.fromkeys(found))


def tensors_of(view: GraphView, watched: Watched) -> list[TensorId]:
    """The tensors that watched inputs read, in this model."""
    return [view.inputs(place.node)[place.port] for place in watched.all]
