"""What to measure in one pass, and what came of it.

A request is a tensor, a reduction inside the graph, and an accumulator on the host. All reductions of a
layout leave the graph in one concatenated vector: many small outputs cost more than reducing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.quantization.estimators import PER_SAMPLE_AGGREGATORS
from openvino.tools.pot.statistics.accumulators import Accumulator, Extremum, Mean, PerSample, Stack
from openvino.tools.pot.statistics.places import Places
from openvino.tools.pot.statistics.reducers import Patches, Reducer, Rows
from openvino.tools.pot.utils.errors import ModelError, reason

ROW_SAMPLES, PATCH_SAMPLES = 150, 64

_STREAMED: dict[str, Callable[[], Accumulator[Any]]] = {
    "min": lambda: Extremum(largest=False),
    "max": lambda: Extremum(largest=True),
    "mean": Mean,
    "stack": lambda: Stack(ROW_SAMPLES),
    "short stack": lambda: Stack(PATCH_SAMPLES),
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

    def accumulator(self) -> Accumulator[Any]:
        """A new, empty accumulator."""
        if self.aggregator in _STREAMED:
            return _STREAMED[self.aggregator]()
        return PerSample(PER_SAMPLE_AGGREGATORS[self.aggregator])


class Statistics:
    """The figures of one pass, by request.

    Attributes:
        samples: the number of inferences.
    """

    def __init__(self, accumulators: Mapping[Request, Accumulator[Any]], samples: int) -> None:
        self._accumulators = dict(accumulators)
        self.samples = samples

    def value(self, request: Request) -> NDArray[np.float64]:
        """The figure of a request, a vector; rows as ``[samples, channels * count]`` float32."""
        return self._accumulators[request].value()

    def rows(self, request: Request) -> NDArray[np.float32]:
        """Gathered rows of a ``Rows`` request, shape ``[samples * count, channels]``."""
        assert isinstance(request.reducer, Rows)
        stacked = self.value(request)
        by_channel = stacked.reshape(len(stacked), -1, request.reducer.count)
        return by_channel.transpose(0, 2, 1).reshape(-1, by_channel.shape[1]).astype(np.float32, copy=False)

    def patches(self, request: Request) -> NDArray[np.float32]:
        """Gathered patches of a ``Patches`` request, shape ``[samples * count, channels, taps]``."""
        assert isinstance(request.reducer, Patches)
        count, taps = request.reducer.count, request.reducer.window.taps
        stacked = self.value(request)
        by_channel = stacked.reshape(len(stacked), -1, count, taps).transpose(0, 2, 1, 3)
        return by_channel.reshape(-1, by_channel.shape[2], taps).astype(np.float32, copy=False)

    def merge(self, other: Statistics) -> None:
        """Take the statistics of further samples, measured with the same layout."""
        for request, accumulator in self._accumulators.items():
            accumulator.merge(other._accumulators[request])
        self.samples += other.samples


class StatisticsLayout:
    """The requests of one pass over a model, and the model that answers them.

    Args:
        model: the float model; it is not changed.
        requests: what to measure; equal ones and equal reductions are computed once.
        batch_axis: the axis of the inputs along which samples are joined, None for one sample at a time.

    Raises:
        ModelError: the model can't take more than one sample at a time.
    """

    def __init__(self, model: ov.Model, requests: Iterable[Request], batch_axis: int | None = None) -> None:
        self._requests = tuple(dict.fromkeys(requests))
        if batch_axis is not None:
            model = _with_free_batch(model, batch_axis)
        view = GraphView(model)
        self._slices: dict[tuple[TensorId, Reducer], slice] = {}
        end = 0
        for request in self._requests:
            key = (request.tensor, request.reducer)
            if key not in self._slices:
                size = request.reducer.size(view.shape(request.tensor) or ())
                self._slices[key] = slice(end, end + size)
                end += size
        self.places, self.model = _instrument(model, self._slices)

    def collect(self, vectors: Iterable[NDArray[np.float32]]) -> Statistics:
        """Take the output vector of each inference, in sample order."""
        accumulators = {request: request.accumulator() for request in self._requests}
        parts = [(accumulators[r], self._slices[r.tensor, r.reducer]) for r in self._requests]
        samples = 0
        for vector in vectors:
            samples += 1
            for accumulator, part in parts:
                accumulator.update(vector[part])
        return Statistics(accumulators, samples)


def _with_free_batch(model: ov.Model, axis: int) -> ov.Model:
    clone = model.clone()
    shapes = {}
    try:
        for port in clone.inputs:
            shape = port.get_partial_shape()
            shape[axis] = ov.Dimension()
            shapes[port] = shape
        clone.reshape(shapes)
    except RuntimeError as error:
        raise ModelError(
            f"stat_batch_size: the model takes one sample at a time only: {reason(error)}"
        ) from error
    return clone


def _instrument(model: ov.Model, wanted: Iterable[tuple[TensorId, Reducer]]) -> tuple[Places, ov.Model]:
    """A clone whose only output is the concatenation of all reductions."""
    clone = model.clone()
    view = GraphView(clone)
    places = Places(view)
    vectors = [reducer.reduce(view.output(tensor), places) for tensor, reducer in wanted]
    vectors = vectors or [op.constant(np.zeros(1, np.float32)).output(0)]  # nothing to measure is no error
    joined = vectors[0] if len(vectors) == 1 else op.concat(vectors, 0).output(0)
    result = op.result(joined, name="statistics")
    parameters = [*clone.get_parameters(), *places.parameters]
    return places, ov.Model([result.output(0)], clone.get_sinks(), parameters, clone.get_friendly_name())
