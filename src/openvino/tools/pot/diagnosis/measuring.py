"""What happens at each layer, of two passes over samples that only a few figures a channel leave.

The float model alone says between which borders its values lie; both side by side, which takes several times as long
and needs fewer samples, say what they do otherwise.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from math import isfinite
from typing import TypeVar

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.diagnosis.beside import Beside, Twins
from openvino.tools.pot.diagnosis.borders import Borders, Extremes, Slot, extremes
from openvino.tools.pot.diagnosis.reading import Reading
from openvino.tools.pot.diagnosis.samples import Samples
from openvino.tools.pot.engines.compiling import compiled_for
from openvino.tools.pot.engines.stream import Feed, run_stream
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.utils.errors import ModelError
from openvino.tools.pot.utils.memory import apart, hand_back
from openvino.tools.pot.utils.progress import track

Doubles = NDArray[np.float64]
Slots = TypeVar("Slots")


@dataclass(frozen=True)
class Seen:
    """What was seen of the data of one input of a layer.

    Attributes:
        port: of the layer's input.
        span: the range that it is rounded to.
        lows, highs: borders of each sample, ``[samples]``.
        channels: largest magnitude of each channel over all samples.
        constant: which channels are the same everywhere, in all samples.
        branches: of what is joined from several: their nodes, and the largest magnitude of each.
        power: mean square.
        clipped: share of values beyond the range.
        excess: mean square of what lies beyond the range.
        outer: share of those values that aren't zero beyond a quarter of it. These are None but for layers alone.
    """

    port: int
    span: QuantizerRange
    lows: Doubles
    highs: Doubles
    channels: Doubles
    constant: NDArray[np.bool_]
    branches: tuple[tuple[str, float], ...] = ()
    power: float | None = None
    clipped: float | None = None
    excess: float | None = None
    outer: float | None = None


@dataclass(frozen=True)
class Error:
    """What was measured at the output of one layer: means over samples and positions, by channel.

    Attributes:
        mean, square: of the error in the whole INT8 model.
        value, power: mean and mean square of the float output.
        own_mean, own: mean and mean square of the error that the layer makes alone; None where it isn't quantized.
        of_weights: mean square of what its weights alone make.
        largest: magnitude of the float output.
        constant: which channels of the float output are the same everywhere, in all samples.
        inputs: its quantized inputs.
    """

    mean: Doubles
    square: Doubles
    value: Doubles
    power: Doubles
    own_mean: Doubles | None
    own: Doubles | None
    of_weights: Doubles | None
    largest: float
    constant: NDArray[np.bool_]
    inputs: tuple[Seen, ...]


_COMPARED = 16
"""Samples at most that both models are fed side by side."""

_INNER = 0.25
"""The part of a range beyond which values are counted: three of four levels are for these."""


@dataclass(frozen=True)
class _Bordered:
    """Where the borders of a layer's output stand, of its quantized inputs by port, and of branches joined before."""

    output: Slot
    inputs: Mapping[int, Slot]
    branches: Mapping[int, Sequence[tuple[str, Slot]]]


@dataclass(frozen=True)
class _Alone:
    """Where the means stand of what a layer makes alone, and of its inputs by port."""

    twin: tuple[Slot, Slot, Slot]
    inputs: Mapping[int, _Watched]


@dataclass(frozen=True)
class _Watched:
    """Where means of the data of an input stand."""

    power: Slot
    excess: Slot
    clipped: Slot
    beyond: Slot
    some: Slot


def measured(
    model: ov.Model,
    other: ov.Model,
    readings: Sequence[Reading],
    samples: Samples,
    fed: Iterable[Feed],
    device: str,
    alone: Container[str],
    beside: Executor,
) -> dict[str, Error]:
    """What happens at each layer, by its name.

    Args:
        model, other: in float and quantized, with the same inputs.
        readings: the layers.
        samples: that both are fed.
        fed: the same, as they go by.
        device: where they run.
        alone: the layers of which it is measured what they lose alone, and what their inputs hold, since that takes a
            second one of each.
        beside: where a model is compiled while another one is fed samples.

    Raises:
        ModelError: the models don't go together, or can't be compiled, or there are no layers.
        DataError: a sample doesn't fit.
    """
    if not readings:
        raise ModelError("no layer is in both models, and nothing reads quantized data")
    twins = [each for each in readings if each.is_quantized and each.pair.node in alone]
    both = beside.submit(_both, model, other, readings, device)
    made = beside.submit(_made_alone, model, twins, device) if twins else None
    bordered, seen = _all_borders(model, readings, fed, len(samples), device)
    few = samples.few(_COMPARED)
    own, values = _means(both, few)
    compared = {name: [slot.of(values) for slot in slots] for name, slots in own.items()}
    del both  # before another model is compiled, unless that was done beside
    hand_back()
    makes, means = ({}, np.zeros(0)) if made is None else _means(made, few)
    return {
        name: _error(each, bordered[name], compared[name], makes.get(name), means, seen)
        for name, each in ((each.pair.node, each) for each in readings)
    }


@apart
def _all_borders(
    model: ov.Model, readings: Sequence[Reading], fed: Iterable[Feed], count: int, device: str
) -> tuple[Mapping[str, _Bordered], Extremes]:
    """What the float model says over all samples."""
    borders = Borders(model)
    bordered = {each.pair.node: _bordered(borders, each) for each in readings}
    compiled, starts = compiled_for("measured", borders.model(), device), borders.starts
    del borders  # what is compiled has weights of its own
    return bordered, extremes(_run(compiled, fed, count), starts)


@apart
def _both(
    model: ov.Model, other: ov.Model, readings: Sequence[Reading], device: str
) -> tuple[Mapping[str, Sequence[Slot]], ov.CompiledModel]:
    """What gives means of what both models say side by side, by layer: error, its square, value, its square."""
    beside = Beside(model, other)
    slots = {
        each.pair.node: beside.outputs(each.pair.end, each.pair.other_end, channel_axis(beside.view, each))
        for each in readings
    }
    return slots, compiled_for("measured", beside.model(), device, in_turn=True)


@apart
def _made_alone(
    model: ov.Model, readings: Sequence[Reading], device: str
) -> tuple[Mapping[str, _Alone], ov.CompiledModel]:
    """What gives means of what layers make alone: the float model; beside both, it would take as much memory."""
    twins = Twins(model)
    slots = {each.pair.node: _alone(twins, each) for each in readings}
    hand_back()  # errors of weights were taken
    return slots, compiled_for("measured", twins.model(), device, in_turn=True)


@apart
def _means(compiling: Future[tuple[Slots, ov.CompiledModel]], few: Samples) -> tuple[Slots, Doubles]:
    """Of what a model gives for samples."""
    slots, compiled = compiling.result()
    figures = [each for (each,) in _run(compiled, few, len(few))]
    return slots, np.asarray(np.mean(figures, axis=0, dtype=np.float64))


def _run(
    compiled: ov.CompiledModel, feeds: Iterable[Feed], count: int
) -> Iterator[list[NDArray[np.float32]]]:
    """The vectors that a model gives for each feed."""
    tagged = ((number, feed) for number, feed in enumerate(feeds))
    for _, found in track(run_stream(compiled, tagged), count, "Diagnosis"):
        yield [np.asarray(each, np.float32) for each in found]


def _bordered(borders: Borders, reading: Reading) -> _Bordered:
    view = borders.view
    sources = {port: view.inputs(reading.pair.node)[port] for port in reading.spans}
    inputs, branches = {}, {}
    for port, tensor in sources.items():
        inputs[port] = borders.range(tensor, _input_axis(view, reading, tensor))
        joined = concat_before(view, tensor)
        varying = view.varying(joined) if joined else ()
        branches[port] = [(each.node, borders.range(each, None)) for each in varying]
    return _Bordered(borders.range(reading.pair.end, channel_axis(view, reading)), inputs, branches)


def _input_axis(view: GraphView, reading: Reading, tensor: TensorId) -> int | None:
    """The axis of the channels of what a layer reads; None where it isn't known how many there are."""
    axis = None if reading.pair.linear is None else reading.pair.linear.input_axis
    is_open = axis is not None and view.output(tensor).get_partial_shape()[axis].is_dynamic
    return None if is_open else axis


def _alone(twins: Twins, reading: Reading) -> _Alone:
    node, view = reading.pair.node, twins.view
    weights = None if reading.weights is None else (reading.weights.port, reading.weights.error)
    shift = reading.shift_for(len(view.shape(TensorId(node)) or ()))
    inputs = {port: _watched(twins, view.inputs(node)[port], span) for port, span in reading.spans.items()}
    return _Alone(twins.twin(node, reading.spans, weights, shift, channel_axis(view, reading)), inputs)


def _watched(twins: Twins, tensor: TensorId, span: QuantizerRange) -> _Watched:
    return _Watched(
        twins.powers(tensor), *twins.cut(tensor, span), *twins.outer(tensor, span, _INNER),
    )  # fmt: skip


def concat_before(view: GraphView, tensor: TensorId) -> str:
    """The Concat of several branches that made a tensor, past what moves data or works element by element."""
    for _ in range(8):
        kind = view.type(tensor.node)
        varying = view.varying(tensor.node)
        if kind == "Concat" and len(varying) > 1:
            return tensor.node
        if len(varying) != 1 or not (traits(kind).moves != "none" or traits(kind).elementwise):
            return ""
        tensor = varying[0]
    return ""


def channel_axis(view: GraphView, reading: Reading) -> int | None:
    """The axis of the channels of what a layer gives; None where it isn't known how many there are."""
    shape = view.output(reading.pair.end).get_partial_shape()
    layer = reading.pair.linear
    if layer is None or shape.rank.is_dynamic or shape[layer.output_axis].is_dynamic:
        return None
    return layer.output_axis


def _error(
    reading: Reading, bordered: _Bordered, compared: Sequence[Doubles], alone: _Alone | None, means: Doubles,
    seen: Extremes,
) -> Error:  # fmt: skip
    mean, square, value, power = compared
    borders = seen.of(bordered.output)
    own_mean, own, of_weights = (None,) * 3 if alone is None else (slot.of(means) for slot in alone.twin)
    inputs = tuple(
        _seen(port, span, bordered, None if alone is None else alone.inputs.get(port), means, seen)
        for port, span in reading.spans.items()
    )
    largest = float(_magnitudes(*borders).max())
    return Error(mean, square, value, power, own_mean, own, of_weights, largest, _constant(*borders), inputs)


def _seen(
    port: int, span: QuantizerRange, bordered: _Bordered, watched: _Watched | None,
    means: Doubles, found: Extremes,
) -> Seen:  # fmt: skip
    borders = found.of(bordered.inputs[port])
    branches = tuple(
        (name, float(_magnitudes(*found.of(slot)).max())) for name, slot in bordered.branches[port]
    )
    by_samples = found.by_sample(bordered.inputs[port])
    seen = Seen(port, span, *by_samples, _magnitudes(*borders), _constant(*borders), branches)
    if watched is None:
        return seen
    slots = (watched.power, watched.excess, watched.clipped, watched.beyond, watched.some)
    power, excess, clipped, beyond, some = (float(slot.of(means)[0]) for slot in slots)
    return replace(seen, power=power, clipped=clipped, excess=excess, outer=beyond / some if some else 0.0)


def _magnitudes(low: Doubles, high: Doubles) -> Doubles:
    """The largest magnitude of each channel."""
    return np.asarray(np.maximum(-low, high))


def _constant(low: Doubles, high: Doubles) -> NDArray[np.bool_]:
    """Which channels are the same everywhere, but for the last bits of float32."""
    return np.asarray(high - low <= 1e-5 * np.maximum(np.abs(low), np.abs(high)))


def decibels(signal: float, noise: float) -> float:
    """Of a power over another; 300 where nothing is lost, -300 where it has no end or is no number."""
    if not (isfinite(signal) and isfinite(noise)):
        return -300.0
    if noise <= 0:
        return 300.0
    return float(np.clip(10 * np.log10(max(signal, 1e-300) / noise), -300, 300))


def variation(error: Error) -> float:
    """The power of the variation of an output around the mean of its channels; of constant ones, all of it."""
    power = float(error.power.mean())
    varying = power - float(np.square(error.value).mean())
    return varying if varying > 1e-10 * power else power


def by_sample(seen: Mapping[str, Error]) -> tuple[Doubles, Doubles]:
    """Borders of all quantized inputs for each sample, ``[samples, inputs]``."""
    inputs = [own for error in seen.values() for own in error.inputs]
    if not inputs:
        return np.zeros((0, 0)), np.zeros((0, 0))
    return np.stack([own.lows for own in inputs], 1), np.stack([own.highs for own in inputs], 1)
