"""The cache that tests share takes no network for another."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import images, network
from openvino.tools.pot.utils.runtime import FLOAT32, core


def product(weights: Any, high: float = 4.0) -> ov.Model:
    x = op.parameter([2, 4], np.float32, name="x")
    low, high = np.float32(0), np.float32(high)
    read = op.fake_quantize(x, low, high, low, high, 256)
    return ov.Model([op.result(op.matmul(read, op.constant(weights), False, False))], [x], "product")


def answer(model: ov.Model, settings: dict[str, Any] | None = None) -> Any:
    values = np.arange(8, dtype=np.float32).reshape(2, 4)
    return core().compile_model(model, "CPU", FLOAT32 if settings is None else settings)([values])[0].copy()


def test_one_weight_or_one_range_makes_another_network() -> None:
    weights = np.eye(4, dtype=np.float32)
    other = weights.copy()
    other[3, 3] = 1.5
    first = answer(product(weights))
    assert np.array_equal(answer(product(weights)), first)
    assert answer(product(other))[1, 3] == pytest.approx(1.5 * first[1, 3])
    assert answer(product(weights, 2.0)).max() == pytest.approx(2.0)
    assert np.array_equal(answer(product(weights)), first)


def test_other_settings_are_not_forgotten() -> None:
    model = product(np.eye(4, dtype=np.float32))
    for hint in ("f32", "bf16", "f32"):
        settings = {"INFERENCE_PRECISION_HINT": hint}
        compiled = core().compile_model(model, "CPU", settings)
        assert compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name() == hint
    counted = core().compile_model(model, "CPU", {"PERF_COUNT": True})
    request = counted.create_infer_request()
    request.infer([np.ones((2, 4), np.float32)])
    assert request.profiling_info


def test_what_runs_is_told_as_of_a_network_that_was_just_compiled() -> None:
    model = product(np.eye(4, dtype=np.float32))
    told = [
        sorted(
            (node.get_friendly_name(), node.get_rt_info()["originalLayersNames"].astype(str))
            for node in core().compile_model(model, "CPU", dict(FLOAT32)).get_runtime_model().get_ops()
        )
        for _ in range(2)
    ]
    assert told[0] == told[1]


def test_precisions_are_kept_apart() -> None:
    """OpenVINO's cache by itself takes the model of one precision for that of another (2026.4)."""
    sample = images(1)[0]
    exact, rounded, again = (
        core().compile_model(network(3), "CPU", {"INFERENCE_PRECISION_HINT": hint})([sample])[0].copy()
        for hint in ("f32", "f16", "f32")
    )
    assert 1e-6 < np.abs(rounded - exact).max() < 0.1
    np.testing.assert_array_equal(again, exact)
