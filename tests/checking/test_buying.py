"""Accuracy bought with time: layers go back to float while a request hardly takes longer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import openvino as ov
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openvino import opset13 as op

from builders import decibels
from openvino.tools.pot import IEEngine, create_pipeline, load_model, quantize
from openvino.tools.pot.algorithms.checking import buying
from openvino.tools.pot.algorithms.checking.buying import _affordable, _Layer
from openvino.tools.pot.engines.profiling import seconds_in_turns
from openvino.tools.pot.utils.errors import ConfigError

RANDOM = np.random.default_rng(0)
DATA = [RANDOM.standard_normal((1, 64)).astype(np.float32) for _ in range(40)]
SIZES = (64, 32, 1024, 1024, 16)


def network() -> ov.Model:
    """Nearly all weights are those of the third layer."""
    x = op.parameter([1, SIZES[0]], np.float32, name="x")
    value: Any = x
    for number, (before, after) in enumerate(pairwise(SIZES)):
        weights = np.random.default_rng(number).standard_normal((before, after)) / np.sqrt(before)
        product = op.matmul(
            value, op.constant(weights.astype(np.float32)), False, False, name=f"layer_{number}"
        )
        value = op.relu(product) if after != SIZES[-1] else product
    return ov.Model([op.result(value)], [x], "dense")


def in_float(model: ov.Model) -> set[str]:
    """Layers whose data are not quantized."""
    return {
        node.get_friendly_name()
        for node in model.get_ops()
        if node.get_type_name() == "MatMul"
        and node.input_value(0).get_node().get_type_name() != "FakeQuantize"
    }


@pytest.fixture
def priced(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], list[int]]:
    """Each layer in float makes requests longer by a share; what is given back: how many each timed model has."""

    def price(share: float) -> list[int]:
        tried: list[int] = []

        def timed(compiled: Sequence[ov.CompiledModel], feeds: Any) -> list[float]:
            infos = [node.get_rt_info() for node in compiled[1].get_runtime_model().get_ops()]
            products = [info for info in infos if info["layerType"].astype(str) == "FullyConnected"]
            kinds = [info["runtimePrecision"].astype(str) for info in products]
            tried.append(sum(kind not in ("u8", "i8") for kind in kinds))
            return [1.0, 1.0 + share * tried[-1]]

        seconds = {f"layer_{number}": 1.0 for number in range(4)}
        monkeypatch.setattr(buying, "seconds_in_turns", timed)
        monkeypatch.setattr(buying, "layer_seconds", lambda *_, **__: seconds)
        return tried

    return price


@pytest.mark.long
@pytest.mark.parametrize("share", [0.0, 0.015, 0.5])
def test_as_many_layers_go_back_as_the_time_allows(
    share: float, priced: Callable[[float], list[int]]
) -> None:
    tried = priced(share)
    usual, model = (quantize(network(), DATA, max_slowdown=most) for most in (None, 0.02))
    back = in_float(model) - in_float(usual)
    assert "layer_2" not in back, "it has nine tenths of the weights"
    assert tried, "requests were timed"
    assert len(back) == {0.0: 3, 0.015: 1, 0.5: 0}[share]
    if back:
        assert decibels(network(), model, DATA) > decibels(network(), usual, DATA) + 0.3


def test_layers_that_can_t_be_told_apart_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> Any:
        raise RuntimeError("no such weights")

    monkeypatch.setattr(buying, "layer_errors", fails)
    with caplog.at_level(logging.WARNING):
        model = quantize(network(), DATA, max_slowdown=0.02)
    assert in_float(model) == in_float(quantize(network(), DATA))
    assert (
        "no time is spent on accuracy: which layers cost most can't be told: no such weights" in caplog.text
    )


layers = st.lists(
    st.builds(_Layer, st.uuids().map(str), st.floats(0, 1), st.floats(0, 0.1), st.floats(0, 1e-3)),
    unique_by=lambda layer: layer.node,
)


@given(layers, st.floats(0, 1e-3))
def test_neither_budget_is_overdrawn_and_what_takes_most_away_comes_first(
    layers: list[_Layer], seconds: float
) -> None:
    taken = _affordable(layers, seconds)
    known = {layer.node: layer for layer in layers}
    chosen = [known[node] for node in taken]
    assert sum(layer.weights for layer in chosen) <= 0.05 + 1e-9
    assert sum(layer.seconds for layer in chosen) <= 2 * seconds + 1e-9
    worth = [layer.error / (layer.seconds + seconds + 1e-9) for layer in chosen]
    assert worth == sorted(worth, reverse=True)
    assert len(set(taken)) == len(taken)


def test_no_layer_is_taken_for_the_last_of_the_error() -> None:
    layers = [_Layer("most", 0.98, 0, 0), _Layer("rest", 0.02, 0, 0)]
    assert _affordable(layers, 1e-4) == ["most"]


def test_a_model_that_has_more_to_do_takes_longer() -> None:
    def repeated(count: int) -> ov.CompiledModel:
        x = op.parameter([256, 256], np.float32)
        value: Any = x
        for _ in range(count):
            value = op.matmul(value, x, False, False)
        return ov.compile_model(ov.Model([op.result(value)], [x]), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    feeds = [{0: np.zeros((256, 256), np.float32)}]
    few, many = seconds_in_turns([repeated(1), repeated(16)], feeds, seconds=0.1)
    assert many > 2 * few > 0


@pytest.mark.parametrize(
    ("name", "params", "said"),
    [
        ("DefaultQuantization", {"self_check": False}, "max_slowdown needs self_check: true"),
        ("AccuracyAwareQuantization", {}, "accuracy control chooses layers by the metric"),
        ("DefaultQuantization", {"target_device": "GNA"}, "no GNA is left that requests could be timed on"),
        ("DefaultQuantization", {"max_slowdown": 2}, "less than or equal to 1"),
    ],
)
def test_what_has_no_effect_is_refused(name: str, params: dict[str, Any], said: str) -> None:
    algorithm = {"name": name, "params": {"max_slowdown": 0.02, **params}}
    with pytest.raises(ConfigError, match=said):
        create_pipeline([algorithm], IEEngine({"device": "CPU"})).run(load_model(network()))
