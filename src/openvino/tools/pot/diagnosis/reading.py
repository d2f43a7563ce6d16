"""What a quantized model does to each layer, read from its graph and said in units of the float model.

Any INT8 model will do: what is known is where its FakeQuantize nodes stand, and what its weights are. Where scales were
moved from activations into weights, each input channel of these is a multiple of the float model's, which the weights
themselves tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.diagnosis.pairs import Pair, added_to
from openvino.tools.pot.graph.geometry import LinearLayer, along, along_inputs, canonical_weights
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.values import moved
from openvino.tools.pot.graph.view import GraphView, walk
from openvino.tools.pot.utils.errors import ModelError

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_MOST = 256
"""Levels of a quantizer that counts."""

_MOVED = 4.0
"""How many times closer to the float weights factors of the input channels must bring others to be believed."""


@dataclass(frozen=True)
class RoundedWeights:
    """Weights of a layer in both models, read from these each time: those of all layers are as large as a model.

    Attributes:
        port: the input that reads them.
        factors: what those of the quantized model must be divided by, in a shape that broadcasts; None: by nothing.
    """

    port: int
    pair: Pair
    view: GraphView
    other: GraphView
    factors: NDArray[np.floating] | None = None

    @property
    def plain(self) -> Floats:
        """As the float model has them."""
        return _value(self.view, InputId(self.pair.node, self.port))

    @property
    def error(self) -> Floats:
        """Of the rounded ones, as the float model would have them."""
        rounded = _value(self.other, InputId(self.pair.other, self.port))
        if self.factors is not None:
            rounded = np.asarray(rounded / self.factors, np.float32)
        return np.asarray(rounded - self.plain, np.float32)


@dataclass(frozen=True)
class Reading:
    """What is done to one layer.

    Attributes:
        pair: the layer in both models.
        spans: input port -> the range of its data, in units of the float model.
        weights: how they are rounded; None where they are not quantized.
        shift: what its bias moves by, for each output channel; None where it doesn't.
    """

    pair: Pair
    spans: Mapping[int, QuantizerRange] = field(default_factory=dict)
    weights: RoundedWeights | None = None
    shift: Doubles | None = None

    @property
    def is_quantized(self) -> bool:
        """Whether anything of it is."""
        return bool(self.spans) or self.weights is not None

    def shift_for(self, rank: int) -> Floats | None:
        """The shift in a shape that broadcasts against the output."""
        if self.shift is None or self.pair.linear is None:
            return None
        return along(self.shift, self.pair.linear.output_axis, rank).astype(np.float32)


def read(view: GraphView, other: GraphView, pairs: Sequence[Pair]) -> list[Reading]:
    """What a quantized model does to the layers that both have, and to whatever else reads quantized data.

    Args:
        view: of the float model.
        other: of the quantized one.
        pairs: the layers.

    Returns:
        In the order in which the float model computes; of other operations those alone whose inputs are quantized.
    """
    found = {pair.node: _read(view, other, pair) for pair in pairs}
    taken = {pair.other for pair in pairs}
    for name in other.nodes:
        if name not in taken and name not in found and _computes(other, name) and name in view.nodes:
            reading = _of_inputs(view, other, Pair(name, name, _end(view, name), _end(other, name), None))
            if reading.is_quantized and view.type(name) == other.type(name):
                found[name] = reading
    return [found[name] for name in view.nodes if name in found]


def _end(view: GraphView, name: str) -> TensorId:
    """What an operation gives; a result gives what it reads."""
    return view.inputs(name)[0] if view.type(name) == "Result" else TensorId(name)


def _computes(view: GraphView, name: str) -> bool:
    """Whether a node gives other values than it reads."""
    kind, outputs = view.type(name), view.outputs(name)
    if traits(kind).source or kind == "FakeQuantize" or traits(kind).moves != "none":
        return False
    return kind == "Result" or (len(outputs) == 1 and not view.is_constant(outputs[0]))


def _of_inputs(view: GraphView, other: GraphView, pair: Pair) -> Reading:
    """What is done to the inputs of an operation that has no weights."""
    varying = (port for port, tensor in enumerate(view.inputs(pair.node)) if not view.is_constant(tensor))
    found = {port: span_at(other, InputId(pair.other, port)) for port in varying}
    return Reading(pair, {port: own.range for port, own in found.items() if own is not None})


def _read(view: GraphView, other: GraphView, pair: Pair) -> Reading:
    layer = pair.linear
    if layer is None:
        return _of_inputs(view, other, pair)
    plain = _value(view, InputId(pair.node, layer.weights))
    rounded = _value(other, InputId(pair.other, layer.weights))
    span = span_at(other, InputId(pair.other, layer.activation))
    factors = input_factors(view, layer, plain, rounded, np.ones(1) if span is None else span.ratio)
    spans = {} if span is None else {layer.activation: _as_read(view, pair, span, factors)}
    weights = None
    if is_rounded(other, other.source(InputId(pair.other, layer.weights))):
        divisor = None if factors is None else along_inputs(view, layer, factors, plain.ndim)
        weights = RoundedWeights(layer.weights, pair, view, other, divisor)
    return Reading(pair, spans, weights, _shift(view, other, pair, layer))


def _value(view: GraphView, reader: InputId) -> Floats:
    """A constant that an input reads."""
    return np.asarray(view.value(view.source(reader)), np.float32)


def _as_read(view: GraphView, pair: Pair, span: Spanned, factors: Doubles | None) -> QuantizerRange:
    """A range in units of the float model: what channels were divided by before it, they are multiplied with."""
    layer = pair.linear
    assert layer is not None
    rank = len(view.shape(view.source(InputId(pair.node, layer.activation))) or ())
    own = span.range
    if own.low.size > 1:
        own = own.reshaped(*_aligned(own.low.shape, rank))
    if factors is None:
        return own
    before = factors / np.broadcast_to(span.ratio.reshape(-1), factors.shape)
    return own.widened(along(before, layer.input_axis, rank))


def _aligned(shape: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """A shape of as many axes, of which the first ones are dropped or made."""
    return (1,) * max(rank - len(shape), 0) + shape[max(len(shape) - rank, 0) :]


def _shift(view: GraphView, other: GraphView, pair: Pair, layer: LinearLayer) -> Doubles | None:
    biases = added_to(view, pair.end, pair.node), added_to(other, pair.other_end, pair.other)
    sizes = [1 if bias is None else bias.size for bias in biases]
    before, after = (
        np.zeros(1) if bias is None else np.asarray(bias, np.float64).reshape(-1) for bias in biases
    )
    if 1 not in sizes and sizes[0] != sizes[1]:
        return None
    channels = view.output(TensorId(pair.node)).get_partial_shape()[layer.output_axis]
    if channels.is_dynamic or max(sizes) not in (1, channels.get_length()):
        return None
    shift = np.broadcast_to(after - before, (channels.get_length(),))
    return shift if np.any(shift) else None


def is_rounded(view: GraphView, tensor: TensorId) -> bool:
    """Whether a constant is made of few levels: by a FakeQuantize, or from integers."""
    pending = [tensor]
    while pending:
        node = pending.pop().node
        if view.type(node) == "FakeQuantize":
            return True
        if view.type(node) == "Constant" and not view.nodes[node].get_element_type().is_real():
            return True
        pending += view.inputs(node)[:1]
    return False


@dataclass(frozen=True)
class Spanned:
    """The range of a FakeQuantize, and what it gives over what it takes.

    Attributes:
        range: of what it takes.
        ratio: its step over that of what it gives: what the channels are divided by.
    """

    range: QuantizerRange
    ratio: Doubles


def span_at(view: GraphView, reader: InputId) -> Spanned | None:
    """The range of what an input reads, past operations that only move data; None where not all of it is quantized."""
    tensor = view.source(reader)
    quantizers = _quantizers(view, tensor)
    if not quantizers:
        return None
    spans = {each: _of_quantizer(view, each) for each in quantizers}
    levels = {span.range.levels for span in spans.values()}
    figures = {(s.range.low.tobytes(), s.range.high.tobytes(), s.ratio.tobytes()) for s in spans.values()}
    first = next(iter(spans.values()))
    if len(levels) > 1 or first.range.levels > _MOST:
        return None
    if len(figures) == 1 and (first.range.low.size == 1 or quantizers == {tensor}):
        return first
    return _moved(view, tensor, spans)


def _quantizers(view: GraphView, tensor: TensorId) -> set[TensorId]:
    """The quantizers whose data a tensor holds, moved about; none where it holds other data, too."""
    found: set[TensorId] = set()
    for place in walk([tensor], lambda each: _moved_from(view, each)):
        if view.type(place.node) == "FakeQuantize":
            found.add(place)
        elif not _moved_from(view, place):
            return set()
    return found


def _moved_from(view: GraphView, tensor: TensorId) -> tuple[TensorId, ...]:
    """The tensors whose values a tensor holds."""
    own = traits(view.type(tensor.node))
    if own.moves == "none" or view.type(tensor.node) == "Pad" or view.is_constant(tensor):
        return ()
    inputs = view.inputs(tensor.node)
    return (
        tuple(each for each in inputs if not view.is_constant(each)) if own.moves == "joins" else inputs[:1]
    )


def endless_quantizers(view: GraphView) -> list[str]:
    """Names of those of which a border is infinite, or no number."""
    quantizers = (name for name in view.nodes if view.type(name) == "FakeQuantize")
    return [
        name
        for name in quantizers
        if not all(np.isfinite(view.value(border)).all() for border in view.inputs(name)[1:])
    ]


def _of_quantizer(view: GraphView, tensor: TensorId) -> Spanned:
    borders = (np.asarray(view.value(border), np.float64) for border in view.inputs(tensor.node)[1:])
    low, high, least, most = borders
    levels = int(view.attributes(tensor.node)["levels"])
    with np.errstate(invalid="ignore"):  # borders may have no end
        ratio = (high - low) / np.maximum(most - least, np.finfo(np.float32).tiny)
    span = QuantizerRange(low.astype(np.float32), high.astype(np.float32), levels)
    # A range for all fits a tensor of any rank, so may not bring axes of its own.
    return Spanned(span.reshaped() if low.size == high.size == 1 else span, ratio)


def _moved(view: GraphView, tensor: TensorId, spans: Mapping[TensorId, Spanned]) -> Spanned | None:
    """Borders that went the way of the data, along the axes alone on which they differ."""
    shapes = {each: view.shape(each) or () for each in spans}
    if any(None in shape or not shape for shape in shapes.values()):
        return None
    known = {
        each: np.stack(np.broadcast_arrays(own.range.low, own.range.high, own.ratio), -1)
        for each, own in spans.items()
    }
    rows = np.concatenate([own.reshape(-1, 3) for own in known.values()]).astype(np.float64)
    table, numbers = np.unique(rows, axis=0, return_inverse=True)
    parts = np.split(numbers.reshape(-1), np.cumsum([own.size // 3 for own in known.values()])[:-1])
    places: dict[TensorId, NDArray[np.floating]] = {
        each: np.broadcast_to(
            part.reshape(own.shape[:-1]).astype(np.float32), tuple(int(size or 1) for size in shapes[each])
        )
        for (each, own), part in zip(known.items(), parts, strict=True)
    }
    try:
        found = _narrowed(moved(view, tensor, places))
    except ModelError:
        return None
    low, high, ratio = np.moveaxis(table[np.rint(found).astype(int)], -1, 0)
    levels = next(iter(spans.values())).range.levels
    return Spanned(QuantizerRange(low.astype(np.float32), high.astype(np.float32), levels), ratio)


def _narrowed(values: NDArray[np.floating]) -> NDArray[Any]:
    """Without axes along which nothing differs."""
    for axis in range(values.ndim):
        first = values.take([0], axis)
        if np.array_equal(values, np.broadcast_to(first, values.shape)):
            values = first
    return values


def input_factors(
    view: GraphView, layer: LinearLayer, plain: Floats, rounded: Floats, ratio: Doubles
) -> Doubles | None:
    """What each input channel of weights was multiplied with; None where none was.

    That is what a quantizer divides by, if this explains the weights; else what least squares find, if that does.

    Args:
        view: of the float model.
        layer: in it.
        plain, rounded: weights of the float model and of the other, of one shape.
        ratio: what the quantizer of the layer's input divides channels, or all of them, by.
    """
    if plain.shape != rounded.shape:
        return None
    one, two = (np.asarray(canonical_weights(view, layer, each), np.float64) for each in (plain, rounded))
    # All outputs count alike: a single large one would be followed by factors whatever was done to it.
    sizes = np.sqrt(np.square(one).sum(axis=(2, 3), keepdims=True))
    one, two = (each / np.where(sizes > 0, sizes, 1) for each in (one, two))
    power = np.square(one).sum(axis=(1, 3))  # [groups, inputs]
    fitted = np.where(power > 0, (one * two).sum(axis=(1, 3)) / np.where(power > 0, power, 1), 1.0)
    fitted = np.where(fitted > 0, fitted, 1.0)
    known: list[Doubles | None] = [None]
    if ratio.size in (1, fitted.size) and not np.allclose(ratio, 1, rtol=1e-5):
        known.append(np.broadcast_to(ratio.reshape(-1), (fitted.size,)).reshape(fitted.shape))

    def left(factors: Doubles | None) -> float:
        scale = 1.0 if factors is None else factors[:, None, :, None]
        return float(np.square(two - one * scale).sum())

    best = min(known, key=left)
    if left(best) > _MOVED * left(fitted):
        best = fitted
    return None if best is None else np.asarray(best.reshape(-1))
