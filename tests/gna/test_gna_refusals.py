"""What GNA can't run, and parameters that make no sense there, are refused before any work."""

from __future__ import annotations

import logging
from typing import Any

import gna_networks as networks
import numpy as np
import openvino as ov
import openvino.opset13 as op
import pytest
from test_gna_placement import lines, quantized

from builders import Items
from openvino.tools.pot import IEEngine, create_pipeline, load_model
from openvino.tools.pot.cli.plan import make_description
from openvino.tools.pot.utils.errors import ConfigError, ModelError


def with_softmax() -> ov.Model:
    b = networks.Builder(x=(1, 16))
    b.op("Softmax", "sure", b.dense("fc", "x", 16, 8), axis=1)
    return b.model(sure=(1, 8))


def test_operations_that_gna_never_had() -> None:
    with pytest.raises(
        ModelError, match=r"GNA can't run Softmax 'sure', expected one of Abs, .*ignored scope"
    ) as found:
        quantized(with_softmax(), target_device="GNA")
    assert "MatMul" in str(found.value)


def test_operations_of_the_ignored_scope_are_left_to_others() -> None:
    made = lines(quantized(with_softmax(), target_device="GNA", ignored={"scope": ["sure"]}))
    assert made == ["Constant -> fc_mm.1: 255 per channel", "x -> fc_mm.0: 65536"]


def test_convolutions_with_computed_weights() -> None:
    b = networks.Builder(x=(1, 4, 1, 8), w=(4, 4, 1, 1))
    b.op("Conv", "conv", "x", "w", kernel_shape=[1, 1])
    with pytest.raises(ModelError, match="GNA3 can't run Convolution 'conv': its weights are computed"):
        quantized(b.model(conv=(1, 4, 1, 8)), target_device="GNA3")


def test_a_dynamic_rank() -> None:
    source = op.parameter(ov.PartialShape.dynamic(), np.float32, name="x")
    model = ov.Model([op.relu(source)], [source], "m")
    with pytest.raises(
        ModelError, match="GNA can't run Parameter 'x': expected a fixed rank, found a dynamic"
    ):
        make_description(load_model(model), [], "GNA")


@pytest.mark.parametrize(
    ("name", "params", "sentence"),
    [
        (
            "DefaultQuantization",
            {"weights": {"mode": "asymmetric"}},
            r"weights\.mode: GNA has no zero points",
        ),
        (
            "DefaultQuantization",
            {"activations": {"mode": "asymmetric"}},
            r"activations\.mode: GNA has no zero",
        ),
        (
            "DefaultQuantization",
            {"weights": {"level_low": -127, "level_high": 127}},
            r"weights\.level_low: GNA fixes",
        ),
        ("DefaultQuantization", {"activations": {"bits": 8}}, r"activations\.bits: found 8, expected 16"),
        ("DefaultQuantization", {"model_type": "transformer"}, "model_type: GNA runs no transformers"),
        ("AccuracyAwareQuantization", {}, "'GNA' runs no layer in float, which is what the search needs"),
    ],
)
def test_parameters_that_gna_has_no_use_for(name: str, params: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        create_pipeline([{"name": name, "params": {"target_device": "GNA", **params}}], IEEngine({}))


def test_16_bits_are_for_gna() -> None:
    for key in ("weights", "activations"):
        with pytest.raises(ConfigError, match=rf"{key}\.bits: 16 bits are not supported on CPU, expected 8"):
            create_pipeline([{"name": "DefaultQuantization", "params": {key: {"bits": 16}}}], IEEngine({}))


def test_overflow_correction_is_for_gna() -> None:
    with pytest.raises(ConfigError, match="expected target_device GNA or GNA3, found 'ANY'"):
        create_pipeline([{"name": "OverflowCorrection", "params": {}}], IEEngine({}))


def test_saturation_fix_says_that_it_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    model = networks.dense()
    with caplog.at_level(logging.WARNING):  # converting a model raises the level of all logging
        with_fix = quantized(model, target_device="GNA", saturation_fix="all")
    assert "saturation_fix: all changes nothing on GNA, whose sums have 32 bits" in caplog.text
    assert lines(with_fix) == lines(quantized(model, target_device="GNA"))


@pytest.mark.parametrize(("bits", "levels"), [(8, "255 per channel"), (16, "65535")])
def test_bits_of_weights_go_before_the_preset(bits: int, levels: str) -> None:
    for preset in ("performance", "accuracy"):
        made = lines(quantized(networks.dense(), target_device="GNA", preset=preset, weights={"bits": bits}))
        assert f"Constant -> fc2_mm.1: {levels}" in made


@pytest.mark.parametrize(("device", "bits", "size"), [("GNA", 16, 1), ("GNA3", 8, 0.3)])
def test_the_plan_tells_bits_and_size(device: str, bits: int, size: float) -> None:
    found = make_description(load_model(networks.residual_conv()), [], device)
    assert {each["bits"] for each in found["weights"]} == {bits}
    assert {each["bits"] for each in found["activations"]} == {16, 32}
    assert found["size"]["int8_bytes"] / found["size"]["float_bytes"] == pytest.approx(size, abs=0.15)


def test_overflow_correction_is_for_the_device_of_the_quantizers() -> None:
    loader = Items([(feed, None) for feed in networks.feeds(networks.dense(), 8)])
    algorithms = [
        {"name": "MinMaxQuantization", "params": {"target_device": "GNA3"}},
        {"name": "OverflowCorrection", "params": {"target_device": "GNA"}},
    ]
    with pytest.raises(ConfigError, match="target_device is GNA, expected GNA3 as for the quantizers"):
        create_pipeline(algorithms, IEEngine({}, loader)).run(load_model(networks.dense()))
