"""Which nodes are seen through an average over positions alone."""

from __future__ import annotations

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import conv, model, parameter
from openvino.tools.pot.graph.values import averaged
from openvino.tools.pot.graph.view import GraphView


def found(end: ov.Output | ov.Node | list[ov.Output], x: ov.Node) -> set[str]:
    return set(averaged(GraphView(model(end, x))))


@pytest.mark.parametrize("keep", [True, False])
def test_behind_a_mean_nothing_and_before_it_everything(keep: bool) -> None:
    x = parameter([1, 3, 8, 8])
    body = conv(op.relu(conv(x, 4, "a")).output(0), 4, "b")
    means = op.reduce_mean(body, np.array([2, 3]), keep, name="means")
    names = found(op.tanh(means, name="end").output(0), x)
    assert {"a", "b"} <= names
    assert not {"means", "end"} & names


def test_pooling_of_the_whole_map() -> None:
    x = parameter([1, 3, 8, 8])
    pool = op.avg_pool(conv(x, 4, "a"), [1, 1], [0, 0], [0, 0], [8, 8], False, name="pool")
    assert "a" in found(pool.output(0), x)


def test_pooling_of_a_part_is_none() -> None:
    x = parameter([1, 3, 8, 8])
    pool = op.avg_pool(conv(x, 4, "a"), [4, 4], [0, 0], [0, 0], [4, 4], False, name="pool")
    assert found(pool.output(0), x) == set()


def test_maxima_are_no_averages() -> None:
    x = parameter([1, 3, 8, 8])
    assert found(op.reduce_max(conv(x, 4, "a"), np.array([2, 3]), True).output(0), x) == set()


def test_a_gate_is_not_the_only_way() -> None:
    x = parameter([1, 4, 8, 8])
    body = conv(x, 4, "a")
    gate = conv(op.reduce_mean(body, np.array([2, 3]), True).output(0), 4, "gate")
    gated = op.multiply(body, op.sigmoid(gate), name="gated")
    assert not {"a", "gate", "gated"} & found(gated.output(0), x)
    names = found(op.reduce_mean(gated, np.array([2, 3]), True).output(0), x)
    assert {"a", "gate", "gated"} <= names


def test_a_second_output_counts() -> None:
    x = parameter([1, 3, 8, 8])
    body = conv(x, 4, "a")
    means = op.reduce_mean(conv(body, 4, "b"), np.array([2, 3]), True).output(0)
    names = found([means, body], x)
    assert "b" in names
    assert "a" not in names


def test_shapes_carry_no_values() -> None:
    x = parameter([1, 3, 8, 8])
    body = conv(x, 4, "a")
    means = op.reduce_mean(body, np.array([2, 3]), True)
    shape = op.convert(op.shape_of(body), "f32")
    assert "a" in found([means.output(0), shape.output(0)], x)


def test_channels_may_not_be_averaged() -> None:
    x = parameter([1, 3, 8, 8])
    assert found(op.reduce_mean(conv(x, 4, "a"), np.array([1, 2, 3]), True).output(0), x) == set()
