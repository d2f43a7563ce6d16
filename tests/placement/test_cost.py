"""When INT8 is not worth entering: arithmetic of the estimate, and what the plan makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openvino import opset13 as op
from plans import layers, plan_of, reason
from test_planner import Tensor, depthwise, matmul
from test_recurrent import recurrent

from builders import conv, labelled, model, parameter, quantized, weights
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import Cost, Device, find_device
from openvino.tools.pot.placement.cost import Region
from openvino.tools.pot.placement.planner import estimate, make_plan

# Round figures: a product saves 1, a weight 0.001, converting an element costs 10 or 100.
COST = Cost(
    product=1,
    weight=0.001,
    quantized=10,
    dequantized=100,
    largest=10_000,
    block=16,
    depth=4,
    alone=("Parameter", "Softmax"),
    ratio=2,
    least=50,
    negligible=0.01,
    light=0.02,
)
figures = st.floats(0, 1e9)


X = parameter([1, 4, 8])


def device(cost: Cost | None = COST) -> Device:
    return find_device("CPU").model_copy(update={"cost": cost})


def regions(*outputs: Tensor, source: ov.Output, transformer: bool = False) -> dict[frozenset[str], Region]:
    view = GraphView(model(list(outputs), source))
    return {frozenset(r.layers): r for r in estimate(view, device(), transformer)}


def only(found: dict[frozenset[str], Region]) -> Region:
    (region,) = found.values()
    return region


@given(figures, figures)
def test_a_region_loses_in_proportion_and_absolutely(saved: float, lost: float) -> None:
    assert Region(("a",), saved, lost, ()).loses(COST) == (lost > 2 * saved and lost - saved > 50)


@given(figures, figures, figures)
def test_what_loses_still_does_when_it_costs_more(saved: float, lost: float, more: float) -> None:
    if Region(("a",), saved, lost, ()).loses(COST):
        assert Region(("a",), saved, lost + more, ()).loses(COST)


def test_the_reason_gives_the_figures() -> None:
    assert (
        Region(("a",), 2600, 9400, ()).reason
        == "INT8 would save it about 3 us of arithmetic and cost about 9 us of conversion"
    )
    assert "save it and the 2 it shares INT8 data with about 0 us" in Region(tuple("abc"), 0, 9, ()).reason


@pytest.mark.parametrize(
    ("make", "shape", "products", "constants"),
    [
        (lambda x: conv(x, 20, "a"), [1, 3, 8, 8], 64 * 20 * 3 * 9, 20 * 3 * 9),
        (lambda x: conv(x, 2, "a"), [1, 3, 8, 8], 64 * 16 * 3 * 9, 2 * 3 * 9),
        (lambda x: depthwise(x, 4, "a"), [1, 4, 8, 8], 64 * 4 * 9, 4 * 9),
        (lambda x: matmul(x, 8, 5, "a"), [1, 7, 8], 7 * 8 * 5, 8 * 5),
        (lambda x: matmul(x, 3, 5, "a"), [1, 7, 3], 0, 3 * 5),
        (
            lambda x: op.convolution_backprop_data(x, op.constant(weights((3, 5, 2, 2))), [2, 2], name="a"),
            [1, 3, 8, 8],
            64 * 3 * 5 * 4,
            3 * 5 * 4,
        ),
    ],
    ids=["convolution", "few channels", "depthwise", "product", "few terms", "transposed"],
)
def test_one_layer(make: Callable[[Any], Tensor], shape: list[int], products: int, constants: int) -> None:
    x = parameter(shape)
    layer = make(x)
    region = only(regions(layer, source=x))
    assert region.saved == pytest.approx(products + 0.001 * constants)
    results = np.prod(layer.get_shape() if isinstance(layer, ov.Output) else layer.output(0).get_shape())
    assert region.lost == 10 * np.prod(shape) + 100 * results
    assert [str(t) for t in region.passes] == ["x"]


def test_a_chain_stays_in_int8_between_its_layers() -> None:
    x = parameter([1, 4, 8, 8])
    region = only(regions(conv(op.relu(conv(x, 4, "a")).output(0), 4, "b"), source=x))
    assert region.layers == ("a", "b")
    assert region.lost == 10 * 256 + 100 * 256


def test_a_quantizer_is_fused_with_an_elementwise_operation() -> None:
    x = parameter([1, 4, 8, 8])
    region = only(regions(conv(op.tanh(x).output(0), 4, "a"), source=x))
    assert region.lost == 100 * 256
    assert region.passes == ()


def test_a_quantizer_beside_a_float_reader_is_a_pass() -> None:
    x = parameter([1, 4, 8, 8])
    start = op.relu(conv(x, 4, "a"), name="start").output(0)
    found = regions(conv(start, 4, "b"), op.softmax(start, 1), source=x)
    assert set(found) == {frozenset("a"), frozenset("b")}
    assert found[frozenset("a")].lost == found[frozenset("b")].lost == (10 + 100) * 256


def test_layers_on_two_sides_of_softmax_are_judged_apart() -> None:
    x = parameter([1, 4, 8, 8])
    found = regions(conv(op.softmax(conv(x, 4, "a"), 1).output(0), 4, "b"), source=x)
    assert set(found) == {frozenset("a"), frozenset("b")}


def test_a_residual_joins_what_it_adds() -> None:
    x = parameter([1, 4, 8, 8])
    left, right = conv(op.softmax(x, 1).output(0), 4, "a"), conv(op.tanh(x).output(0), 4, "b")
    assert set(regions(conv(op.add(left, right).output(0), 4, "c"), source=x)) == {frozenset("abc")}


def narrow(rows: int, width: int = 8, wide: bool = False) -> ov.Model:
    """A product of many rows and few columns between two Softmax operations, and perhaps a convolution."""
    x = parameter([1, rows, width])
    end = op.softmax(matmul(op.softmax(x, -1), width, width, "a"), -1)
    if not wide:
        return model(end, x)
    image = op.reshape(end, op.constant([1, 16, rows * width // 256, 16]), False).output(0)
    return model(conv(image, 64, "b"), x)


def test_a_layer_that_is_slower_in_int8_stays_in_float() -> None:
    plan = plan_of(narrow(4096))
    assert not plan.layers
    assert not plan.activations
    assert not plan.weights
    assert (
        reason(plan, "a") == "INT8 would save it about 0 us of arithmetic and cost about 7 us of conversion"
    )
    assert [layer.node for layer in plan.floats if layer.costly] == ["a"]


def test_others_of_the_same_network_are_quantized() -> None:
    assert layers(plan_of(narrow(4096, wide=True))) == {"b"}


@pytest.mark.parametrize("network", [narrow(64), narrow(4096, 64)], ids=["small", "deep"])
def test_a_layer_that_is_worth_it_or_too_small_to_matter_is_quantized(network: ov.Model) -> None:
    assert layers(plan_of(network)) == {"a"}


def classifier(width: int, classes: int, behind: bool = False) -> ov.Model:
    """A convolution, then a product with its means over positions, whose result leaves or is convolved again."""
    x = parameter([1, 16, 16, 16])
    means = op.reduce_mean(conv(x, width, "body"), np.array([2, 3]), False)
    end = matmul(means.output(0), width, classes, "head")
    if behind:
        end = matmul(op.relu(end).output(0), classes, 4096, "large")
    return model(end, x)


def test_a_small_product_at_the_end_stays_in_float() -> None:
    plan = plan_of(classifier(64, 2))
    assert layers(plan) == {"body"}
    assert reason(plan, "head") == "INT8 would save it 0.00 us of the 15.9 us that it saves the network"
    assert not [q for q in plan.activations if q.tensor.node != "x"]


@pytest.mark.parametrize(
    "network",
    [
        classifier(64, 1000),
        classifier(64, 2, behind=True),
        model(matmul(X, 8, 2, "head"), X),
        classifier(64, 10),
    ],
    ids=["large", "inside", "alone", "heavy"],
)
def test_other_products_are_quantized(network: ov.Model) -> None:
    assert "head" in layers(plan_of(network))


def test_without_sizes_there_is_no_verdict() -> None:
    network = narrow(4096)
    network.reshape({"x": ov.PartialShape([1, -1, 8])})
    assert layers(plan_of(network)) == {"a"}
    assert estimate(GraphView(network), find_device("CPU")) == ()


def test_beyond_the_caches_there_is_no_verdict() -> None:
    x = parameter([1, 4, 51, 51])
    assert regions(conv(x, 1, "a"), source=x) == {}


@pytest.mark.parametrize("name", ["GPU", "NPU"])
def test_without_rates_there_is_no_verdict(name: str) -> None:
    assert find_device(name).cost is None
    assert layers(plan_of(narrow(4096), device=name)) == {"a"}


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_recurrent_layers_have_no_verdict(kind: str) -> None:
    assert estimate(GraphView(recurrent(kind)), device()) == ()


def test_lookups_have_no_verdict() -> None:
    x = parameter([1, 64])
    rows = op.gather(op.constant(weights((50, 8))), op.convert(x, "i32"), op.constant(0), name="a")
    view = GraphView(model(rows, x))
    assert estimate(view, device()) == ()
    assert [layer.node for layer in make_plan(view, device(), {}).layers] == ["a"]


def test_the_users_words_come_first() -> None:
    assert "ignored scope" in reason(plan_of(narrow(4096), {"scope": ["a"]}), "a")


def test_a_network_of_nothing_but_losses_is_returned_as_it_is() -> None:
    network = narrow(4096)
    images = [weights((1, 4096, 8), seed, 1.0) for seed in range(2)]
    result = quantized(network, labelled(images)).submodels[0].model
    assert "FakeQuantize" not in {node.get_type_name() for node in result.get_ops()}


def test_a_network_with_nothing_to_measure_has_its_weights_quantized() -> None:
    x = parameter([1, 64])
    rows = op.gather(op.constant(weights((50, 8))), op.convert(x, "i32"), op.constant(0), name="a")
    result = quantized(model(rows, x), labelled([weights((1, 64), 0, 0.1)] * 2)).submodels[0].model
    assert "FakeQuantize" in {node.get_type_name() for node in result.get_ops()}
