"""What was measured of one layer, as a diagnosis tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isfinite

import numpy as np

from openvino.tools.pot.diagnosis.facts import Layer
from openvino.tools.pot.diagnosis.measuring import Error, decibels, variation
from openvino.tools.pot.diagnosis.reading import Reading
from openvino.tools.pot.diagnosis.shares import Shares
from openvino.tools.pot.diagnosis.spans import span_of
from openvino.tools.pot.diagnosis.timing import Clocked
from openvino.tools.pot.graph.geometry import canonical_weights
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView

_MOST_CHANNELS = 8


def layer_of(
    order: int,
    reading: Reading,
    view: GraphView,
    traces: tuple[Sequence[str], Sequence[str]],
    error: Error | None,
    alone: Mapping[str, float],
    found: Shares | None,
    clocks: tuple[Clocked, Clocked],
) -> Layer:
    """A layer without its causes.

    Args:
        order: its number in the model.
        reading: of both models.
        view: of the float model.
        traces: names by which the device tells of it, in the float model and in the quantized one.
        error: at its output; None: it is not known.
        alone: what layers lose alone, by name.
        found: shares of the error; None: they are not known.
        clocks: what the device ran of both models, and for how long.
    """
    node, other = reading.pair.node, reading.pair.other
    in_float, in_int8 = (clock.of(names) for clock, names in zip(clocks, traces, strict=True))
    own = alone.get(node, 0.0)
    total = sum(alone.values()) or 1.0
    return Layer(
        node=node, int8_node=other, type=view.type(node), order=order,
        quantized=reading.is_quantized, ran_in_int8=in_int8 is not None and in_int8.is_int8,
        precision="" if in_int8 is None else in_int8.precision,
        share=own / total, fidelity=decibels(1.0, own) if found is not None and reading.is_quantized else None,
        float_seconds=clocks[0].seconds_of(traces[0]) if in_float else None,
        int8_seconds=clocks[1].seconds_of(traces[1]) if in_int8 else None,
        conversions=0 if in_int8 is None else in_int8.conversions,
        spans=() if error is None else tuple(span_of(seen) for seen in error.inputs),
    ).model_copy(update={} if error is None else _figures(view, error, reading))  # fmt: skip


def traces_of(view: GraphView, node: str, end: TensorId) -> tuple[str, ...]:
    """Names by which a device may tell of a layer: its own, its bias's, or a quantizer's that it fused behind it."""
    readers = [reader.node for reader in view.consumers(end)]
    fused = [name for name in readers if len(readers) == 1 and view.type(name) == "FakeQuantize"]
    return (node, end.node, *fused)


def _figures(view: GraphView, error: Error, reading: Reading) -> dict[str, object]:
    """What is known of the output of a layer."""
    signal, square = variation(error), float(error.square.mean())
    found: dict[str, object] = {
        "so_far": _told(signal, square),
        "bias": float(np.square(error.mean).mean() / square) if 0 < square < inf else 0.0,
        "largest": error.largest if isfinite(error.largest) else 3.4e38,
        "dead_channels": tuple(np.flatnonzero(error.constant).tolist()) if error.constant.size > 1 else (),
    }
    if error.own is not None and error.of_weights is not None:
        own = float(error.own.mean())
        total = float(error.own.sum()) or 1.0
        worst = np.argsort(-error.own, kind="stable")[: _MOST_CHANNELS if isfinite(total) else 0]
        found |= {
            "own": _told(signal, own),
            "from_weights": min(1.0, float(error.of_weights.mean()) / own) if 0 < own < inf else None,
            "worst_channels": tuple((int(number), float(error.own[number] / total)) for number in worst),
        }
    found["weight_error"] = _weight_decibels(view, reading)
    return found


def _told(signal: float, noise: float) -> float | None:
    """Decibels; None where a power has no end: a floor among them would hide all others in a picture."""
    return decibels(signal, noise) if isfinite(signal) and isfinite(noise) else None


def _weight_decibels(view: GraphView, reading: Reading) -> float | None:
    """Of the output channel whose weights are rounded worst; those that are zero don't count."""
    layer = reading.pair.linear
    if layer is None or reading.weights is None:
        return None
    signal, noise = (
        np.square(np.asarray(canonical_weights(view, layer, each), np.float64)).sum(axis=(2, 3)).reshape(-1)
        for each in (reading.weights.plain, reading.weights.error)
    )
    found = [decibels(*pair) for pair in zip(signal.tolist(), noise.tolist(), strict=True) if pair[0] > 0]
    return min(found, default=None)
