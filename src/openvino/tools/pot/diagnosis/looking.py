"""From two models and samples to all figures of a diagnosis, without causes and remedies."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
import openvino as ov

from openvino.tools.pot.algorithms.checking.running import (
    AS_USERS,
    run,
    run_as_defined,
    run_compiled,
)
from openvino.tools.pot.diagnosis.aside import Aside
from openvino.tools.pot.diagnosis.facts import Calibration, Layer, Output, Parts, Timing
from openvino.tools.pot.diagnosis.fidelity import Followed
from openvino.tools.pot.diagnosis.layer_facts import layer_of, traces_of
from openvino.tools.pot.diagnosis.measuring import Error, measured
from openvino.tools.pot.diagnosis.pairs import layers_of, paired
from openvino.tools.pot.diagnosis.reading import Reading, endless_quantizers, read
from openvino.tools.pot.diagnosis.sample_facts import Sample
from openvino.tools.pot.diagnosis.samples import Samples
from openvino.tools.pot.diagnosis.shares import Shares, shares
from openvino.tools.pot.diagnosis.spans import Fed, calibration_of
from openvino.tools.pot.diagnosis.threads import one_thread
from openvino.tools.pot.diagnosis.timing import Clocked, clocked, clocked_again, request_seconds
from openvino.tools.pot.diagnosis.witnessing import outputs_of, with_results_of, witnessed
from openvino.tools.pot.diagnosis.worst_samples import worst_samples
from openvino.tools.pot.engines.profiling import timed
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.report.estimate import stored_bytes
from openvino.tools.pot.report.overflow import LayerOverflow, overflows
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.errors import ModelError, PotError, reason
from openvino.tools.pot.utils.memory import apart, hand_back

_LIGHT = 1e6
"""Bytes of weights below which a further compiled model beside the others takes little memory."""

_WITNESSED, _KEPT = (8, 16), 128e6
"""The least and most samples on which outputs are compared, and the bytes that these may take."""
_TIMED = 4
_SUMMED = 1

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
        witness: outputs of the float model on the first samples; they take no memory until they are asked for.
        clocks: what the device ran of both models, and for how long.
        overflows: layers of the quantized model that sum up what 16 bits can't hold, by name.
        traces: names by which the device tells of a layer, in the float model and in the quantized one.
        notes: what could not be seen.
        exact: how the quantized model follows the witness, with the rest in float32.
        worst: the samples on which it departs most.
        coarser_on: share of samples that follow better in float32 than with the device's own settings.
        faulty_on: share of samples that follow better as the model is defined than as the device runs it.
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
    witness: Aside[Witness]
    clocks: tuple[Clocked, Clocked]
    overflows: Mapping[str, LayerOverflow]
    traces: Mapping[str, tuple[Sequence[str], Sequence[str]]]
    notes: list[str] = field(default_factory=list)
    exact: Followed = field(default_factory=lambda: Followed(0.0, np.zeros(0)))
    worst: tuple[Sample, ...] = ()
    coarser_on: float = 0.0
    faulty_on: float = 0.0


@apart
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
    hand_back()  # constants were read
    ran = _at_work(model, other, samples, device)
    clocks = clocked_again((model, other), ran.clocks, ran.witness.feeds[:_TIMED], device)
    # The device's compilation keeps one core busy: what needs no further samples is done beside the passes.
    with one_thread(stored_bytes(view) < _LIGHT) as beside:
        as_users = beside.submit(_as_users, other, ran.witness, device)
        as_defined = beside.submit(_as_defined, other, ran.witness)
        overflowing = beside.submit(_overflows, other, ran.witness.feeds[:_SUMMED], device)
        found, alone, errors, fed = _measured(model, other, readings, samples, device, notes, beside)
        users, defined, (overflows_of, why) = as_users.result(), as_defined.result(), overflowing.result()
    notes += [f"sums of 16 bits are not looked into: {why}"] if why else []
    traces = {
        name: (traces_of(view, name, own.pair.end), traces_of(other_view, own.pair.other, own.pair.other_end))
        for name, own in readings.items()
    }
    layers = tuple(
        layer_of(number, own, view, traces[name], errors.get(name), alone, found, clocks)
        for number, (name, own) in enumerate(readings.items())
    )
    timing = _timing(model, other, ran.seconds, clocks[1])
    return Looked(
        view, other_view, readings, errors, layers, ran.outputs, _parts(ran.exact, users, defined, found), timing,
        calibration_of(samples, errors, fed), Aside(ran.witness), clocks, overflows_of, traces, notes,
        ran.exact, ran.worst, ran.exact.better_on(users), defined.better_on(ran.exact),
    )  # fmt: skip


def _measured(
    model: ov.Model, other: ov.Model, readings: Mapping[str, Reading], samples: Samples, device: str,
    notes: list[str], beside: Executor,
) -> tuple[Shares | None, dict[str, float], dict[str, Error], Fed]:  # fmt: skip
    """What passes over the samples find: shares of the error, what layers lose alone, errors, and what was fed."""
    quantized = [own for own in readings.values() if own.is_quantized]
    found = _shares(model, quantized, samples, device, notes)
    alone = {} if found is None else dict(zip((own.pair.node for own in quantized), found.alone, strict=True))
    most = sorted((own.pair.node for own in quantized), key=lambda name: -alone.get(name, 0.0))[:_ALONE]
    fed = Fed()
    errors = _errors(model, other, list(readings.values()), samples, fed, device, most, notes, beside)
    return found, alone, errors, fed


def _compared(model: ov.Model) -> int:
    """On how many samples outputs are compared: a few values among many may change in one sample of ten alone."""
    shapes = [port.get_partial_shape() for port in model.outputs]
    size = sum(
        4 * float(np.prod(tuple(shape.get_min_shape()), dtype=float))
        for shape in shapes
        if shape.rank.is_static
    )
    return int(np.clip(_KEPT / max(size, 1), *_WITNESSED))


@dataclass(frozen=True)
class _AtWork:
    """What both models give for some samples in float32, and how long they take for it, while nothing else runs.

    Attributes:
        witness: what the float model gave.
        exact, outputs, worst: how the quantized one follows, its outputs, and the samples on which it departs most.
        clocks: of both models.
        seconds: of a request of both.
    """

    witness: Witness
    exact: Followed
    outputs: tuple[Output, ...]
    worst: tuple[Sample, ...]
    clocks: tuple[Clocked, Clocked]
    seconds: list[float]


@apart
def _at_work(model: ov.Model, other: ov.Model, samples: Samples, device: str) -> _AtWork:
    """Run both; their compiled models live no longer: each is as large as the weights once more."""
    compiled = _timed(model, device, "float")
    witness = witnessed(model, other, samples.spread(_compared(model)), device, compiled)
    compiled_other = _timed(other, device, "INT8")
    numbers = samples.numbers(len(witness.feeds))
    exact, outputs, worst = _exact(model, other, compiled_other, witness, numbers, device)
    feeds = witness.feeds[:_TIMED]
    clocks = clocked(model, compiled, feeds), clocked(other, compiled_other, feeds)
    return _AtWork(witness, exact, outputs, worst, clocks, request_seconds([compiled, compiled_other], feeds))


def _timed(model: ov.Model, device: str, kind: str) -> ov.CompiledModel:
    try:
        return timed(model, device)
    except RuntimeError as error:
        endless = endless_quantizers(GraphView(model))
        why = (
            f"; the range of {endless[0]!r} has no end, which nothing can be rounded with" if endless else ""
        )
        raise ModelError(
            f"the {kind} model can't be compiled for device {device!r}: {reason(error)}{why}"
        ) from error


@apart
def _exact(
    model: ov.Model, other: ov.Model, compiled: ov.CompiledModel, witness: Witness, numbers: Sequence[int],
    device: str,
) -> tuple[Followed, tuple[Output, ...], tuple[Sample, ...]]:  # fmt: skip
    """How the quantized model follows, the rest in float32; what it gave is not kept."""
    found = run_compiled(compiled, other, witness, device)
    outputs = outputs_of(model, witness, found)
    return Followed.of(witness, found), outputs, worst_samples(witness, found, outputs, numbers)


@apart
def _as_users(other: ov.Model, witness: Witness, device: str) -> Followed:
    """How the quantized model follows with the device's own settings."""
    return Followed.of(witness, run(other, witness, device, AS_USERS, as_stored=False))


@apart
def _as_defined(other: ov.Model, witness: Witness) -> Followed:
    """How the quantized model follows as it is defined."""
    return Followed.of(witness, run_as_defined(other, witness))


def _parts(exact: Followed, users: Followed, defined: Followed, found: Shares | None) -> Parts:
    """How the output that is worst follows, and how it would with parts of the quantization."""
    whole = exact.decibels
    parts = (None, None) if found is None else (found.weights, found.activations)
    weights, activations = (
        None if found is None or part is None else _split(whole, part, found.whole) for part in parts
    )
    return Parts(
        whole=whole, users=users.decibels, defined=defined.decibels, weights=weights, activations=activations
    )


def _errors(
    model: ov.Model, other: ov.Model, readings: Sequence[Reading], samples: Samples, fed: Fed, device: str,
    alone: Container[str], notes: list[str], beside: Executor,
) -> dict[str, Error]:  # fmt: skip
    try:
        return measured(model, other, readings, samples, fed.passing(samples), device, alone, beside)
    except PotError as error:
        notes.append(f"errors at layers are not known: {error}")
        return {}


@apart
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


@apart
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


def _timing(model: ov.Model, other: ov.Model, seconds: Sequence[float], clock: Clocked) -> Timing:
    before, after = seconds
    return Timing(
        float_seconds=before, int8_seconds=after, float_bytes=stored_bytes(GraphView(model)),
        int8_bytes=stored_bytes(GraphView(other)), layers=len(clock.heavy),
        int8_layers=sum(layer.is_int8 for layer in clock.heavy), conversions=clock.conversions,
    )  # fmt: skip
