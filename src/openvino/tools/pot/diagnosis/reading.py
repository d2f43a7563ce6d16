"""What a quantized model does to each layer, read from its graph and said in units of the float model.

Any INT8 model will do: what is known is where its FakeQuantize nodes stand, and what its weights are. Where scales were
moved from activations into weights, each input channel of these is a multiple of the float model's, which the weights
themselves tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.diagnosis.pairs import Pair, added_to
from openvino.tools.pot.graph.geometry import LinearLayer, along, along_inputs, canonical_weights
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_MOST = 256
"""Levels of a quantizer that counts."""

_MOVED = 4.0
"""How many times closer to the float weights factors of the input channels must bring others to be believed."""


@dataclass(frozen=True)
class Reading:
    """What is done to one layer.

    Attributes:
        pair: the layer in both models.
        spans: input port -> the range of its data, in units of the float model.
        weights: input port of the weights and their rounded values, as the float model would have them; None where
            they are not quantized.
        weight_error: the same less the float weights.
        shift: what its bias moves by, for each output channel; None where it doesn't.
    """

    pair: Pair
    spans: Mapping[int, QuantizerRange] = field(default_factory=dict)
    weights: tuple[int, Floats] | None = None
    weight_error: Floats | None = None
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
    source = other.source(InputId(pair.other, layer.weights))
    plain, rounded = (
        np.asarray(graph.value(graph.source(InputId(name, layer.weights))), np.float32)
        for graph, name in ((view, pair.node), (other, pair.other))
    )
    factors = input_factors(view, layer, plain, rounded)
    weights = rounded if factors is None else rounded / along_inputs(view, layer, factors, plain.ndim)
    is_stored = is_rounded(other, source)
    span = span_at(other, InputId(pair.other, layer.activation))
    spans = {} if span is None else {layer.activation: _as_read(view, pair, span, factors)}
    error = np.asarray(weights - plain, np.float32)
    return Reading(
        pair, spans, (layer.weights, weights.astype(np.float32)) if is_stored else None,
        error if is_stored or np.any(error) else None, _shift(view, other, pair, layer),
    )  # fmt: skip


def _as_read(view: GraphView, pair: Pair, span: Spanned, factors: Doubles | None) -> QuantizerRange:
    """A range in units of the float model: what channels were divided by before it, they are multiplied with."""
    layer = pair.linear
    assert layer is not None
    rank = len(view.shape(view.source(InputId(pair.node, layer.activation))) or ())
    own = span.range
    if own.low.size > 1:
        own = own.reshaped(*(() if own.low.size == 1 else _aligned(own.low.shape, rank)))
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
    """The range of what an input reads, past operations that only move data; None where it is not quantized."""
    return _span(view, view.source(reader))


def _span(view: GraphView, tensor: TensorId) -> Spanned | None:
    kind = view.type(tensor.node)
    if view.is_constant(tensor):
        return None
    if kind == "FakeQuantize":
        low, high, least, most = (
            np.asarray(view.value(border), np.float64) for border in view.inputs(tensor.node)[1:]
        )
        levels = int(view.attributes(tensor.node)["levels"])
        if levels > _MOST:
            return None
        ratio = (high - low) / np.maximum(most - least, np.finfo(np.float32).tiny)
        span = QuantizerRange(low.astype(np.float32), high.astype(np.float32), levels)
        # A range for all fits a tensor of any rank, so may not bring axes of its own.
        return Spanned(span.reshaped() if low.size == high.size == 1 else span, ratio)
    moves = traits(kind).moves
    if kind == "Concat":
        found = [_span(view, source) for source in view.inputs(tensor.node)]
        return _joined(view, tensor.node, found)
    if moves in ("none",) or kind in ("Pad",):
        return None
    if moves in ("reorders", "cuts", "picks", "shuffles"):
        found_one = _span(view, view.inputs(tensor.node)[0])
        return found_one if found_one is None or found_one.range.low.size == 1 else None
    return _span(view, view.inputs(tensor.node)[0])


def _joined(view: GraphView, node: str, found: Sequence[Spanned | None]) -> Spanned | None:
    """The range of what is joined, by channel where that of the parts differs."""
    known = [each for each in found if each is not None]
    if len(known) < len(found) or not known or any(each.range.low.size > 1 for each in known):
        return None
    borders = {(each.range.low.item(), each.range.high.item(), each.range.levels) for each in known}
    if len(borders) == 1:
        return known[0]
    shapes = [view.shape(tensor) for tensor in view.inputs(node)]
    axis = int(view.attributes(node)["axis"])
    if any(shape is None or shape[axis] is None for shape in shapes):
        return None
    sizes = [int((shape or ())[axis] or 0) for shape in shapes]
    rank = len(shapes[0] or ())
    low, high, ratio = (
        along(np.repeat([value.item() for value in values], sizes), axis % rank, rank)
        for values in (
            [each.range.low for each in known],
            [each.range.high for each in known],
            [each.ratio for each in known],
        )
    )
    return Spanned(
        QuantizerRange(low.astype(np.float32), high.astype(np.float32), known[0].range.levels), ratio
    )


def input_factors(view: GraphView, layer: LinearLayer, plain: Floats, rounded: Floats) -> Doubles | None:
    """What each input channel of weights was multiplied with, by least squares; None where none was.

    Args:
        view: of the float model.
        layer: in it.
        plain, rounded: weights of the float model and of the other, of one shape.
    """
    if plain.shape != rounded.shape:
        return None
    one, two = (np.asarray(canonical_weights(view, layer, each), np.float64) for each in (plain, rounded))
    # All outputs count alike: a single large one would be followed by factors whatever was done to it.
    sizes = np.sqrt(np.square(one).sum(axis=(2, 3), keepdims=True))
    one, two = (each / np.where(sizes > 0, sizes, 1) for each in (one, two))
    power = np.square(one).sum(axis=(1, 3))  # [groups, inputs]
    products = (one * two).sum(axis=(1, 3))
    factors = np.where(power > 0, products / np.where(power > 0, power, 1), 1.0)
    factors = np.where(factors > 0, factors, 1.0)
    left = np.square(two - one * factors[:, None, :, None]).sum()
    if np.square(two - one).sum() <= _MOVED * left:
        return None
    return np.asarray(factors.reshape(-1))
