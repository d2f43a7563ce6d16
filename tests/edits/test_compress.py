"""Weights stored as int8: the same function from a quarter of the bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import model, parameter, run, weights
from openvino.tools.pot.arithmetic.ranges import QuantizerRange, asymmetric_range, symmetric_range
from openvino.tools.pot.arithmetic.schemes import halved
from openvino.tools.pot.graph.edits.compress import compress_weights

INPUT = weights((2, 5, 6, 6), seed=9)


def symmetric(values: NDArray[Any], levels: int = 255) -> QuantizerRange:
    return symmetric_range(np.abs(values).max(axis=(1, 2, 3), keepdims=True), levels, False)


def asymmetric(values: NDArray[Any]) -> QuantizerRange:
    low, high = (f(values, axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
    return asymmetric_range(low, high, 256)


def per_tensor(values: NDArray[Any]) -> QuantizerRange:
    return symmetric_range(np.abs(values).max(), 255, False)


def quantized(
    source: ov.Output | ov.Node, grid: QuantizerRange, name: str = "fq", out: Any = None
) -> ov.Node:
    out = out or (grid.low, grid.high)
    return op.fake_quantize(source, grid.low, grid.high, *out, grid.levels, name=name)


def network(values: ov.Output | ov.Node) -> ov.Model:
    x = parameter([2, 5, 6, 6])
    return model(op.convolution(x, values, [1, 1], [0, 0], [0, 0], [1, 1], name="conv"), x)


def check(before: ov.Model, count: int = 1) -> dict[str, ov.Node]:
    """Compress, compare outputs, and return the nodes by name."""
    expected = run(before, INPUT)
    assert compress_weights(before) == count
    before.validate_nodes_and_infer_types()
    for ours, theirs in zip(run(before, INPUT), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5 * np.abs(theirs).max())
    return {node.get_friendly_name(): node for node in before.get_ops()}


def big_constants(nodes: dict[str, ov.Node]) -> list[ov.Node]:
    constants = [node for node in nodes.values() if node.get_type_name() == "Constant"]
    return [node for node in constants if np.prod(node.get_output_shape(0)) >= 100]


def wide(values: NDArray[Any]) -> QuantizerRange:
    return symmetric(values, 256)


def half(values: NDArray[Any]) -> QuantizerRange:
    return halved(symmetric(values))


@pytest.mark.parametrize("grid", [symmetric, wide, half, asymmetric, per_tensor])
def test_weights_become_int8(grid: Any) -> None:
    values = weights((4, 5, 3, 3)) + np.float32(0.2)
    nodes = check(network(quantized(op.constant(values), grid(values))))
    (stored,) = big_constants(nodes)
    assert stored.get_output_element_type(0) == ov.Type.i8
    assert "FakeQuantize" not in {node.get_type_name() for node in nodes.values()}
    assert nodes["fq"].get_type_name() == "Multiply"  # the name stays with the value


def test_a_zero_point_only_where_there_is_one() -> None:
    values = weights((4, 5, 3, 3)) + np.float32(0.2)
    assert "fq/zero_point" not in check(network(quantized(op.constant(values), symmetric(values))))
    nodes = check(network(quantized(op.constant(values), asymmetric(values))))
    assert nodes["fq/zero_point"].get_output_element_type(0) == ov.Type.i8


def test_narrow_weights_do_not_use_the_lowest_integer() -> None:
    values = weights((4, 5, 3, 3))
    nodes = check(network(quantized(op.constant(values), symmetric(values))))
    data = nodes["fq/quantized"].data
    assert np.abs(data.astype(int)).max() == 127
    assert data.min() >= -127


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_constants_of_other_precision_behind_a_convert(dtype: type) -> None:
    values = weights((4, 5, 3, 3)).astype(dtype)
    source = op.convert(op.constant(values), "f32")
    (stored,) = big_constants(check(network(quantized(source, symmetric(values.astype(np.float32))))))
    assert stored.get_output_element_type(0) == ov.Type.i8


def test_what_stands_before_the_quantizer_is_folded() -> None:
    values = weights((5, 4 * 9))
    moved = op.reshape(op.transpose(op.constant(values), [1, 0]), [4, 9, 5], False)
    moved = op.reshape(op.transpose(moved, [0, 2, 1]), [4, 5, 3, 3], False)
    grid = symmetric(values.T.reshape(4, 9, 5, 1))
    nodes = check(network(quantized(moved, grid)))
    assert {"Transpose", "Reshape"}.isdisjoint(node.get_type_name() for node in nodes.values())


def test_what_stands_behind_the_quantizer_stays() -> None:
    values = weights((5, 4, 3, 3))
    node = op.transpose(quantized(op.constant(values), per_tensor(values)), [1, 0, 2, 3], name="turned")
    assert "turned" in check(network(node))


def test_two_readers_share_the_integers() -> None:
    values = weights((5, 5, 3, 3))
    shared, x = quantized(op.constant(values), symmetric(values)), parameter([2, 5, 6, 6])
    outputs = [op.convolution(x, shared, [1, 1], [p, p], [p, p], [1, 1]) for p in (0, 1)]
    assert len(big_constants(check(model(outputs, x)))) == 1


def left_alone(node: ov.Node) -> None:
    nodes = check(network(node), count=0)
    assert "FakeQuantize" in {node.get_type_name() for node in nodes.values()}


def test_ranges_that_differ_are_left_alone() -> None:
    values = weights((4, 5, 3, 3))
    grid = symmetric(values)
    left_alone(quantized(op.constant(values), grid, out=(grid.low * 2, grid.high * 2)))


def test_more_levels_than_a_byte_holds_are_left_alone() -> None:
    values = weights((4, 5, 3, 3))
    left_alone(quantized(op.constant(values), symmetric(values, 65536)))


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.1037), (-1.0, 1.0), (0.3, 1.2), (-1.2, -0.3), (0.0, 0.0)])
def test_ranges_without_a_level_at_zero_are_left_alone(low: float, high: float) -> None:
    grid = QuantizerRange(np.float32([[[[low]]]]), np.float32([[[[high]]]]), 256)
    left_alone(quantized(op.constant(weights((4, 5, 3, 3))), grid))


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.2), (-1.2, 0.0)])
def test_one_sided_ranges(low: float, high: float) -> None:
    grid = QuantizerRange(np.float32([[[[low]]]]), np.float32([[[[high]]]]), 256)
    check(network(quantized(op.constant(weights((4, 5, 3, 3))), grid)))


def test_quantizers_of_activations_are_left_alone() -> None:
    values, x = weights((4, 5, 3, 3)), parameter([2, 5, 6, 6])
    grid = symmetric_range(np.array(2.0), 256, False)
    kernel = quantized(op.constant(values), symmetric(values))
    node = op.convolution(quantized(x, grid, "on_activation"), kernel, [1, 1], [0, 0], [0, 0], [1, 1])
    assert check(model(node, x))["on_activation"].get_type_name() == "FakeQuantize"


def test_the_file_shrinks(tmp_path: Any) -> None:
    values = weights((64, 5, 3, 3))
    before = network(quantized(op.constant(values), symmetric(values)))
    ov.serialize(before, tmp_path / "a.xml")
    compress_weights(before)
    ov.serialize(before, tmp_path / "b.xml")
    small, large = ((tmp_path / f"{name}.bin").stat().st_size for name in "ba")
    assert small < 0.35 * large
