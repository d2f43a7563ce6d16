"""What to measure: a tensor, a reduction inside the graph, what becomes of it over the samples, how many rows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from openvino.tools.pot.graph.batch import fixed_batch, is_batch
from openvino.tools.pot.graph.geometry import LinearLayer, window
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.values import is_nonnegative
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.reducers import Extreme, Patches, Quantile, Reducer, Rows

_VALUES_PER_SAMPLE = 2048
_VALUES_OF_PATCHES = 8192
MANY_VALUES = 16384
"""Of a tensor and sample, where inputs must be told apart from each other."""
_FEWEST_PATCHES, _MOST_PATCHES = 4, 32
_FEWEST_ROWS, _MOST_ROWS = 4, 256


@dataclass(frozen=True)
class Request:
    """One statistic of one tensor.

    Attributes:
        tensor: what is measured.
        reducer: what leaves the graph at each inference.
        aggregator: how inferences become one figure: ``min``, ``max``, ``mean``, ``stack``, ``short stack`` or
            ``long stack`` (keep the vectors of a part of the samples), or one of ``PER_SAMPLE_AGGREGATORS``.
    """

    tensor: TensorId
    reducer: Reducer
    aggregator: str

    @property
    def is_per_sample(self) -> bool:
        """Whether the figure of two samples together is another than those of each, aggregated."""
        if not isinstance(self.reducer, (Extreme, Quantile)):
            return False
        kind = self.reducer.kind if isinstance(self.reducer, Extreme) else ""
        return (kind, self.aggregator) not in (("min", "min"), ("max", "max"), ("abs_max", "max"))

    def size(self, view: GraphView) -> int:
        """How many figures it is."""
        return self.reducer.size(view.shape(self.tensor) or ())

    def is_zero(self, view: GraphView) -> bool:
        """Whether it asks for the smallest value of what has none below zero."""
        smallest = isinstance(self.reducer, Extreme) and self.reducer.kind == self.aggregator == "min"
        return smallest and is_nonnegative(view, self.tensor)

    def reducer_along(self, axes: Mapping[TensorId, int]) -> Reducer:
        """The reducer, for each sample of a batch where that is asked for and the batch can be followed."""
        reducer, axis = self.reducer, axes.get(self.tensor)
        if axis is None or not isinstance(reducer, (Extreme, Quantile)) or not self.is_per_sample:
            return reducer
        return reducer if reducer.axis == axis else replace(reducer, batch=axis)


def known_by_channels(requests: Sequence[Request]) -> dict[Request, Request]:
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


def rows_request(
    view: GraphView, tensor: TensorId, axis: int, values: int = _VALUES_PER_SAMPLE
) -> Request | None:
    """Ask for rows along an axis: enough for about so many values of each sample.

    Every stage asks through here, so that equal wishes fall together. None where the number of channels is
    dynamic.
    """
    shape = view.shape(tensor)
    if not shape or shape[axis] is None:
        return None
    count = min(max(values // (shape[axis] or 1), _FEWEST_ROWS), _MOST_ROWS)
    others = [size for position, size in enumerate(shape) if position != axis % len(shape)]
    if None not in others:
        count = min(count, prod(size or 1 for size in others))
    return Request(tensor, Rows(axis % len(shape), count), "stack")


def has_many_rows(view: GraphView, tensor: TensorId, axis: int) -> bool:
    """Whether each sample gives more than one row: a few hundred values of a channel tell little of its range."""
    shape = view.shape(tensor)
    if not shape or not -len(shape) <= axis < len(shape) or shape[axis] is None:
        return False
    samples = fixed_batch(view.seen) if is_batch(view.model) else 1
    one = [(1, samples), *[(1,)] * (len(shape) - 1)]  # along the first axis lie the samples of a fixed batch
    return any(size not in one[at] for at, size in enumerate(shape) if at != axis % len(shape))


def patches_request(
    view: GraphView, node: str, values: int = _VALUES_OF_PATCHES, aggregator: str = "short stack"
) -> Request | None:
    """Ask for patches of a convolution's input; None where an extent is dynamic or it is no convolution."""
    geometry, tensor = window(view, node), view.inputs(node)[0]
    shape = view.shape(tensor)
    if geometry is None or shape is None or shape[1] is None:
        return None
    most = _MOST_PATCHES * values // _VALUES_OF_PATCHES
    count = min(max(values // (shape[1] * geometry.taps), _FEWEST_PATCHES), most)
    return Request(tensor, Patches(geometry, min(count, prod(geometry.positions))), aggregator)


def many_inputs_request(view: GraphView, layer: LinearLayer, aggregator: str = "stack") -> Request | None:
    """Ask for what a layer multiplies with its weights, often enough to tell its inputs apart from each other.

    That is several times what is enough to round weights. None where a size is dynamic, and for transposed and deformed
    convolutions, of which each output sees a part of the kernel.
    """
    if layer.tap_share.size == 1:
        found = rows_request(view, layer.source(view), layer.input_axis, MANY_VALUES)
        return found and replace(found, aggregator=aggregator)
    return patches_request(view, layer.node, MANY_VALUES, aggregator)
