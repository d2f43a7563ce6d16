"""A model that measures: the reductions that requests ask for, appended to a clone of it.

All reductions of a layout leave the graph in one concatenated vector: many small outputs cost more than reducing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.graph.batch import batch_axes, is_batch
from openvino.tools.pot.graph.sizes import Sizes, fits, input_shapes, sizes_of
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.accumulators import STACKED, bytes_of
from openvino.tools.pot.statistics.measured import Answers, Block, Statistics
from openvino.tools.pot.statistics.phases import Phases
from openvino.tools.pot.statistics.places import Places
from openvino.tools.pot.statistics.reducers import Reducer
from openvino.tools.pot.statistics.requests import Request, known_by_channels
from openvino.tools.pot.statistics.way import QUICK, Way
from openvino.tools.pot.statistics.witness import Watched, Witness, tensors_of, watched_inputs
from openvino.tools.pot.utils.errors import EngineError

_JOINED = 64
"""Reductions that leave the graph together: each output costs time, and compiling a concatenation of very many more."""


class OtherSizesError(EngineError):
    """An inference was of other sizes than samples were said to have.

    Attributes:
        sizes: that it was of.
        position: of the inference in the pass.
    """

    def __init__(self, sizes: Sizes, position: int) -> None:
        super().__init__(f"inference {position} is of other sizes than the samples before: {dict(sizes)}")
        self.sizes, self.position = sizes, position

    def __reduce__(self) -> tuple[Any, ...]:
        return OtherSizesError, (dict(self.sizes), self.position)


@dataclass(frozen=True)
class Span:
    """Which inferences of a pass there will be.

    Attributes:
        start: the position of the first one.
        whole: how many the pass has; None: it begins and ends with these.
    """

    start: int = 0
    whole: int | None = None


class StatisticsLayout:
    """The requests of one pass over a model, and the model that answers them.

    Args:
        model: the float model; it is not changed.
        requests: what to measure; equal ones and equal reductions are computed once, and what follows from
            others or from the graph not at all.
        batch: how many samples the model always takes at a time.
        batch_axis: of its inputs, along which they lie.
        watches: of how many samples of the pass the inferences are kept, with what the model gave, as far as there is
            room.
        guarded: whether zero is measured in place of values that are not finite, which costs time.
        seen: the model with inputs of the sizes that samples have, where it leaves sizes open.
        span: which inferences of the pass there will be.

    Attributes:
        float_model: what is measured.
        model: gives the vectors of reductions.
        phases: what ``model`` is fed beside the sample.
        span: which inferences of the pass there will be.
        is_per_sample: whether there are figures that have to be of one sample each.
        way: how the pass goes through the network.
    """

    is_split = True
    """Whether parts of the samples can be measured by themselves."""

    def __init__(
        self,
        model: ov.Model,
        requests: Iterable[Request],
        batch: int = 1,
        batch_axis: int = 0,
        watches: int = 0,
        guarded: bool = False,
        seen: ov.Model | None = None,
        span: Span = Span(),
    ) -> None:
        sized = model if seen is None else seen
        view, asked = GraphView(sized), tuple(dict.fromkeys(requests))
        zeros = {request: request.size(view) for request in asked if request.is_zero(view)}
        channels = known_by_channels([request for request in asked if request not in zeros])
        measured = [request for request in asked if request not in zeros and request not in channels]
        self.is_per_sample = any(request.is_per_sample for request in measured)
        followed = self.is_per_sample and batch > 1 and is_batch(model, batch_axis)
        axes = batch_axes(view, batch_axis) if followed else {}
        reducers = {request: request.reducer_along(axes) for request in measured}
        slices = _laid_out(view, [(request.tensor, reducer) for request, reducer in reducers.items()])
        pieces = {request: slices[request.tensor, reducer] for request, reducer in reducers.items()}
        self._blocks, parts = _blocks(view, pieces)
        self._answers = Answers(parts, channels, zeros)
        self.float_model = self._source = model
        self._slices = slices
        self._watches = watches
        watched = max(0, watches - span.start)
        self.witness = Witness(watched_inputs(view) if watched else Watched(), wanted=watched)
        self._guarded, self._seen, self.span = guarded, seen, span
        self._shapes = None if seen is None else input_shapes(seen)
        self.way: Way = QUICK
        self.phases, self.model = self._instrumented()

    def feed(
        self, position: int, feed: Mapping[str, NDArray[Any]], fresh: bool = True, sample: object = None
    ) -> dict[str, NDArray[Any]]:
        """What the measuring model gets for what the float one is given; the first ones are kept.

        Args:
            position: of the inference in the pass.
            feed: input name to array.
            fresh: whether states have their initial values.
            sample: that it is of; see ``Witness.note_feed``.

        Raises:
            OtherSizesError: it is not of the sizes that samples were said to have.
        """
        if self._shapes is not None and not fits(self._shapes, feed):
            raise OtherSizesError(sizes_of(feed), position)
        self.witness.note_feed(feed, fresh, sample)
        return {**feed, **self.phases.feed(position, feed)}

    def part(self, span: Span) -> StatisticsLayout:
        """The same layout for some inferences of the pass, with the same model."""
        other = copy(self)
        other.span = span
        other.witness = Witness(self.witness.watched, wanted=max(0, self._watches - span.start))
        return other

    @property
    def most_watched(self) -> int:
        """Of how many inferences it may depend on those before whether they are kept."""
        return self.witness.most

    def __getstate__(self) -> dict[str, Any]:
        """Without models, which travel by themselves, and without what this process does to save memory."""
        models = dict.fromkeys(("float_model", "model", "_source", "_seen"))
        return {**self.__dict__, **models, "way": Way(share=self.way.share)}

    def kept_bytes(self, expected: int, share: float) -> int:
        """What is kept of all inferences of a pass.

        Args:
            expected: inferences in the pass.
            share: of the vectors that are kept otherwise.
        """
        sizes = {name: sum(own.sizes) * len(own.where) for name, own in self._blocks.items()}
        return sum(size * bytes_of(name, expected, share) for name, size in sizes.items())

    def largest_bytes(self, expected: int, share: float) -> int:
        """In float32, the most that is kept of a tensor, of vectors; see ``kept_bytes``."""
        kept = (
            (2 * bytes_of(name, expected, share), own)
            for name, own in self._blocks.items()
            if name in STACKED
        )
        return max((each * max(own.sizes) for each, own in kept), default=0)

    def awaits(self, position: int) -> bool:
        """Whether outputs of inferences before this one must be taken before it is fed."""
        return False

    def with_outputs(self, numbers: Sequence[int]) -> StatisticsLayout:
        """The same layout with a model that gives outputs of the float model too, behind the vectors.

        Args:
            numbers: of those outputs, in the float model's order.
        """
        other = copy(self)
        other.phases, other.model = self._instrumented(numbers)
        return other

    def _instrumented(self, outputs: Sequence[int] = ()) -> tuple[Phases, ov.Model]:
        """A clone that gives concatenations of the reductions, what is watched, and some outputs of its own."""
        clone = (self._seen or self._source).clone()
        view = GraphView(clone)
        places = Places(view)
        sources = {tensor: view.output(tensor) for tensor, _ in self._slices}
        if self._guarded:
            sources = {tensor: _finite(source) for tensor, source in sources.items()}
        vectors = [reducer.reduce(sources[tensor], places) for tensor, reducer in self._slices]
        # Nothing to measure is no error.
        vectors = vectors or [op.constant(np.zeros(1, np.float32)).output(0)]
        parts = [vectors[start : start + _JOINED] for start in range(0, len(vectors), _JOINED)]
        joined = [op.concat(part, 0).output(0) if len(part) > 1 else part[0] for part in parts]
        places.connect()
        results = [op.result(part, name=f"statistics_{number}") for number, part in enumerate(joined)]
        results += [op.result(view.output(each)) for each in tensors_of(view, self.witness.watched)]
        results += [clone.get_results()[number] for number in outputs]
        parameters = [*clone.get_parameters(), *places.parameters]
        outs = [result.output(0) for result in results]
        return places.phases, ov.Model(outs, clone.get_sinks(), parameters, clone.get_friendly_name())

    def empty(self, expected: int = 1) -> Statistics:
        """Statistics that wait for the outputs of inferences; see ``collect``."""
        whole = expected if self.span.whole is None else self.span.whole
        return Statistics(self._blocks, self._answers, self.witness, whole, self.span.start, self.way.share)

    def collect(self, inferences: Iterable[Sequence[NDArray[Any]]], expected: int = 1) -> Statistics:
        """Take the outputs of each inference, in sample order; they may be overwritten afterwards.

        Args:
            inferences: the output vectors of each.
            expected: how many there will be, as far as that is known; of many, some statistics need a part only.
        """
        statistics = self.empty(expected)
        for outputs in inferences:
            statistics.add(outputs)
        return statistics


def _blocks(
    view: GraphView, pieces: Mapping[Request, slice]
) -> tuple[dict[str, Block], dict[Request, slice]]:
    """Of requests with their places in the vector the block of each aggregator, and their places in what that gives."""
    blocks: dict[str, Block] = {}
    parts: dict[Request, slice] = {}
    for aggregator in dict.fromkeys(request.aggregator for request in pieces):
        own = [request for request in pieces if request.aggregator == aggregator]
        sizes = tuple(request.size(view) for request in own)
        blocks[aggregator] = Block(_places([pieces[request] for request in own], sizes), sizes)
        ends = accumulate(sizes, initial=0)
        parts.update((request, slice(*extent)) for request, extent in zip(own, pairwise(ends), strict=True))
    return blocks, parts


def _places(pieces: Sequence[slice], sizes: Sequence[int]) -> tuple[NDArray[np.int64], ...]:
    """The figures of each sample; a piece without figures of its own for each counts for all of them."""
    pairs = zip(pieces, sizes, strict=True)
    rows = [np.arange(piece.start, piece.stop).reshape(-1, size) for piece, size in pairs]
    count = max(len(own) for own in rows)
    return tuple(np.concatenate([np.broadcast_to(own, (count, own.shape[1])) for own in rows], axis=1))


def _laid_out(
    view: GraphView, reductions: Iterable[tuple[TensorId, Reducer]]
) -> dict[tuple[TensorId, Reducer], slice]:
    """The place of each reduction in the vector: in the order in which the model computes the tensors.

    The device goes through the inputs of the concatenation one by one and computes what each needs: in this
    order a tensor is reduced while it is in the caches, and its memory is free again soon.
    """
    keys = {(tensor, reducer): reducer.size(view.shape(tensor) or ()) for tensor, reducer in reductions}
    ordered = sorted(keys, key=lambda key: view.order[key[0].node])
    ends = accumulate((keys[key] for key in ordered), initial=0)
    return {key: slice(*extent) for key, extent in zip(ordered, pairwise(ends), strict=True)}


def _finite(source: ov.Output) -> ov.Output:
    """A tensor with zero, which every range holds, in place of what is not finite."""
    zero = op.constant(np.zeros((), source.get_element_type().to_dtype()))
    return op.select(op.is_finite(source), source, zero).output(0)
