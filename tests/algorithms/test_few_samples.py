"""What a few samples don't show: ranges leave room for it, unless what makes a tensor bounds it."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from openvino.tools.pot import quantize
from openvino.tools.pot.arithmetic.distance import likeness
from openvino.tools.pot.utils.runtime import FLOAT32, core


def kernels(*shape: int, seed: int) -> ov.Node:
    values = np.random.default_rng(seed).standard_normal(shape) * (2 / np.prod(shape[1:])) ** 0.5
    return op.constant(values.astype(np.float32))


def network() -> ov.Model:
    x = op.parameter([1, 3, 12, 12], np.float32, name="x")
    value: Any = x
    for number, inputs in enumerate((3, 12, 12)):
        weights = kernels(12, inputs, 3, 3, seed=number)
        value = op.relu(op.convolution(value, weights, [1, 1], [1, 1], [1, 1], [1, 1]))
    return ov.Model([op.result(value)], [x], "images")


def images(count: int, seed: int) -> list[Any]:
    random = np.random.default_rng(seed)
    shades = random.standard_normal((count, 1, 3, 1, 1)) + 0.2 * random.standard_normal((count, 1, 3, 12, 12))
    return list(shades.astype(np.float32))


def outputs(model: ov.Model, data: list[Any]) -> list[Any]:
    compiled = core().compile_model(model, "CPU", FLOAT32)
    return [compiled([each])[0].copy() for each in data]


def borders(model: ov.Model, name: str) -> tuple[float, float]:
    node = next(node for node in model.get_ops() if node.get_friendly_name().startswith(f"{name}/fq_input"))
    low, high = (node.input_value(port).get_node().data for port in (1, 2))
    return float(np.min(low)), float(np.max(high))


@pytest.mark.long
def test_other_images_follow_better_than_with_ranges_that_just_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    float_model, others = network(), images(60, seed=1)
    expected = outputs(float_model, others)

    def decibels() -> float:
        return likeness(expected, outputs(quantize(network(), images(10, seed=0)), others)).decibels

    found = decibels()
    monkeypatch.setattr(
        "openvino.tools.pot.algorithms.quantization.activation_ranges.room_beyond", lambda samples: 1.0
    )
    assert found > decibels() + 1.5


@pytest.mark.parametrize("estimator", [None, "default"])
def test_no_room_is_left_where_borders_are_known_or_pot_has_a_rule(estimator: str | None) -> None:
    x = op.parameter([1, 8, 16], np.float32, name="x")
    weights = op.constant(np.random.default_rng(0).standard_normal((16, 16)).astype(np.float32))
    bounded = op.clamp(x, -1, 1) if estimator is None else x
    layer = op.matmul(bounded, weights, False, False, name="layer")
    data = [np.full((1, 8, 16), 2, np.float32) * (-1) ** np.arange(16, dtype=np.float32) for _ in range(10)]
    params: dict[str, Any] = {"activations": {"granularity": "pertensor"}}
    if estimator:
        params = {"range_estimator": {"preset": estimator}}
    low, high = borders(quantize(ov.Model([op.result(layer)], [x]), data, **params), "layer")
    most = 1 if estimator is None else 2
    assert most <= high < 1.01 * most and most <= -low < 1.01 * most
