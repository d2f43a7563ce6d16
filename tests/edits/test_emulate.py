"""Some quantizers become plain arithmetic, and no more integers become floats than must."""

from __future__ import annotations

import numpy as np
import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.graph.edits.emulate import emulated

RANDOM = np.random.default_rng(0)


def packed(*shape: int) -> ov.Node:
    whole = op.constant(RANDOM.integers(-127, 127, shape).astype(np.int8))
    node: ov.Node = op.multiply(op.convert(whole, "f32"), op.constant(np.float32(0.01)))
    return node


def by_last_axis(node: ov.Node) -> bool:
    return tuple(node.get_input_shape(1)) == (1, 1, 16)


def network() -> ov.Model:
    """Words looked up in a stored table, then two products: behind a range for each channel, and behind one for all."""
    ids = op.parameter([1, 5], np.int64, name="ids")
    words = op.gather(packed(9, 16), ids, op.constant(0))
    highs = np.linspace(0.2, 1.2, 16).astype(np.float32).reshape(1, 1, 16)
    first = op.fake_quantize(words, -highs, highs, -highs, highs, 255, name="channels")
    hidden = op.matmul(first, packed(16, 16), False, False, name="hidden")
    low, high = np.float32(-3), np.float32(3)
    second = op.fake_quantize(hidden, low, high, low, high, 255, name="tensor")
    return ov.Model([op.result(op.matmul(second, packed(16, 4), False, False))], [ids], "words")


def stored_integers(model: ov.Model) -> list[tuple[int, ...]]:
    constants = [node for node in model.get_ops() if node.get_type_name() == "Constant"]
    return sorted(tuple(node.shape) for node in constants if node.get_element_type() == ov.Type.i8)


def test_quantizers_that_are_not_meant_keep_their_integers_and_so_do_tables() -> None:
    model = network()
    found = emulated(model, narrow=True, meant=by_last_axis)
    kinds = [node.get_friendly_name() for node in found.get_ops() if node.get_type_name() == "FakeQuantize"]
    assert kinds == ["tensor"] and stored_integers(found) == [(9, 16), (16, 4)]
    assert stored_integers(emulated(model, narrow=True)) == [(9, 16)]
    assert stored_integers(model) == [(9, 16), (16, 4), (16, 16)]


def test_values_are_those_that_the_model_is_defined_to_give() -> None:
    model, ids = network(), np.array([[0, 3, 8, 1, 3]])
    expected, found = (ov.Tensor(np.zeros((1, 5, 4), np.float32)) for _ in range(2))
    assert model.evaluate([expected], [ov.Tensor(ids)])
    assert emulated(model, narrow=True, meant=by_last_axis).evaluate([found], [ov.Tensor(ids)])
    assert np.allclose(found.data, expected.data, atol=1e-5) and np.ptp(expected.data) > 1


def test_a_model_with_none_that_is_meant_is_left_as_it_is() -> None:
    model = network()
    assert emulated(model, narrow=True, meant=lambda _: False) is model
    assert emulated(model) is model


def test_names_that_openvino_makes_up_may_be_in_the_model_already() -> None:
    x = op.parameter([1, 4], np.float32, name="x")
    low, high = np.float32(-3), np.float32(3)
    value = op.fake_quantize(x, low, high, low, high, 255, name="fq")
    constants = [op.constant(np.ones((1, 4), np.float32)) for _ in range(40)]
    for each in constants:
        value = op.add(value, each)
    model = ov.Model([op.result(value)], [x], "numbered")
    number = int(op.constant(np.float32(0)).get_name().split("_")[-1]) + len(model.get_ops())
    for position, each in enumerate(constants):
        each.set_friendly_name(f"Constant_{number + position}")
    names = [node.get_friendly_name() for node in emulated(model, narrow=True).get_ops()]
    assert len(set(names)) == len(names) and {each.get_friendly_name() for each in constants} <= set(names)
