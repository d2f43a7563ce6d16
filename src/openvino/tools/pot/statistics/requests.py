"""What to measure: a tensor, a reduction inside the graph, and what becomes of it over the samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.values import is_nonnegative
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.reducers import Extreme, Quantile, Reducer


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
