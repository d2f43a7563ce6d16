"""From two models and samples to all figures of a diagnosis, without causes and remedies."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

import numpy as np
import openvino as ov

from openvino.tools.pot.algorithms.checking.running import (
    AS_USERS,
    Run,
    run,
    run_as_defined,
    run_compiled,
)
from openvino.tools.pot.diagnosis.facts import Calibration, Layer, Output, Parts, Timing
from openvino.tools.pot.diagnosis.fidelity import better_on
from openvino.tools.pot.diagnosis.fidelity import decibels as decibels_of
from openvino.tools.pot.diagnosis.measuring import Error, decibels, measured, variation
from openvino.tools.pot.diagnosis.pairs import layers_of, paired
from openvino.tools.pot.diagnosis.reading import Reading, read
from openvino.tools.pot.diagnosis.samples import Samples
from openvino.tools.pot.diagnosis.shares import Shares, shares
from openvino.tools.pot.diagnosis.spans import Fed, calibration_of, span_of
from openvino.tools.pot.diagnosis.threads import one_thread
from openvino.tools.pot.diagnosis.timing import Clocked, clocked_both, request_seconds
from openvino.tools.pot.diagnosis.witnessing import outputs_of, with_results_of, witnessed
from openvino.tools.pot.engines.profiling import timed
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.geometry import canonical_weights
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.report.estimate import stored_bytes
from openvino.tools.pot.report.overflow import LayerOverflow, overflows
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.errors import PotError, reason

_LARGE = 32e6
"""Bytes of weights from which on models are compiled one at a time: each has them once more, and more of its own."""

_WITNESSED, _KEPT = (8, 16), 128e6
"""The least and most samples on which outputs are compared, and the bytes that these may take."""
_TIMED = 4
_SUMMED = 1
_MOST_CHANNELS = 8

_ALONE = 12
"""Layers, those with most of the error, of which it is measured what they lose alone."""
_SHARE_PASSES = 0.4
"""Passes over the samples that finding the shares of layers may take."""
_SHARED, _AGAIN = (2, 12), 0.3
"""The least and most samples for that, and the share of the layers that all but the first of them cost."""


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
        ran: what the quantized model gave for the witness, with the rest in float32.
        coarser_on: share of samples that follow better in float32 than with the device's own settings.
        faulty_on: share of samples that follow better as the model is defined than as the device runs it.
        is_small: whether several compiled models fit into memory.
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
    ran: Run = field(default_factory=Run)
    coarser_on: float = 0.0
    faulty_on: float = 0.0
    is_small: bool = True


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
    is_small = stored_bytes(view) < _LARGE
    witness, exact, clocks, seconds = _at_work(model, other, samples, device, is_small)
    # The device's compilation keeps one core busy: what needs no further samples is done beside the passes.
    with one_thread(is_small) as beside:
        as_users = beside.submit(_as_users, other, witness, exact, device)
        as_defined = beside.submit(_as_defined, other, witness, exact)
        overflowing = beside.submit(_overflows, other, witness.feeds[:_SUMMED], device)
        found = _shares(model, quantized, samples, device, notes)
        alone = (
            {} if found is None else dict(zip((own.pair.node for own in quantized), found.alone, strict=True))
        )
        worst = sorted((own.pair.node for own in quantized), key=lambda name: -alone.get(name, 0.0))[:_ALONE]
        fed = Fed()
        errors = _errors(model, other, list(readings.values()), samples, fed, device, worst, notes, is_small)
        users, coarser_on = as_users.result()
        defined, faulty_on = as_defined.result()
        outputs, of_parts = _whole(model, witness, exact, (users, defined), found)
        overflows_of, why = overflowing.result()
    notes += [f"sums of 16 bits are not looked into: {why}"] if why else []
    traces = {
        name: (_traces(view, name, own.pair.end), _traces(other_view, own.pair.other, own.pair.other_end))
        for name, own in readings.items()
    }
    layers = tuple(
        _layer(number, own, view, traces[name], errors.get(name), alone, found, clocks)
        for number, (name, own) in enumerate(readings.items())
    )
    timing = _timing(model, other, seconds, clocks[1])
    return Looked(
        view, other_view, readings, errors, layers, outputs, of_parts, timing, calibration_of(samples, errors, fed),
        witness, clocks, overflows_of, traces, notes,
        exact, coarser_on, faulty_on, is_small,
    )  # fmt: skip


def _compared(model: ov.Model) -> int:
    """On how many samples outputs are compared: a few values among many may change in one sample of ten alone."""
    shapes = [port.get_partial_shape() for port in model.outputs]
    size = sum(
        4 * float(np.prod(tuple(shape.get_min_shape()), dtype=float))
        for shape in shapes
        if shape.rank.is_static
    )
    return int(np.clip(_KEPT / max(size, 1), *_WITNESSED))


def _at_work(
    model: ov.Model, other: ov.Model, samples: Samples, device: str, is_small: bool
) -> tuple[Witness, Run, tuple[Clocked, Clocked], list[float]]:
    """What both give for some samples in float32, and how long they take for it, while nothing else runs.

    The compiled models live no longer: each is as large as the weights once more.
    """
    with one_thread(is_small) as beside:
        compiling = [beside.submit(timed, each, device) for each in (model, other)]
        feeds = samples.spread(_compared(model))
        witness = witnessed(model, other, feeds, device, compiling[0])
        compiled = [each.result() for each in compiling]
    exact = run_compiled(compiled[1], other, witness, device)
    feeds = witness.feeds[:_TIMED]
    clocks = clocked_both((model, other), compiled, feeds, device)
    return witness, exact, clocks, request_seconds(compiled, feeds)


def _as_users(other: ov.Model, witness: Witness, exact: Run, device: str) -> tuple[float, float]:
    """DB of the quantized model with the device's own settings, and the share of samples that follow worse so."""
    found = run(other, witness, device, AS_USERS, as_stored=False)
    return decibels_of(witness, found), better_on(witness, exact, found)


def _as_defined(other: ov.Model, witness: Witness, exact: Run) -> tuple[float, float]:
    """DB of the quantized model as it is defined, and the share of samples that follow better so."""
    found = run_as_defined(other, witness)
    return decibels_of(witness, found), better_on(witness, found, exact)


def _whole(
    model: ov.Model, witness: Witness, exact: Run, others: tuple[float, float], found: Shares | None
) -> tuple[tuple[Output, ...], Parts]:
    """How the outputs follow, and how they would with parts of the quantization."""
    whole, (users, defined) = decibels_of(witness, exact), others
    parts = (None, None) if found is None else (found.weights, found.activations)
    weights, activations = (
        None if found is None or part is None else _split(whole, part, found.whole) for part in parts
    )
    return outputs_of(model, witness, exact), Parts(
        whole=whole, users=users, defined=defined, weights=weights, activations=activations
    )


def _errors(
    model: ov.Model, other: ov.Model, readings: Sequence[Reading], samples: Samples, fed: Fed, device: str,
    alone: Container[str],
    notes: list[str],
    is_small: bool,
) -> dict[str, Error]:  # fmt: skip
    try:
        return measured(model, other, readings, samples, fed.passing(samples), device, alone, is_small)
    except PotError as error:
        notes.append(f"errors at layers are not known: {error}")
        return {}


def _shares(
    model: ov.Model, readings: Sequence[Reading], samples: Samples, device: str, notes: list[str]
) -> Shares | None:
    if not readings:
        return None
    left = _SHARE_PASSES * len(samples) - len(readings)
    wanted = 1 + int(left / (_AGAIN * len(readings) + 4))
    chosen = samples.spread(int(np.clip(wanted, *_SHARED)))
    try:
        return shares(model, readings, chosen, device)
    except PotError as error:
        notes.append(f"shares of layers are not known: {error}")
        return None


def _overflows(other: ov.Model, feeds: Sequence[Feed], device: str) -> tuple[dict[str, LayerOverflow], str]:
    """What overflows on processors without VNNI; other devices have no such sums. And why it isn't known."""
    if not device.startswith("CPU"):
        return {}, ""
    try:
        return {each.node: each for each in overflows(other, feeds) if each.overflows}, ""
    except (PotError, RuntimeError, ValueError) as error:
        return {}, reason(error)


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
        spans=() if error is None else tuple(span_of(seen) for seen in error.inputs),
    ).model_copy(update={} if error is None else _figures(view, error, reading))  # fmt: skip


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
    if layer is None or reading.weights is None:
        return None
    signal, noise = (
        np.square(np.asarray(canonical_weights(view, layer, each), np.float64)).sum(axis=(2, 3)).reshape(-1)
        for each in (reading.weights.plain, reading.weights.error)
    )
    found = [decibels(*pair) for pair in zip(signal.tolist(), noise.tolist(), strict=True) if pair[0] > 0]
    return min(found, default=None)


def _timing(model: ov.Model, other: ov.Model, seconds: Sequence[float], clock: Clocked) -> Timing:
    before, after = seconds
    return Timing(
        float_seconds=before, int8_seconds=after, float_bytes=stored_bytes(GraphView(model)),
        int8_bytes=stored_bytes(GraphView(other)), layers=len(clock.heavy),
        int8_layers=sum(layer.is_int8 for layer in clock.heavy), conversions=clock.conversions,
    )  # fmt: skip
