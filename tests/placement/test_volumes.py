"""Depthwise convolutions over volumes leave integers on the CPU where the zero point of their input is free."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from openvino.tools.pot import quantize
from openvino.tools.pot.algorithms.checking import CheckReport


def depthwise(spatial: int, free: bool) -> ov.Model:
    shape = [-1 if free else 1, 8, *[8] * spatial]
    x = op.parameter(ov.PartialShape(shape), np.float32, name="x")
    kernels = np.random.default_rng(0).standard_normal((8, 1, 1, *[3] * spatial)).astype(np.float32)
    ones, none = [1] * spatial, [0] * spatial
    gate = op.multiply(x, op.sigmoid(x))
    first = op.group_convolution(gate, kernels, ones, none, none, ones, name="first")
    return ov.Model([op.result(first)], [x], "depthwise")


@pytest.mark.long
@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize("preset", [None, "mixed"])
@pytest.mark.parametrize("spatial", [2, 3])
def test_they_run_in_integers(spatial: int, preset: str | None, free: bool) -> None:
    random = np.random.default_rng(1)
    data: list[Any] = [random.standard_normal((1, 8, *[8] * spatial)).astype(np.float32) for _ in range(30)]
    _, report = quantize(depthwise(spatial, free), data, preset=preset, report=True)
    assert isinstance(report, CheckReport)
    assert (report.int8_layers, report.layers) == (1, 1)
    assert report.decibels > 30
