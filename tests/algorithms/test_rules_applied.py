"""Rules in the models that come of them: ranges, levels, records, files, and accuracy control."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

import builders
from builders import Items, images
from openvino.tools.pot import (
    DefaultQuantization,
    IEEngine,
    MinMaxQuantization,
    OverflowCorrection,
    create_pipeline,
    load_model,
)
from openvino.tools.pot.cli.main import main
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import ConfigError

Borders = dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], int]]


def made(network: ov.Model, *rules: dict[str, Any], **params: Any) -> CompressedModel:
    data = Items(images(40, shape=tuple(network.input(0).shape)))
    return builders.quantized(network, data, rules=[*rules], **params)


def borders(model: CompressedModel) -> Borders:
    """Quantizer -> its borders and its levels."""
    nodes = [n for n in model.submodels[0].model.get_ops() if n.get_type_name() == "FakeQuantize"]
    return {
        node.get_friendly_name(): (
            node.input_value(3).get_node().data.copy(),
            node.input_value(4).get_node().data.copy(),
            node.get_attributes()["levels"],
        )
        for node in nodes
    }


def same(one: Borders, other: Borders, *but: str) -> bool:
    """Whether all quantizers but some are the same."""
    return one.keys() == other.keys() and all(
        np.array_equal(own[0], other[name][0])
        and np.array_equal(own[1], other[name][1])
        and own[2] == other[name][2]
        for name, own in one.items()
        if name not in but
    )


NEAREST = {"weight_rounding": "nearest", "saturation_fix": "no"}


@pytest.mark.long
def test_a_rule_changes_the_quantizer_that_it_means_and_no_other() -> None:
    network = builders.network()
    plain = borders(made(network, **NEAREST))
    whole = borders(made(network, {"scope": ["conv2"], "weights": {"granularity": "pertensor"}}, **NEAREST))
    assert same(plain, whole, "conv2/fq_weights_1")
    low, high, levels = whole["conv2/fq_weights_1"]
    assert low.size == 1
    assert high.item() == pytest.approx(plain["conv2/fq_weights_1"][1].max())
    assert levels == plain["conv2/fq_weights_1"][2] == 255
    symmetric = borders(
        made(network, {"places": ["inputs"], "activations": {"mode": "symmetric"}}, **NEAREST)
    )
    low, high, levels = symmetric["conv1/fq_input_0"]
    assert low.item() == pytest.approx(-high.item() * 128 / 127)
    assert plain["conv1/fq_input_0"][0].item() != pytest.approx(
        -plain["conv1/fq_input_0"][1].item() * 128 / 127
    )
    assert same(plain, symmetric, "conv1/fq_input_0")


@pytest.mark.long
def test_a_range_estimator_for_one_layer_is_pots_formula_for_it_alone() -> None:
    network = builders.network()
    data = images(40)
    estimator = {"min": {"type": "min", "aggregator": "min"}, "max": {"type": "max", "aggregator": "max"}}
    rule = {"scope": ["conv1"], "activations": {"mode": "asymmetric", "range_estimator": estimator}}
    # A general estimator does not shine through.
    for general in ({}, {"range_estimator": {"preset": "quantile"}}):
        found = borders(made(network, rule, **NEAREST, **general))
        low, high, _ = found["conv1/fq_input_0"]
        assert high.item() - low.item() == pytest.approx(np.max(data) - np.min(data), rel=0.02)
        assert same(borders(made(network, **NEAREST, **general)), found, "conv1/fq_input_0")


def test_levels_and_zero_points_of_weights() -> None:
    rule = {"scope": ["conv1"], "weights": {"mode": "asymmetric"}}
    found = borders(made(builders.network(), rule))
    low, high, levels = found["conv1/fq_weights_1"]
    assert levels == 256
    assert not np.allclose(low, -high)
    assert found["conv2/fq_weights_1"][2] == 255
    fixed = {"scope": ["conv1"], "weights": {"level_low": -128, "level_high": 127}}
    assert borders(made(builders.network(), fixed))["conv1/fq_weights_1"][2] == 256


@pytest.mark.long
def test_a_form_that_is_said_is_not_divided() -> None:
    """Alignment divides the input of conv2, unless a rule says how its range looks."""
    x = builders.parameter([1, 8, 16, 16])
    hidden = builders.conv(x, 8, "conv1")
    scale = np.geomspace(0.01, 10, 8).astype(np.float32).reshape(1, 8, 1, 1)
    wide = ov.opset13.multiply(ov.opset13.relu(hidden), ov.opset13.constant(scale))
    network = builders.model(builders.conv(wide, 4, "conv2", seed=3), x)

    def input_sizes(*rules: dict[str, Any]) -> int:
        model = made(network, *rules).submodels[0].model
        (node,) = (n for n in model.get_ops() if n.get_friendly_name() == "conv2/fq_input_0")
        return int(node.input_value(2).get_node().data.size)

    assert input_sizes() == 8
    assert input_sizes({"scope": ["conv2"], "activations": {"mode": "symmetric"}}) == 1
    assert input_sizes({"scope": ["conv2"], "weights": {"granularity": "pertensor"}}) == 8


def test_the_history_of_a_quantizer_and_the_record_of_a_model_tell_of_rules() -> None:
    estimator = {"max": {"type": "abs_quantile"}}
    rule = {"scope": ["conv1"], "weights": {"range_estimator": estimator}}
    model = made(builders.network(), rule)
    sub = model.submodels[0]
    assert sub.decided["conv1/fq_weights_1"][0].evidence == "min and abs_quantile of the weights"
    assert sub.decided["conv2/fq_weights_1"][0].evidence == "min and abs_max of the weights"
    stored = json.loads(sub.model.get_rt_info(["openvino_pot", "algorithm_0", "parameters"]).astype(str))
    assert stored["rules"] == [rule]


@pytest.mark.long
def test_outputs_follow_with_any_rules() -> None:
    network = builders.network()
    rules = [
        {"operations": [{"type": "Convolution"}], "activations": {"mode": "asymmetric"}},
        {
            "places": ["last convolution"],
            "weights": {"granularity": "pertensor"},
            "activations": {"mode": "symmetric"},
        },
    ]
    quantized = made(network, *rules).submodels[0].model
    for image in images(4, seed=9):
        (expected,), (found,) = builders.run(network, image), builders.run(quantized, image)
        noise = np.mean((expected - found) ** 2) / np.var(expected)
        assert noise < 0.003


def dense() -> ov.Model:
    x = builders.parameter([1, 16])
    hidden = x
    for number in range(3):
        weights = ov.opset13.constant(builders.weights((16, 16), number, 0.2))
        hidden = ov.opset13.relu(ov.opset13.matmul(hidden, weights, False, True, name=f"dense{number}"))
    return builders.model(hidden, x)


def test_bits_of_single_layers_on_gna() -> None:
    rule = {"places": ["last convolution", "outputs"], "weights": {"bits": 8}}
    params = {"target_device": "GNA", "preset": "accuracy"}
    algorithms = [
        {"name": "MinMaxQuantization", "params": {**params, "rules": [rule]}},
        {"name": "OverflowCorrection", "params": params},
    ]
    assert OverflowCorrection.name == algorithms[1]["name"]
    data = Items([each.reshape(1, 16) for each in images(40, shape=(16,))])
    found = borders(create_pipeline(algorithms, IEEngine(None, data)).run(load_model(dense())))
    assert {name: own[2] for name, own in found.items() if "weights" in name} == {
        "dense0/fq_weights_1": 65535,
        "dense1/fq_weights_1": 65535,
        "dense2/fq_weights_1": 255,
    }
    assert found["dense2/fq_weights_1"][0].size == 16
    assert found["dense0/fq_weights_1"][0].size == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"activations": {"bits": 8}}, "rules[0].activations.bits: found 8, expected 16, which GNA has"),
        (
            {"weights": {"mode": "asymmetric"}},
            "rules[0].weights.mode: GNA has no zero points, expected symmetric",
        ),
        (
            {"weights": {"level_low": -127, "level_high": 127}},
            "rules[0].weights.level_low: GNA fixes the levels, expected bits",
        ),
    ],
    ids=str,
)
def test_what_gna_refuses(said: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence.replace("[", r"\[")):
        DefaultQuantization({"target_device": "GNA", "rules": [{"scope": ["x"], **said}]})


def test_zero_points_of_weights_are_refused_or_told_of_where_devices_have_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    rule = {"scope": ["conv1"], "weights": {"mode": "asymmetric"}}
    MinMaxQuantization({"rules": [rule]})
    assert (
        "rules[0].weights.mode: asymmetric: CPU runs layers whose weights have zero points in float"
        in caplog.text
    )
    config = configuration(tmp_path, rule, target_device="NPU")
    assert main(["plan", "-c", str(config)]) == 2
    assert "rules[0].weights.mode asymmetric gives weights zero points" in capsys.readouterr().err


def configuration(folder: Path, *rules: dict[str, Any], **params: Any) -> Path:
    """A file for ``pot -c`` with rules, a model and samples beside it."""
    ov.save_model(builders.network(), folder / "net.xml", compress_to_fp16=False)
    (folder / "data").mkdir()
    for number, image in enumerate(images(12)):
        np.save(folder / "data" / f"{number}.npy", image[0])
    content = {
        "model": {"model": str(folder / "net.xml")},
        "engine": {"type": "simplified", "data_source": str(folder / "data")},
        "compression": {
            "algorithms": [{"name": "DefaultQuantization", "params": {"rules": [*rules], **params}}]
        },
    }
    (folder / "rules.json").write_text(json.dumps(content))
    return folder / "rules.json"


@pytest.mark.long
def test_a_configuration_with_rules_is_planned_and_carried_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = {"places": ["last convolution"], "weights": {"granularity": "pertensor"}}
    config = configuration(tmp_path, rule)
    assert main(["plan", "-c", str(config), "--format", "json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    weights = {each["name"]: each for each in plan["weights"]}
    assert weights["conv2/fq_weights_1"]["granularity"] == "pertensor"
    assert weights["conv2/fq_weights_1"]["reason"].endswith("; rules[0]: granularity pertensor")
    assert weights["conv1/fq_weights_1"]["granularity"] == "perchannel"
    assert main(["-c", str(config), "--output-dir", str(tmp_path / "out"), "-d"]) == 0
    log = (tmp_path / "out/log.txt").read_text()
    assert "rules[0] matches 1 of 2 layers" in log


def test_a_rule_that_matches_nothing_is_wrong_usage_before_any_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configuration(tmp_path, {"scope": ["conv3"], "weights": {"bits": 8}})
    for arguments in (
        ["plan", "-c", str(config)],
        ["-c", str(config), "--output-dir", str(tmp_path / "out")],
    ):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert "params: rules[0].scope: the model has no node 'conv3'; did you mean 'conv" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "flags", [["--ignored", "conv1"], ["--model-type", "none"], ["--target-device", "CPU"]], ids=str
)
def test_flags_that_a_configuration_stands_for(
    tmp_path: Path, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "-c", str(configuration(tmp_path)), *flags]) == 2
    assert "does not go with --config" in capsys.readouterr().err
