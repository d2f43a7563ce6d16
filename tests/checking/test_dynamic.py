"""Models that leave sizes open are quantized as well as the same models with sizes fixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import Items, bias, conv, decibels, images, labelled, model, parameter, weights
from openvino.tools.pot import quantize
from openvino.tools.pot.utils.runtime import core

pytestmark = pytest.mark.long

Floats = np.ndarray[Any, np.dtype[np.float32]]
Build = Callable[[Sequence[int]], ov.Model]


def gated(shape: Sequence[int]) -> ov.Model:
    """A convolution that pads as the size asks for, a squeeze-excite block, a depthwise one, and a classifier."""
    x = parameter(list(shape))
    wide = op.constant(
        weights((16, 3, 3, 3), 1) * np.geomspace(0.1, 10, 16, dtype=np.float32)[:, None, None, None]
    )
    first = op.convolution(x, wide, [2, 2], [0, 0], [0, 0], [1, 1], "same_upper")
    hidden = op.relu(op.add(first, bias(16, "bias")))
    pooled = op.reduce_mean(hidden, op.constant([2, 3]), True)
    gate = op.sigmoid(conv(op.relu(conv(pooled, 4, "squeeze", 1)), 16, "excite", 1, seed=3))
    scaled = op.multiply(hidden, gate)
    kernel = op.constant(weights((16, 1, 1, 3, 3), 4))
    moved = op.group_convolution(scaled, kernel, [1, 1], [1, 1], [1, 1], [1, 1])
    mean = op.reduce_mean(conv(op.relu(moved), 24, "last", 1, seed=5), op.constant([2, 3]), False)
    return model(op.matmul(mean, op.constant(weights((24, 10), 6)), False, False), x)


def tokens(shape: Sequence[int]) -> ov.Model:
    """Products behind a normalization whose channels are of very different widths."""
    x = parameter(list(shape))
    normal = op.mvn(x, op.constant([-1]), True, 1e-5, "inside_sqrt")
    spread = np.geomspace(0.02, 20, 32, dtype=np.float32)
    hidden = op.add(op.multiply(normal, op.constant(spread)), op.constant(weights((32,), 1)))
    first = op.constant(weights((32, 64), 2) / spread[:, None])
    inner = op.gelu(op.matmul(hidden, first, False, False), "erf")
    return model(op.matmul(inner, op.constant(weights((64, 48), 3)), False, False), x)


def open_sizes(shape: Sequence[int], channels: int, form: str) -> list[int]:
    keeps = {"fixed": range(len(shape)), "batch": range(1, len(shape)), "all": [channels]}[form]
    return [size if axis in keeps else -1 for axis, size in enumerate(shape)]


@pytest.mark.parametrize(
    "build, shape, channels",
    [(gated, (1, 3, 15, 16), 1), (tokens, (1, 12, 32), 2), (tokens, (1, 2, 6, 32), 3)],
)
@pytest.mark.long
def test_open_sizes_cost_nothing(build: Build, shape: tuple[int, ...], channels: int) -> None:
    data, figures, layers = images(60, shape=shape), [], []
    for form in ("fixed", "batch", "all"):
        network = build(open_sizes(shape, channels, form))
        found, report = quantize(network, data, report=True)
        assert [port.get_partial_shape() for port in found.inputs] == [
            port.get_partial_shape() for port in network.inputs
        ]
        figures.append(decibels(network, found, data[:30]))
        layers.append(report.int8_layers)
        if form != "fixed":  # the figures of one size are those of others
            several = [np.concatenate(data[at : at + 3]) for at in range(0, 30, 3)]
            assert decibels(network, found, several) > figures[0] - 1
    assert min(figures) > figures[0] - 1, figures
    assert figures[0] > 20
    assert len(set(layers)) == 1, layers


@pytest.mark.parametrize("order", ["first", "last", "middle"])
def test_samples_of_several_sizes_are_all_measured(order: str) -> None:
    data, other = images(40, shape=(1, 3, 16, 16)), images(1, shape=(1, 3, 20, 12))[0] * 30
    data.insert({"first": 0, "last": 40, "middle": 20}[order], other)
    loader = labelled(data)
    found = quantize(gated([-1, 3, -1, -1]), loader)
    widest = max(
        float(node.input_value(2).get_node().get_data().max())
        for node in found.get_ordered_ops()
        if node.get_type_name() == "FakeQuantize"
        and node.input_value(0).get_node().get_type_name() == "Parameter"
    )
    assert widest > 0.5 * np.abs(other).max()


def test_loaders_that_give_batches_show_their_size() -> None:
    data = [np.concatenate(images(4, seed, (1, 3, 16, 16))) for seed in range(12)]
    network = gated([-1, 3, 16, 16])
    assert decibels(network, quantize(network, Items(data)), data) > 20


class InTurn(Items):
    """Gives the next item at each call, whatever the index, and ends with the last one."""

    def __init__(self, arrays: list[Any]) -> None:
        super().__init__(arrays)
        self._next = iter(arrays)

    def __getitem__(self, index: int) -> Any:
        return next(self._next), None


@pytest.mark.parametrize("another", [0, 5, None])
def test_loaders_that_can_be_read_once_are_read_once(another: int | None) -> None:
    data = images(30, shape=(1, 3, 16, 16))
    if another is not None:
        data[another] = images(1, shape=(1, 3, 20, 12))[0]
    network = gated([-1, 3, -1, -1])
    assert decibels(network, quantize(network, InTurn(data)), data[6:16]) > 20


def test_constants_that_are_folded_where_sizes_are_fixed() -> None:
    x = parameter([-1, 20])
    low, high = op.constant(np.float32(-1)), op.constant(np.float32(1))
    levels = op.fake_quantize(op.constant(weights((24, 20), 1)), low, high, low, high, 255)
    moved = op.transpose(levels, op.constant([1, 0]))
    first = op.matmul(x, moved, False, False)
    last = op.matmul(op.relu(first), op.constant(weights((24, 32), 2)), False, False)
    found, report = quantize(model(last, x), images(30, shape=(1, 20)), report=True)
    assert report is not None and report.decibels > 25
    core().compile_model(found, "CPU")
