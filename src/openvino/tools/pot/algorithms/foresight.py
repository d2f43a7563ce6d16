"""What the steps of a run take of memory, foreseen from shapes."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from itertools import pairwise
from math import ceil, prod

import numpy as np

from openvino.tools.pot.algorithms.job import FREE, Frugality, Job
from openvino.tools.pot.graph.segments import Layers
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.plan import WeightQuantizer
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.way import QUICK, Parts, Way

_BASE, _PER_NODE = 7_500_000, 8_000
"""Bytes of a run without its arrays, and of an operation in the copies that it makes of a network."""

_COMPILED, _COMPILED_PER_STREAM, _PACKED = 10_000, 13_000, 1.06
"""Bytes of a compiled operation, and in each stream; weights in the device's order over those that it was given."""

_OF_CONVOLUTION, _OF_MATRIX, _OF_TABLE, _OF_ROWS = 11, 8, 1.4, 6
"""Arrays as large as the weights of a layer, as those that are only looked up, and as rows of an input in float32, that
deciding about it takes."""

_FOLDED = 2.2
"""Floats that the device makes of a table's integers while it compiles, for each of them."""

_INTEGERS = 4
"""Integers of 8 bits that take the room of a float."""

_AHEAD = 4
"""Samples that are on their way from the loader to the device."""

_SLACK = 1.04
"""What the C library takes for itself."""

_BY_PARTS = 5_000_000
"""Bytes that many compilations leave behind."""


class Foresight:
    """What the steps of a run take, in bytes.

    Args:
        job: planned.
        layout: what the pass measures.
        expected: inferences of the pass.
        streams: samples that the device works on at a time, if it may choose.
        elsewhere: whether others make the pass.
    """

    def __init__(
        self, job: Job, layout: StatisticsLayout, expected: int, streams: int, elsewhere: bool = False
    ) -> None:
        view, plan = job.decisions.network.view, job.plan
        self.layers = Layers(layout.model, view.nodes)
        self._plain = Layers(view.seen, view.nodes)
        self._layout, self._expected, self._streams = layout, expected, streams
        self._elsewhere = elsewhere
        inputs = [self.layers.view.shape(each) or () for each in _inputs(self.layers)]
        self._feed = 4 * sum(prod(int(size or 1) for size in shape) for shape in inputs)
        results = [port.get_partial_shape() for port in layout.model.outputs]
        self._given = 4 * sum(prod(int(size) for size in shape.get_max_shape()) for shape in results)
        sizes = [4 * prod(int(size or 1) for size in view.shape(each.tensor) or ()) for each in plan.weights]
        layers = {each for _, _, each in job.decisions.network.layers_with_weights}
        of_tables = [size for own, size in zip(plan.weights, sizes, strict=True) if own not in layers]
        arrays = (_arrays(view, own, own in layers) for own in plan.weights)
        self._weights, self._tables = sum(sizes), sum(of_tables)
        self._largest = int(max((each * size for each, size in zip(arrays, sizes, strict=True)), default=0))
        watched = layout.witness.wanted and 4 * sum(
            prod(int(size) for size in port.get_partial_shape().get_max_shape()) for port in view.seen.outputs
        )
        self._witness = min(expected, layout.witness.wanted) * (self._feed + watched) if watched else 0
        self._checks, self._watched = job.recipe.parameters.self_check, watched
        self._base = _BASE + _PER_NODE * len(view.nodes)

    def rows(self, share: float) -> int:
        """Statistics of the whole pass, and the samples that are kept for the check."""
        return self._layout.kept_bytes(self._expected, share) + self._witness

    def compiled(self, start: int, end: int, streams: int) -> int:
        """A part of the measuring network, and what lies between its operations."""
        nodes = 1.4 * (end - start + 1)  # constants are operations, too
        weights, live = self.layers.weights[start : end + 1].sum(), self.layers.live[start : end + 1].max()
        each = _COMPILED + _COMPILED_PER_STREAM * streams
        return int(_PACKED * weights + nodes * each + streams * live)

    def measuring(self, way: Way) -> int:
        """The pass, of which only what comes of it is here where others make it."""
        rows = self._base + self.rows(way.share)
        if self._elsewhere:
            return self._slack(rows)
        streams = way.streams or self._streams
        if way.parts is None:
            requests = streams + (1 if way.streams else 2)
            whole = self.compiled(0, len(self.layers.names) - 1, streams)
            return self._slack(rows + whole + requests * self._given + (requests + _AHEAD) * self._feed)
        ends = [-1, *way.parts.cuts, len(self.layers.names) - 1]
        handed, together = self.layers.crossing, way.parts.together
        needs = []
        for start, end in pairwise(ends):
            before = int(handed[start]) if start >= 0 else 0
            needs.append(
                self.compiled(start + 1, end, streams)
                + together * (before + int(handed[end]))
                + int(handed[end])
            )
        return self._slack(rows + max(needs) + self._held(together)) + _BY_PARTS

    def _held(self, together: int) -> int:
        """Feeds and results of samples that go together."""
        return together * (self._feed + self._given) + _AHEAD * self._feed

    def deciding(self, share: float) -> int:
        """All stages."""
        levels = self._weights // _INTEGERS
        rows = _OF_ROWS * self._layout.largest_bytes(self._expected, share)
        return self._slack(
            self._base + self.rows(share) + max(self._largest, levels + self._largest // 2) + rows
        )

    def checking(self, frugal: Frugality, share: float) -> int:
        """The edit, and the check."""
        result = 0 if frugal.in_files else self._weights
        held = self._base + result + self._witness + (0 if frugal.lets_go else self.rows(share))
        if not self._checks:
            return self._slack(held + self._weights // _INTEGERS)
        nodes = len(self._plain.names)
        plain = _PACKED * self._weights + nodes * (_COMPILED + _COMPILED_PER_STREAM)
        small = (1 + _PACKED) * self._weights / _INTEGERS + 2 * nodes * (_COMPILED + _COMPILED_PER_STREAM)
        small += _FOLDED * self._tables + _PACKED * max(0, int(self._plain.weights.sum()) - self._weights)
        runs = small if frugal.lets_go else max(small, plain)
        values = min(self._expected, self._layout.witness.wanted) * self._watched
        return self._slack(int(held + runs + self._plain.live.max() + values))

    def _slack(self, count: int) -> int:
        return int(_SLACK * count)

    def without_check(self) -> Foresight:
        """The same of a run that does not check its result."""
        other = copy(self)
        other._checks, other._witness = False, 0
        return other

    def whole(self) -> int:
        """What a run takes that does nothing about it."""
        return max(self.measuring(QUICK), self.deciding(1.0), self.checking(FREE, 1.0))

    def ways(self, room: int, share: float, fewest: int) -> Iterator[Way]:
        """Those that may be within the room, the quickest first."""
        yield Way(share=share)
        if self._elsewhere:
            return
        for streams in range(self._streams - 1, 0, -1):
            yield Way(streams, share=share)
        parts = self._parts(room, share, fewest)
        if parts is not None:
            yield Way(1, parts, share)

    def _parts(self, room: int, share: float, fewest: int) -> Parts | None:
        """The parts that are compiled the least often."""
        found: list[tuple[int, Parts]] = []
        together = self._expected
        while together >= min(fewest, self._expected):
            left = (room - _BY_PARTS) / _SLACK - self._base - self.rows(share) - self._held(together)
            cuts = self._cuts(left, together)
            if cuts is not None:
                count = ceil(self._expected / together) * (len(cuts) + 1)
                found.append((count, Parts(self.layers, cuts, together)))
            together //= 2
        return min(found, key=lambda each: each[0])[1] if found else None

    def _cuts(self, room: float, together: int) -> tuple[int, ...] | None:
        """The fewest cuts that leave every part within the room; None if there are none."""
        handed, count = self.layers.crossing, len(self.layers.names)
        weights = self.layers.weights.cumsum()
        cuts: list[int] = []
        start = 0
        while True:
            before, known = (int(handed[start - 1]), weights[start - 1]) if start else (0, 0)
            each = 1.4 * (_COMPILED + _COMPILED_PER_STREAM)
            needs = (
                _PACKED * (weights[start:] - known)
                + each * np.arange(1, count - start + 1)
                + np.maximum.accumulate(self.layers.live[start:])
                + together * (before + handed[start:])
                + handed[start:]
            )
            fits = np.flatnonzero(needs <= room)
            if not len(fits):
                return None
            start += int(fits[-1]) + 1
            if start == count:
                return tuple(cuts)
            cuts.append(start - 1)


def _arrays(view: GraphView, weights: WeightQuantizer, is_layer: bool) -> float:
    """As large as weights, that deciding about them takes."""
    if not is_layer:
        return _OF_TABLE
    return _OF_CONVOLUTION if len(view.shape(weights.tensor) or ()) > 2 else _OF_MATRIX


def _inputs(layers: Layers) -> Iterator[TensorId]:
    view = layers.view
    yield from (view.outputs(name)[0] for name in layers.names if view.type(name) == "Parameter")
