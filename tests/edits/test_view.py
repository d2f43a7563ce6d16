"""The index over a model: names, readers, constants and their values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import conv, model, parameter, weights
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.utils.errors import ModelError

KERNEL = weights((2, 3, 3, 3))
ONES = np.ones((1, 3, 3, 3), np.float32)

CONSTANTS: dict[str, tuple[Callable[[], ov.Node], np.ndarray]] = {
    "constant": (lambda: op.constant(KERNEL), KERNEL),
    "half": (lambda: op.convert(op.constant(KERNEL.astype(np.float16)), "f32"), KERNEL.astype(np.float16)),
    "moved": (lambda: op.transpose(op.constant(KERNEL), [1, 0, 2, 3]), KERNEL.swapaxes(0, 1)),
    "computed": (
        lambda: op.multiply(
            op.constant(KERNEL), op.sqrt(op.reduce_sum(op.constant(KERNEL**2), [0, 1, 2, 3]))
        ),
        KERNEL * np.sqrt((KERNEL**2).sum()),
    ),
    "without a reference": (
        lambda: op.convolution(op.constant(ONES), op.constant(KERNEL), [1, 1], [0, 0], [0, 0], [1, 1]),
        KERNEL.sum((1, 2, 3)).reshape(1, 2, 1, 1),
    ),
    "of unknown size": (lambda: op.non_zero(op.constant(np.float32([0, 2, 3]))), np.array([[1, 2]])),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_values_of_constant_expressions(name: str) -> None:
    build, expected = CONSTANTS[name]
    node, x = build(), parameter([1, 3])
    node.set_friendly_name("it")
    view = GraphView(model([node, op.relu(x)], x))
    assert view.is_constant(TensorId("it"))
    np.testing.assert_allclose(view.value(TensorId("it")), expected, rtol=1e-5, atol=1e-6)


def test_what_is_constant() -> None:
    x = parameter([1, 3, 8, 8])
    state = op.read_value(op.constant(ONES), "v", ov.Type.f32, ov.PartialShape([1, 3, 3, 3]), name="state")
    low, high = (op.constant(np.float32(border)) for border in (0, 1))
    noise = op.random_uniform(op.constant([3]), low, high, "f32", name="noise")
    shape = op.shape_of(x, name="shape")
    view = GraphView(model([conv(x, 2, "conv"), op.relu(state, name="relu"), noise, shape], x))
    names = ("x", "conv", "state", "relu", "noise", "shape", "y")
    assert not any(view.is_constant(TensorId(name)) for name in names)
    assert view.is_constant(TensorId("conv/weights"))


def test_readers_ports_and_shapes() -> None:
    x = parameter([-1, 4, 8])
    parts = op.split(x, op.constant(1), 2, name="parts")
    network = model(
        [op.add(parts.output(1), parts.output(0), name="sum"), op.relu(parts.output(1), name="relu")], x
    )
    view = GraphView(network)
    assert view.inputs("sum") == (TensorId("parts", 1), TensorId("parts", 0))
    assert set(view.consumers(TensorId("parts", 1))) == {InputId("relu", 0), InputId("sum", 0)}
    assert view.outputs("parts") == (TensorId("parts", 0), TensorId("parts", 1))
    assert view.shape(TensorId("sum")) == (None, 2, 8)
    assert view.is_float(TensorId("sum"))
    assert [view.type(name) for name in ("parts", "sum")] == ["Split", "Add"]
    order = list(view.nodes)
    assert all(order.index(t.node) < order.index(name) for name in order for t in view.inputs(name))


def test_a_name_that_is_not_there_names_the_nearest() -> None:
    x = parameter([1, 3, 8, 8])
    view = GraphView(model(conv(x, 2, "conv1"), x))
    with pytest.raises(ModelError, match=r"no node 'conv_1'; did you mean 'conv1'\?"):
        view.node("conv_1")


def test_two_nodes_of_one_name_are_refused() -> None:
    x = parameter([1, 3])
    with pytest.raises(ModelError, match="two nodes of the same name"):
        GraphView(model(op.relu(op.relu(x, name="a"), name="a"), x))
