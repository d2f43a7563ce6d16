"""What is joined in one tensor, and where each kind of values lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from openvino.tools.pot.graph.parts import WHOLE, described, parts, values_in
from openvino.tools.pot.graph.view import GraphView

Scale = Callable[[ov.Node, int], ov.Node]


def parts_of(end: ov.Node | ov.Output, x: ov.Node) -> list[str]:
    view = GraphView(ov.Model([op.result(end)], [x], "joined"))
    result = view.model.get_results()[0].get_friendly_name()
    return [described(part) for part in parts(view, view.inputs(result)[0])]


def image(batch: int = 1) -> ov.Node:
    return op.parameter(ov.PartialShape([batch, 3, 32, 32]), np.float32, name="x")


def head(x: ov.Node, channels: int, stride: int) -> ov.Node:
    """Scores of places, ``[N, places, channels]``."""
    kernels = np.random.default_rng(channels).standard_normal((channels, 3, 1, 1)).astype(np.float32)
    found = op.convolution(x, kernels, [stride] * 2, [0, 0], [0, 0], [1, 1])
    flat = op.reshape(found, np.array([0, channels, (32 // stride) ** 2]), True)
    return op.transpose(flat, np.array([0, 2, 1]))


def boxes_and_scores(x: ov.Node, stride: int) -> ov.Node:
    values = op.variadic_split(op.sigmoid(head(x, 85, stride)), 2, [2, 2, 81])
    places = op.multiply(op.add(values.output(0), np.float32(1)), np.float32(stride))
    sizes = op.multiply(op.power(values.output(1), np.float32(2)), np.float32(30))
    return op.concat([places, sizes, values.output(2)], 2)


@pytest.mark.parametrize("batch", [1, -1])
def test_boxes_and_scores_of_several_scales_are_parts(batch: int) -> None:
    x = image(batch)
    joined = op.concat([boxes_and_scores(x, stride) for stride in (2, 4)], 1)
    assert parts_of(joined, x) == ["[:, :, 0:2]", "[:, :, 2:4]", "[:, :, 4:85]"]


@pytest.mark.parametrize(
    ("behind", "expected"),
    [
        (lambda joined: op.transpose(joined, np.array([0, 2, 1])), ["[:, 0:4, :]", "[:, 4:10, :]"]),
        (lambda joined: op.unsqueeze(joined, np.array(0)), ["[:, :, :, 0:4]", "[:, :, :, 4:10]"]),
        (lambda joined: op.relu(op.multiply(joined, np.float32(2))), ["[:, :, 0:4]", "[:, :, 4:10]"]),
        (lambda joined: op.reshape(joined, np.array([0, -1]), True), [""]),
        (lambda joined: op.softmax(joined, 2), [""]),
        (lambda joined: op.multiply(joined, joined), [""]),
        (
            lambda joined: op.gather(joined, op.constant(np.int64(0)), op.constant(np.int64(0))),
            ["[:, 0:4]", "[:, 4:10]"],
        ),
        (lambda joined: op.pad(joined, [0, 1, 0], [0, 1, 0], "constant"), ["[:, :, 0:4]", "[:, :, 4:10]"]),
        (
            lambda joined: op.multiply(joined, op.reduce_max(joined, np.array([1]), True)),
            ["[:, :, 0:4]", "[:, :, 4:10]"],
        ),
        (lambda joined: op.strided_slice(joined, [0, 0, 0], [1, 9, 5], [1, 1, 1], [0] * 3, [0] * 3), [""]),
    ],
)
def test_parts_are_followed_as_far_as_they_keep_apart(
    behind: Callable[[ov.Node], ov.Node], expected: Sequence[str]
) -> None:
    x = image()
    joined = op.concat([op.multiply(head(x, 4, 2), np.float32(300)), op.sigmoid(head(x, 6, 2))], 2)
    assert parts_of(behind(joined), x) == expected


def test_scales_of_one_kind_are_one_part() -> None:
    x = image()
    assert parts_of(op.concat([head(x, 4, 2), head(x, 4, 4)], 1), x) == [""]


def convolved(x: ov.Node, channels: int) -> ov.Node:
    kernels = np.random.default_rng(channels).standard_normal((channels, 3, 1, 1)).astype(np.float32)
    return op.convolution(x, kernels, [1, 1], [0, 0], [0, 0], [1, 1])


def test_layers_joined_channel_by_channel_are_parts() -> None:
    x = image()
    joined = op.concat([convolved(x, 4), convolved(x, 10)], 1)
    assert parts_of(joined, x) == ["[:, 0:4, :, :]", "[:, 4:14, :, :]"]
    shifted = op.add(op.multiply(joined, np.float32(2)), np.ones((1, 14, 1, 1), np.float32))
    assert parts_of(shifted, x) == ["[:, 0:4, :, :]", "[:, 4:14, :, :]"]


def test_layers_whose_channels_were_moved_to_the_end_are_parts() -> None:
    x = image()
    joined = op.concat([head(x, 4, 2), op.add(head(x, 10, 2), np.ones((1, 1, 10), np.float32))], 2)
    assert parts_of(joined, x) == ["[:, :, 0:4]", "[:, :, 4:14]"]


def test_channels_without_samples_are_parts() -> None:
    x = image()
    rows = [
        op.squeeze(op.reshape(convolved(x, n), np.array([1, n, -1]), False), np.array([0])) for n in (4, 6)
    ]
    assert parts_of(op.concat([rows[0], op.sigmoid(rows[1])], 0), x) == ["[0:4, :]", "[4:10, :]"]


def test_more_parts_than_anybody_reads_are_joined_by_kind() -> None:
    x = image()
    joined = op.concat([op.sigmoid(convolved(x, 4)), *(convolved(x, 1 + n) for n in range(20))], 1)
    assert parts_of(joined, x) == ["[:, 0:4, :, :]", "[:, 4:214, :, :]"]


def test_samples_are_not_parts() -> None:
    x = image(2)
    assert parts_of(op.concat([head(x, 4, 2), op.sigmoid(head(x, 4, 2))], 0), x) == [""]


def test_a_tensor_joined_to_itself_over_and_over_is_followed_in_no_time() -> None:
    x = op.parameter([1, 2], np.float32, name="x")
    joined: Any = x
    for _ in range(22):
        joined = op.concat([joined, op.sigmoid(joined)], 1)
        joined = op.variadic_split(joined, 1, [2, -1]).output(0)
    for _ in range(12):
        joined = op.concat([joined, op.sigmoid(joined)], 1)
    assert len(parts_of(joined, x)) <= 2


def test_values_of_a_part() -> None:
    value = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(values_in(value, WHOLE), value)
    np.testing.assert_array_equal(values_in(value, ((None, (1, 3), None),)), value[:, 1:3])
    apart = ((None, None, (0, 1)), (None, None, (3, 4)))
    np.testing.assert_array_equal(
        values_in(value, apart), np.concatenate([value[..., 0].ravel(), value[..., 3].ravel()])
    )
    assert described(apart) == "[:, :, 0:1] and [:, :, 3:4]"
