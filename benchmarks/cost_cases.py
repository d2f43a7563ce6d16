"""Small networks on which INT8 may or may not pay: single layers and short chains behind various producers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as op

Make = Callable[[], ov.Model]
_RANDOM = np.random.default_rng(0)


def weights(*shape: int) -> ov.Node:
    """Normal weights as a constant."""
    return op.constant((_RANDOM.standard_normal(shape) * 0.1).astype(np.float32))


def convolution(x: Any, inputs: int, outputs: int, kernel: int) -> ov.Node:
    """Of the same size, with a bias."""
    pads = [kernel // 2] * 2
    return op.add(
        op.convolution(x, weights(outputs, inputs, kernel, kernel), [1, 1], pads, pads, [1, 1]),
        weights(1, outputs, 1, 1),
    )


def depthwise(x: Any, channels: int, kernel: int) -> ov.Node:
    """Of the same size, with a bias."""
    pads, values = [kernel // 2] * 2, weights(channels, 1, 1, kernel, kernel)
    return op.add(op.group_convolution(x, values, [1, 1], pads, pads, [1, 1]), weights(1, channels, 1, 1))


def product(x: Any, inputs: int, outputs: int) -> ov.Node:
    """A matrix product with weights."""
    return op.matmul(x, weights(inputs, outputs), False, False)


PRODUCERS: Mapping[str, Callable[[Any], Any]] = {
    "input": lambda x: x,
    "Softmax": lambda x: op.softmax(x, 1),
    "Tanh": op.tanh,
    "MVN": lambda x: op.mvn(x, np.array([-1]), True, 1e-5, "INSIDE_SQRT"),
}
_OTHER_PRODUCERS: Mapping[str, Callable[[Any], Any]] = {
    "ReduceMean": lambda x: op.reduce_mean(op.tanh(x), op.constant([2]), True),
    "Transpose": lambda x: op.transpose(op.softmax(x, 1), op.constant([0, 1, 3, 2])),
    "Concat": lambda x: op.concat([op.softmax(x, 1), op.constant(np.ones((1, 1, 64, 64), np.float32))], 1),
    "MaxPool": lambda x: op.max_pool(op.tanh(x), [1, 1], [1, 1], [1, 1], [1, 1], [3, 3]).output(0),
    "AvgPool": lambda x: op.avg_pool(op.tanh(x), [1, 1], [1, 1], [1, 1], [3, 3], True),
    "Interpolate": lambda x: op.interpolate(op.tanh(x), [128, 128], "linear_onnx", "sizes", axes=[2, 3]),
}
_PRODUCTS = (
    (1, 64, 64),
    (1, 1024, 1024),
    (16, 384, 384),
    (128, 384, 384),
    (128, 64, 64),
    (512, 16, 16),
    (1024, 32, 4),
    (4096, 8, 8),
    (4096, 16, 16),
    (4096, 32, 32),
    (4096, 64, 1),
    (4096, 64, 64),
    (16384, 4, 16),
    (16384, 8, 8),
    (65536, 8, 8),
)
_CONVOLUTIONS = (
    (3, 16, 3, 32),
    (3, 16, 3, 224),
    (16, 16, 1, 56),
    (64, 64, 1, 14),
    (64, 64, 1, 56),
    (64, 64, 3, 14),
    (64, 1, 1, 112),
    (16, 1, 3, 160),
    (256, 2, 1, 28),
    (4, 4, 1, 256),
    (1, 1, 3, 256),
)
_DEPTHWISE = ((16, 3, 16), (64, 3, 28), (64, 3, 112), (256, 3, 14), (96, 5, 28))


def cases() -> dict[str, Make]:
    """Name -> network."""
    found: dict[str, Make] = {}
    for producer, make in PRODUCERS.items():
        for rows, inputs, outputs in _PRODUCTS:
            name = f"product {rows}x{inputs}x{outputs} behind {producer}"
            found[name] = _layer([1, rows, inputs], make, product, inputs, outputs)
        for inputs, outputs, kernel, size in _CONVOLUTIONS:
            name = f"convolution {inputs} to {outputs}, {kernel}x{kernel}, at {size}, behind {producer}"
            found[name] = _layer([1, inputs, size, size], make, convolution, inputs, outputs, kernel)
        for channels, kernel, size in _DEPTHWISE:
            name = f"depthwise {channels}, {kernel}x{kernel}, at {size}, behind {producer}"
            found[name] = _layer([1, channels, size, size], make, depthwise, channels, kernel)
    for producer, make in _OTHER_PRODUCERS.items():
        channels = 9 if producer == "Concat" else 8
        name = f"convolution {channels} to 8, 1x1, behind {producer}"
        found[name] = _layer([1, 8, 64, 64], make, convolution, channels, 8, 1)
    return {**found, **_CHAINS, **_recurrent()}


def _layer(
    shape: list[int], producer: Callable[[Any], Any], layer: Callable[..., ov.Node], *sizes: int
) -> Make:
    def make() -> ov.Model:
        x = op.parameter(shape, np.float32, name="x")
        return ov.Model([layer(producer(x), *sizes)], [x])

    return make


def _points(rows: int, *widths: int) -> Make:
    """Products with activations between them, as networks on sets of points have them."""

    def make() -> ov.Model:
        x = op.parameter([1, rows, widths[0]], np.float32, name="x")
        y: Any = x
        for inputs, outputs in pairwise(widths):
            y = op.relu(product(y, inputs, outputs))
        return ov.Model([y], [x])

    return make


def _pointwise(size: int, *widths: int, kernel: int = 1) -> Make:
    def make() -> ov.Model:
        x = op.parameter([1, widths[0], size, size], np.float32, name="x")
        y: Any = x
        for inputs, outputs in pairwise(widths):
            y = op.relu(convolution(y, inputs, outputs, kernel))
        return ov.Model([y], [x])

    return make


def _separable(size: int, channels: int, blocks: int) -> Make:
    def make() -> ov.Model:
        x = op.parameter([1, channels, size, size], np.float32, name="x")
        y: Any = x
        for _ in range(blocks):
            y = op.relu(convolution(op.relu(depthwise(y, channels, 3)), channels, channels, 1))
        return ov.Model([op.softmax(y, 1)], [x])

    return make


def _alternating(rows: int, width: int, layers: int) -> Make:
    """Products between Softmax operations, which let no INT8 through."""

    def make() -> ov.Model:
        x = op.parameter([1, rows, width], np.float32, name="x")
        y: Any = x
        for _ in range(layers):
            y = product(op.softmax(y, -1), width, width)
        return ov.Model([y], [x])

    return make


def _gated(channels: int, squeezed: int, size: int) -> Make:
    """Squeeze-and-excite behind a convolution."""

    def make() -> ov.Model:
        x = op.parameter([1, channels, size, size], np.float32, name="x")
        body = op.relu(convolution(x, channels, channels, 1))
        mean = op.reduce_mean(body, op.constant([2, 3]), True)
        gate = op.hsigmoid(
            convolution(op.relu(convolution(mean, channels, squeezed, 1)), squeezed, channels, 1)
        )
        return ov.Model([convolution(op.multiply(body, gate), channels, channels, 1)], [x])

    return make


def _embedded(tokens: int, words: int, width: int) -> Make:
    def make() -> ov.Model:
        x = op.parameter([1, tokens, width], np.float32, name="x")
        numbers = op.convert(op.reduce_max(op.clamp(x, 0, words - 1), op.constant([2])), "i32")
        return ov.Model([op.gather(weights(words, width), numbers, op.constant(0))], [x])

    return make


_CHAINS: Mapping[str, Make] = {
    "points 4096, widths 3, 16, 16, 16": _points(4096, 3, 16, 16, 16),
    "points 4096, widths 3, 64, 64, 128": _points(4096, 3, 64, 64, 128),
    "points 16384, widths 3, 8, 8, 8": _points(16384, 3, 8, 8, 8),
    "pointwise at 128, widths 3, 8, 8, 3": _pointwise(128, 3, 8, 8, 3),
    "3x3 at 128, widths 3, 8, 8, 3": _pointwise(128, 3, 8, 8, 3, kernel=3),
    "separable at 28, 64 channels, 1 block": _separable(28, 64, 1),
    "separable at 28, 64 channels, 3 blocks": _separable(28, 64, 3),
    "8 products 4096x8x8 between Softmax": _alternating(4096, 8, 8),
    "16 products 2048x16x16 between Softmax": _alternating(2048, 16, 16),
    "8 products 128x128x128 between Softmax": _alternating(128, 128, 8),
    "squeeze-and-excite, 64 to 16, at 28": _gated(64, 16, 28),
    "squeeze-and-excite, 240 to 60, at 14": _gated(240, 60, 14),
    "embedding, 128 of 5000 words of 384": _embedded(128, 5000, 384),
}


def _recurrent() -> dict[str, Make]:
    sizes = ((1, 16, 16), (20, 16, 16), (20, 64, 64), (50, 256, 256), (100, 8, 8))
    return {
        f"{kind}, {steps} steps, {inputs} to {hidden}": _sequence(kind, steps, inputs, hidden)
        for kind in ("LSTM", "GRU")
        for steps, inputs, hidden in sizes
    }


def _sequence(kind: str, steps: int, inputs: int, hidden: int) -> Make:
    def make() -> ov.Model:
        gates, x = {"LSTM": 4, "GRU": 3}[kind], op.parameter([1, steps, inputs], np.float32, name="x")
        state, length = op.constant(np.zeros((1, 1, hidden), np.float32)), op.constant([steps])
        constants = [weights(1, gates * hidden, size) for size in (inputs, hidden)] + [
            weights(1, gates * hidden)
        ]
        if kind == "LSTM":
            node = op.lstm_sequence(x, state, state, length, *constants, hidden, "forward")
        else:
            node = op.gru_sequence(x, state, length, *constants, hidden, "forward")
        return ov.Model([node.output(0)], [x])

    return make
