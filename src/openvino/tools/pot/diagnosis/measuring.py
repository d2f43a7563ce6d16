"""One pass over samples in which float and INT8 run side by side; all that leaves it are a few figures a channel."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.diagnosis.reading import Reading
from openvino.tools.pot.engines.compiling import compiled_for
from openvino.tools.pot.engines.stream import Feed, run_stream
from openvino.tools.pot.graph.edits.beside import Beside, Slot
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.utils.progress import track

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """What was seen of the data of one input of a layer.

    Attributes:
        port: of the layer's input.
        span: the range that it is rounded to.
        lows, highs: borders of each sample, ``[samples]``.
        channels: largest magnitude of each channel over all samples.
        power: mean square.
        clipped: share of values beyond the range.
        constant: which channels are the same everywhere, in all samples.
        branches: of what is joined from several: their nodes, and the largest magnitude of each.
        excess: mean square of what lies beyond the range.
        outer: share of those values that aren't zero beyond a quarter of it. Both are None but for layers alone.
    """

    port: int
    span: QuantizerRange
    lows: Doubles
    highs: Doubles
    channels: Doubles
    power: float
    clipped: float
    constant: NDArray[np.bool_]
    branches: tuple[tuple[str, float], ...] = ()
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


_INNER = 0.25
"""The part of a range beyond which values are counted: three of four levels are for these."""


@dataclass(frozen=True)
class _Watched:
    """Where the figures of an input stand."""

    port: int
    span: QuantizerRange
    borders: Slot
    power: Slot
    clipped: Slot
    branches: tuple[tuple[str, Slot], ...]
    outer: tuple[Slot, Slot, Slot] | None

    def seen(self, means: Doubles, lows: Doubles, highs: Doubles) -> Seen:
        least, most = self.borders.of(lows), self.borders.of(highs)
        excess, beyond, some = (
            (float(slot.of(means)[0]) for slot in self.outer) if self.outer else (None,) * 3
        )
        return Seen(
            self.port, self.span, least.min(axis=1), most.max(axis=1), _magnitudes(least, most),
            float(self.power.of(means)[0]), float(self.clipped.of(means)[0]), _constant(least, most),
            tuple((name, float(_magnitudes(slot.of(lows), slot.of(highs)).max())) for name, slot in self.branches),
            excess, None if beyond is None or some is None else beyond / some if some else 0.0,
        )  # fmt: skip


@dataclass(frozen=True)
class _Places:
    outputs: tuple[Slot, Slot, Slot, Slot]
    borders: Slot
    twin: tuple[Slot, Slot, Slot] | None
    inputs: tuple[_Watched, ...]


def measured(
    model: ov.Model,
    other: ov.Model,
    readings: Sequence[Reading],
    feeds: Iterable[Feed],
    count: int,
    device: str,
    alone: Container[str],
) -> dict[str, Error]:
    """What happens at each layer, by its name.

    Args:
        model, other: in float and quantized, with the same inputs.
        readings: the layers.
        feeds: what both are fed.
        count: how many there are.
        device: where they run.
        alone: the layers of which it is measured what they lose alone, since that takes a second one of each.

    Raises:
        ModelError: the models don't go together, or can't be compiled.
        DataError: a sample doesn't fit.
    """
    beside = Beside(model, other)
    places = {each.pair.node: _placed(beside, each, each.pair.node in alone) for each in readings}
    compiled = compiled_for("measured", beside.model(), device)
    means: Doubles | float = 0.0
    lows: list[NDArray[np.float32]] = []
    highs: list[NDArray[np.float32]] = []
    tagged = ((number, feed) for number, feed in enumerate(feeds))
    for _, found in track(run_stream(compiled, tagged), count, "Diagnosis"):
        vector, low, high = (np.asarray(each, np.float32) for each in found)
        means = means + np.asarray(vector, np.float64)
        lows.append(low)
        highs.append(high)
    total = np.asarray(means) / max(len(lows), 1)
    least, most = np.asarray(lows, np.float64), np.asarray(highs, np.float64)
    return {node: _error(own, total, least, most) for node, own in places.items()}


def _placed(beside: Beside, reading: Reading, alone: bool) -> _Places:
    pair, view = reading.pair, beside.view
    axis = channel_axis(view, reading)
    rank = len(view.shape(TensorId(pair.node)) or ())
    inputs = tuple(_watched(beside, reading, port, span, alone) for port, span in reading.spans.items())
    weights = None
    if reading.weight_error is not None and reading.weights is not None:
        weights = (reading.weights[0], reading.weight_error)
    twin = None
    if alone and reading.is_quantized:
        twin = beside.twin(pair.node, reading.spans, weights, reading.shift_for(rank), axis)
    return _Places(beside.outputs(pair.end, pair.other_end, axis), beside.range(pair.end, axis), twin, inputs)


def _watched(beside: Beside, reading: Reading, port: int, span: QuantizerRange, alone: bool) -> _Watched:
    view = beside.view
    tensor = view.inputs(reading.pair.node)[port]
    layer = reading.pair.linear
    axis = layer.input_axis if layer is not None else None
    if axis is not None and view.output(tensor).get_partial_shape()[axis].is_dynamic:
        axis = None
    joined = concat_before(view, tensor)
    branches = tuple(
        (each.node, beside.range(each, None)) for each in (view.varying(joined) if joined else ())
    )
    outer = (beside.excess(tensor, span), *beside.outer(tensor, span, _INNER)) if alone else None
    return _Watched(
        port, span, beside.range(tensor, axis), beside.powers(tensor), beside.clipped(tensor, span), branches, outer
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


def _error(places: _Places, means: Doubles, lows: Doubles, highs: Doubles) -> Error:
    mean, square, value, power = (slot.of(means) for slot in places.outputs)
    least, most = places.borders.of(lows), places.borders.of(highs)
    inputs = tuple(each.seen(means, lows, highs) for each in places.inputs)
    largest = float(_magnitudes(least, most).max())
    constant = _constant(least, most)
    if places.twin is None:
        return Error(mean, square, value, power, None, None, None, largest, constant, inputs)
    own_mean, own, of_weights = (slot.of(means) for slot in places.twin)
    return Error(mean, square, value, power, own_mean, own, of_weights, largest, constant, inputs)


def _magnitudes(lows: Doubles, highs: Doubles) -> Doubles:
    """The largest magnitude of each channel."""
    return np.asarray(np.maximum(-lows.min(axis=0), highs.max(axis=0)))


def _constant(lows: Doubles, highs: Doubles) -> NDArray[np.bool_]:
    """Which channels are the same everywhere, but for the last bits of float32."""
    least, most = lows.min(axis=0), highs.max(axis=0)
    return np.asarray(most - least <= 1e-5 * np.maximum(np.abs(least), np.abs(most)))


def decibels(signal: float, noise: float) -> float:
    """Of a power over another; 300 where nothing is lost."""
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
