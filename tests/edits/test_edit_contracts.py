"""Edits of the graph: each does the same every time, and no more than it says."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from builders import model, parameter, weights
from contracts import Example, check, described, each, modules, own
from openvino.tools.pot.arithmetic.ranges import asymmetric_range
from openvino.tools.pot.graph import edits
from openvino.tools.pot.graph.edits.switch import FLAGS
from openvino.tools.pot.graph.geometry import linear_layer
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView


def takes_a_network(value: Any) -> bool:
    """Others are parts that edits are made of."""
    names = list(inspect.signature(value).parameters.values())
    return bool(names) and names[0].annotation in ("GraphView", "ov.Model")


FOUND = {name: value for module in modules(edits) for name, value in own(module) if takes_a_network(value)}
use = SimpleNamespace(**FOUND)
SPAN = asymmetric_range(np.array([-1.0]), np.array([2.0]), 256)
CONV = InputId("conv1", 0)


def layer(view: GraphView) -> Any:
    return linear_layer(view, "conv1")


def with_quantized_weights() -> ov.Model:
    x = parameter([1, 8])
    constant = op.constant(np.round(weights((4, 8)) * 64) / np.float32(64), name="w")
    low, high = np.float32(-127 / 64), np.float32(127 / 64)
    rounded = op.fake_quantize(constant, low, high, low, high, 255, name="q")
    return model(op.matmul(x, rounded, False, True, name="layer"), x)


def with_a_converted_input() -> ov.Model:
    x = parameter([1, 4], dtype=np.uint16)
    return model(op.fake_quantize(op.convert(x, "f32", name="c"), *map(np.float32, (0, 9, 0, 9)), 256), x)


def with_a_quantizer() -> ov.Model:
    x = parameter([1, 4])
    return model(op.fake_quantize(x, *map(np.float32, (0, 9, 0, 9)), 256, name="q"), x)


def with_a_padded_quantizer() -> ov.Model:
    view, levels = GraphView(builders.network()), asymmetric_range(np.array([0.0]), np.array([255.0]), 256)
    use.count_in_steps(view, "conv1", (-2.0, -1.5, 0.0), (0.5, 0.25, 1.0))
    view = GraphView(view.model)
    use.insert_fake_quantize(view, view.source(CONV), [CONV], levels.reshaped(), "q")
    return view.model


def with_copies() -> ov.Model:
    x = parameter([1, 12])
    first, second = (op.constant(weights((12, 12)), name=name) for name in ("w", "copy"))
    return model([op.matmul(x, first, False, False), op.matmul(x, second, False, False)], x)


def in_double_precision() -> ov.Model:
    x = parameter([1, 4], dtype=np.float64)
    return model(op.multiply(x, op.constant(np.full(4, 0.5)), name="half"), x)


def with_a_known_shape() -> ov.Model:
    x, other = parameter([2, 6]), parameter([3, 4], "other")
    return model(op.reshape(x, op.shape_of(other, name="shape"), False), x, other)


def with_a_shared_matrix() -> ov.Model:
    x, matrix = parameter([1, 6]), op.constant(weights((6, 6)), name="w")
    products = [op.matmul(x, matrix, False, turned, name=f"m{turned}") for turned in (False, True)]
    return model([*products], x)


def with_a_state() -> ov.Model:
    x = parameter([1, 4])
    state = op.read_value(op.constant(np.zeros((1, 4), np.float32)), "v", ov.Type.f32, [1, 4], name="state")
    state.set_arguments([])
    total = op.add(x, state, name="total")
    return ov.Model([op.result(total, name="y")], [op.assign(total, "v")], [x.get_node()], "tiny")


def with_halves() -> ov.Model:
    x, stored = parameter([1, 6]), op.constant(weights((6, 4)).astype(np.float16), name="w")
    return model(op.matmul(x, op.convert(stored, "f32", name="wide"), False, False, name="layer"), x)


def without_halves() -> ov.Model:
    x, wide = parameter([1, 6]), weights((6, 4)).astype(np.float16).astype(np.float32)
    return model(op.matmul(x, op.constant(wide, name="wide"), False, False, name="layer"), x)


def with_packed_weights(kind: ov.Type) -> ov.Model:
    x = parameter([1, 8], dtype=kind.to_dtype())
    integers = op.constant(np.random.default_rng(0).integers(-9, 9, (8, 4)).astype(np.int8), name="w")
    values = op.multiply(op.convert(integers, kind.to_string()), op.constant(np.array(0.1, kind.to_dtype())))
    return model(op.matmul(x, values, False, False, name="layer"), x)


def in_place(make: Callable[[], ov.Model], act: Callable[[Any], Any], view: bool = False) -> Example:
    return Example(lambda _: (GraphView(make()) if view else make(),), act, edits=(0,))


def copied(make: Callable[[], ov.Model], act: Callable[[Any], Any]) -> Example:
    return Example(lambda _: (make(),), act)


def repeated(view: GraphView) -> None:
    second, halves = linear_layer(view, "conv2"), weights((5, 4, 3, 3), 1)
    assert second is not None
    halves[:, 2] /= 2
    use.repeat_channels(view, second, np.array([2]), np.concatenate([halves, halves[:, 2:3]], axis=1))


def switched(network: ov.Model) -> None:
    switches = use.Switches(network, 1)
    switches.activation(0, CONV, SPAN.reshaped())
    switches.weights(0, InputId("conv1", 1), np.full((4, 3, 3, 3), 0.1, np.float32))


EDITS: dict[str, Example] = {
    "bias_input": Example(lambda _: (GraphView(builders.network()),), lambda v: use.bias_input(v, layer(v))),
    "shift_bias": in_place(
        builders.network, lambda v: use.shift_bias(v, layer(v), np.arange(4.0)), view=True
    ),
    "insert_clamp": in_place(
        builders.network, lambda v: use.insert_clamp(v, TensorId("relu1"), 0.0, 0.5, "bounds"), view=True
    ),
    "compress_weights": in_place(with_quantized_weights, use.compress_weights),
    "emulated": copied(with_quantized_weights, lambda network: use.emulated(network, narrow=True)),
    "in_half": copied(builders.network, use.in_half),
    "disturbed": copied(with_a_quantizer, lambda network: use.disturbed(network, share=0.01, seed=0)),
    "keep_conversions": in_place(with_a_converted_input, use.keep_conversions),
    "merge_copies": in_place(with_copies, lambda network: use.merge_copies(network, ())),
    "restore_halves": in_place(without_halves, lambda m: use.restore_halves(m, with_halves())),
    "in_float32": in_place(in_double_precision, use.in_float32),
    "insert_fake_quantize": in_place(
        builders.network,
        lambda view: use.insert_fake_quantize(view, TensorId("x"), [CONV], SPAN.reshaped(), "q"),
        view=True,
    ),
    "replace_constant": in_place(
        builders.network,
        lambda view: use.replace_constant(view, [InputId("conv1", 1)], weights((4, 3, 3, 3), 9), "new"),
        view=True,
    ),
    "repeat_channels": in_place(builders.network, repeated, view=True),
    "count_in_steps": in_place(
        builders.network,
        lambda view: use.count_in_steps(view, "conv1", (-2.0, -1.5, 0.0), (0.5, 0.25, 1.0)),
        view=True,
    ),
    "count_as": in_place(
        builders.network, lambda view: use.count_as(view, with_a_padded_quantizer()), view=True
    ),
    "quantize_before_padding": in_place(with_a_padded_quantizer, use.quantize_before_padding),
    "fix_known_shapes": in_place(with_a_known_shape, use.fix_known_shapes),
    "separated": copied(with_a_shared_matrix, use.separated),
    "give_initial_values": in_place(with_a_state, use.give_initial_values),
    "Switches": in_place(builders.network, switched),
    "unpacked_weights": copied(lambda: with_packed_weights(ov.Type.f32), use.unpacked_weights),
    "write_out": in_place(
        lambda: with_packed_weights(ov.Type.f32), lambda network: use.write_out(network, lambda *_: True)
    ),
    "unpack_unreadable_weights": in_place(
        lambda: with_packed_weights(ov.Type.f64), use.unpack_unreadable_weights
    ),
}
CANCELS = {"count_in_steps", "count_as"}
"""What is summed up are numbers ten times as large as their sum."""

READS_ONLY = {"bias_input"}
MENDS = {"keep_conversions", "separated"}
"""What the CPU (2026.4) does not run, or runs wrongly, as it is before the edit."""
CHANGES_FIGURES = {
    "disturbed",
    "in_half",
    "insert_clamp",
    "shift_bias",
    "insert_fake_quantize",
    "replace_constant",
}


def before_and_after(entry: str) -> tuple[ov.Model, ov.Model]:
    """Two models of the example: one as it was made, the other as the edit leaves it."""
    (untouched,), (subject,) = (EDITS[entry].make(Path()) for _ in range(2))
    result = EDITS[entry].act(subject)
    after = result if isinstance(result, ov.Model) else subject
    return tuple(each.model if isinstance(each, GraphView) else each for each in (untouched, after))  # type: ignore[return-value]


def feeds(network: ov.Model) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [
        (random.random(port.get_shape()) * 4).astype(port.get_element_type().to_dtype())
        for port in network.inputs
        if FLAGS not in port.get_names()
    ]


def ports(network: ov.Model) -> list[tuple[list[str], str, str]]:
    return [
        (sorted(port.get_names()), port.get_element_type().to_string(), str(port.get_partial_shape()))
        for port in (*network.inputs, *network.outputs)
        if FLAGS not in port.get_names()
    ]


@each(EDITS)
def test_edits(entry: str, tmp_path: Path) -> None:
    check(EDITS[entry], tmp_path)


@each(EDITS)
def test_edits_do_something_and_leave_inputs_and_outputs_as_users_know_them(entry: str) -> None:
    before, after = before_and_after(entry)
    assert (described(before) == described(after)) == (entry in READS_ONLY)
    assert ports(after) == ports(before)
    names = {node.get_friendly_name() for node in after.get_ops()}
    assert len(names) == len(after.get_ops())


@each([entry for entry in EDITS if entry not in CHANGES_FIGURES | MENDS])
def test_edits_that_say_nothing_else_keep_the_function_of_the_model(entry: str) -> None:
    before, after = before_and_after(entry)
    off = [np.zeros(1, np.float32)] if entry == "Switches" else []
    expected, found = builders.run(before, *feeds(before)), builders.run(after, *feeds(after), *off)
    for first, second in zip(expected, found, strict=True):
        np.testing.assert_allclose(second, first, rtol=1e-5, atol=1e-5 if entry in CANCELS else 1e-6)


PREPARES = (
    "keep_conversions",
    "in_float32",
    "fix_known_shapes",
    "give_initial_values",
    "unpack_unreadable_weights",
)


@each(PREPARES)
def test_what_prepares_networks_finds_nothing_to_do_where_it_has_been(entry: str) -> None:
    _, once = before_and_after(entry)
    twice = once.clone()
    EDITS[entry].act(twice)
    assert described(twice) == described(once)


ALWAYS_ACT = {"in_half"}


@each(
    [entry for entry, example in EDITS.items() if not example.edits and entry not in READS_ONLY | ALWAYS_ACT]
)
def test_edits_of_a_clone_give_the_model_itself_where_there_is_nothing_to_do(entry: str) -> None:
    network = builders.network()
    assert EDITS[entry].act(network) is network


def test_every_edit_has_an_example_and_a_drawing() -> None:
    assert set(FOUND) == set(EDITS)
    assert [name for name, value in FOUND.items() if not value.__doc__] == []
    assert [module.__name__ for module in modules(edits) if "──" not in (module.__doc__ or "")] == []


def test_the_contract_itself(tmp_path: Path) -> None:
    counted: list[int] = []

    def counting(_: Any) -> int:
        counted.append(0)
        return len(counted)

    with pytest.raises(AssertionError, match="two uses give different results"):
        check(Example(lambda _: (0,), counting), tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(AssertionError, match="argument 0 is another after the use"):
        check(Example(lambda _: ([1],), lambda values: values.append(2)), other)
