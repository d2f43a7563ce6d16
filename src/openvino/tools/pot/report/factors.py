"""The integers that each INT8 layer of a quantized model multiplies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.fake_quantize import level_indices
from openvino.tools.pot.arithmetic.formats import BYTE
from openvino.tools.pot.arithmetic.pair_sums import Integers, patches, spread
from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.arithmetic.saturation import pair_bound
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights, linear_layer, neighbours
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.layers import is_depthwise

Values = Sequence[NDArray[Any]]
Pair = tuple[Integers, Integers]


@dataclass(frozen=True)
class Factors:
    """What a layer multiplies.

    Attributes:
        node: its name.
        tensors: the tensors whose values ``of`` takes.
        zero: the level of the activation that stands for zero.
        of: from these values to levels ``[rows, groups, inputs, taps]``, 0 to 255, and weights ``[groups,
            outputs, inputs, taps]``, -128 to 127.
        bound: from the largest value of each input channel to the largest magnitude of a sum of two products;
            None for a product of two activations.
        axis: of the input channels.
    """

    node: str
    tensors: tuple[TensorId, ...]
    zero: int
    of: Callable[[Values], Pair]
    bound: Callable[[NDArray[Any]], float] | None = None
    axis: int = -1


def layer_factors(view: GraphView) -> Iterator[Factors]:
    """The layers that sum over channels: all but depthwise convolutions and recurrent ones.

    A layer counts as INT8 where its activation comes from a FakeQuantize, directly or through operations that
    only move data, and its weights are symmetric: a FakeQuantize over constants, or integers with their scale.
    """
    for name in view.nodes:
        layer = linear_layer(view, name)
        found = _product(view, name) if layer is None else _weighted(view, layer)
        if found is not None:
            yield found


def _weighted(view: GraphView, layer: LinearLayer) -> Factors | None:
    activation, weight = (view.inputs(layer.node)[port] for port in (layer.activation, layer.weights))
    span, integers = _source_span(view, activation), _weight_integers(view, weight)
    own = traits(view.type(layer.node))
    if span is None or integers is None or own.linear == "deformed" or is_depthwise(view, layer.node):
        return None
    weights = neighbours(view, layer, canonical_weights(view, layer, integers)).astype(np.int32)
    rows = _row_maker(view, layer, _zero(span))
    backwards = own.linear == "transposed"

    def of(values: Values) -> Pair:
        levels = neighbours(view, layer, rows(_levels(values[0], span)))
        turned = weights[..., ::-1] if backwards else weights
        return levels.reshape(len(levels), len(weights), -1, levels.shape[-1]), turned

    return Factors(
        layer.node, (activation,), _zero(span), of, partial(_bound, span, weights), layer.input_axis
    )


def _bound(span: QuantizerRange, weights: Integers, largest: NDArray[Any]) -> float:
    # Padding holds the level of zero, whatever the data.
    levels = _levels(np.maximum(largest, 0).reshape(len(weights), -1), span).astype(np.float64)
    each = np.broadcast_to(levels, (len(weights), weights.shape[2]))
    return float(pair_bound(weights.astype(np.float64), each).max())


def _product(view: GraphView, name: str) -> Factors | None:
    """A product of two activations, the second of which is signed."""
    kind = view.type(name)
    if not traits(kind).product:
        return None
    left, right = tensors = view.inputs(name)[:2]
    spans = [_source_span(view, tensor) for tensor in tensors]
    if spans[0] is None or spans[1] is None or _zero(spans[1]) != BYTE.levels // 2:
        return None
    attributes = view.nodes[name].get_attributes()
    turns = attributes.get("transpose_a", False), not attributes.get("transpose_b", True)
    ranks = [len(view.shape(tensor) or ()) for tensor in tensors]
    if min(ranks) < 2:
        return None
    first, second = spans[0], spans[1]

    def of(values: Values) -> Pair:
        a, b = (
            v.swapaxes(-1, -2) if turn else v
            for v, turn in zip((_levels(values[0], first), _levels(values[1], second)), turns, strict=True)
        )
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = (np.broadcast_to(v, (*batch, *v.shape[-2:])).reshape(-1, *v.shape[-2:]) for v in (a, b))
        return a.transpose(1, 0, 2)[..., None], b[..., None].astype(np.int32) - BYTE.levels // 2

    return Factors(name, (left, right), _zero(first), of)


def _source_span(view: GraphView, tensor: TensorId) -> QuantizerRange | None:
    """The span of a tensor that a FakeQuantize makes and others may have moved about."""
    transparent = find_device("CPU").transparent
    while view.type(tensor.node) in transparent:
        tensor = view.inputs(tensor.node)[0]
    return _span(view, tensor.node) if view.type(tensor.node) == "FakeQuantize" else None


def _span(view: GraphView, name: str) -> QuantizerRange | None:
    """The output range of a FakeQuantize of up to 256 levels."""
    low, high = (np.asarray(view.value(tensor), np.float32) for tensor in view.inputs(name)[3:])
    levels = int(view.nodes[name].get_attributes()["levels"])
    # One range for each channel is for depthwise convolutions only.
    if low.size > 1 and not view.is_constant(TensorId(name)):
        return None
    span = QuantizerRange(low, high, levels)
    # One figure fits whatever it is laid against, so may not bring axes of its own.
    return (span.reshaped(-1) if low.size == high.size == 1 else span) if levels <= BYTE.levels else None


def _levels(values: NDArray[Any], span: QuantizerRange) -> NDArray[np.uint8]:
    """Levels as the processor has them: 0 to 255, signed ones shifted by 128."""
    indices = level_indices(np.asarray(values, np.float32), span)
    return (indices + _shift(span)).astype(np.uint8)


def _shift(span: QuantizerRange) -> int:
    return 1 if span.is_symmetric else 0  # -127 becomes 1


def _zero(span: QuantizerRange) -> int:
    return int(_levels(np.zeros(1), span.reshaped(-1)).flat[0])


def _weight_integers(view: GraphView, tensor: TensorId) -> NDArray[np.int8] | None:
    """Symmetric integers behind a FakeQuantize over constants, or before their scale."""
    kind, inputs = view.type(tensor.node), view.inputs(tensor.node)
    if kind == "FakeQuantize" and view.is_constant(tensor):
        span = _span(view, tensor.node)
        middle = np.float32(span.levels // 2) if span is not None else 0
        if span is None or not np.allclose(-span.low / span.scale, middle, rtol=0, atol=0.01):
            return None
        return (level_indices(np.asarray(view.value(inputs[0]), np.float32), span) - middle).astype(np.int8)
    if kind == "Multiply" and view.type(inputs[0].node) == "Convert":
        stored = view.value(view.inputs(inputs[0].node)[0])
        return stored.astype(np.int8, copy=False) if stored.dtype == np.int8 else None
    return None


def _row_maker(view: GraphView, layer: LinearLayer, zero: int) -> Callable[[Integers], Integers]:
    """From the levels of an input to rows ``[rows, channels, taps]``."""
    own = traits(view.type(layer.node))
    if not own.convolves:
        return lambda levels: _flat(np.moveaxis(levels, layer.input_axis, -1))
    kernel = (view.shape(view.inputs(layer.node)[layer.weights]) or ())[len(own.axes) :]
    taps = [int(size or 1) for size in kernel]
    given = view.nodes[layer.node].get_attributes()
    dilations, pads = given["dilations"], list(zip(given["pads_begin"], given["pads_end"], strict=True))
    if own.linear != "transposed":
        return lambda levels: patches(levels, taps, given["strides"], dilations, pads, zero)
    reach = [(size - 1) * dilation for size, dilation in zip(taps, dilations, strict=True)]
    around = [
        (most - before, most - after + more)
        for most, (before, after), more in zip(reach, pads, given["output_padding"], strict=True)
    ]
    ones = [1] * len(taps)
    # What is not there adds nothing.
    return lambda levels: patches(spread(levels, given["strides"]), taps, ones, dilations, around, 0)


def _flat(levels: Integers) -> Integers:
    return levels.reshape(-1, levels.shape[-1])[:, :, None]
