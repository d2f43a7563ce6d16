"""Random networks of images, of tokens and recurrent ones, with static and dynamic shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

Floats = NDArray[np.float32]
Value = Any  # a node or one of its outputs, both of which operations take
SAMPLES = 40


@dataclass(frozen=True)
class Graph:
    """A network, what it is fed, and what it is."""

    model: ov.Model
    samples: list[Floats]
    what: str


def random_graph(seed: int) -> Graph:
    """The network of a seed; the same for the same seed."""
    random = np.random.default_rng(seed)
    family = (_Images, _Images, _Tokens, _Tokens, _Recurrent)[seed % 5]
    static, batch = bool(random.random() < 0.5), int(random.choice([1, 1, 2, 3]))
    return family(random, static, batch).graph()


def _constant(values: Any) -> ov.Node:
    constant: ov.Node = op.constant(np.asarray(values))
    return constant


class _Family:
    """Grows a network operation by operation."""

    steps: tuple[Callable[[Any, Value], Value], ...] = ()

    def __init__(self, random: np.random.Generator, static: bool, batch: int) -> None:
        self.random, self.static, self.batch = random, static, batch
        self.shape: list[int] = []

    def graph(self) -> Graph:
        """The network, with one input."""
        x = op.parameter(ov.PartialShape(self.sizes()), np.float32, name="x")
        value: Value = x
        for _ in range(self.random.integers(1, 6)):
            value = self.steps[self.random.integers(len(self.steps))](self, value)
        model = ov.Model([op.result(end) for end in self.ends(value)], [x], type(self).__name__[1:].lower())
        scales = self.random.choice([1, 1, 1, 4], SAMPLES)
        samples = [(s * self.random.standard_normal(self.shape)).astype(np.float32) for s in scales]
        return Graph(model, samples, f"{model.get_friendly_name()} {x.output(0).get_partial_shape()}")

    def sizes(self) -> list[int]:
        """Of the input, -1 where it is open; sets the shape of samples."""
        raise NotImplementedError

    def ends(self, value: Value) -> list[Value]:
        """The outputs."""
        return [value]

    def chance(self, share: float = 0.5) -> bool:
        """True in a share of the cases."""
        return bool(self.random.random() < share)

    def weights(self, *shape: int, inputs: int) -> ov.Node:
        """Weights that keep the size of what they are multiplied with; of some, rows differ in scale."""
        values = self.random.standard_normal(shape) / np.sqrt(inputs)
        if self.chance(0.3):
            rows = self.random.standard_normal((shape[0],) + (1,) * (len(shape) - 1))
            values *= np.exp(0.8 * rows)
        return _constant(values.astype(np.float32))

    def activated(self, x: Value) -> Value:
        """An activation function, or none."""
        functions: list[Callable[[], Value]] = [
            lambda: x, lambda: op.relu(x), lambda: op.gelu(x, "erf"), lambda: op.swish(x), lambda: op.hswish(x),
            lambda: op.sigmoid(x), lambda: op.tanh(x), lambda: op.clamp(x, -1, 3), lambda: op.elu(x, 1.0),
            lambda: op.prelu(x, _constant(np.float32([0.1]))), lambda: op.mish(x),
            lambda: op.multiply(x, op.sigmoid(x)),
        ]  # fmt: skip
        return functions[self.random.integers(len(functions))]()


class _Images(_Family):
    """Convolutions over images."""

    def sizes(self) -> list[int]:
        self.channels, side = int(self.random.choice([1, 3, 8])), int(self.random.choice([8, 12, 17]))
        self.shape = [self.batch, self.channels, side, side]
        free_sides = not self.static and self.chance()
        return [self.batch if self.static else -1, self.channels, *([-1, -1] if free_sides else [side, side])]

    def convolved(self, x: Value, outputs: int, kernel: int, inputs: int | None = None) -> Value:
        inputs = inputs or self.channels
        weights = self.weights(outputs, inputs, kernel, kernel, inputs=inputs * kernel * kernel)
        pad = [kernel // 2] * 2
        return op.convolution(x, weights, [1, 1], pad, pad, [1, 1])

    def convolution(self, x: Value) -> Value:
        outputs, kernel = int(self.random.choice([8, 16, 24])), int(self.random.choice([1, 3]))
        x, self.channels = self.convolved(x, outputs, kernel), outputs
        if self.chance(0.6):
            x = op.add(x, self.weights(1, outputs, 1, 1, inputs=10))
        return self.activated(x)

    def depthwise(self, x: Value) -> Value:
        weights = self.weights(self.channels, 1, 1, 3, 3, inputs=9)
        return self.activated(op.group_convolution(x, weights, [1, 1], [1, 1], [1, 1], [1, 1]))

    def largest(self, x: Value) -> Value:
        return op.max_pool(x, [1, 1], [1, 1], [1, 1], [1, 1], [3, 3]).output(0)

    def averaged(self, x: Value) -> Value:
        return op.avg_pool(x, [1, 1], [1, 1], [1, 1], [3, 3], self.chance())

    def gate(self, x: Value) -> Value:
        inner = max(2, self.channels // 2)
        squeezed = op.reduce_mean(x, _constant([2, 3]), True)
        hidden = op.relu(self.convolved(squeezed, inner, 1))
        return op.multiply(x, op.sigmoid(self.convolved(hidden, self.channels, 1, inner)))

    def residual(self, x: Value) -> Value:
        return op.add(x, self.activated(self.convolved(x, self.channels, 3)))

    def joined(self, x: Value) -> Value:
        both = op.concat([x, self.convolved(x, 8, 1)], 1)
        self.channels += 8
        return both

    def transposed(self, x: Value) -> Value:
        outputs = int(self.random.choice([8, 12]))
        weights = self.weights(self.channels, outputs, 2, 2, inputs=self.channels * 4)
        self.channels = outputs
        return self.activated(op.convolution_backprop_data(x, weights, [2, 2]))

    steps = (
        convolution, convolution, convolution, depthwise, depthwise, largest, averaged, gate, residual, joined,
        transposed,
    )  # fmt: skip

    def ends(self, value: Value) -> list[Value]:
        if self.chance():
            return [value]
        mean = op.reduce_mean(value, _constant([2, 3]), self.chance(0.3))
        rows = op.reshape(mean, _constant([-1, self.channels]), False)
        scores = op.matmul(rows, self.weights(self.channels, 10, inputs=self.channels), False, False)
        best = op.topk(scores, _constant(1), 1, "max", "value").output(1)
        return [scores, best] if self.chance(0.3) else [scores]


class _Tokens(_Family):
    """Matrix products over rows, of two to four axes."""

    def sizes(self) -> list[int]:
        self.width, length = int(self.random.choice([16, 32, 48])), int(self.random.choice([5, 9, 16]))
        self.rank = int(self.random.choice([2, 3, 3, 3, 4]))
        self.shape = {2: [3 * self.batch], 3: [self.batch, length], 4: [self.batch, 2, length]}[self.rank]
        self.shape = [*self.shape, self.width]
        if self.static:
            return self.shape
        return [-1, *([-1] * (self.rank - 2) if self.chance() else self.shape[1:-1]), self.width]

    def product(self, x: Value, outputs: int | None = None) -> Value:
        outputs = outputs or self.width
        return op.matmul(x, self.weights(self.width, outputs, inputs=self.width), False, False)

    def dense(self, x: Value) -> Value:
        outputs = int(self.random.choice([16, 32, 40]))
        x, self.width = self.product(x, outputs), outputs
        if self.chance(0.6):
            x = op.add(x, self.weights(outputs, inputs=10))
        return self.activated(x)

    def gained(self, x: Value) -> Value:
        return op.multiply(x, _constant(np.exp(self.random.standard_normal(self.width)).astype(np.float32)))

    def normalised(self, x: Value) -> Value:
        x = op.mvn(x, _constant([-1]), True, 1e-5, "inside_sqrt")
        return self.gained(x) if self.chance(0.6) else x

    def attention(self, x: Value) -> Value:
        if self.rank < 3:
            return x
        queries, keys, values = (self.product(x) for _ in range(3))
        scores = op.multiply(op.matmul(queries, keys, False, True), _constant(np.float32(self.width**-0.5)))
        return op.add(x, op.matmul(op.softmax(scores, -1), values, False, False))

    def reduced(self, x: Value) -> Value:
        kinds = (op.reduce_mean, op.reduce_sum, op.reduce_max, op.reduce_l2)
        return x if self.rank < 3 else kinds[self.random.integers(4)](x, _constant([self.rank - 2]), True)

    def softmax(self, x: Value) -> Value:
        return op.softmax(x, -1)

    def unit(self, x: Value) -> Value:
        return op.normalize_l2(x, _constant([-1]), 1e-6, "add")

    def along_time(self, x: Value) -> Value:
        if self.rank != 3:
            return x
        turned = op.transpose(x, _constant([0, 2, 1]))
        weights = self.weights(16, self.width, 3, inputs=3 * self.width)
        self.width = 16
        return op.transpose(
            op.relu(op.convolution(turned, weights, [1], [1], [1], [1])), _constant([0, 2, 1])
        )

    def residual(self, x: Value) -> Value:
        return op.add(x, self.activated(self.product(x)))

    def of_heads(self, x: Value) -> Value:
        batch = self.shape[-3] if self.rank > 2 else 1
        if not self.static or batch == 1:
            return x
        weights = self.weights(batch, self.width, 16, inputs=self.width)
        self.width = 16
        return op.multiply(
            op.matmul(x, weights, False, False), _constant(np.linspace(0.5, 2, 16, dtype=np.float32))
        )

    steps = (
        dense, dense, dense, dense, normalised, attention, reduced, softmax, unit, gained, along_time, residual,
        of_heads,
    )  # fmt: skip

    def ends(self, value: Value) -> list[Value]:
        return [self.product(value, 8) if self.chance() else value]


class _Recurrent(_Family):
    """One LSTM or GRU, whose state begins at zero for whatever batch there is."""

    def sizes(self) -> list[int]:
        self.inputs, self.hidden = (int(self.random.choice([8, 16])) for _ in range(2))
        self.shape = [self.batch, 7, self.inputs]
        return self.shape if self.static else [-1, -1, self.inputs]

    def cell(self, x: Value) -> Value:
        if self.inputs == 0:
            return x  # there is one already
        sizes = op.shape_of(x)
        batch, steps = (op.gather(sizes, _constant([axis]), _constant(0)) for axis in (0, 1))
        state = op.broadcast(_constant(np.float32(0)), op.concat([batch, _constant([1, self.hidden])], 0))
        lengths = op.broadcast(op.squeeze(steps, _constant([0])), batch)
        scaled = op.multiply(x, _constant(np.float32(self.random.choice([0.2, 1, 8]))))
        gates = 4 if self.chance() else 3
        weights = [
            self.weights(1, gates * self.hidden, size, inputs=size) for size in (self.inputs, self.hidden)
        ]
        bias = self.weights(1, gates * self.hidden, inputs=10)
        states = [state] * (gates - 2)
        sequence = op.lstm_sequence if gates == 4 else op.gru_sequence
        found = sequence(scaled, *states, lengths, *weights, bias, self.hidden, "forward").output(0)
        self.inputs = 0
        return op.squeeze(found, _constant([1]))

    steps = (cell,)

    def ends(self, value: Value) -> list[Value]:
        return [op.matmul(value, self.weights(self.hidden, 8, inputs=self.hidden), False, False)]
