"""What the float model makes of the first samples of a pass, so that a quantized one can be held against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView

WITNESSED = 8
"""Inferences that are kept."""

_ORDERING = frozenset(
    {
        *(
            "DetectionOutput",
            "GenerateProposals",
            "MatrixNms",
            "MulticlassNms",
            "NMSRotated",
            "NonMaxSuppression",
        ),
        *("NonMaxSuppressionIEInternal", "NonZero", "Proposal", "TopK", "Unique", "PSROIPooling"),
        *("ExperimentalDetectronDetectionOutput", "ExperimentalDetectronGenerateProposalsSingleImage"),
        *("ExperimentalDetectronTopKROIs", "CTCGreedyDecoder", "CTCGreedyDecoderSeqLen", "Multinomial"),
    }
)
"""Operations that choose or sort: behind them a small difference changes the place of everything."""


@dataclass
class Witness:
    """Inferences of the float model, in their order.

    Attributes:
        watched: the inputs of nodes whose values were kept: of results, or of what sorts before them.
        feeds: of each inference, input name to array.
        values: of each inference, an array for each of ``watched``.
        fresh: of each inference, whether states had their initial values before it.
    """

    watched: tuple[InputId, ...] = ()
    feeds: list[dict[str, NDArray[Any]]] = field(default_factory=list)
    values: list[list[NDArray[Any]]] = field(default_factory=list)
    fresh: list[bool] = field(default_factory=list)

    def note_feed(self, feed: Mapping[str, NDArray[Any]], fresh: bool = True) -> None:
        """Keep what an inference is given, if it is one of the first."""
        if self.watched and len(self.feeds) < WITNESSED:
            self.feeds.append({name: np.array(value) for name, value in feed.items()})
            self.fresh.append(fresh)

    def note_values(self, values: Sequence[NDArray[Any]]) -> None:
        """Keep what came of the next inference, if it is one of the first."""
        if self.watched and len(self.values) < WITNESSED:
            self.values.append([np.array(value) for value in values])

    def __len__(self) -> int:
        return len(self.values)


def watched_inputs(view: GraphView) -> tuple[InputId, ...]:
    """Where outputs of a model can be compared: at its results, or where what they are sorted by is read."""
    firsts: dict[str, tuple[str, ...]] = {}  # node -> the first sorting nodes on the ways to it
    for name in view.nodes:
        sources = [source.node for source in view.inputs(name)]
        before = tuple(dict.fromkeys(first for source in sources for first in firsts.get(source, ())))
        if not before and view.type(name) in _ORDERING:
            before = (name,)
        firsts[name] = before
    found: dict[InputId, None] = {}
    for name in view.nodes:
        if view.type(name) == "Result":
            for place in _of_sorting(view, firsts[name]) or [InputId(name, 0)]:
                found[place] = None
    return tuple(found)


def _of_sorting(view: GraphView, names: tuple[str, ...]) -> list[InputId]:
    """The data that sorting nodes read."""
    return [
        InputId(name, port)
        for name in names
        for port, source in enumerate(view.inputs(name))
        if view.is_float(source) and not view.is_constant(source)
    ]


def tensors_of(view: GraphView, watched: tuple[InputId, ...]) -> list[TensorId]:
    """The tensors that watched inputs read, in this model."""
    return [view.inputs(place.node)[place.port] for place in watched]
