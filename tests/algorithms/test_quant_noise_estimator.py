"""QuantNoiseEstimator: ratios are those that arrays give, layers alone are told from what comes before, no change."""

from __future__ import annotations

import csv
import logging
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from builders import images, labelled, model, network, parameter, runner, stored, weights
from openvino.tools.pot import (
    DefaultQuantization,
    IEEngine,
    MinMaxQuantization,
    Pipeline,
    QuantNoiseEstimator,
    create_pipeline,
    load_model,
)
from openvino.tools.pot.utils.errors import ConfigError

SAMPLES = images(12)
PLAIN = {"self_check": False}


def measured(
    source: ov.Model, data: list[Any] | None = None, base: Any = None, **params: Any
) -> tuple[dict[str, float], ov.Model]:
    """What is found, and the quantized network."""
    estimator = QuantNoiseEstimator(params)
    pipeline = Pipeline(IEEngine({}, labelled(SAMPLES if data is None else data)))
    pipeline.add_algo(MinMaxQuantization(PLAIN) if base is None else base)
    pipeline.add_algo(estimator)
    made = pipeline.run(load_model(source)).submodels[0].model
    return dict(estimator.noise), made


def outputs(source: ov.Model, name: str) -> np.ndarray:
    """What a node gives for each sample, ``[samples, ...]``."""
    clone = source.clone()
    (node,) = (each for each in clone.get_ops() if each.get_friendly_name() == name)
    inner = ov.Model([node.output(0)], clone.get_parameters(), "inner")
    return np.stack([runner(inner)(each)[0][0] for each in SAMPLES]).astype(np.float64)


def expected(kind: str, exact: np.ndarray, other: np.ndarray) -> float:
    signal, noise = np.square(exact), np.square(exact - other)
    space = tuple(range(2, exact.ndim))
    if kind == "sqnr_eltwise_mean":
        return float((signal / (noise + 1e-15)).mean())
    axes = space if kind.endswith("per_channel") else (1, *space)
    signal, noise = signal.mean(axis=axes), noise.mean(axis=axes)
    if "sample" in kind:
        signal, noise = signal.mean(axis=0), noise.mean(axis=0)
    return float((signal / noise).mean())


@pytest.mark.long
@pytest.mark.parametrize(
    "kind", ["sqnr", "sqnr_per_channel", "sqnr_sample_mean", "sqnr_sample_per_channel", "sqnr_eltwise_mean"]
)
def test_ratios_are_those_of_the_outputs_behind_biases(kind: str) -> None:
    found, quantized = measured(network(), type=kind)
    assert list(found) == ["conv1", "conv2"]
    for number in (1, 2):
        exact, other = (outputs(each, f"add{number}") for each in (network(), quantized))
        # Of single elements some noise is next to nothing, in which rounding of float32 counts.
        close = 0.2 if kind == "sqnr_eltwise_mean" else 0.01
        assert found[f"conv{number}"] == pytest.approx(expected(kind, exact, other), rel=close)


def test_corrected_biases_count() -> None:
    bright = [image + 2 for image in SAMPLES]
    (plain, _), (corrected, _) = (
        measured(network(), bright, base) for base in (MinMaxQuantization(PLAIN), DefaultQuantization(PLAIN))
    )
    assert corrected["conv2"] > plain["conv2"]


@pytest.mark.long
def test_a_layer_alone_has_the_noise_of_a_network_in_which_nothing_else_is_quantized() -> None:
    alone, _ = measured(network(), mode="layerwise_fq_noise")
    whole, _ = measured(network())
    assert alone["conv1"] == pytest.approx(whole["conv1"], rel=1e-4)
    assert alone["conv2"] > 1.1 * whole["conv2"]
    ignored = MinMaxQuantization({**PLAIN, "ignored": {"scope": ["conv1"]}})
    only, _ = measured(network(), base=ignored)
    assert list(only) == ["conv2"]
    assert alone["conv2"] == pytest.approx(only["conv2"], rel=1e-3)


@pytest.mark.long
def test_layers_alone_read_what_is_divided_apart() -> None:
    x = parameter(ov.PartialShape([1, -1, 32]))
    constant = op.constant(weights((32, 8), 1), name="w")
    source = model(op.matmul(op.relu(x, name="relu"), constant, False, False, name="dense"), x)
    random = np.random.default_rng(0)
    data = [
        (random.standard_normal((1, 3 + n % 3, 32)) * ([100] + [1] * 31)).astype(np.float32)
        for n in range(12)
    ]
    alone, whole = (
        measured(source, data, DefaultQuantization(PLAIN), mode=mode)[0]["dense"]
        for mode in ("layerwise_fq_noise", "full_fq_noise")
    )
    assert alone == pytest.approx(whole, rel=1e-4)


@pytest.mark.long
def test_the_model_is_what_it_was() -> None:
    plain = builders.quantized(network(), SAMPLES, **PLAIN)
    _, made = measured(network(), base=DefaultQuantization({"target_device": "CPU", **PLAIN}))
    assert stored(plain)[1] == stored(made)[1]


def test_a_table_is_written_as_pot_wrote_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "new" / "noise.csv"
    with caplog.at_level(logging.INFO):
        found, _ = measured(network(), results_dump_filename=str(file), stat_subset_size=5)
    rows = list(csv.DictReader(file.open(encoding="utf-8")))
    assert [row["layer_name"] for row in rows] == list(found)
    assert [float(row["noise_metric"]) for row in rows] == list(found.values())
    assert "signal to noise of 2 layers" in caplog.text
    with pytest.raises(ConfigError, match="results_dump_filename"):
        measured(network(), results_dump_filename=str(file / "below"))


def test_a_further_run_forgets_the_one_before() -> None:
    estimator = QuantNoiseEstimator({})
    pipeline = Pipeline(IEEngine({}, labelled(SAMPLES)))
    pipeline.add_algo(MinMaxQuantization(PLAIN))
    pipeline.add_algo(estimator)
    x = parameter([1, 3, 8, 8])
    for source in (network(), model(builders.conv(x, 4, "other"), x)):
        pipeline.run(load_model(source))
    assert list(estimator.noise) == ["other"]


def test_some_samples_are_enough() -> None:
    few, _ = measured(network(), stat_subset_size=3)
    first, _ = measured(network())
    assert few["conv1"] != first["conv1"] and few["conv1"] == pytest.approx(first["conv1"], rel=0.5)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"mode": "full"}, "mode: input should be"),
        ({"type": "snr"}, "type: input should be"),
        ({"typ": "sqnr"}, "'type'"),
    ],
)
def test_what_it_can_not_do_is_refused(params: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        QuantNoiseEstimator(params)


@pytest.mark.parametrize("names", [["QuantNoiseEstimator"], ["QuantNoiseEstimator", "MinMaxQuantization"]])
def test_it_stands_behind_what_places_quantizers(names: list[str]) -> None:
    with pytest.raises(ConfigError, match="QuantNoiseEstimator"):
        create_pipeline([{"name": name} for name in names], IEEngine({}, labelled(SAMPLES))).run(network())
