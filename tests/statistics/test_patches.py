"""Patches are what a convolution multiplies with its kernel: padding, strides and dilations included."""

from __future__ import annotations

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from openvino.tools.pot.graph.geometry import window
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.reducers import Patches
from openvino.tools.pot.statistics.requests import Request, patches_request

CASES = {
    "1-D": ([1, 3, 17], [4], [2], [1], [2]),
    "2-D": ([1, 3, 9, 7], [3, 3], [1, 1], [1, 1], [1, 1]),
    "strided": ([1, 2, 9, 12], [3, 2], [2, 3], [0, 1], [1, 1]),
    "dilated": ([1, 2, 11, 11], [3, 3], [1, 1], [2, 2], [2, 2]),
    "3-D": ([1, 2, 5, 6, 4], [3, 2, 1], [1, 2, 1], [1, 0, 0], [1, 1, 1]),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("grouped", [False, True])
def test_patches_times_kernel_are_outputs(case: tuple[list[int], ...], grouped: bool) -> None:
    shape, kernel, strides, pads, dilations = case
    random = np.random.default_rng(0)
    x = op.parameter(shape, np.float32, name="x")
    channels = shape[1]
    if grouped:
        weights = random.normal(size=(channels, 1, 1, *kernel)).astype(np.float32)
        layer = op.group_convolution(x, op.constant(weights), strides, pads, pads, dilations, name="layer")
    else:
        weights = random.normal(size=(5, channels, *kernel)).astype(np.float32)
        layer = op.convolution(x, op.constant(weights), strides, pads, pads, dilations, name="layer")
    model = ov.Model([layer], [x])
    geometry = window(GraphView(model), "layer")
    assert geometry is not None
    everywhere = int(np.prod(geometry.positions))
    request = Request(TensorId("x"), Patches(geometry, everywhere), "short stack")
    layout = StatisticsLayout(model, [request])
    data = random.normal(size=shape).astype(np.float16).astype(np.float32)  # which is how it will be kept
    precise = {"INFERENCE_PRECISION_HINT": "f32"}
    feed = {"x": data, **layout.phases.feed(0, {"x": data})}
    vector = ov.Core().compile_model(layout.model, "CPU", precise)(feed)[0]
    patches = layout.collect([[np.asarray(vector)]]).patches(request)
    output = ov.Core().compile_model(model, "CPU", precise)({"x": data})[0][0].reshape(-1, everywhere)
    flat = weights.reshape(channels, -1) if grouped else weights.reshape(5, channels, -1)
    expected = np.einsum("nct,ct->cn" if grouped else "nct,oct->on", patches, flat)
    assert np.allclose(expected, output, atol=1e-4)


def test_positions_move_and_are_few() -> None:
    x = op.parameter([1, 64, 32, 32], np.float32, name="x")
    weights = op.constant(np.ones((8, 64, 3, 3), np.float32))
    layer = op.convolution(x, weights, [1, 1], [1, 1], [1, 1], [1, 1], name="layer")
    model = ov.Model([layer], [x])
    request = patches_request(GraphView(model), "layer")
    assert request is not None and isinstance(request.reducer, Patches)
    assert request.reducer.size((1, 64, 32, 32)) <= 8192
    layout = StatisticsLayout(model, [request])
    compiled = ov.Core().compile_model(layout.model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    data = np.arange(64 * 32 * 32, dtype=np.float32).reshape(1, 64, 32, 32)
    first, second = (compiled({"x": data, **layout.phases.feed(i, {"x": data})})[0].copy() for i in (0, 1))
    assert not np.array_equal(first, second)


def test_dynamic_extents_have_no_window() -> None:
    x = op.parameter([1, 3, -1, 8], np.float32, name="x")
    layer = op.convolution(
        x, op.constant(np.ones((2, 3, 3, 3), np.float32)), [1, 1], [1, 1], [1, 1], [1, 1], name="layer"
    )
    assert patches_request(GraphView(ov.Model([layer], [x])), "layer") is None
