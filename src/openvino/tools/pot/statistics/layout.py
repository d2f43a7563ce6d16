"""What to measure in one pass, and what came of it.

A request is a tensor, a reduction inside the graph, and an accumulator on the host. All reductions of a
layout leave the graph in one concatenated vector: many small outputs cost more than reducing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.graph.batch import batch_axes, is_batch
from openvino.tools.pot.graph.signs import is_nonnegative
from openvino.tools.pot.graph.sizes import Sizes, have_sizes, sizes_of
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.accumulators import Accumulator, Extremum, Mean, PerSample, Stack
from openvino.tools.pot.statistics.places import Places
from openvino.tools.pot.statistics.reducers import Extreme, Patches, Quantile, Reducer, Rows
from openvino.tools.pot.statistics.witness import Watched, Witness, tensors_of, watched_inputs
from openvino.tools.pot.utils.errors import EngineError

ROW_SAMPLES, PATCH_SAMPLES = 150, 64
_JOINED = 64
"""Reductions that leave the graph together: each output costs time, and compiling a concatenation of very many more."""

_STREAMED: dict[str, Callable[[int, Sequence[int]], Accumulator[Any]]] = {
    "min": lambda expected, sizes: Extremum(largest=False),
    "max": lambda expected, sizes: Extremum(largest=True),
    "mean": lambda expected, sizes: Mean(),
    "stack": lambda expected, sizes: Stack(ROW_SAMPLES, expected, sizes),
    "short stack": lambda expected, sizes: Stack(PATCH_SAMPLES, expected, sizes),
}


@dataclass(frozen=True)
class Request:
    """One statistic of one tensor.

    Attributes:
        tensor: what is measured.
        reducer: what leaves the graph at each inference.
        aggregator: how inferences become one figure: ``min``, ``max``, ``mean``, ``stack`` or ``short stack``
            (keep the vectors of a part of the samples), or one of ``PER_SAMPLE_AGGREGATORS``.
    """

    tensor: TensorId
    reducer: Reducer
    aggregator: str


@dataclass(frozen=True)
class _Block:
    """The figures of one aggregator.

    Attributes:
        where: their places in the vector that leaves the graph, once for each sample that is told apart.
        sizes: how many belong to each request.
    """

    where: tuple[NDArray[np.int64], ...]
    sizes: tuple[int, ...]


def _accumulator(aggregator: str, block: _Block, expected: int) -> Accumulator[Any]:
    """A new, empty one for as many inferences as are expected."""
    if aggregator in _STREAMED:
        return _STREAMED[aggregator](expected, block.sizes)
    return PerSample(aggregator)


@dataclass(frozen=True)
class _Answers:
    """How each request is answered: from a part of what is measured, and some without measuring.

    Attributes:
        parts: for what is measured, the places in what the accumulator of its aggregator gives.
        channels: request for a whole tensor -> the one for its channels that holds the answer.
        zeros: request for the smallest value where there are none below zero -> its size; ranges reach down to
            zero in any case.
    """

    parts: Mapping[Request, slice]
    channels: Mapping[Request, Request]
    zeros: Mapping[Request, int]


class Statistics:
    """The figures of one pass, by request; they can be pickled, and ``merge`` joins those of several passes.

    Attributes:
        samples: the number of inferences.
        witness: the first of them, with what the float model gave.
        is_finite: whether all that was measured is; kept figures are too coarse to tell afterwards.
        sizes: that all samples have, where the model leaves them open and they were asked for.
    """

    def __init__(
        self,
        accumulators: Mapping[str, Accumulator[Any]],
        answers: _Answers,
        samples: int,
        witness: Witness | None = None,
    ) -> None:
        self.witness = witness or Witness()
        self.is_finite = True
        self.sizes: Sizes = {}
        self._accumulators = dict(accumulators)
        self._answers = answers
        self._values: dict[Request, NDArray[np.float64]] = {}
        self.samples = samples

    def value(self, request: Request) -> NDArray[np.float64]:
        """The figure of a request, a vector; see ``rows`` and ``patches`` for those of kept vectors."""
        if request in self._answers.zeros:
            return np.zeros(self._answers.zeros[request])
        if request in self._answers.channels:
            of_channels = self.value(self._answers.channels[request])
            return np.asarray([of_channels.min() if request.aggregator == "min" else of_channels.max()])
        if request not in self._values:
            self._values[request] = self._part(request)  # type: ignore[assignment]
        return self._values[request]

    def kept(self, request: Request) -> int:
        """From how many samples the rows or patches of a request are."""
        stack: Stack = self._accumulators[request.aggregator]  # type: ignore[assignment]
        return len(stack)

    def _part(self, request: Request) -> NDArray[np.floating]:
        return self._accumulators[request.aggregator].value(self._answers.parts[request])

    def rows(self, request: Request) -> NDArray[np.float32]:
        """Gathered rows of a ``Rows`` request, shape ``[samples * count, channels]``."""
        assert isinstance(request.reducer, Rows)
        stacked = self._part(request)
        return stacked.reshape(len(stacked) * request.reducer.count, -1).astype(np.float32, copy=False)

    def patches(self, request: Request) -> NDArray[np.float32]:
        """Gathered patches of a ``Patches`` request, shape ``[samples * count, channels, taps]``."""
        assert isinstance(request.reducer, Patches)
        count, taps = request.reducer.count, request.reducer.window.taps
        stacked = self._part(request)
        by_tap = stacked.reshape(len(stacked) * count, taps, -1)
        return by_tap.transpose(0, 2, 1).astype(np.float32, copy=False)

    def answers(self, request: Request) -> bool:
        """Whether the pass measured what a request asks for."""
        known = self._answers
        return any(request in found for found in (known.parts, known.channels, known.zeros))

    def check(self, requests: Iterable[Request]) -> None:
        """Raise EngineError unless all of the requests are answered."""
        for request in requests:
            if not self.answers(request):
                raise EngineError(
                    f"the statistics are of another model or of other parameters: nothing at {request.tensor.node!r} "
                    f"answers {request.reducer}"
                )


class JoinedStatistics(Statistics):
    """The figures of several passes over the same samples, each with requests of its own.

    Args:
        parts: at least one; the first that answers a request counts.
    """

    def __init__(self, parts: Sequence[Statistics]) -> None:
        self._passes, self.witness = tuple(parts), parts[0].witness
        self.samples = parts[0].samples

    def value(self, request: Request) -> NDArray[np.float64]:
        """The figure of a request, a vector."""
        return self._of(request).value(request)

    def kept(self, request: Request) -> int:
        """From how many samples the rows or patches of a request are."""
        return self._of(request).kept(request)

    def answers(self, request: Request) -> bool:
        """Whether one of the passes measured what a request asks for."""
        return any(part.answers(request) for part in self._passes)

    def _part(self, request: Request) -> NDArray[np.floating]:
        return self._of(request)._part(request)

    def _of(self, request: Request) -> Statistics:
        return next(part for part in self._passes if part.answers(request))


def merge(first: Statistics, second: Statistics) -> Statistics:
    """The statistics of two parts of the samples, measured anywhere, as if one pass had seen both.

    Extremes are those of one pass to the last bit, means are up to the rounding of sums in float64, and
    aggregators over samples (``median``, ``hl_estimator``, ...) see every sample. Rows and patches, from which
    histograms and second moments are computed, are those of both parts as long as these are few enough for all to
    be kept; beyond that a part of them, spread evenly over both. Neither of the two is changed.

    Raises:
        EngineError: they are of different models or of different requests.
    """
    for each in (first, second):
        if not isinstance(each, Statistics):
            raise EngineError(f"statistics to merge are a {type(each).__name__}, expected those of a pass")
    if first._answers != second._answers:
        raise EngineError("statistics of different models or requests can't be merged")
    accumulators = deepcopy(first._accumulators)
    for block, accumulator in accumulators.items():
        accumulator.merge(second._accumulators[block])
    return Statistics(accumulators, first._answers, first.samples + second.samples, first.witness)


class OtherSizesError(EngineError):
    """An inference was of other sizes than samples were said to have.

    Attributes:
        sizes: that it was of.
        position: of the inference in the pass.
    """

    def __init__(self, sizes: Sizes, position: int) -> None:
        super().__init__(f"inference {position} is of other sizes than the samples before: {dict(sizes)}")
        self.sizes, self.position = sizes, position


class Collector:
    """Takes the outputs of inferences, in sample order.

    Attributes:
        samples: how many it took.
    """

    def __init__(
        self,
        accumulators: dict[str, Accumulator[Any]],
        blocks: Mapping[str, _Block],
        answers: _Answers,
        witness: Witness,
    ) -> None:
        self._accumulators, self._blocks, self._answers = accumulators, blocks, answers
        self._witness = witness
        self._is_finite = True
        self.samples = 0

    def add(self, outputs: Sequence[NDArray[Any]]) -> None:
        """Take the outputs of one inference, vectors and then what is watched; they may be overwritten afterwards."""
        self.samples += 1
        count = len(outputs) - len(self._witness.watched.all)
        self._witness.note_values(outputs[count:])
        vectors = [np.asarray(part, np.float32) for part in outputs[:count]]
        vector = vectors[0] if count == 1 else np.concatenate(vectors)
        self._is_finite = self._is_finite and bool(np.isfinite(vector.sum(dtype=np.float64)))
        for name, accumulator in self._accumulators.items():
            for where in self._blocks[name].where:
                accumulator.update(vector, where)

    def statistics(self) -> Statistics:
        """The figures of all of them."""
        found = Statistics(self._accumulators, self._answers, self.samples, self._witness)
        found.is_finite = self._is_finite
        return found


class StatisticsLayout:
    """The requests of one pass over a model, and the model that answers them.

    Args:
        model: the float model; it is not changed.
        requests: what to measure; equal ones and equal reductions are computed once, and what follows from
            others or from the graph not at all.
        batch: how many samples the model always takes at a time.
        batch_axis: of its inputs, along which they lie.
        watches: whether the first inferences are kept, with what the model gave.
        guarded: whether zero is measured in place of values that are not finite, which costs time.
        seen: the model with inputs of the sizes that samples have, where it leaves sizes open.

    Attributes:
        float_model: what is measured.
        model: gives the vectors of reductions.
        places: what ``model`` is fed beside the sample.
        is_per_sample: whether there are figures that have to be of one sample each.
    """

    def __init__(
        self,
        model: ov.Model,
        requests: Iterable[Request],
        batch: int = 1,
        batch_axis: int = 0,
        watches: bool = False,
        guarded: bool = False,
        seen: ov.Model | None = None,
    ) -> None:
        sized = model if seen is None else seen
        view, asked = GraphView(sized), tuple(dict.fromkeys(requests))
        zeros = {r: _size(view, r) for r in asked if _is_zero(view, r)}
        channels = _known_by_channels([request for request in asked if request not in zeros])
        measured = [request for request in asked if request not in zeros and request not in channels]
        self.is_per_sample = any(_is_per_sample(request) for request in measured)
        followed = self.is_per_sample and batch > 1 and is_batch(model, batch_axis)
        axes = batch_axes(view, batch_axis) if followed else {}
        reducers = {request: _of_samples(request, axes) for request in measured}
        slices = _laid_out(view, [(request.tensor, reducer) for request, reducer in reducers.items()])
        by_block: dict[str, list[Request]] = {}
        for request in measured:
            by_block.setdefault(request.aggregator, []).append(request)
        parts: dict[Request, slice] = {}
        self._blocks: dict[str, _Block] = {}
        for aggregator, own in by_block.items():
            sizes = tuple(_size(view, request) for request in own)
            pieces = [slices[request.tensor, reducers[request]] for request in own]
            self._blocks[aggregator] = _Block(_places(pieces, sizes), sizes)
            ends = np.cumsum([0, *sizes]).tolist()
            parts.update(zip(own, map(slice, ends[:-1], ends[1:]), strict=True))
        self._answers = _Answers(parts, channels, zeros)
        self.float_model, self._slices = model, slices
        self.witness = Witness(watched_inputs(view) if watches else Watched())
        self._guarded = guarded
        self.places, self.model = _instrument(sized, slices, self.witness, guarded=guarded)
        self._sized = seen

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
        if self._sized is not None and not have_sizes(self._sized, feed):
            raise OtherSizesError(sizes_of(feed), position)
        self.witness.note_feed(feed, fresh, sample)
        return {**feed, **self.places.feed(position, feed)}

    def with_outputs(self, numbers: Sequence[int]) -> StatisticsLayout:
        """The same layout with a model that gives outputs of the float model too, behind the vectors.

        Args:
            numbers: of those outputs, in the float model's order.
        """
        other = copy(self)
        other.places, other.model = _instrument(
            self._sized or self.float_model, self._slices, self.witness, numbers, self._guarded
        )
        return other

    def collector(self, expected: int = 1) -> Collector:
        """What takes the outputs of inferences; see ``collect``."""
        accumulators = {name: _accumulator(name, block, expected) for name, block in self._blocks.items()}
        return Collector(accumulators, self._blocks, self._answers, self.witness)

    def collect(self, inferences: Iterable[Sequence[NDArray[Any]]], expected: int = 1) -> Statistics:
        """Take the outputs of each inference, in sample order; they may be overwritten afterwards.

        Args:
            inferences: the output vectors of each.
            expected: how many there will be, as far as that is known; of many, some statistics need a part only.
        """
        collector = self.collector(expected)
        for outputs in inferences:
            collector.add(outputs)
        return collector.statistics()


def _size(view: GraphView, request: Request) -> int:
    return request.reducer.size(view.shape(request.tensor) or ())


def _is_zero(view: GraphView, request: Request) -> bool:
    reducer = request.reducer
    smallest = isinstance(reducer, Extreme) and reducer.kind == request.aggregator == "min"
    return smallest and is_nonnegative(view, request.tensor)


def _known_by_channels(requests: Sequence[Request]) -> dict[Request, Request]:
    """Requests for the extreme of a whole tensor of which that of each channel is asked for too."""
    extremes = {
        request: reducer
        for request in requests
        if isinstance(reducer := request.reducer, Extreme) and reducer.kind == request.aggregator != "mean"
    }
    of_channels = {(r.tensor, e.kind): r for r, e in extremes.items() if e.axis is not None}
    return {
        request: of_channels[request.tensor, extreme.kind]
        for request, extreme in extremes.items()
        if extreme.axis is None and (request.tensor, extreme.kind) in of_channels
    }


def _is_per_sample(request: Request) -> bool:
    """Whether the figure of two samples together is another than those of each, aggregated."""
    if not isinstance(request.reducer, (Extreme, Quantile)):
        return False
    kind = request.reducer.kind if isinstance(request.reducer, Extreme) else ""
    return (kind, request.aggregator) not in (("min", "min"), ("max", "max"), ("abs_max", "max"))


def _of_samples(request: Request, axes: Mapping[TensorId, int]) -> Reducer:
    """The reducer of a request, for each sample of a batch where that is asked for and the batch can be followed."""
    reducer, axis = request.reducer, axes.get(request.tensor)
    if axis is None or not isinstance(reducer, (Extreme, Quantile)) or not _is_per_sample(request):
        return reducer
    return reducer if reducer.axis == axis else replace(reducer, batch=axis)


def _places(pieces: Sequence[slice], sizes: Sequence[int]) -> tuple[NDArray[np.int64], ...]:
    """The figures of each sample; a piece without figures of its own for each counts for all of them."""
    count = max((piece.stop - piece.start) // size for piece, size in zip(pieces, sizes, strict=True))
    rows = [
        np.arange(piece.start, piece.stop).reshape(-1, size)
        for piece, size in zip(pieces, sizes, strict=True)
    ]
    whole = np.concatenate([np.broadcast_to(own, (count, own.shape[1])) for own in rows], axis=1)
    return tuple(whole)


def _laid_out(
    view: GraphView, reductions: Iterable[tuple[TensorId, Reducer]]
) -> dict[tuple[TensorId, Reducer], slice]:
    """The place of each reduction in the vector: in the order in which the model computes the tensors.

    The device goes through the inputs of the concatenation one by one and computes what each needs: in this
    order a tensor is reduced while it is in the caches, and its memory is free again soon.
    """
    keys = {(tensor, reducer): reducer.size(view.shape(tensor) or ()) for tensor, reducer in reductions}
    slices, end = {}, 0
    for key in sorted(keys, key=lambda key: view.order[key[0].node]):
        slices[key] = slice(end, end + keys[key])
        end += keys[key]
    return slices


def _instrument(
    model: ov.Model,
    wanted: Iterable[tuple[TensorId, Reducer]],
    witness: Witness,
    outputs: Sequence[int] = (),
    guarded: bool = False,
) -> tuple[Places, ov.Model]:
    """A clone whose outputs are concatenations of the reductions, what is watched, and some outputs of its own."""
    clone = model.clone()
    view = GraphView(clone)
    places = Places(view)
    sources = {tensor: view.output(tensor) for tensor, _ in wanted}
    if guarded:
        sources = {tensor: _finite(source) for tensor, source in sources.items()}
    vectors = [reducer.reduce(sources[tensor], places) for tensor, reducer in wanted]
    vectors = vectors or [op.constant(np.zeros(1, np.float32)).output(0)]  # nothing to measure is no error
    parts = [vectors[start : start + _JOINED] for start in range(0, len(vectors), _JOINED)]
    joined = [op.concat(part, 0).output(0) if len(part) > 1 else part[0] for part in parts]
    places.connect()
    results = [op.result(part, name=f"statistics_{number}").output(0) for number, part in enumerate(joined)]
    results += [op.result(view.output(each)).output(0) for each in tensors_of(view, witness.watched)]
    results += [clone.get_results()[number].output(0) for number in outputs]
    parameters = [*clone.get_parameters(), *places.parameters]
    return places, ov.Model(results, clone.get_sinks(), parameters, clone.get_friendly_name())


def _finite(source: ov.Output) -> ov.Output:
    """A tensor with zero, which every range holds, in place of what is not finite."""
    zero = op.constant(np.zeros((), source.get_element_type().to_dtype()))
    return op.select(op.is_finite(source), source, zero).output(0)
