"""Float networks whose weights are stored as integers are measured with the floats that they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from openvino.tools.pot import load_model, quantize
from openvino.tools.pot.engines.compiling import compiled_as_defined
from openvino.tools.pot.graph.edits.unpack import unpacked_weights
from openvino.tools.pot.utils.runtime import FLOAT32, core

RANDOM = np.random.default_rng(0)


def stored(*shape: int, zero: int = 0) -> ov.Node:
    whole = RANDOM.integers(0, 255, shape).astype(np.uint8) if zero else RANDOM.integers(-127, 127, shape)
    floats = op.convert(op.constant(whole if zero else whole.astype(np.int8)), "f32")
    if zero:
        floats = op.subtract(
            floats, op.constant(np.full((shape[0],) + (1,) * (len(shape) - 1), zero, np.float32))
        )
    node: ov.Node = op.multiply(
        floats, op.constant(np.full((shape[0],) + (1,) * (len(shape) - 1), 0.002, np.float32))
    )
    return node


def network(zero: int = 0) -> ov.Model:
    x = op.parameter(ov.PartialShape([-1, -1, 16]), np.float32, name="x")
    weights = stored(16, 8, zero=zero)
    first = op.matmul(x, weights, False, False)
    second = op.matmul(op.matmul(x, weights, False, False), stored(12, 8), False, True)
    return ov.Model([op.result(first), op.result(second)], [x], "stored")


def outputs(model: ov.Model, feed: Any) -> list[Any]:
    return list(compiled_as_defined(model, "CPU", dict(FLOAT32))([feed]).values())


@pytest.mark.parametrize("zero", [0, 128])
def test_the_floats_are_those_that_the_integers_stand_for(zero: int) -> None:
    model, feed = network(zero), RANDOM.standard_normal((2, 3, 16)).astype(np.float32)
    unpacked = unpacked_weights(model)
    kinds = [node.get_type_name() for node in unpacked.get_ops()]
    assert "Convert" not in kinds and kinds.count("MatMul") == 3
    assert "Convert" in [node.get_type_name() for node in model.get_ops()]
    for found, expected in zip(outputs(unpacked, feed), outputs(model, feed), strict=True):
        assert np.allclose(found, expected, atol=1e-5)


def test_other_networks_are_left_as_they_are() -> None:
    x = op.parameter([1, 16], np.float32, name="x")
    half = op.convert(op.constant(np.eye(16, dtype=np.float16)), "f32")
    plain = ov.Model([op.result(op.matmul(x, half, False, False))], [x])
    assert unpacked_weights(plain) is plain
    quantized = quantize(
        network(), [RANDOM.standard_normal((1, 4, 16)).astype(np.float32) for _ in range(30)]
    )
    assert unpacked_weights(quantized) is quantized


@pytest.mark.parametrize("gates", [4, 3, 1])
def test_recurrent_layers_of_such_weights_are_measured(gates: int) -> None:
    x = op.parameter(ov.PartialShape([-1, 5, 8]), np.float32, name="x")
    batch = op.gather(op.shape_of(x), op.constant(np.array([0])), op.constant(np.int64(0)))
    state = op.broadcast(op.constant(np.float32(0)), op.concat([batch, op.constant(np.array([1, 8]))], 0))
    states = [state] * (2 if gates == 4 else 1)
    lengths = op.broadcast(op.constant(np.int64(5)), batch)
    plain = op.constant(RANDOM.standard_normal((1, 8 * gates, 8)).astype(np.float32))
    bias = op.constant(np.zeros((1, 8 * gates), np.float32))
    kind = {4: op.lstm_sequence, 3: op.gru_sequence, 1: op.rnn_sequence}[gates]
    last = kind(x, *states, lengths, stored(1, 8 * gates, 8), plain, bias, 8, "forward").output(0)
    product = op.matmul(last, op.constant(np.eye(8, dtype=np.float32)), False, False)
    data = [RANDOM.standard_normal((1, 5, 8)).astype(np.float32) for _ in range(30)]
    _, report = quantize(ov.Model([op.result(product)], [x], "recurrent"), data, report=True, preset="mixed")
    assert report is not None and not report.is_lost


def test_in_double_precision_what_stays_in_float_runs_beside_what_is_quantized() -> None:
    x = op.parameter([1, 3, 12, 12], np.float64, name="x")
    plain = [[1, 1], [0, 0], [0, 0], [1, 1]]
    value = op.convolution(x, op.constant(RANDOM.standard_normal((24, 3, 3, 3))), *plain)
    whole = op.convert(op.constant(RANDOM.integers(0, 255, (12, 24, 1, 1)).astype(np.uint8)), "f64")
    whole = op.subtract(whole, op.constant(RANDOM.uniform(120, 130, (12, 1, 1, 1))))
    whole = op.multiply(whole, op.constant(RANDOM.uniform(0.001, 0.003, (12, 1, 1, 1))))
    value = op.convolution(value, whole, *plain, name="kept")
    model = ov.Model([op.result(value)], [x], "double")
    data = [RANDOM.standard_normal((1, 3, 12, 12)) for _ in range(30)]
    _, report = quantize(model, data, ignored=["kept"], report=True)
    assert report is not None and report.decibels > 25 and report.int8_layers == 1 and not report.notes


def test_a_recurrent_network_that_is_loaded_compiles_as_it_did() -> None:
    """OpenVINO's optimisations keep its weights from being folded, which the CPU (2026.4) then does not take."""
    x = op.parameter([1, 5, 16], ov.Type.f16, name="x")
    scaled = op.multiply(op.multiply(x, op.constant(np.float16(2))), op.constant(np.float16(0.25)))
    state, length = op.constant(np.zeros((1, 1, 16), np.float16)), op.constant(np.array([5]))
    packed = op.convert(op.constant(RANDOM.integers(-127, 127, (1, 64, 16)).astype(np.int8)), "f16")
    weights = op.multiply(packed, op.constant(np.full((1, 1, 1), 0.002, np.float16)))
    recurrent = op.constant((0.2 * RANDOM.standard_normal((1, 64, 16))).astype(np.float16))
    bias = op.constant(np.zeros((1, 64), np.float16))
    layer = op.lstm_sequence(scaled, state, state, length, weights, recurrent, bias, 16, "forward")
    source = ov.Model([op.result(layer.output(0))], [x], "recurrent")
    core().compile_model(source, "CPU", FLOAT32)
    loaded = load_model(source).submodels[0].model
    assert len(loaded.get_ops()) < len(source.get_ops())
    core().compile_model(loaded, "CPU", FLOAT32)
