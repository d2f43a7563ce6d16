"""Operations on elements: functions, gains, biases, choices, and sums of branches."""

from __future__ import annotations

import numpy as np
from openvino import opset13 as op

from random_graphs.grower import Grower, Value, rows_of, shape_of, step


@step(often=2.5)
def activated(g: Grower, x: Value) -> Value:
    kinds = (
        op.relu, op.sigmoid, op.tanh, op.swish, op.hswish, op.hsigmoid, op.mish, op.softplus, op.softsign,
        lambda v: op.gelu(v, g.pick("erf", "tanh")), lambda v: op.elu(v, 1.0), lambda v: op.clamp(v, -1, 3),
        lambda v: op.prelu(v, g.constant([0.1])), lambda v: op.multiply(v, op.sigmoid(v)),
        lambda v: op.clamp(v, 0, 6), lambda v: op.selu(v, g.constant(1.67), g.constant(1.05)),
        lambda v: op.hard_sigmoid(v, g.constant(0.2), g.constant(0.5)), lambda v: op.maximum(v, g.constant(-0.3)),
    )  # fmt: skip
    return g.pick(*kinds)(x)


@step()
def by_channels(g: Grower, x: Value) -> Value | None:
    """PReLU with a slope for each channel."""
    shape = shape_of(x)
    return op.prelu(x, g.constant(0.2 * np.abs(g.normal(shape[1])))) if len(shape) > 1 else None


@step()
def function(g: Grower, x: Value) -> Value:
    kinds = (
        op.abs, op.negative, op.sin, op.cos, op.erf, op.atan, op.asinh,
        lambda v: op.exp(op.clamp(v, -8, 2)), lambda v: op.sqrt(op.abs(v)), lambda v: op.power(v, g.constant(2.0)),
        lambda v: op.log(op.add(op.abs(v), g.constant(1.0))), lambda v: op.floor(op.multiply(v, g.constant(4.0))),
        lambda v: op.round(op.multiply(v, g.constant(8.0)), "half_to_even"),
        lambda v: op.divide(v, op.add(op.abs(v), g.constant(1.0))), lambda v: op.sinh(op.clamp(v, -2, 2)),
    )  # fmt: skip
    return g.pick(*kinds)(x)


@step(often=1.5)
def gained(g: Grower, x: Value) -> Value:
    """A gain, a bias or both, for each channel, each element of the last axis, or all."""
    shape = shape_of(x)
    sizes = g.pick((), rows_of(shape) if len(shape) > 1 else (), (shape[-1],), tuple([1] * len(shape)))
    gain = np.exp(g.pick(0.3, 1.0, 2.0) * g.normal(*sizes)) * np.where(g.normal(*sizes) > -0.8, 1, -1)
    found = g.pick(op.multiply, op.divide)(x, g.constant(gain))
    return op.add(found, g.constant(g.normal(*sizes))) if g.chance() else found


@step()
def biased(g: Grower, x: Value) -> Value:
    shape = shape_of(x)
    sizes = g.pick(rows_of(shape), (shape[-1],), tuple(shape[1:])) if len(shape) > 1 else (shape[-1],)
    return g.pick(op.add, op.subtract)(x, g.constant(g.pick(0.3, 1.0, 5.0) * g.normal(*sizes)))


@step()
def turned_round(g: Grower, x: Value) -> Value:
    """A constant on the left of a difference."""
    return op.subtract(g.constant(g.pick(1.0, 2.0)), x)


@step(often=2)
def joined(g: Grower, x: Value) -> Value | None:
    """With another value of the same shape."""
    others = [value for value in g.values[:-1] if shape_of(value) == shape_of(x)]
    if not others:
        return None
    other = g.pick(*others)
    kinds = (op.add, op.add, op.multiply, op.subtract, op.maximum, op.squared_difference)
    return g.pick(*kinds)(x, other)


@step()
def gated(g: Grower, x: Value) -> Value | None:
    """Two halves, one of which opens the other."""
    shape = shape_of(x)
    axis = g.pick(1, -1)
    if len(shape) < 2 or shape[axis] % 2:
        return None
    halves = op.split(x, g.number(axis), 2)
    opened = g.pick(op.sigmoid, op.gelu, op.tanh)
    first = opened(halves.output(1), "erf") if opened is op.gelu else opened(halves.output(1))
    return op.multiply(halves.output(0), first)


@step()
def chosen(g: Grower, x: Value) -> Value:
    return op.select(op.greater(x, g.constant(0.2)), x, op.multiply(x, g.constant(0.25)))


@step(often=0.5)
def rounded_by_user(g: Grower, x: Value) -> Value:
    """A network that was quantized in part, by somebody else."""
    low, high = g.pick((-4.0, 4.0), (0.0, 4.0), (-3.0, 5.0), (0.5, 4.0))
    return op.fake_quantize(x, *(g.constant(v) for v in (low, high, low, high)), 256)


@step()
def normalised(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    if len(shape) < 2:
        return None
    kinds = [
        lambda: op.softmax(x, g.pick(1, len(shape) - 1)),
        lambda: op.mvn(x, g.whole(len(shape) - 1), True, 1e-5, "inside_sqrt"),
        lambda: op.normalize_l2(x, g.whole(g.pick(1, len(shape) - 1)), 1e-6, "add"),
    ]
    if len(shape) > 2:
        kinds.append(lambda: op.mvn(x, g.whole(*range(2, len(shape))), True, 1e-5, "outside_sqrt"))
        kinds.append(lambda: op.log_softmax(x, 1))
        kinds.append(lambda: _by_groups(g, x, shape))
    if len(shape) == 4:
        kinds.append(lambda: op.lrn(x, g.whole(1), 1e-2, 0.75, 1.0, 3))
    return g.pick(*kinds)()


def _by_groups(g: Grower, x: Value, shape: list[int]) -> Value:
    gain, bias = (g.constant(np.exp(0.5 * g.normal(shape[1]))) for _ in range(2))
    return op.group_normalization(x, gain, bias, 2 if shape[1] % 2 == 0 else 1, 1e-5)


@step()
def layer_norm_by_hand(g: Grower, x: Value) -> Value | None:
    """As it is exported from other tools: mean, difference, power, root, division."""
    shape = shape_of(x)
    if len(shape) < 2:
        return None
    last = g.whole(len(shape) - 1)
    apart = op.subtract(x, op.reduce_mean(x, last, True))
    spread = op.reduce_mean(op.power(apart, g.constant(2.0)), last, True)
    found = op.divide(apart, op.sqrt(op.add(spread, g.constant(1e-5))))
    return op.multiply(found, g.constant(np.exp(g.normal(shape[-1])))) if g.chance() else found


@step()
def batch_norm(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    if len(shape) < 2:
        return None
    gain, bias, mean = (g.constant(g.normal(shape[1])) for _ in range(3))
    return op.batch_norm_inference(x, gain, bias, mean, g.constant(np.exp(g.normal(shape[1]))), 1e-5)
