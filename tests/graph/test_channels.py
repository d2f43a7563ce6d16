"""Channels are followed through what moves them, and given up where they mix."""

from __future__ import annotations

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from openvino.tools.pot.graph.channels import channel_sources
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView


def convolution(source: ov.Output | ov.Node, name: str, outputs: int = 2) -> ov.Node:
    channels = source.get_output_shape(0)[1] if isinstance(source, ov.Node) else source.get_shape()[1]
    weights = op.constant(np.ones((outputs, channels, 1, 1), np.float32))
    return op.convolution(source, weights, [1, 1], [0, 0], [0, 0], [1, 1], name=name)


def followed(
    results: list[ov.Node], parameters: list[ov.Node], targets: set[str]
) -> dict[InputId, list[int]] | None:
    view = GraphView(ov.Model(results, parameters, "channels"))
    tensors = [TensorId(p.get_friendly_name()) for p in parameters]
    found = channel_sources(view, {t: view.consumers(t) for t in tensors}, frozenset(targets))
    return None if found is None else {reader: ids.tolist() for reader, ids in found.items()}


def test_a_reader_right_behind() -> None:
    data = op.parameter([1, 3, 4, 4], np.float32, name="data")
    assert followed([convolution(data, "c")], [data], {"c"}) == {InputId("c", 0): [0, 1, 2]}


def test_concatenated_channels_are_numbered_through() -> None:
    first, second = (op.parameter([1, n, 4, 4], np.float32, name=f"in{n}") for n in (2, 3))
    layer = convolution(op.concat([second, first], 1), "c")
    assert followed([layer], [first, second], {"c"}) == {InputId("c", 0): [2, 3, 4, 0, 1]}


def test_pooling_keeps_channels() -> None:
    data = op.parameter([1, 3, 4, 4], np.float32, name="data")
    pooled = op.max_pool(data, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0)
    assert followed([convolution(pooled, "c")], [data], {"c"}) == {InputId("c", 0): [0, 1, 2]}


def test_a_shuffle_and_a_split() -> None:
    data = op.parameter([1, 4, 3, 3], np.float32, name="data")
    grouped = op.reshape(data, op.constant(np.array([1, 2, 2, 3, 3])), False)
    swapped = op.transpose(grouped, op.constant(np.array([0, 2, 1, 3, 4])))
    shuffled = op.reshape(swapped, op.constant(np.array([1, 4, 3, 3])), False)
    halves = op.split(shuffled, op.constant(np.int64(1)), 2)
    layers = [convolution(halves.output(0), "a"), convolution(halves.output(1), "b")]
    assert followed(layers, [data], {"a", "b"}) == {InputId("a", 0): [0, 2], InputId("b", 0): [1, 3]}


def test_a_slice_of_channels() -> None:
    data = op.parameter([1, 5, 3, 3], np.float32, name="data")
    part = op.slice(
        data, *(op.constant(np.array([n], np.int64)) for n in (1, 4, 1)), op.constant(np.array([1], np.int64))
    )
    assert followed([convolution(part, "c")], [data], {"c"}) == {InputId("c", 0): [1, 2, 3]}


@pytest.mark.parametrize("mixing", ["spatial axis for channels", "arithmetic", "data from elsewhere"])
def test_mixed_channels_are_given_up(mixing: str) -> None:
    data = op.parameter([1, 3, 3, 3], np.float32, name="data")
    other = op.parameter([1, 3, 3, 3], np.float32, name="other")
    moved = {
        "spatial axis for channels": lambda: op.transpose(data, op.constant(np.array([0, 2, 1, 3]))),
        "arithmetic": lambda: op.add(data, op.constant(np.float32(1))),
        "data from elsewhere": lambda: op.concat([data, op.relu(other)], 1),
    }[mixing]()
    view = GraphView(ov.Model([convolution(moved, "c"), op.relu(other)], [data, other], "mixed"))
    tensor = TensorId("data")
    assert channel_sources(view, {tensor: view.consumers(tensor)}, frozenset({"c"})) is None


@pytest.mark.parametrize("shuffled", [False, True])
def test_dynamic_extents_matter_only_where_data_moves(shuffled: bool) -> None:
    data = op.parameter([1, 4, -1, -1], np.float32, name="data")
    moved = op.concat(op.split(data, op.constant(np.int64(1)), 2).outputs()[::-1], 1) if shuffled else data
    weights = op.constant(np.ones((2, 4, 1, 1), np.float32))
    layer = op.convolution(moved, weights, [1, 1], [0, 0], [0, 0], [1, 1], name="c")
    expected = None if shuffled else {InputId("c", 0): [0, 1, 2, 3]}
    assert followed([layer], [data], {"c"}) == expected
