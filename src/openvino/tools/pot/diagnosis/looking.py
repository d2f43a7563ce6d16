"""From two models and samples to all figures of a diagnosis, without causes and remedies."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.checking.running import (
    AS_USERS,
    Run,
    by_number,
    names_of_parts,
    run,
    run_as_defined,
    watching,
)
from openvino.tools.pot.algorithms.checking.running import outputs_of as outputs_of_request
from openvino.tools.pot.diagnosis.facts import Calibration, Layer, Output, Parts, Span, Timing
from openvino.tools.pot.diagnosis.fidelity import decibels as decibels_of
from openvino.tools.pot.diagnosis.fidelity import likenesses
from openvino.tools.pot.diagnosis.measuring import Error, Seen, by_sample, decibels, measured, variation
from openvino.tools.pot.diagnosis.pairs import layers_of, paired
from openvino.tools.pot.diagnosis.reading import Reading, read
from openvino.tools.pot.diagnosis.samples import Samples
from openvino.tools.pot.diagnosis.shares import Shares, shares
from openvino.tools.pot.diagnosis.timing import Clocked, clocked, request_seconds
from openvino.tools.pot.engines.compiling import compiled_as_defined
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.geometry import canonical_weights
from openvino.tools.pot.graph.parts import parts
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.report.estimate import stored_bytes
from openvino.tools.pot.report.overflow import LayerOverflow, overflows
from openvino.tools.pot.statistics.witness import Watched, Witness, watched_inputs
from openvino.tools.pot.utils.errors import ModelError, PotError, reason
from openvino.tools.pot.utils.runtime import FLOAT32

_WITNESSED = 8
_TIMED = 4
_SUMMED = 1
_MOST_CHANNELS = 8

_ALONE = 40
"""Layers, those with most of the error, of which it is measured what they lose alone."""
_FAR = 2.0
"""Times the width of the median sample from which one stretches a range."""

_ROOM = 0.05
"""By how much a range may fall short of its final width to count as settled."""

_SHARE_PASSES = 1.5
"""Passes over the samples that finding the shares of layers may take, and the least and most samples for it."""
_SHARED = (2, 12)


@dataclass
class Looked:
    """All that was seen of two models.

    Attributes:
        view, other: of the float model and of the quantized one.
        readings, errors: of the layers, by name.
        layers: in the order of the model, without causes.
        outputs, parts, timing, calibration: see ``facts``.
        witness: outputs of the float model on the first samples.
        clocks: what the device ran of both models, and for how long.
        overflows: layers of the quantized model that sum up what 16 bits can't hold, by name.
        traces: names by which the device tells of a layer, in the float model and in the quantized one.
        notes: what could not be seen.
    """

    view: GraphView
    other: GraphView
    readings: Mapping[str, Reading]
    errors: Mapping[str, Error]
    layers: tuple[Layer, ...]
    outputs: tuple[Output, ...]
    parts: Parts
    timing: Timing
    calibration: Calibration
    witness: Witness
    clocks: tuple[Clocked, Clocked]
    overflows: Mapping[str, LayerOverflow]
    traces: Mapping[str, tuple[Sequence[str], Sequence[str]]]
    notes: list[str] = field(default_factory=list)


def look(model: ov.Model, other: ov.Model, samples: Samples, device: str) -> Looked:
    """Measure what a quantized model does otherwise than the float one.

    Args:
        model, other: with the same inputs.
        samples: that both are fed.
        device: where both run.

    Raises:
        ModelError: the models don't go together.
    """
    with_results_of(model, other)
    view, other_view = GraphView(model), GraphView(other)
    pairs = paired(view, other_view)
    readings = {each.pair.node: each for each in read(view, other_view, pairs)}
    notes = [
        f"layer {name!r} is not found in the quantized model"
        for name in layers_of(view)
        if name not in readings
    ]
    quantized = [own for own in readings.values() if own.is_quantized]
    found = _shares(model, quantized, samples, device, notes)
    names = [own.pair.node for own in quantized]
    order = range(len(names)) if found is None else np.argsort(-found.alone, kind="stable").tolist()
    worst = {names[number] for number in order[:_ALONE]}
    errors = _errors(model, other, list(readings.values()), samples, device, worst, notes)
    witness = witnessed(model, other, samples.spread(_WITNESSED), device)
    exact, users = (run(other, witness, device, each, as_stored=False) for each in (FLOAT32, AS_USERS))
    defined = run_as_defined(other, witness)
    outputs = outputs_of(model, witness, exact)
    whole = decibels_of(witness, exact)
    weights, activations = (None, None) if found is None else (
        _split(whole, found.weights, found.whole), _split(whole, found.activations, found.whole)
    )  # fmt: skip
    of_parts = Parts(
        users=decibels_of(witness, users),
        whole=whole,
        defined=decibels_of(witness, defined),
        weights=weights,
        activations=activations,
    )
    timed = samples.spread(_TIMED)
    clocks = clocked(model, timed, device), clocked(other, timed, device)
    by_node = dict(
        zip((own.pair.node for own in quantized), () if found is None else found.alone, strict=False)
    )
    traces = {
        name: (_traces(view, name, own.pair.end), _traces(other_view, own.pair.other, own.pair.other_end))
        for name, own in readings.items()
    }
    layers = tuple(
        _layer(number, own, view, traces[name], errors.get(name), by_node, found, clocks)
        for number, (name, own) in enumerate(readings.items())
    )
    timing = _timing(model, other, timed, device, clocks)
    calibration = _calibration(samples, errors)
    return Looked(
        view,
        other_view,
        readings,
        errors,
        layers,
        outputs,
        of_parts,
        timing,
        calibration,
        witness,
        clocks,
        _overflows(other, samples, device, notes),
        traces,
        notes,
    )


def _errors(
    model: ov.Model, other: ov.Model, readings: Sequence[Reading], samples: Samples, device: str, alone: Container[str],
    notes: list[str],
) -> dict[str, Error]:  # fmt: skip
    try:
        return measured(model, other, readings, samples, len(samples), device, alone)
    except PotError as error:
        notes.append(f"errors at layers are not known: {error}")
        return {}


def _shares(
    model: ov.Model, readings: Sequence[Reading], samples: Samples, device: str, notes: list[str]
) -> Shares | None:
    if not readings:
        return None
    wanted = int(_SHARE_PASSES * len(samples) / (len(readings) + 4))
    chosen = samples.spread(int(np.clip(wanted, *_SHARED)))
    try:
        return shares(model, readings, chosen, len(chosen), device)
    except PotError as error:
        notes.append(f"shares of layers are not known: {error}")
        return None


def _overflows(other: ov.Model, samples: Samples, device: str, notes: list[str]) -> dict[str, LayerOverflow]:
    """What overflows on processors without VNNI, on one sample; other devices have no such sums."""
    if not device.startswith("CPU"):
        return {}
    try:
        return {each.node: each for each in overflows(other, samples.spread(_SUMMED)) if each.overflows}
    except (PotError, RuntimeError, ValueError) as error:
        notes.append(f"sums of 16 bits are not looked into: {reason(error)}")
        return {}


def witnessed(model: ov.Model, other: ov.Model, feeds: Sequence[Feed], device: str) -> Witness:
    """What the float model gives by itself for samples, where it can be compared with the quantized one."""
    watched = watched_inputs(GraphView(model))
    known = GraphView(other).nodes
    if not all(place.node in known for place in watched.all):
        view = GraphView(model)
        results = tuple(InputId(node.get_friendly_name(), 0) for node in model.get_results())
        watched = Watched(results, (), tuple(parts(view, view.source(place)) for place in results))
    witness = Witness(watched, samples=len(feeds), feeds=[dict(feed) for feed in feeds])
    plain = compiled_as_defined(watching(model, witness, as_stored=False), device, dict(FLOAT32))
    request = plain.create_infer_request()
    for feed in witness.feeds:
        request.reset_state()
        request.infer(by_number(plain.inputs, feed))
        witness.values.append(outputs_of_request(request))
        witness.fresh.append(True)
    return witness


def with_results_of(model: ov.Model, other: ov.Model) -> None:
    """Give the results of a model the names of another's: those of the same tensor names, else at the same place.

    Raises:
        ModelError: they are not as many.
    """
    results, others = model.get_results(), other.get_results()
    if len(results) != len(others):
        raise ModelError(f"the float model has {len(results)} outputs, the quantized one {len(others)}")
    by_name = {name: node for node in results for name in node.input_value(0).get_names()}
    for number, node in enumerate(others):
        names = [by_name[name] for name in sorted(node.input_value(0).get_names()) if name in by_name]
        node.set_friendly_name((names[0] if names else results[number]).get_friendly_name())


def outputs_of(model: ov.Model, witness: Witness, found: Run) -> tuple[Output, ...]:
    """How each output follows."""
    if found.failure:
        raise ModelError(f"the quantized model can't be run: {found.failure}")
    names = names_of_parts(model, witness.watched)
    return tuple(
        Output(name=name, fidelity=_known(figure.decibels), equal=_known(figure.equal))
        for name, figure in zip(names, likenesses(witness, found), strict=True)
    )


def _known(value: float) -> float | None:
    if np.isnan(value):
        return None
    return float(np.clip(value, -300, 300))


def _split(whole: float, part: float, of: float) -> float | None:
    """DB with a part of the quantization alone, from its share of the squared error."""
    if of <= 0:
        return None
    return float(np.clip(whole - 10 * np.log10(max(part, 1e-30) / of), -300, 300))


def _layer(
    order: int,
    reading: Reading,
    view: GraphView,
    traces: tuple[Sequence[str], Sequence[str]],
    error: Error | None,
    alone: Mapping[str, float],
    found: Shares | None,
    clocks: tuple[Clocked, Clocked],
) -> Layer:
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
        spans=() if error is None else tuple(_span(seen) for seen in error.inputs),
        **({} if error is None else _figures(view, error, reading)),
    )  # fmt: skip


def _traces(view: GraphView, node: str, end: TensorId) -> tuple[str, ...]:
    """Names by which a device may tell of a layer: its own, its bias's, or a quantizer's that it fused behind it."""
    readers = [reader.node for reader in view.consumers(end)]
    fused = [name for name in readers if len(readers) == 1 and view.type(name) == "FakeQuantize"]
    return (node, end.node, *fused)


def _figures(view: GraphView, error: Error, reading: Reading) -> dict[str, object]:
    """What is known of the output of a layer."""
    signal, square = variation(error), float(error.square.mean())
    found: dict[str, object] = {
        "so_far": decibels(signal, square),
        "bias": float(np.square(error.mean).mean() / square) if square > 0 else 0.0,
        "largest": error.largest if isfinite(error.largest) else 3.4e38,
        "dead_channels": tuple(np.flatnonzero(error.constant).tolist()) if error.constant.size > 1 else (),
    }
    if error.own is not None and error.of_weights is not None:
        own = float(error.own.mean())
        worst = np.argsort(-error.own, kind="stable")[:_MOST_CHANNELS]
        total = float(error.own.sum()) or 1.0
        found |= {
            "own": decibels(signal, own),
            "from_weights": min(1.0, float(error.of_weights.mean()) / own) if own > 0 else None,
            "worst_channels": tuple((int(number), float(error.own[number] / total)) for number in worst),
        }
    found["weight_error"] = _weight_decibels(view, reading)
    return found


def _weight_decibels(view: GraphView, reading: Reading) -> float | None:
    """Of the output channel whose weights are rounded worst; those that are zero don't count."""
    layer = reading.pair.linear
    if layer is None or reading.weights is None or reading.weight_error is None:
        return None
    plain = reading.weights[1] - reading.weight_error
    signal, noise = (
        np.square(np.asarray(canonical_weights(view, layer, each), np.float64)).sum(axis=(2, 3)).reshape(-1)
        for each in (plain, reading.weight_error)
    )
    found = [decibels(*pair) for pair in zip(signal.tolist(), noise.tolist(), strict=True) if pair[0] > 0]
    return min(found, default=None)


def _span(seen: Seen) -> Span:
    low, high = float(seen.span.low.min()), float(seen.span.high.max())
    least, most = float(seen.lows.min()), float(seen.highs.max())
    reach = max(high - low, 1e-30)
    inside = max(min(most, high) - max(least, low), 0.0)
    magnitudes = seen.channels[seen.channels > 0]
    widths = seen.highs - seen.lows
    middle = float(np.median(widths)) or 1e-30
    return Span(
        port=seen.port, low=low, high=high, levels=seen.span.levels, per_channel=seen.span.low.size > 1,
        least=least, most=most, rms=float(np.sqrt(max(seen.power, 0.0))), clipped=seen.clipped,
        used=min(inside / reach, 1.0),
        imbalance=float(magnitudes.max() / np.median(magnitudes)) if magnitudes.size else 1.0,
        settled=_settled(seen.lows[:, None], seen.highs[:, None]),
        stretched_by=int(np.argmax(widths)), stretch=float(widths.max() / middle),
    )  # fmt: skip


def _settled(lows: NDArray[np.float64], highs: NDArray[np.float64]) -> int:
    """How many samples it takes until all ranges have next to their final width."""
    if not lows.size:
        return 0
    widths = np.maximum.accumulate(highs) - np.minimum.accumulate(lows)
    short = np.any(widths < (1 - _ROOM) * widths[-1], axis=1)
    return int(np.flatnonzero(short)[-1]) + 2 if short.any() else 1


def _timing(
    model: ov.Model, other: ov.Model, feeds: Sequence[Feed], device: str, clocks: tuple[Clocked, Clocked]
) -> Timing:
    before, after = request_seconds([model, other], feeds, device)
    return Timing(
        float_seconds=before, int8_seconds=after, float_bytes=stored_bytes(GraphView(model)),
        int8_bytes=stored_bytes(GraphView(other)), layers=len(clocks[1].heavy),
        int8_layers=sum(layer.is_int8 for layer in clocks[1].heavy), conversions=clocks[1].conversions,
    )  # fmt: skip


def _calibration(samples: Samples, errors: Mapping[str, Error]) -> Calibration:
    lows, highs = by_sample(errors)
    wide: dict[int, int] = {}
    if lows.size:
        widths = highs - lows
        middle, numbers = np.maximum(np.median(widths, axis=0), 1e-30), np.argmax(widths, axis=0)
        for number in numbers[widths.max(axis=0) > _FAR * middle].tolist():
            wide[number] = wide.get(number, 0) + 1
    settled = _settled(lows, highs)
    return Calibration(
        samples=len(samples), enough=settled if 0 < settled < len(samples) else None,
        stretching=tuple(sorted(wide.items(), key=lambda pair: -pair[1])[:5]), inputs=_inputs(samples),
    )  # fmt: skip


def _inputs(samples: Samples) -> dict[str, tuple[float, float, float]]:
    """Least, most and mean of what is fed."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    for feed in samples:
        for name, value in feed.items():
            if np.size(value):
                figures = float(np.min(value)), float(np.max(value)), float(np.mean(value))
                found.setdefault(name, []).append(figures)
    return {
        name: (min(least), max(most), float(np.mean(mean)))
        for name, own in found.items()
        for least, most, mean in [zip(*own, strict=True)]
    }
