"""Convolutions, products, attention and pooling."""

from __future__ import annotations

import numpy as np
from openvino import opset13 as op

from random_graphs.grower import Grower, Value, rows_of, shape_of, step


def _window(g: Grower, x: Value) -> tuple[list[int], list[int], list[int], list[int]] | None:
    """Kernel, strides, padding and dilations of a window over what lies behind the second axis."""
    sides = shape_of(x)[2:]
    if not 1 <= len(sides) <= 3:
        return None
    kernel = [int(g.pick(1, 3, 3, 5, 2)) if side > 4 else 1 for side in sides]
    strides = [int(g.pick(1, 1, 1, 2)) if side > 6 else 1 for side in sides]
    dilations = [int(g.pick(1, 1, 1, 2)) if side > 8 else 1 for side in sides]
    pads = [g.pick(0, (size - 1) * gap // 2) for size, gap in zip(kernel, dilations, strict=True)]
    return kernel, strides, [int(pad) for pad in pads], dilations


def _finished(g: Grower, x: Value) -> Value:
    """With the bias that layers mostly have."""
    if g.chance(0.6):
        return op.add(x, g.constant(g.pick(0.1, 1.0) * g.normal(*rows_of(shape_of(x)))))
    return x


@step(often=4)
def convolution(g: Grower, x: Value) -> Value | None:
    window = _window(g, x)
    if window is None:
        return None
    kernel, strides, pads, dilations = window
    channels, outputs = shape_of(x)[1], int(g.pick(4, 8, 16, 24, 5))
    weights = g.weights(outputs, channels, *kernel, inputs=channels * int(np.prod(kernel)))
    return _finished(g, op.convolution(x, weights, strides, pads, pads, dilations))


@step(often=2)
def grouped(g: Grower, x: Value) -> Value | None:
    """Depthwise, with one or several outputs for each channel, or in two groups."""
    window = _window(g, x)
    if window is None:
        return None
    kernel, strides, pads, dilations = window
    channels = shape_of(x)[1]
    groups = int(g.pick(channels, channels, 2 if channels % 2 == 0 else channels))
    each = int(g.pick(1, 1, 2, 4))
    weights = g.weights(
        groups, each, channels // groups, *kernel, inputs=channels // groups * int(np.prod(kernel))
    )
    return _finished(g, op.group_convolution(x, weights, strides, pads, pads, dilations))


@step(often=1.5)
def transposed(g: Grower, x: Value) -> Value | None:
    sides = shape_of(x)[2:]
    if not 1 <= len(sides) <= 3 or max(sides) > 24:
        return None
    size, stride, channels = int(g.pick(2, 3, 4)), int(g.pick(1, 2, 2)), shape_of(x)[1]
    kernel, strides, outputs = [size] * len(sides), [stride] * len(sides), int(g.pick(4, 8, 12))
    if g.chance(0.3):
        weights = g.weights(channels, 1, 1, *kernel, inputs=int(np.prod(kernel)))
        return _finished(g, op.group_convolution_backprop_data(x, weights, strides))
    weights = g.weights(channels, outputs, *kernel, inputs=channels, axis=1)
    return _finished(g, op.convolution_backprop_data(x, weights, strides))


@step()
def computed_kernel(g: Grower, x: Value) -> Value | None:
    """A convolution whose weights come from the network's own values."""
    shape = shape_of(x)
    if len(shape) != 4 or shape[0] != 1:
        return None
    mean = op.reshape(op.reduce_mean(x, g.whole(2, 3), True), g.whole(1, shape[1]), False)
    made = op.matmul(mean, g.weights(shape[1], 4 * shape[1], inputs=shape[1], axis=-1), False, False)
    return op.convolution(
        x, op.reshape(made, g.whole(4, shape[1], 1, 1), False), [1, 1], [0, 0], [0, 0], [1, 1]
    )


@step()
def shared(g: Grower, x: Value) -> Value | None:
    """One constant for two convolutions."""
    shape = shape_of(x)
    if len(shape) != 4:
        return None
    weights = g.weights(shape[1], shape[1], 3, 3, inputs=9 * shape[1])
    first = op.relu(op.convolution(x, weights, [1, 1], [1, 1], [1, 1], [1, 1]))
    return op.convolution(first, weights, [1, 1], [1, 1], [1, 1], [1, 1])


@step(often=4)
def product(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    inputs, outputs = shape[-1], int(g.pick(8, 16, 32, 7))
    if g.chance():
        found = op.matmul(x, g.weights(outputs, inputs, inputs=inputs), False, True)
    else:
        found = op.matmul(x, g.weights(inputs, outputs, inputs=inputs, axis=-1), False, False)
    return op.add(found, g.constant(g.normal(outputs))) if g.chance(0.6) else found


@step(often=0.7)
def product_of_axes(g: Grower, x: Value) -> Value | None:
    """Weights with axes in front: one matrix for each."""
    shape = shape_of(x)
    if len(shape) < 3:
        return None
    inputs, outputs = shape[-1], int(g.pick(8, 16))
    front = [shape[-3]] if g.chance(0.7) else [1]
    return op.matmul(x, g.weights(*front, inputs, outputs, inputs=inputs, axis=-1), False, False)


@step(often=0.7)
def product_with_vector(g: Grower, x: Value) -> Value:
    inputs = shape_of(x)[-1]
    return op.unsqueeze(op.matmul(x, g.weights(inputs, inputs=inputs, axis=-1), False, False), g.whole(-1))


@step(often=0.7)
def constant_on_the_left(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    if len(shape) < 2:
        return None
    return op.matmul(g.weights(int(g.pick(6, 12)), shape[-2], inputs=shape[-2]), x, False, False)


@step(often=0.7)
def turned_product(g: Grower, x: Value) -> Value | None:
    """Along the axis before the last."""
    shape = shape_of(x)
    if len(shape) < 2:
        return None
    return op.matmul(x, g.weights(shape[-2], int(g.pick(8, 12)), inputs=shape[-2], axis=-1), True, False)


@step(often=1.5)
def attention(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    if len(shape) not in (3, 4):
        return None
    width = shape[-1]
    queries, keys, values = (
        op.matmul(x, g.weights(width, 8, inputs=width, axis=-1), False, False) for _ in range(3)
    )
    if g.chance(0.2):
        return op.scaled_dot_product_attention(queries, keys, values)
    scores = op.multiply(op.matmul(queries, keys, False, True), g.constant(8**-0.5))
    return op.matmul(op.softmax(scores, -1), values, False, False)


@step(often=0.7)
def with_itself(g: Grower, x: Value) -> Value | None:
    """Every row with every row."""
    shape = shape_of(x)
    return op.matmul(x, op.relu(x) if g.chance() else x, False, True) if 2 <= len(shape) <= 4 else None


@step(often=0.5)
def summed_by_formula(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    if len(shape) != 3:
        return None
    return op.einsum([x, g.weights(shape[-1], 8, inputs=shape[-1], axis=-1)], "btc,co->bto")


@step(often=1.5)
def pooled(g: Grower, x: Value) -> Value | None:
    sides = shape_of(x)[2:]
    if not 1 <= len(sides) <= 3 or min(sides) < 4:
        return None
    size, stride = int(g.pick(2, 3)), int(g.pick(1, 2))
    kernel, strides = [size] * len(sides), [stride] * len(sides)
    pads = [int(g.pick(0, 1)) if size == 3 else 0] * len(sides)
    if g.chance():
        return op.max_pool(x, strides, [1] * len(sides), pads, pads, kernel).output(0)
    return op.avg_pool(x, strides, pads, pads, kernel, g.chance())


@step()
def reduced(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    if len(shape) < 2:
        return None
    axes = g.pick([len(shape) - 1], [1], list(range(2, len(shape))) or [1])
    kinds = (
        op.reduce_mean,
        op.reduce_mean,
        op.reduce_sum,
        op.reduce_max,
        op.reduce_min,
        op.reduce_l2,
        op.reduce_l1,
    )
    return g.pick(*kinds)(x, g.whole(*axes), g.chance(0.6))


@step()
def squeezed(g: Grower, x: Value) -> Value | None:
    """A gate by the mean of each channel."""
    shape = shape_of(x)
    if len(shape) not in (4, 5):
        return None
    ones, inner, channels = [1] * (len(shape) - 2), max(2, shape[1] // 2), shape[1]
    zeros = [0] * len(ones)
    mean = op.reduce_mean(x, g.whole(*range(2, len(shape))), True)
    hidden = op.convolution(
        mean, g.weights(inner, channels, *ones, inputs=channels), ones, zeros, zeros, ones
    )
    back = op.convolution(
        op.relu(hidden), g.weights(channels, inner, *ones, inputs=inner), ones, zeros, zeros, ones
    )
    return op.multiply(x, g.pick(op.sigmoid, op.hsigmoid)(back))


@step(often=0.7)
def boxes(g: Grower, x: Value) -> Value | None:
    """The expected place among sixteen, of each box side."""
    shape = shape_of(x)
    if len(shape) != 3 or shape[1] % 4:
        return None
    folded = op.reshape(x, g.whole(0, 4, shape[1] // 4, -1), True)
    shares = op.softmax(op.transpose(folded, g.whole(0, 2, 1, 3)), 1)
    places = g.constant(np.arange(shape[1] // 4).reshape(1, -1, 1, 1))
    return op.reshape(op.convolution(shares, places, [1, 1], [0, 0], [0, 0], [1, 1]), g.whole(0, 4, -1), True)


@step(often=0.7)
def patches(g: Grower, x: Value) -> Value | None:
    """Tokens from an image."""
    shape = shape_of(x)
    if len(shape) != 4 or min(shape[2:]) < 4:
        return None
    weights = g.weights(16, shape[1], 4, 4, inputs=16 * shape[1])
    tokens = op.convolution(x, weights, [4, 4], [0, 0], [0, 0], [1, 1])
    return op.transpose(op.reshape(tokens, g.whole(0, 16, -1), True), g.whole(0, 2, 1))
