"""Inputs of any type: what the CPU can't fuse with the FakeQuantize behind a conversion is kept apart from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from openvino.tools.pot import quantize
from openvino.tools.pot.arithmetic.distance import likeness
from openvino.tools.pot.utils.runtime import core

RANDOM = np.random.default_rng(0)
TYPES = (
    np.float16,
    np.float64,
    np.int8,
    np.int16,
    np.int32,
    np.int64,
    np.uint8,
    np.uint16,
    np.uint32,
    np.uint64,
)


def network(kind: Any, batch: int) -> ov.Model:
    plain = [[1, 1], [0, 0], [0, 0], [1, 1]]

    def weights(*shape: int) -> ov.Node:
        return op.constant(RANDOM.standard_normal(shape).astype(np.float32))

    x = op.parameter([batch, 3, 12, 12], kind, name="x")
    value = op.multiply(
        op.subtract(op.convert(x, "f32"), op.constant(np.float32(3))), op.constant(np.float32(0.1))
    )
    value = op.relu(op.convolution(value, weights(24, 3, 3, 3), *plain))
    return ov.Model([op.result(op.convolution(value, weights(24, 24, 3, 3), *plain))], [x], "images")


@pytest.mark.parametrize(
    ("kind", "batch"), [*((kind, 1) for kind in TYPES), *((kind, -1) for kind in TYPES[::3])]
)
@pytest.mark.long
def test_every_layer_behind_an_input_of_any_type_runs_in_integers(kind: Any, batch: int) -> None:
    data = [RANDOM.integers(0, 120, (1, 3, 12, 12)).astype(kind) for _ in range(30)]
    model, report = quantize(network(kind, batch), data, report=True)
    assert report is not None and report.decibels > 30
    assert (report.int8_layers, report.layers, report.notes) == (2, 2, ())
    assert model.input(0).get_element_type() == ov.Type(kind)
    core().compile_model(model, "CPU")


def test_a_network_in_double_precision_keeps_its_inputs_and_outputs() -> None:
    x = op.parameter([1, 4, 16], np.float64, name="x")
    weights = op.constant(RANDOM.standard_normal((16, 64)))
    state = op.convert(op.convert(x, "i32"), "f64")
    layer = op.matmul(op.add(x, state), weights, False, False, name="layer")
    model = ov.Model([op.result(layer), op.result(state), op.result(x)], [x], "double")
    data = [3 * RANDOM.standard_normal((1, 4, 16)) for _ in range(30)]
    found, report = quantize(model, data, report=True)
    assert report is not None and report.decibels > 30 and report.int8_layers == 1
    kinds = [port.get_element_type() for port in (*found.inputs, *found.outputs)]
    assert kinds == [ov.Type.f64] * 4
    assert "layer" in [node.get_friendly_name() for node in found.get_ops()]


def test_what_is_missing_in_double_precision_is_still_missing() -> None:
    x = op.parameter([1, 64], np.float64, name="x")
    filled = op.select(op.is_nan(x), op.constant(np.float64(0.5)), x)
    weights = op.constant(RANDOM.standard_normal((64, 64)))
    model = ov.Model([op.result(op.matmul(filled, weights, False, False))], [x], "table")
    data = [
        np.where(RANDOM.random((1, 64)) < 0.1, np.nan, RANDOM.standard_normal((1, 64))) for _ in range(30)
    ]
    found, _ = quantize(model, data, report=True)
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    before, after = (core().compile_model(each, "CPU", settings) for each in (model, found))
    assert likeness([before(each)[0] for each in data], [after(each)[0] for each in data]).decibels > 30
