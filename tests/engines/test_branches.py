"""Branches of open sizes: the first result of a compiled model, which is wrong on the CPU, is never used."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from openvino.tools.pot import quantize
from openvino.tools.pot.arithmetic.distance import likeness
from openvino.tools.pot.engines.stream import run_stream
from openvino.tools.pot.utils.runtime import FLOAT32, core

RANDOM = np.random.default_rng(0)
VOLUMES = [RANDOM.standard_normal((1, 1, 1, 1, 4)).astype(np.float32) for _ in range(30)]


def branched(batch: int = -1) -> ov.Model:
    random = np.random.default_rng(1)

    def weights(*shape: int) -> ov.Node:
        return op.constant(random.standard_normal(shape).astype(np.float32))

    def body(name: str) -> tuple[ov.Node, ov.Node, ov.Model]:
        inner = op.parameter([batch, 1, 1, 1, 4], np.float32)
        result = op.result(op.tanh(op.matmul(inner, weights(4, 8), False, False)))
        return inner, result, ov.Model([result], [inner], name)

    x = op.parameter([batch, 1, 1, 1, 4], np.float32, name="x")
    size = op.reduce_mean(op.abs(x), op.constant(np.arange(5)), False)
    node = op.if_op(op.greater(size, op.constant(np.float32(1e-4))).output(0))
    then, otherwise = body("then"), body("else")
    node.set_then_body(then[2])
    node.set_else_body(otherwise[2])
    node.set_input(x.output(0), then[0], otherwise[0])
    value = node.set_output(then[1], otherwise[1])
    steps, pads = [1, 1, 1], [0, 0, 0]
    layer = op.group_convolution(value, weights(1, 4, 1, 1, 1, 3), steps, pads, pads, steps, name="layer")
    return ov.Model([op.result(op.matmul(layer, weights(6, 64), False, False, name="last"))], [x], "branched")


def expected() -> list[Any]:
    """Of the same network with its sizes fixed, which the CPU computes rightly."""
    compiled = core().compile_model(branched(1), "CPU", FLOAT32)
    return [compiled(volume)[0].copy() for volume in VOLUMES]


@pytest.mark.parametrize("requests", [0, 1, 3])
def test_the_first_feed_counts_as_the_others_do(requests: int) -> None:
    compiled = core().compile_model(branched(), "CPU", {"PERFORMANCE_HINT": "LATENCY", **FLOAT32})
    feeds = ((number, {"x": volume}) for number, volume in enumerate(VOLUMES))
    found = [outputs[0] for _, outputs in run_stream(compiled, feeds, requests)]
    for right, value in zip(expected(), found, strict=True):
        np.testing.assert_allclose(value, right, atol=1e-4)


@pytest.mark.long
def test_branches_of_open_sizes_are_measured_and_checked_rightly() -> None:
    model, report = quantize(branched(), VOLUMES, report=True)
    assert report is not None
    assert report.decibels > 30
    compiled = core().compile_model(model, "CPU", FLOAT32)
    found = [compiled(volume)[0].copy() for volume in [VOLUMES[0], *VOLUMES]][1:]
    assert likeness(expected(), found).decibels > 30
