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
    """

    port: int
    span: QuantizerRange
    lows: Doubles
    highs: Doubles
    channels: Doubles
    power: float
    clipped: float


@dataclass(frozen=True)
class Error:
    """What was measured at the output of one layer: means over samples and positions, by channel.

    Attributes:
        mean, square: of the error in the whole INT8 model.
        value, power: mean and mean square of the float output.
        own_mean, own: mean and mean square of the error that the layer makes alone; None where it isn't quantized.
        of_weights: mean square of what its weights alone make.
        largest: magnitude of the float output.
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
    inputs: tuple[Seen, ...]


@dataclass(frozen=True)
class _Places:
    outputs: tuple[Slot, Slot, Slot, Slot]
    borders: Slot
    twin: tuple[Slot, Slot, Slot] | None
    inputs: tuple[tuple[int, QuantizerRange, Slot, Slot, Slot], ...]


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
    inputs = tuple(
        (port, span, *_watched(beside, reading, port, span)) for port, span in reading.spans.items()
    )
    weights = None
    if reading.weight_error is not None and reading.weights is not None:
        weights = (reading.weights[0], reading.weight_error)
    twin = None
    if alone and reading.is_quantized:
        twin = beside.twin(pair.node, reading.spans, weights, reading.shift_for(rank), axis)
    return _Places(beside.outputs(pair.end, pair.other_end, axis), beside.range(pair.end, axis), twin, inputs)


def _watched(beside: Beside, reading: Reading, port: int, span: QuantizerRange) -> tuple[Slot, Slot, Slot]:
    tensor = beside.view.inputs(reading.pair.node)[port]
    layer = reading.pair.linear
    axis = layer.input_axis if layer is not None else None
    if axis is not None and beside.view.output(tensor).get_partial_shape()[axis].is_dynamic:
        axis = None
    return beside.range(tensor, axis), beside.powers(tensor), beside.clipped(tensor, span)


def channel_axis(view: GraphView, reading: Reading) -> int | None:
    """The axis of the channels of what a layer gives; None where it isn't known how many there are."""
    shape = view.output(reading.pair.end).get_partial_shape()
    layer = reading.pair.linear
    if layer is None or shape.rank.is_dynamic or shape[layer.output_axis].is_dynamic:
        return None
    return layer.output_axis


def _error(places: _Places, means: Doubles, lows: Doubles, highs: Doubles) -> Error:
    mean, square, value, power = (slot.of(means) for slot in places.outputs)
    borders = places.borders.of(lows), places.borders.of(highs)
    inputs = tuple(
        Seen(
            port, span, slot.of(lows).min(axis=1), slot.of(highs).max(axis=1),
            np.maximum(-slot.of(lows).min(axis=0), slot.of(highs).max(axis=0)),
            float(squares.of(means)[0]), float(beyond.of(means)[0]),
        )
        for port, span, slot, squares, beyond in places.inputs
    )  # fmt: skip
    largest = float(max(-borders[0].min(), borders[1].max()))
    if places.twin is None:
        return Error(mean, square, value, power, None, None, None, largest, inputs)
    own_mean, own, of_weights = (slot.of(means) for slot in places.twin)
    return Error(mean, square, value, power, own_mean, own, of_weights, largest, inputs)


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
