"""Networks in several that follow one another: to the last bit what they are as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import conv, images, model, network, parameter, run
from openvino.tools.pot.graph.segments import _NEVER as NEVER
from openvino.tools.pot.graph.segments import Layers, has_known_sizes
from openvino.tools.pot.graph.view import GraphView


def branched() -> ov.Model:
    """Two inputs, a tensor that is read again much later, two outputs, one of them halfway, and shared weights."""
    x, y = parameter([1, 3, 8, 8], "x"), parameter([1, 4, 8, 8], "y")
    first = op.relu(conv(x, 4, "first"))
    shared = op.constant(np.full((4, 4, 1, 1), 0.25, np.float32))
    inner = op.convolution(op.add(first, y), shared, [1, 1], [0, 0], [0, 0], [1, 1])
    half = op.relu(inner)
    last = op.convolution(half, shared, [1, 1], [0, 0], [0, 0], [1, 1])
    return ov.Model(
        [op.result(half), op.result(op.add(op.add(last, first), y))], [x.get_node(), y.get_node()]
    )


def in_parts(layers: Layers, cuts: Sequence[int], fed: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
    values: dict[Any, NDArray[Any]] = dict(fed)
    for segment in layers.segments(cuts):
        taken = [values[segment.takes[port.get_node().get_friendly_name()]] for port in segment.model.inputs]
        for given, value in zip(segment.gives, run(segment.model, *taken), strict=True):
            values[given] = value
    return [values[number] for number in range(len(layers.view.model.outputs))]


def fed(source: ov.Model) -> dict[str, NDArray[Any]]:
    random = np.random.default_rng(0)
    return {
        node.get_friendly_name(): random.standard_normal(node.get_shape()).astype(np.float32)
        for node in source.get_parameters()
    }


def normalized() -> ov.Model:
    """Products with a normalization and an activation of many operations between them, which devices join."""
    x = parameter([1, 6, 16])
    random = np.random.default_rng(3)

    def product(source: Any, size: int) -> Any:
        weights = random.standard_normal((op.relu(source).get_output_shape(0)[-1], size)).astype(np.float32)
        return op.add(op.matmul(source, op.constant(weights), False, False), op.constant(weights[:1, None]))

    def norm(source: Any) -> Any:
        axis = op.constant([2])
        centred = op.subtract(source, op.reduce_mean(source, axis, True))
        power = op.reduce_mean(op.multiply(centred, centred), axis, True)
        root = op.sqrt(op.add(power, op.constant(np.float32(1e-5))))
        factors = random.standard_normal(16).astype(np.float32)
        return op.add(op.multiply(op.divide(centred, root), op.constant(factors)), op.constant(factors))

    def gelu(source: Any) -> Any:
        half = op.erf(op.divide(source, op.constant(np.float32(2**0.5))))
        return op.multiply(
            op.multiply(source, op.constant(np.float32(0.5))), op.add(half, op.constant(np.float32(1)))
        )

    return model(product(gelu(product(norm(product(x, 16)), 32)), 4), x)


def with_a_state() -> ov.Model:
    x = parameter([1, 16])
    before = op.read_value(
        op.constant(np.zeros((1, 16), np.float32)), "state", ov.Type.f32, ov.PartialShape([1, 16])
    )
    values = np.random.default_rng(0).standard_normal((16, 16)).astype(np.float32)
    after = op.matmul(op.add(x, before), op.constant(values), False, False)
    sink = op.assign(after, "state")
    return ov.Model([op.result(op.matmul(after, op.constant(values), False, False))], [sink], [x.get_node()])


def test_a_network_with_a_state_is_not_cut() -> None:
    source = with_a_state()
    crossing = Layers(source, GraphView(source).nodes).crossing
    assert (crossing[:-1] >= NEVER).all() and crossing[-1] == 0


def test_inputs_are_fed_by_the_names_of_their_tensors() -> None:
    x = parameter([1, 3, 8, 8])
    x.get_node().set_friendly_name("node")
    source = model(conv(op.relu(conv(x, 4, "first")), 4, "last"), x)
    layers = Layers(source, GraphView(source).nodes)
    (first, _) = layers.segments([layers.names.index("last") - 1])
    assert first.takes == {"x": "x"}


@pytest.mark.parametrize("make", [network, branched, normalized])
def test_parts_give_what_the_whole_gives_wherever_it_is_cut(make: Any) -> None:
    source = make()
    layers, given = Layers(source, GraphView(source).nodes), fed(source)
    whole = run(source, *(given[port.get_node().get_friendly_name()] for port in source.inputs))
    places = np.flatnonzero(layers.crossing < NEVER)[:-1].tolist()
    assert places
    for place in places:
        found = in_parts(layers, [place], given)
        assert all(np.array_equal(one, other) for one, other in zip(whole, found, strict=True)), place


def test_a_part_for_each_layer() -> None:
    source = branched()
    layers, given = Layers(source, GraphView(source).nodes), fed(source)
    found = in_parts(layers, np.flatnonzero(layers.crossing < NEVER)[:-1].tolist(), given)
    whole = run(source, *(given[port.get_node().get_friendly_name()] for port in source.inputs))
    assert all(np.array_equal(one, other) for one, other in zip(whole, found, strict=True))


def test_weights_are_counted_where_they_are_read_first_and_tensors_as_long_as_they_live() -> None:
    source = branched()
    layers = Layers(source, GraphView(source).nodes)
    assert layers.weights.sum() == sum(
        node.get_byte_size() for node in layers.view.model.get_ops() if node.get_type_name() == "Constant"
    )
    tensor = 4 * 4 * 64
    assert layers.live.max() <= 5 * tensor and layers.crossing[-1] == 0
    # Inputs are fed to whoever needs them.
    assert sorted(layers.crossing[layers.crossing < NEVER]) == [0, 0, 2 * tensor, 2 * tensor]


def test_what_was_appended_stands_where_its_inputs_are_there() -> None:
    source = network()
    before = set(GraphView(source).nodes)
    tensor = next(node for node in source.get_ordered_ops() if node.get_type_name() == "Relu").output(0)
    largest = op.reduce_max(tensor, op.constant([0, 1, 2, 3]), False)
    largest.set_friendly_name("largest")
    other = ov.Model([*source.get_results(), op.result(largest)], source.get_parameters())
    names = Layers(other, before).names
    assert names.index("largest") == names.index(tensor.get_node().get_friendly_name()) + 1


def test_open_sizes_are_not_known() -> None:
    assert has_known_sizes(GraphView(network()))
    x = parameter(ov.PartialShape([1, 3, -1, -1]))
    assert not has_known_sizes(GraphView(model(op.relu(x), x)))
    assert images(1)[0].shape == (1, 3, 8, 8)
