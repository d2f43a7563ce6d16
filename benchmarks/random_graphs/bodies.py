"""Recurrent layers, states, and networks inside networks."""

from __future__ import annotations

import numpy as np
import openvino as ov
from openvino import opset13 as op

from random_graphs.grower import Grower, Value, shape_of, step


@step(often=2)
def recurrent(g: Grower, x: Value) -> Value | None:
    """An LSTM, GRU or plain layer over the second of three axes; its state begins at zero or is computed."""
    shape = shape_of(x)
    if len(shape) != 3 or shape[1] > 20:
        return None
    kind, hidden, inputs = g.pick("lstm", "gru", "rnn"), int(g.pick(8, 16)), shape[2]
    gates = {"lstm": 4, "gru": 3, "rnn": 1}[kind]
    sizes = op.shape_of(x)
    batch, steps = (op.gather(sizes, g.whole(axis), g.number(0)) for axis in (0, 1))
    ways = 2 if g.chance(0.2) else 1
    state = op.broadcast(g.constant(0.0), op.concat([batch, g.whole(ways, hidden)], 0))
    if g.chance(0.2):
        mean = op.matmul(
            op.reduce_mean(x, g.whole(1), True),
            g.weights(inputs, hidden, inputs=inputs, axis=-1),
            False,
            False,
        )
        state = op.concat([mean] * ways, 1) if ways > 1 else mean
    lengths = op.broadcast(op.squeeze(steps, g.whole(0)), batch)
    scaled = op.multiply(x, g.constant(g.pick(0.2, 1.0, 1.0, 8.0, 30.0)))
    weights = [g.weights(ways, gates * hidden, size, inputs=size) for size in (inputs, hidden)]
    bias = g.constant(0.3 * g.normal(ways, gates * hidden))
    sequence = {"lstm": op.lstm_sequence, "gru": op.gru_sequence, "rnn": op.rnn_sequence}[kind]
    states = [state] * (2 if kind == "lstm" else 1)
    way = "bidirectional" if ways == 2 else g.pick("forward", "reverse")
    found = sequence(scaled, *states, lengths, *weights, bias, hidden, way).output(0)
    turned = op.transpose(found, g.whole(0, 2, 1, 3))
    return op.reshape(turned, g.whole(0, 0, ways * hidden), True)


@step(often=0.7)
def cell(g: Grower, x: Value) -> Value | None:
    """One step of a recurrent layer."""
    shape = shape_of(x)
    if len(shape) != 2:
        return None
    inputs, hidden = shape[1], int(g.pick(8, 16))
    state = op.tanh(op.matmul(x, g.weights(inputs, hidden, inputs=inputs, axis=-1), False, False))
    if g.chance():
        weights = [g.weights(4 * hidden, size, inputs=size) for size in (inputs, hidden)]
        return op.lstm_cell(x, state, state, *weights, g.constant(g.normal(4 * hidden)), hidden).output(
            g.pick(0, 1)
        )
    weights = [g.weights(3 * hidden, size, inputs=size) for size in (inputs, hidden)]
    return op.gru_cell(x, state, *weights, g.constant(g.normal(3 * hidden)), hidden)


@step(often=0.7)
def remembered(g: Grower, x: Value) -> Value | None:
    """A running mean over inferences."""
    shape = shape_of(x)
    if g.sinks or g.type != ov.Type.f32:
        return None
    name = "memory"
    before = op.read_value(g.constant(np.zeros(shape)), name, ov.Type.f32, ov.PartialShape(shape))
    after = op.add(op.multiply(before, g.constant(0.5)), x)
    g.sinks.append(op.assign(after, name))
    return after


def _body(g: Grower, shape: list[int], width: int) -> tuple[Value, Value]:
    """The parameter of a body, and a layer on it."""
    inner = op.parameter(ov.PartialShape(shape), g.type)
    weights = g.weights(shape[-1], width, inputs=shape[-1], axis=-1)
    return inner, op.tanh(op.matmul(inner, weights, False, False))


@step(often=0.7)
def branches(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    if len(shape) < 2:
        return None
    size = op.reduce_mean(op.abs(x), g.whole(*range(len(shape))), False)
    node = op.if_op(op.greater(size, g.constant(g.pick(1e-4, 1e4))).output(0))
    bodies = []
    for _ in range(2):
        inner, end = _body(g, shape, 8)
        bodies.append((inner, op.result(end)))
    node.set_then_body(ov.Model([bodies[0][1]], [bodies[0][0]], "then"))
    node.set_else_body(ov.Model([bodies[1][1]], [bodies[1][0]], "else"))
    node.set_input(x.output(0) if isinstance(x, ov.Node) else x, bodies[0][0], bodies[1][0])
    return node.set_output(bodies[0][1], bodies[1][1])


@step(often=0.7)
def repeated_body(g: Grower, x: Value) -> Value | None:
    """The same layer three times, as a loop."""
    shape = shape_of(x)
    if len(shape) < 2:
        return None
    inner, end = _body(g, shape, shape[-1])
    go_on, result = op.result(op.constant(np.array([True]))), op.result(end)
    node = op.loop(op.constant(np.int32(3)), op.constant(np.array([True])))
    node.set_function(ov.Model([go_on, result], [inner], "body"))
    node.set_special_body_ports([-1, 0])
    node.set_merged_input(inner, x.output(0) if isinstance(x, ov.Node) else x, result.output(0))
    return node.get_iter_value(result.output(0), -1)


@step(often=0.7)
def over_time(g: Grower, x: Value) -> Value | None:
    """A layer on each slice of the second axis, as a TensorIterator."""
    shape = shape_of(x)
    if len(shape) != 3:
        return None
    inner, end = _body(g, [shape[0], 1, shape[2]], 8)
    result = op.result(end)
    node = op.tensor_iterator()
    node.set_function(ov.Model([result], [inner], "body"))
    node.set_sliced_input(inner, x.output(0) if isinstance(x, ov.Node) else x, 0, 1, 1, -1, 1)
    return node.get_concatenated_slices(result.output(0), 0, 1, 1, -1, 1)
