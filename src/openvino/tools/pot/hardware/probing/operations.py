"""The operations that a device is asked about, each as a small layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.hardware.probing.network import KINDS, LAYER, Network

Make = Callable[[Network, ov.Output, str, str], ov.Output]
"""Of a network, the data, how its weights are scaled and how the data was rounded, what the layer gives."""

EACH, ONE = "a scale for each output channel", "one scale"
OF_MATRICES = "a scale for each matrix"
STATIC, BATCH, OPEN = "static sizes", "an open batch", "open sizes"


@dataclass(frozen=True)
class Operation:
    """An operation, and in which respects its forms can depart from the plainest.

    Attributes:
        shape: of its data.
        make: of a network, its data and how weights are scaled, what it gives.
        axis: of the channels of its data.
        output_axis: of the channels of what it gives.
        kinds: how its data may be rounded; the first is the plainest.
        scales: how weights may be scaled; the first is the plainest.
        sizes: which sizes may be open.
        divides: whether channels of its data may have ranges of their own.
        rounds: whether its data is in 8 bits.
        stands_alone: nothing is asked of what is fused with it, or little.
        read_by: what is asked behind it even so, however data and weights are.
        rounding: error, in units of how much outputs vary, of what a device must round that the model does not.
    """

    shape: tuple[int, ...]
    make: Make
    axis: int = 1
    output_axis: int = 1
    kinds: tuple[str, ...] = KINDS
    scales: tuple[str, ...] = (EACH, ONE)
    sizes: tuple[str, ...] = (STATIC, BATCH, OPEN)
    divides: bool = False
    rounds: bool = True
    stands_alone: bool = False
    read_by: str = ""
    rounding: float = 0.0

    def open_axes(self, sizes: str) -> tuple[int, ...]:
        """The axes of its data that may have any size."""
        others = tuple(axis for axis in range(1, len(self.shape)) if axis != self.axis)
        return {STATIC: (), BATCH: (0,), OPEN: (0, *others)}[sizes]


def _named(node: ov.Node) -> ov.Output:
    node.set_friendly_name(LAYER)
    output: ov.Output = node.output(0)
    return output


def _convolution(
    *shape: int, form: str = "convolution", scaled: Sequence[int] = (0,), stride: int = 1
) -> Make:
    """A layer that slides weights of a shape over its data; scales differ along some axes of these."""
    spatial = shape[-_axes_of(form, shape) :]

    def make(network: Network, data: ov.Output, scales: str, kind: str) -> ov.Output:
        weights = network.weights(*shape, axes=scaled if scales == EACH else ())
        pads = [size // 2 for size in spatial] if "backprop" not in form else [1] * len(spatial)
        strides, ones = [stride] * len(spatial), [1] * len(spatial)
        if "backprop" in form:
            return _named(
                getattr(op, form)(data, weights, strides, pads_begin=pads, pads_end=pads, dilations=ones)
            )
        return _named(getattr(op, form)(data, weights, strides, pads, pads, ones))

    return make


def _axes_of(form: str, shape: Sequence[int]) -> int:
    return len(shape) - (3 if form.startswith("group") else 2)


def _product(inputs: int, outputs: int) -> Make:
    def make(network: Network, data: ov.Output, scales: str, kind: str) -> ov.Output:
        weights = network.weights(outputs, inputs, axes=[0] if scales == EACH else ())
        return _named(op.matmul(data, weights, False, True))

    return make


def _product_with_a_batch(network: Network, data: ov.Output, scales: str, kind: str) -> ov.Output:
    """Of matrices, each by one of its own."""
    axes = {EACH: (0, 2), OF_MATRICES: (0,), ONE: ()}[scales]
    return _named(op.matmul(data, network.weights(3, 32, 24, axes=axes), False, False))


def _product_from_the_left(rows: int) -> Make:
    def make(network: Network, data: ov.Output, scales: str, kind: str) -> ov.Output:
        weights = network.weights(rows, 8, axes=[0] if scales == EACH else ())
        return _named(op.matmul(weights, data, False, False))

    return make


def _product_of_data(network: Network, data: ov.Output, scales: str, kind: str) -> ov.Output:
    other = network.input(*(size.get_length() for size in _static(data, network)))
    return _named(op.matmul(data, network.rounded(other, "signed"), False, True))


def _static(data: ov.Output, network: Network) -> list[ov.Dimension]:
    return [ov.Dimension(size) for size in network.feeds[0].shape]


def _shared_with_its_transpose(network: Network, data: ov.Output, scales: str, kind: str) -> ov.Output:
    """Two products with one square matrix, of which one transposes it."""
    weights = network.weights(32, 32)
    first = op.matmul(data, weights, False, False)
    both = op.add(first, op.matmul(data, weights, False, True))
    first.set_friendly_name(LAYER)
    output: ov.Output = both.output(0)
    return output


def _attention(network: Network, data: ov.Output, scales: str, kind: str) -> ov.Output:
    shape = network.feeds[0].shape
    keys, values = (network.rounded(network.input(*shape), "signed") for _ in range(2))
    return _named(op.scaled_dot_product_attention(data, keys, values, causal=False))


def _recurrent(form: str, gates: int, before_reset: bool = False) -> Make:
    """A sequence of eight steps over sixteen channels, its state sixteen, too, with the range of its data."""

    def make(network: Network, data: ov.Output, scales: str, kind: str) -> ov.Output:
        steps, size = network.feeds[0].shape[1], 16
        axes = [1] if scales == EACH else ()
        first, second = (network.weights(1, gates * size, size, axes=axes) for _ in range(2))
        # The device rounds its states with the range of the data, whatever stands before the first of them.
        state = network.rounded(network.input(1, 1, size), kind)
        bias = network.constant(1, (gates + before_reset) * size, low=-0.2, high=0.2)
        lengths = op.constant(np.array([steps], np.int32))
        if form == "lstm_sequence":
            cell = network.input(1, 1, size)
            found = op.lstm_sequence(data, state, cell, lengths, first, second, bias, size, "FORWARD")
        else:
            found = op.gru_sequence(
                data, state, lengths, first, second, bias, size, "FORWARD", linear_before_reset=before_reset
            )
        return _named(found)

    return make


def _lookup(network: Network, data: ov.Output, scales: str, kind: str) -> ov.Output:
    """Rows of a table by numbers that the data is turned into."""
    table = network.weights(40, 16, axes=[0] if scales == EACH else ())
    numbers = op.convert(op.clamp(op.multiply(op.abs(data), np.float32(9)), 0.0, 39.0), "i32")
    return _named(op.gather(table, numbers, op.constant(0)))


def _moved(make: Callable[[ov.Output], ov.Node]) -> Make:
    """An operation that brings no weights, between what is rounded and a convolution that reads it."""

    def moved(network: Network, data: ov.Output, scales: str, kind: str) -> ov.Output:
        kept = _named(make(data))
        size = kept.get_partial_shape()[1].get_length()
        weights = network.weights(16, size, 1, 1, axes=[0])
        output: ov.Output = op.convolution(kept, weights, [1, 1], [0, 0], [0, 0], [1, 1]).output(0)
        return output

    return moved


def _averaged(excluding: bool) -> Make:
    """Of windows that reach beyond the borders."""

    def make(network: Network, data: ov.Output, scales: str, kind: str) -> ov.Output:
        pooled = _named(op.avg_pool(data, [1, 1], [1, 1], [1, 1], [3, 3], excluding, "floor", "explicit"))
        rounded = network.rounded(pooled, "signed")
        weights = network.weights(16, 16, 1, 1, axes=[0])
        output: ov.Output = op.convolution(rounded, weights, [1, 1], [0, 0], [0, 0], [1, 1]).output(0)
        return output

    return make


def _max_pool(data: ov.Output) -> ov.Node:
    return op.max_pool(data, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2])


def _nearest(data: ov.Output) -> ov.Node:
    return op.interpolate(
        data, np.array([2.0, 2.0], np.float32), "nearest", "scales", axes=np.array([2, 3], np.int64)
    )


def _padded(data: ov.Output) -> ov.Node:
    return op.pad(data, np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), "constant", np.float32(0))


_PLANE, _ROWS, _GATE = (1, 16, 10, 10), (1, 8, 32), (1, 16, 1, 1)
_FIXED = (STATIC,)
_OF_STATES, _OF_MEANS = 0.25, 0.02
"""States of recurrent layers, and means, are rounded once more."""


def _mover(make: Callable[[ov.Output], ov.Node]) -> Operation:
    return Operation(_PLANE, _moved(make), scales=(EACH,), stands_alone=True)


def _rows(shape: tuple[int, ...], make: Make, **further: object) -> Operation:
    settings: dict[str, object] = {"axis": len(shape) - 1, "output_axis": -1, **further}
    return Operation(shape, make, **settings)  # type: ignore[arg-type]


def _from_the_left(rows: int) -> Operation:
    return _rows(
        _ROWS,
        _product_from_the_left(rows),
        sizes=(STATIC, BATCH),
        stands_alone=True,
        read_by="a product behind",
    )


OPERATIONS: Mapping[str, Operation] = {
    "Convolution": Operation(_PLANE, _convolution(16, 16, 3, 3), divides=True),
    "Convolution of three channels": Operation((1, 3, 12, 12), _convolution(16, 3, 3, 3), stands_alone=True),
    "Convolution over sequences": Operation((1, 16, 20), _convolution(16, 16, 3), stands_alone=True),
    "Convolution over volumes": Operation((1, 16, 4, 6, 6), _convolution(16, 16, 3, 3, 3), stands_alone=True),
    "GroupConvolution": Operation(
        _PLANE, _convolution(4, 4, 4, 3, 3, form="group_convolution", scaled=(0, 1)), stands_alone=True
    ),
    "GroupConvolution, depthwise": Operation(
        _PLANE, _convolution(16, 1, 1, 3, 3, form="group_convolution", scaled=(0,)), divides=True
    ),
    "GroupConvolution, depthwise over volumes": Operation(
        (1, 16, 4, 6, 6), _convolution(16, 1, 1, 3, 3, 3, form="group_convolution"), stands_alone=True
    ),
    "GroupConvolution, two output channels a group": Operation(
        _PLANE,
        _convolution(16, 2, 1, 3, 3, form="group_convolution", scaled=(0, 1)),
        divides=True,
        stands_alone=True,
    ),
    "Convolution of single positions": Operation(
        _GATE, _convolution(16, 16, 1, 1), divides=True, stands_alone=True
    ),
    "GroupConvolution of single positions, depthwise": Operation(
        _GATE, _convolution(16, 1, 1, 1, 1, form="group_convolution"), divides=True, stands_alone=True
    ),
    "ConvolutionBackpropData": Operation(
        (1, 16, 6, 6), _convolution(16, 16, 4, 4, form="convolution_backprop_data", scaled=(1,), stride=2)
    ),
    "GroupConvolutionBackpropData": Operation(
        (1, 16, 6, 6),
        _convolution(4, 4, 4, 4, 4, form="group_convolution_backprop_data", scaled=(0, 2), stride=2),
        stands_alone=True,
    ),
    "MatMul": _rows(_ROWS, _product(32, 24), divides=True),
    "MatMul of four axes": _rows((1, 2, 8, 32), _product(32, 24), divides=True, stands_alone=True),
    "MatMul of one row": _rows((1, 32), _product(32, 24), divides=True),
    "MatMul of four rows": _rows((4, 32), _product(32, 24), divides=True),
    "MatMul of a vector": _rows((32,), _product(32, 24), sizes=_FIXED, stands_alone=True),
    "MatMul with a batch of matrices": _rows(
        (3, 8, 32), _product_with_a_batch, scales=(EACH, OF_MATRICES, ONE), stands_alone=True
    ),
    "MatMul of rows with a batch of matrices": _rows(
        (8, 32), _product_with_a_batch, scales=(EACH, OF_MATRICES, ONE), stands_alone=True
    ),
    "MatMul with weights on the left": _from_the_left(24),
    "MatMul with weights on the left, as many rows as columns": _from_the_left(32),
    "MatMul with a matrix and its transpose": _rows(
        _ROWS, _shared_with_its_transpose, scales=(ONE,), stands_alone=True
    ),
    "MatMul of data": _rows(_ROWS, _product_of_data, scales=(ONE,), divides=True),
    "MatMul of data, several matrices": _rows(
        (1, 2, 8, 32), _product_of_data, scales=(ONE,), stands_alone=True, read_by="a gain behind"
    ),
    "ScaledDotProductAttention": _rows(
        (1, 2, 8, 32), _attention, scales=(ONE,), sizes=_FIXED, stands_alone=True
    ),
    "LSTMSequence": _rows(
        (1, 8, 16),
        _recurrent("lstm_sequence", 4),
        sizes=_FIXED,
        kinds=KINDS[1:],
        stands_alone=True,
        rounding=_OF_STATES,
    ),
    "GRUSequence": _rows(
        (1, 8, 16),
        _recurrent("gru_sequence", 3),
        sizes=_FIXED,
        kinds=KINDS[1:],
        stands_alone=True,
        rounding=_OF_STATES,
    ),
    "GRUSequence, linear before reset": _rows(
        (1, 8, 16), _recurrent("gru_sequence", 3, before_reset=True), sizes=_FIXED, stands_alone=True
    ),
    "Gather": _rows((2, 6), _lookup, sizes=(STATIC, BATCH), rounds=False, stands_alone=True),
    "AvgPool": Operation(
        _PLANE, _averaged(excluding=True), scales=(EACH,), stands_alone=True, rounding=_OF_MEANS
    ),
    "AvgPool, counting padding": Operation(
        _PLANE, _averaged(excluding=False), scales=(EACH,), stands_alone=True, rounding=_OF_MEANS
    ),
    "MaxPool": _mover(_max_pool),
    "Interpolate, nearest": _mover(_nearest),
    "Pad": _mover(_padded),
    "Concat": _mover(lambda data: op.concat([data, data], 1)),
    "Transpose": _mover(lambda data: op.transpose(data, np.array([0, 1, 3, 2]))),
    "ReduceMax": _mover(lambda data: op.reduce_max(data, np.array([2, 3], np.int64), True)),
    "ShuffleChannels": _mover(lambda data: op.shuffle_channels(data, 1, 4)),
    "DepthToSpace": _mover(lambda data: op.depth_to_space(data, "blocks_first", 2)),
}
