"""Where an input that takes images is first convolved."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as op

import builders
from builders import bias, conv, model, parameter
from openvino.tools.pot.graph.stem import Stem, responding, stems
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView


def found(network: ov.Model) -> list[Stem]:
    return list(stems(GraphView(network)))


def test_a_convolution_of_an_image_with_its_bias() -> None:
    assert found(builders.network()) == [Stem("x", 1, "conv1", TensorId("add1"), 1)]


def after(x: Any, *parameters: Any) -> list[Stem]:
    hidden = conv(x, 4, "first")
    return found(model(op.relu(op.add(hidden, bias(4, "bias"), name="added")), *(parameters or (x,))))


def test_what_normalizes_and_moves_lies_between() -> None:
    x = parameter([1, 16, 16, 3], dtype=np.uint8)
    value = op.multiply(op.subtract(op.convert(x, np.float32), np.float32(127)), np.float32(1 / 128))
    chosen = op.gather(op.transpose(value, np.array([0, 3, 1, 2])), np.array([2, 1, 0]), np.int64(1))
    (stem,) = after(op.space_to_depth(chosen, "blocks_first", 2).output(0), x)
    assert stem == Stem("x", 3, "first", TensorId("added"), 1)


def test_parts_of_an_image_may_be_joined_again() -> None:
    x = parameter([1, 3, 16, 16])
    halves = op.split(x, np.int64(3), 2)
    joined = op.concat([halves.output(1), halves.output(0)], 1)
    assert [stem.input for stem in after(joined.output(0), x)] == ["x"]


def test_channels_are_followed_where_a_bias_is_added_to_the_last_axis() -> None:
    x = parameter([1, 3, 8, 8])
    last = op.transpose(conv(x, 4, "first"), np.array([0, 2, 3, 1]))
    network = model(op.relu(op.add(last, np.ones(4, np.float32), name="added")), x)
    (stem,) = found(network)
    assert (stem.tensor, stem.axis) == (TensorId("added"), 3)


def test_a_bias_may_be_shaped_by_what_the_model_computes() -> None:
    x = parameter([1, 3, 8, 8])
    hidden = conv(x, 4, "first")
    rank = op.shape_of(op.shape_of(hidden))
    ones = op.broadcast(np.int64(1), op.subtract(rank, np.array([2])))
    shape = op.concat([np.array([1]), np.array([4]), ones], 0)
    added = op.add(
        hidden, op.reshape(np.ones(4, np.float32), op.slice(shape, [0], [4], [1]), False), name="added"
    )
    (stem,) = found(model(op.relu(added), x))
    assert stem.tensor == TensorId("added")


def test_a_batch_norm_counts_as_factor_and_offset() -> None:
    x = parameter([1, 3, 8, 8])
    ones = np.ones(4, np.float32)
    normalized = op.batch_norm_inference(conv(x, 4, "first"), ones, ones, ones, ones, 1e-5, name="norm")
    (stem,) = found(model(op.relu(normalized), x))
    assert stem.tensor == TensorId("norm")


def test_there_is_none_where_something_else_comes_first() -> None:
    x = parameter([1, 3, 8, 8])
    assert not after(op.log(x).output(0), x)
    other = parameter([1, 3, 8, 8], "z")
    assert not after(op.add(x, other).output(0), x, other)
    assert not after(op.divide(np.float32(1), x).output(0), x)


def test_there_is_none_of_what_is_no_image() -> None:
    many = parameter([1, 16, 8, 8])
    assert not after(many)
    rows = parameter([1, 3, 32])
    assert not found(model(op.matmul(rows, np.ones((32, 8), np.float32), False, False), rows))


def test_each_image_has_its_own() -> None:
    x, z = parameter([1, 3, 8, 8]), parameter([1, 1, 8, 8], "z")
    both = op.add(conv(x, 4, "of_x"), conv(z, 4, "of_z"))
    assert [(stem.input, stem.layer) for stem in found(model(both, x, z))] == [("x", "of_x"), ("z", "of_z")]


def test_an_input_of_open_sizes_shows_its_channels() -> None:
    assert after(parameter(ov.PartialShape([-1, 3, -1, -1])))[0].channels == 1
    rows = parameter(ov.PartialShape([-1, -1]))
    assert not after(op.reshape(rows, np.array([1, 3, 8, 8]), False).output(0), rows)


def test_products_have_their_channels_last() -> None:
    x = parameter([1, 5, 32])
    added = op.add(
        op.matmul(x, np.ones((32, 8), np.float32), False, False, name="product"), np.float32(1), name="sum"
    )
    assert responding(GraphView(model(added, x)), "product") == (TensorId("sum"), 2)
