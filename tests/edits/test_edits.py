"""Edits of a model: quantizers for the named readers, shifts of layers' outputs, other constants."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import conv, model, parameter, run, weights
from openvino.tools.pot.arithmetic.fake_quantize import fake_quantize
from openvino.tools.pot.arithmetic.ranges import symmetric_range
from openvino.tools.pot.graph.edits.bias import bias_input, shift_bias
from openvino.tools.pot.graph.edits.quantize import insert_fake_quantize
from openvino.tools.pot.graph.edits.replace import replace_constant
from openvino.tools.pot.graph.geometry import linear_layer
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView

IMAGE = weights((2, 3, 6, 6), 5, 1.0)
SHIFT = np.array([0.5, -1.0, 2.0, 0.0])


def test_only_the_named_readers_see_rounded_data() -> None:
    x = parameter([2, 3, 6, 6])
    start = op.relu(x, name="start")
    nodes = [op.abs(start, name="rounded"), op.abs(start, name="float"), start]
    network = model(nodes, x)
    grid = symmetric_range(np.array(1.5), 256, True)
    insert_fake_quantize(GraphView(network), TensorId("start"), [InputId("rounded", 0)], grid, "fq")
    network.validate_nodes_and_infer_types()
    rounded, plain, out = run(network, IMAGE)
    np.testing.assert_allclose(rounded, fake_quantize(np.maximum(IMAGE, 0), grid), atol=1e-6)
    np.testing.assert_array_equal(plain, np.maximum(IMAGE, 0))
    np.testing.assert_array_equal(out, np.maximum(IMAGE, 0))
    assert network.outputs[2].get_names() == {"y2"}


def test_a_divisor_of_each_channel() -> None:
    x, divisor = parameter([2, 3]), np.array([1.0, 4.0, 0.5])
    network = model(op.abs(x, name="reader"), x)
    grid = symmetric_range(np.array(1.5), 256, False)
    insert_fake_quantize(GraphView(network), TensorId("x"), [InputId("reader", 0)], grid, "fq", divisor)
    values = weights((2, 3), 1, 2.0)
    expected = np.abs(fake_quantize((values / divisor).astype(np.float32), grid))
    np.testing.assert_allclose(run(network, values)[0], expected, atol=1e-6)


LAYERS: dict[str, Callable[[ov.Output], ov.Node]] = {
    "convolution": lambda x: conv(x, 4, "layer").get_node(),
    "product": lambda x: op.matmul(x, op.constant(weights((6, 4))), False, False, name="layer"),
    "transposed product": lambda x: op.matmul(x, op.constant(weights((4, 6))), False, True, name="layer"),
    "product from the left": lambda x: op.matmul(op.constant(weights((4, 6))), x, False, False, name="layer"),
}
AXIS = {"convolution": 1, "product": -1, "transposed product": -1, "product from the left": -2}
BIASES: dict[str, Callable[[int], ov.Node | None]] = {
    "none": lambda axis: None,
    "per channel": lambda axis: op.constant(weights(shape(axis), 3)),
    "scalar": lambda axis: op.constant(np.float32(0.3)),
    "short": lambda axis: op.constant(weights(shape(axis)[axis:], 3)),
    "half": lambda axis: op.convert(op.constant(weights(shape(axis), 3).astype(np.float16)), "f32"),
    "of each position": lambda axis: op.constant(weights((1, 1, 6, 6) if axis == 1 else (1, 3, 1, 1), 3)),
}


def shape(axis: int) -> tuple[int, ...]:
    sizes = [1] * 4
    sizes[axis] = 4
    return tuple(sizes)


def shifted(network: ov.Model) -> None:
    view = GraphView(network)
    layer = linear_layer(view, "layer")
    assert layer is not None
    shift_bias(view, layer, SHIFT)
    network.validate_nodes_and_infer_types()


@pytest.mark.long
@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("kind", LAYERS)
def test_a_shift_of_every_output_channel(kind: str, bias: str, first: bool) -> None:
    x = parameter([2, 3, 6, 6])
    node, axis = LAYERS[kind](x), AXIS[kind]
    if (constant := BIASES[bias](axis)) is not None:
        node = op.add(constant, node) if first else op.add(node, constant)
    network = model(op.relu(node), x)
    raw = run(model(node, x), IMAGE)[0]
    operations = {n.get_type_name() for n in network.get_ops()}
    adds = sum(n.get_type_name() == "Add" for n in network.get_ops())
    shifted(network)
    expected = np.maximum(raw + SHIFT.reshape(shape(axis)), 0)
    np.testing.assert_allclose(run(network, IMAGE)[0], expected, rtol=1e-5, atol=1e-5)
    assert {n.get_type_name() for n in network.get_ops()} <= operations | {"Add"}
    in_place = bias not in ("none", "of each position")
    assert sum(n.get_type_name() == "Add" for n in network.get_ops()) == adds + (not in_place)


def test_a_bias_that_two_layers_share_changes_for_one() -> None:
    x, bias = parameter([2, 3, 6, 6]), op.constant(weights((1, 4, 1, 1)), name="bias")
    network = model([op.add(conv(x, 4, name), bias) for name in ("layer", "other")], x)
    before = run(network, IMAGE)
    shifted(network)
    after = run(network, IMAGE)
    np.testing.assert_allclose(after[0], before[0] + SHIFT.reshape(1, 4, 1, 1), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(after[1], before[1])


@pytest.mark.parametrize("others", [(op.relu, None), (None, op.relu)])
def test_all_readers_of_a_layer_see_the_shift(
    others: tuple[Callable[[ov.Output], ov.Node] | None, ...],
) -> None:
    x = parameter([2, 3, 6, 6])
    layer, constant = conv(x, 4, "layer"), op.constant(weights((1, 4, 1, 1), 3))
    nodes = [other(layer) if other else op.relu(op.add(layer, constant)) for other in others]
    network, raw = model(nodes, x), run(model(layer, x), IMAGE)[0]
    shifted(network)
    moved = raw + SHIFT.reshape(1, 4, 1, 1)
    for other, result in zip(others, run(network, IMAGE), strict=True):
        expected = np.maximum(moved if other else moved + weights((1, 4, 1, 1), 3), 0)
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)


def test_a_layer_that_is_an_output_keeps_its_name_there() -> None:
    x = parameter([2, 3, 6, 6])
    output = conv(x, 4, "layer")
    output.set_names({"prediction"})
    network = ov.Model([output, op.relu(output).output(0)], [x.get_node()], "named")
    before = run(network, IMAGE)[0]
    shifted(network)
    assert network.outputs[0].get_names() == {"prediction"}
    np.testing.assert_allclose(
        run(network, IMAGE)[0], before + SHIFT.reshape(1, 4, 1, 1), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize(
    "behind",
    [
        lambda layer: [op.add(layer, op.sigmoid(layer))],
        lambda layer: [op.add(layer, op.constant(weights((1, 4, 1, 1)))), op.relu(layer)],
        lambda layer: [op.multiply(layer, op.constant(weights((1, 4, 1, 1))))],
        lambda layer: [op.add(layer, op.constant(weights((3, 2, 4, 6, 6))))],
        lambda layer: [op.add(layer, op.constant(weights((1, 1, 6, 6))))],
    ],
)
def test_what_is_no_bias(behind: Callable[[ov.Output], list[ov.Node]]) -> None:
    x = parameter([2, 3, 6, 6])
    view = GraphView(model(behind(conv(x, 4, "layer")), x))
    layer = linear_layer(view, "layer")
    assert layer is not None
    assert bias_input(view, layer) is None


def test_a_constant_is_replaced_for_the_named_readers() -> None:
    x, old = parameter([2, 3]), op.constant(np.float32([1, 2, 3]), name="old")
    network = model([op.add(x, old, name="a"), op.multiply(x, old, name="b")], x)
    new = np.float32([4, 5, 6])
    replace_constant(GraphView(network), [InputId("b", 1)], new, "new")
    values = weights((2, 3))
    total, product = run(network, values)
    np.testing.assert_allclose(total, values + np.float32([1, 2, 3]), rtol=1e-6)
    np.testing.assert_allclose(product, values * new, rtol=1e-6)
