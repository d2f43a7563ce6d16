"""The worst layers looked at closely, on one sample: what is drawn of them, no more."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.algorithms.checking.running import by_number
from openvino.tools.pot.diagnosis.facts import Closeup, Histogram, Layer
from openvino.tools.pot.diagnosis.looking import Looked
from openvino.tools.pot.diagnosis.reading import Reading
from openvino.tools.pot.engines.compiling import compiled_as_defined
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.utils.memory import apart
from openvino.tools.pot.utils.runtime import FLOAT32

_BINS, _PAIRS = 60, 300

Values = NDArray[np.float32]


def with_closeups(
    layers: Sequence[Layer], looked: Looked, feed: Feed, device: str, count: int
) -> tuple[Layer, ...]:
    """The layers, of which the first are looked at closely.

    Args:
        layers: worst first.
        looked: what is known of them.
        feed: the sample.
        device: where models run.
        count: of layers that are looked at.
    """
    chosen = [layer for layer in layers if layer.quantized][:count]
    readings = [looked.readings[layer.node] for layer in chosen]
    inputs = [_first_input(looked.view, reading) for reading in readings]
    ends, other_ends = (
        [each.pair.end for each in readings],
        [each.pair.other_end for each in readings],
    )
    floats = _values(looked.view, [*ends, *inputs], feed, device, drawn=inputs)
    others = _values(looked.other, other_ends, feed, device)
    found = {
        layer.node: Closeup(
            activation=floats[len(chosen) + number].histogram,
            weights=_weights(reading),
            pairs=_pairs(floats[number], others[number]),
        )
        for number, (layer, reading) in enumerate(zip(chosen, readings, strict=True))
    }
    return tuple(layer.model_copy(update={"closeup": found.get(layer.node)}) for layer in layers)


def _first_input(view: GraphView, reading: Reading) -> TensorId:
    port = min(reading.spans, default=0 if reading.pair.linear is None else reading.pair.linear.activation)
    return view.inputs(reading.pair.node)[port]


@dataclass(frozen=True)
class _Value:
    """What is drawn of a tensor, which may be large.

    Attributes:
        shape: of the tensor.
        few: values at places that are spread evenly.
        histogram: of all values, where it is drawn.
    """

    shape: tuple[int, ...]
    few: Values
    histogram: Histogram | None

    @classmethod
    def of(cls, values: Values, is_drawn: bool) -> _Value:
        places = np.linspace(0, max(values.size - 1, 0), min(_PAIRS, values.size)).astype(int)
        return cls(values.shape, values.reshape(-1)[places], _histogram(values) if is_drawn else None)


@apart
def _values(
    view: GraphView,
    tensors: Sequence[TensorId],
    feed: Feed,
    device: str,
    drawn: Container[TensorId] = (),
) -> list[_Value]:
    """What is drawn of tensors for a sample."""
    if not tensors:
        return []
    clone = view.model.clone()
    own, wanted = GraphView(clone), list(dict.fromkeys(tensors))
    shown = ov.Model(
        [op.result(own.output(tensor)).output(0) for tensor in wanted],
        clone.get_sinks(),
        clone.get_parameters(),
        "closeup",
    )
    compiled = compiled_as_defined(shown, device, dict(FLOAT32))
    request = compiled.create_infer_request()
    request.infer(by_number(compiled.inputs, feed))
    values = {
        tensor: _Value.of(np.asarray(value.data, np.float32), tensor in drawn)
        for tensor, value in zip(wanted, request.output_tensors, strict=True)
    }
    return [values[tensor] for tensor in tensors]


def _histogram(values: Values) -> Histogram | None:
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    counts, edges = np.histogram(known, _BINS)
    return Histogram(low=float(edges[0]), high=float(edges[-1]), counts=tuple(counts.tolist()))


def _weights(reading: Reading) -> Histogram | None:
    return None if reading.weights is None else _histogram(reading.weights.plain)


def _pairs(before: _Value, after: _Value) -> tuple[tuple[float, float], ...]:
    """Values of both at the same places."""
    if before.shape != after.shape:
        return ()
    pairs = np.stack([before.few, after.few], 1)
    pairs = pairs[np.isfinite(pairs).all(axis=1)].astype(np.float64)
    return tuple((float(f"{x:.5g}"), float(f"{y:.5g}")) for x, y in pairs.tolist())


def layers_before(view: GraphView, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Layer -> the nearest ones that give it data."""
    known = set(names)
    nearest: dict[str, tuple[str, ...]] = {}
    for name in view.nodes:
        sources = [tensor.node for tensor in view.varying(name)]
        own = dict.fromkeys(
            layer
            for source in sources
            for layer in ((source,) if source in known else nearest.get(source, ()))
        )
        nearest[name] = tuple(own)
    return {name: nearest[name] for name in names}
