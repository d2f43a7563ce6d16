"""The worst layers looked at closely, on one sample: what is drawn of them, no more."""

from __future__ import annotations

from collections.abc import Sequence

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
    wanted = [*(each.pair.end for each in readings), *inputs], [each.pair.other_end for each in readings]
    floats = _values(looked.view, wanted[0], feed, device)
    others = _values(looked.other, wanted[1], feed, device)
    found = {
        layer.node: Closeup(
            activation=_histogram(floats[len(chosen) + number]),
            weights=_weights(reading),
            pairs=_pairs(floats[number], others[number]),
        )
        for number, (layer, reading) in enumerate(zip(chosen, readings, strict=True))
    }
    return tuple(layer.model_copy(update={"closeup": found.get(layer.node)}) for layer in layers)


def _first_input(view: GraphView, reading: Reading) -> TensorId:
    port = min(reading.spans, default=0 if reading.pair.linear is None else reading.pair.linear.activation)
    return view.inputs(reading.pair.node)[port]


@apart
def _values(view: GraphView, tensors: Sequence[TensorId], feed: Feed, device: str) -> list[Values]:
    """What tensors hold for a sample."""
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
    values = [np.array(value.data, np.float32) for value in request.output_tensors]
    return [values[wanted.index(tensor)] for tensor in tensors]


def _histogram(values: Values) -> Histogram | None:
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    counts, edges = np.histogram(known, _BINS)
    return Histogram(low=float(edges[0]), high=float(edges[-1]), counts=tuple(counts.tolist()))


def _weights(reading: Reading) -> Histogram | None:
    return None if reading.weights is None else _histogram(reading.weights.plain)


def _pairs(before: Values, after: Values) -> tuple[tuple[float, float], ...]:
    """Values of both at places that are spread evenly."""
    if before.shape != after.shape or not before.size:
        return ()
    places = np.linspace(0, before.size - 1, min(_PAIRS, before.size)).astype(int)
    pairs = np.stack([before.reshape(-1)[places], after.reshape(-1)[places]], 1)
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
