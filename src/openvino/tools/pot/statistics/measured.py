"""What came of a pass: taken inference by inference, asked for by request, merged with what other passes found."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.graph.digest import short_digest
from openvino.tools.pot.graph.sizes import Sizes
from openvino.tools.pot.statistics.accumulators import accumulator
from openvino.tools.pot.statistics.kept import Kept
from openvino.tools.pot.statistics.reducers import Patches, Rows
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.statistics.stack import Stack
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.errors import EngineError

T = TypeVar("T")


@dataclass(frozen=True)
class Block:
    """The figures of one aggregator.

    Attributes:
        where: their places in the vector that leaves the graph, once for each sample that is told apart.
        sizes: how many belong to each request.
    """

    where: tuple[NDArray[np.int64], ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Answers:
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

    Args:
        blocks: by aggregator, what it aggregates.
        answers: to requests, from what is aggregated.
        witness: keeps the first inferences.
        expected: how many there will be in the whole pass, as far as that is known; of many, some statistics need a
            part only.
        start: the position of the first one in the pass.
        share: of the vectors that are kept otherwise.

    Attributes:
        samples: how many they are of, as whoever made the pass says; until then as many as inferences.
        witness: the first of them, with what the float model gave.
        is_finite: whether all that was measured is; kept figures are too coarse to tell afterwards.
        sizes: that all samples have, where the model leaves them open and they were asked for.
    """

    def __init__(
        self,
        blocks: Mapping[str, Block],
        answers: Answers,
        witness: Witness,
        expected: int,
        start: int = 0,
        share: float = 1.0,
    ) -> None:
        self.witness, self.samples, self.is_finite = witness, 0, True
        self.sizes: Sizes = {}
        self._spans, self._witnesses = [(start, start)], {start: witness}
        self._blocks, self._answers = blocks, answers
        self._accumulators = {
            name: accumulator(name, expected, own.sizes, share) for name, own in blocks.items()
        }
        self._values: dict[Request, NDArray[np.float64]] = {}
        self._digest = ""

    def add(self, outputs: Sequence[NDArray[Any]]) -> None:
        """Take the outputs of one inference, vectors and then what is watched; they may be overwritten afterwards."""
        self.samples += 1
        count = len(outputs) - len(self.witness.watched.all)
        self.witness.note_values(outputs[count:])
        vectors = [np.asarray(part, np.float32) for part in outputs[:count]]
        vector = vectors[0] if count == 1 else np.concatenate(vectors)
        self.is_finite = self.is_finite and bool(np.isfinite(vector.sum(dtype=np.float64)))
        ((start, position),) = self._spans
        self._spans = [(start, position + 1)]
        for name, own in self._accumulators.items():
            places = self._blocks[name].where
            for number, where in enumerate(places):
                own.update(position * len(places) + number, vector, where)

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

    def once(self, key: Hashable, make: Callable[[], T], spare: bool = False) -> T:
        """What is computed of the figures; kept where it is likely to be asked for again.

        Args:
            key: all that it depends on but the figures themselves.
            make: gives arrays, or tuples or data classes of them, which nobody changes.
            spare: whether it could be done without, and is kept only where there is much room.
        """
        return make()

    def kept(self, request: Request) -> int:
        """From how many samples the rows or patches of a request are."""
        stack: Stack = self._accumulators[request.aggregator]  # type: ignore[assignment]
        return len(stack)

    def _part(self, request: Request) -> NDArray[np.floating]:
        return self._accumulators[request.aggregator].value(self._answers.parts[request])

    @property
    def spans(self) -> Sequence[tuple[int, int]]:
        """First positions of inferences in the pass, and those behind the last ones, where nothing is between."""
        return self._spans

    @property
    def digest(self) -> str:
        """Of all figures, in hexadecimal letters; asked for when the pass is over.

        The same model, samples and requests give the same one, in any process and however many requests ran.
        """
        if not self._digest:
            names = sorted(self._accumulators)
            self._digest = short_digest(part for name in names for part in self._accumulators[name].parts())
        return self._digest

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

    def copied(self) -> Statistics:
        """The same, to be joined with others."""
        other = copy(self)
        other._accumulators = deepcopy(self._accumulators)
        return other

    def join(self, other: Statistics) -> Statistics:
        """Take those of another part in, which stays as it is; see ``merge``.

        Raises:
            EngineError: they are of different models or of different requests.
        """
        if self._answers != other._answers or self.sizes != other.sizes:
            raise EngineError("statistics of different models or requests can't be merged")
        by = 0
        if _overlap([*self._spans, *other._spans]):
            places = max((len(block.where) for block in self._blocks.values()), default=1)
            whole = 1 << (places * other._spans[-1][1]).bit_length()  # no branch of a mean's tree is longer
            by = -(-self._spans[-1][1] // whole) * whole
        self.samples, self.is_finite = self.samples + other.samples, self.is_finite and other.is_finite
        self._spans = _joined([*self._spans, *((start + by, stop + by) for start, stop in other._spans)])
        witnesses = {**self._witnesses, **{at + by: own for at, own in other._witnesses.items()}}
        first = min(witnesses)
        self._witnesses = {at: own for at, own in witnesses.items() if at == first or len(own)}
        self.witness = Witness.joined([self._witnesses[at] for at in sorted(self._witnesses)])
        for name, own in self._accumulators.items():
            places = len(self._blocks[name].where)
            own.merge(other._accumulators[name].moved(by * places))  # type: ignore[arg-type]
        self._values, self._digest = {}, ""
        return self

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
        computed: what earlier decisions computed of the same passes.
    """

    def __init__(self, parts: Sequence[Statistics], computed: Kept | None = None) -> None:
        self._passes, self.witness = tuple(parts), parts[0].witness
        self.samples, self.sizes, self.is_finite = parts[0].samples, parts[0].sizes, True
        self._computed = Kept() if computed is None else computed

    @property
    def digest(self) -> str:
        """Of the figures of all passes; of a single one its own."""
        if len(self._passes) == 1:
            return self._passes[0].digest
        return short_digest(part.digest.encode() for part in self._passes)

    def value(self, request: Request) -> NDArray[np.float64]:
        """The figure of a request, a vector."""
        return self._of(request).value(request)

    def once(self, key: Hashable, make: Callable[[], T], spare: bool = False) -> T:
        """What is computed of the figures, or was before."""
        return self._computed.once(key, make, spare)

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


def unanswered(requests: Iterable[Request], known: Sequence[Statistics]) -> tuple[Request, ...]:
    """The requests that none of several passes answers."""
    return tuple(each for each in requests if not any(own.answers(each) for own in known))


def unmeasured() -> Statistics:
    """Statistics for whoever asks for none."""
    return Statistics({}, Answers({}, {}, {}), Witness(), expected=0)


Measured = dict[str, Statistics]
"""Statistics of networks, by their names."""

MeasuredModel = Statistics | Measured
"""Statistics of a model; of a cascade those of its networks."""


@overload
def merge(first: Statistics, second: Statistics) -> Statistics: ...
@overload
def merge(first: Measured, second: Measured) -> Measured: ...


def merge(first: MeasuredModel, second: MeasuredModel) -> MeasuredModel:
    """The statistics of two parts of the samples, measured anywhere, as if one pass had seen both.

    Parts of one pass know where their samples are in it (``part`` of ``Pipeline.collect_statistics``): merged in any
    order and however they are split, they are what one pass finds, to the last bit. Of parts that count from the
    same sample the second is taken as what comes behind the first. Neither of the two is changed.

    Those of a cascade are merged network by network.

    Raises:
        EngineError: they are of different models or of different requests.
    """
    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
        return {name: merge(first[name], second[name]) for name in first}
    if not isinstance(first, Statistics) or not isinstance(second, Statistics):
        kinds = " and a ".join(type(each).__name__ for each in (first, second))
        raise EngineError(f"statistics to merge are a {kinds}, expected those of two passes over one model")
    return first.copied().join(second)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in their order, those that follow each other as one."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if found and found[-1][1] == start:
            start = found.pop()[0]
        found.append((start, stop))
    return found


def _overlap(spans: Iterable[tuple[int, int]]) -> bool:
    return any(stop > start for (_, stop), (start, _) in pairwise(sorted(spans)))
