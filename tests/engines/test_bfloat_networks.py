"""Networks of bfloat16: what they are fed, what they give, and what they are quantized to."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from openvino import opset13 as op

import builders
from openvino.tools.pot import IEEngine, Metric, load_model, quantize
from openvino.tools.pot.utils.bfloat import packed, unpacked, values_of
from openvino.tools.pot.utils.runtime import FLOAT32, core

RANDOM = np.random.default_rng(0)
BFLOAT = ov.Type.bf16


@pytest.mark.long
@given(arrays.arrays(np.float32, 7, elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_numbers_are_rounded_to_the_nearest(values: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    bits = packed(values)
    error = np.abs(unpacked(bits).astype(np.float64) - values)
    for step in (-1, 1):
        other = unpacked((bits.view(np.uint16) + np.uint16(step % 2**16)).view(np.float16)).astype(np.float64)
        assert np.all(error <= np.nan_to_num(np.abs(other - values), nan=np.inf))


def test_what_is_no_number_stays_none() -> None:
    found = unpacked(packed(np.float32([np.nan, np.inf, -np.inf, 0.0, 1.5])))
    assert np.array_equal(found, np.float32([np.nan, np.inf, -np.inf, 0.0, 1.5]), equal_nan=True)


def table_network() -> ov.Model:
    ids = op.parameter([1, 6], np.int64, name="ids")
    rows = op.gather(weights(30, 32, scale=1), ids, op.constant(np.int64(0)))
    return ov.Model([op.result(dense(rows))], [ids], "table")


def weights(*shape: int, scale: float = 0.2) -> ov.Node:
    node: ov.Node = op.constant(scale * RANDOM.standard_normal(shape), BFLOAT)
    return node


def dense(value: Any) -> ov.Node:
    node: ov.Node = op.add(op.matmul(value, weights(32, 32), False, False, name="layer"), weights(1, 32))
    return node


def image_network() -> ov.Model:
    x = op.parameter([1, 1, 32], BFLOAT, name="x")
    return ov.Model([op.result(dense(op.relu(dense(x))))], [x], "rows")


def rows(count: int = 40) -> list[Any]:
    return [RANDOM.standard_normal((1, 1, 32)).astype(np.float32) for _ in range(count)]


def outputs(model: ov.Model, feeds: list[Any]) -> np.ndarray[Any, Any]:
    request = core().compile_model(model, "CPU", FLOAT32).create_infer_request()
    found = []
    for feed in feeds:
        request.infer([packed(feed) if feed.dtype == np.float32 else feed])
        found.append(np.array(values_of(request.get_output_tensor(0))))
    return np.stack(found)


@pytest.mark.parametrize("kind", ["rows", "table"])
def test_they_are_quantized_and_keep_their_inputs_and_outputs(kind: str) -> None:
    network = image_network() if kind == "rows" else table_network()
    data = rows() if kind == "rows" else [RANDOM.integers(0, 30, (1, 6)) for _ in range(40)]
    before = [port.get_element_type() for port in (*network.inputs, *network.outputs)]
    model, report = quantize(network, data, report=True)
    assert [port.get_element_type() for port in (*model.inputs, *model.outputs)] == before
    assert report is not None and report.int8_layers == report.layers > 0
    float_outputs, found = outputs(network, data[:8]), outputs(model, data[:8])
    assert 10 * np.log10(np.var(float_outputs) / np.mean((float_outputs - found) ** 2)) > 28


@pytest.mark.long
def test_the_same_model_is_the_same_file() -> None:
    data = rows()
    network = image_network()
    first, second = (builders.stored(quantize(network, data)) for _ in range(2))
    assert first == second


class Seen(Metric):
    """Keeps what it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.outputs: list[Any] = []

    def update(self, output: Any, target: Any) -> None:
        self.outputs.extend(output)

    @property
    def value(self) -> dict[str, list[float]]:
        return {"seen": [1.0]}

    @property
    def avg_value(self) -> dict[str, float]:
        return {"seen": 1.0}

    def reset(self) -> None:
        self.outputs = []

    def get_attributes(self) -> dict[str, Any]:
        return {"seen": {"direction": "higher-better", "type": "seen"}}


def test_metrics_are_shown_numbers() -> None:
    network, data, metric = image_network(), rows(3), Seen()
    engine = IEEngine({"device": "CPU"}, builders.labelled(data), metric)
    engine.set_model(load_model(network))
    engine.predict()
    assert [value.dtype for value in metric.outputs] == [np.float32] * 3
    assert np.allclose(np.stack(metric.outputs), outputs(network, data), atol=0.02)


def test_what_passes_through_untouched_is_measured_and_checked_untouched() -> None:
    x = op.parameter(ov.PartialShape([-1, 32]), BFLOAT, name="x")
    network = ov.Model([op.result(x), op.result(dense(op.negative(x)))], [x], "through")
    _, report = quantize(network, rows(), report=True)
    assert report is not None
    found = sorted(output.decibels or 0 for output in report.outputs)
    assert 28 < found[0] < 100 < found[1]
