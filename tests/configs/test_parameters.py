"""Parameters: defaults as POT had them, and errors that name the place."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from addict import Dict
from pydantic import ValidationError

from openvino.tools.pot.configs.parameters import (
    DefaultQuantizationParameters,
    FastBiasCorrectionParameters,
    MinMaxParameters,
)
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.utils.errors import ConfigError


def default(**values: Any) -> DefaultQuantizationParameters:
    return validate(DefaultQuantizationParameters, values, "DefaultQuantization params")


def refusal(**values: Any) -> str:
    with pytest.raises(ConfigError) as raised:
        default(**values)
    message = str(raised.value)
    assert message.startswith("DefaultQuantization params: ")
    assert "\n" not in message
    assert "pydantic" not in message
    return message.removeprefix("DefaultQuantization params: ")


UNKNOWN = {
    "presett": ({"presett": "mixed"}, "preset"),
    "ignored.scopes": ({"ignored": {"scopes": []}}, "scope"),
    "ignored.operations[1].typ": (
        {"ignored": {"operations": [{"type": "Add"}, {"type": "A", "typ": 1}]}},
        "type",
    ),
    "weights.bit": ({"weights": {"bit": 8}}, "bits"),
    "activations.granulrity": ({"activations": {"granulrity": "pertensor"}}, "granularity"),
    "activations.range_estimator.presets": ({"activations": {"range_estimator": {"presets": 1}}}, "preset"),
    "activations.range_estimator.max.agregator": (
        {"activations": {"range_estimator": {"max": {"agregator": "max"}}}},
        "aggregator",
    ),
    "range_estimator.min.outlier_probability": (
        {"range_estimator": {"min": {"outlier_probability": 0.1}}},
        "outlier_prob",
    ),
}


@pytest.mark.parametrize("path", UNKNOWN)
def test_unknown_parameters_name_their_path_and_the_nearest(path: str) -> None:
    values, near = UNKNOWN[path]
    above, _, key = path.rpartition(".")
    place = f"{above}: " if above else ""
    assert refusal(**values) == f"{place}unknown parameter {key!r}; did you mean {near!r}?"


def test_a_missing_parameter() -> None:
    assert refusal(ignored={"operations": [{}]}) == "ignored.operations[0].type: it is missing"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"zzz": 1}, "'zzz'"),
        ({"num_samples_for_tuning": 10, "batch_size": 5, "optimizer": "Adam"}, None),
        ({"loss": "l2", "random_seed": 0, "tuning_iterations": 3, "dump_intermediate_model": True}, None),
        ({"ignored": {"operations": [{"type": "Add", "place": 1}]}}, "'ignored.operations[0].place'"),
        ({"weights": {"per_layer_share": 1}, "zzz": 0}, "'weights.per_layer_share', 'zzz'"),
    ],
)
def test_parameters_like_no_other_are_left_out_and_told_of_in_one_line(
    values: dict[str, Any], told: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        found = default(preset="mixed", **values)
    assert found.preset == "mixed"
    (record,) = caplog.records
    assert record.message.startswith("DefaultQuantization params: without effect here: ")
    named = record.message.removeprefix("DefaultQuantization params: without effect here: ")
    assert set(named.split(", ")) == set((told or ", ".join(map(repr, values))).split(", "))


def test_whole_numbers_may_be_written_as_floats() -> None:
    levels = {"level_low": -127.0, "level_high": 127.0, "bits": 8}
    found = default(stat_subset_size=300.0, stat_batch_size=2.0, weights=levels)
    assert (found.stat_subset_size, found.stat_batch_size) == (300, 2)
    assert isinstance(found.stat_subset_size, int)
    assert (found.weights.level_low, found.weights.level_high) == (-127, 127)
    assert refusal(stat_subset_size=300.5).startswith("stat_subset_size: ")
    assert refusal(stat_subset_size=float("nan")).startswith("stat_subset_size: ")
    assert refusal(weights={"level_low": -127.5, "level_high": 127}).startswith("weights.level_low: ")


def slips(word: str) -> list[str]:
    """What people type in place of a word."""
    middle = len(word) // 2
    return [
        word[:middle] + word[middle + 1 :],
        word[:middle] + word[middle] + word[middle:],
        word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :],
        word[:middle] + "x" + word[middle + 1 :],
        word + "s",
        word.upper(),
        word.replace("_", "-") if "_" in word else word.title(),
        word.replace("_", "") if "_" in word else word + "_",
    ]


@pytest.mark.parametrize("word", DefaultQuantizationParameters.model_fields)
def test_slips_of_all_parameters_are_caught(word: str) -> None:
    for slip in set(slips(word)) - {word}:
        assert refusal(**{slip: None}) == f"unknown parameter {slip!r}; did you mean {word!r}?"


ILL_TYPED: dict[str, tuple[dict[str, Any], str]] = {
    "stat_subset_size": ({"stat_subset_size": "300"}, "'300'"),
    "stat_batch_size": ({"stat_batch_size": 0}, "0"),
    "shuffle_data": ({"shuffle_data": 1}, "1"),
    "seed": ({"seed": 1.5}, "1.5"),
    "preset": ({"preset": "fast"}, "'fast'"),
    "model_type": ({"model_type": "cnn"}, "'cnn'"),
    "saturation_fix": ({"saturation_fix": "last_layer"}, "'last_layer'"),
    "target_device": ({"target_device": 7}, "7"),
    "threshold": ({"threshold": -1}, "-1.0"),
    "ignored": ({"ignored": ["conv1"]}, "['conv1']"),
    "ignored.scope": ({"ignored": {"scope": "conv1"}}, "'conv1'"),
    "ignored.scope[0]": ({"ignored": {"scope": [5]}}, "5"),
    "weights.mode": ({"weights": {"mode": "signed"}}, "'signed'"),
    "weights.bits": ({"weights": {"bits": "8"}}, "'8'"),
    "activations.granularity": ({"activations": {"granularity": "per_channel"}}, "'per_channel'"),
    "activations.range_estimator.min.type": (
        {"activations": {"range_estimator": {"min": {"type": "average"}}}},
        "'average'",
    ),
    "range_estimator.max.aggregator": ({"range_estimator": {"max": {"aggregator": "sum"}}}, "'sum'"),
    "range_estimator.max.outlier_prob": ({"range_estimator": {"max": {"outlier_prob": 0.7}}}, "0.7"),
    "range_estimator.max.clipping_value": ({"range_estimator": {"max": {"clipping_value": "6"}}}, "'6'"),
}


@pytest.mark.parametrize("path", ILL_TYPED)
def test_ill_typed_values_name_their_path_and_what_was_found(path: str) -> None:
    values, found = ILL_TYPED[path]
    message = refusal(**values)
    assert message.startswith(f"{path}: ")
    assert message.endswith(f", found {found}")


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"weights": {"bits": 4}}, "weights.bits: input should be 8 or 16, found 4"),
        ({"weights": {"level_low": -127}}, "weights: level_low and level_high go together"),
        ({"activations": {"level_low": 1, "level_high": 256}}, "activations: level_low 1 and level_high 256"),
        ({"activations": {"level_low": 5, "level_high": -5}}, "activations: level_low 5 and level_high -5"),
        ({"weights": {"level_low": -7, "level_high": 8}}, "16 levels, expected 255 or 256"),
        (
            {"use_layerwise_tuning": True, "weight_rounding": "nearest"},
            "use_layerwise_tuning: true moves weights, expected weight_rounding least_error, found nearest",
        ),
        (
            {"use_layerwise_tuning": True, "weights": {"mode": "asymmetric"}},
            "use_layerwise_tuning: true needs symmetric weights, found weights.mode asymmetric",
        ),
    ],
)
def test_values_that_make_no_sense(values: dict[str, Any], part: str) -> None:
    assert part in refusal(**values)


@pytest.mark.parametrize("values", [None, "performance", ["preset"], 3])
def test_what_is_no_mapping(values: Any) -> None:
    with pytest.raises(ConfigError, match=r"^here: found .*, expected a mapping$"):
        validate(MinMaxParameters, values, "here")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("performance", "performance"),
        ("symmetric", "performance"),
        ("mixed", "mixed"),
        ("accuracy", "accuracy"),
        ("asymmetric", "accuracy"),
    ],
)
def test_presets(given: str, meant: str) -> None:
    assert default(preset=given).preset == meant


def test_defaults() -> None:
    parameters = default()
    assert parameters.stat_subset_size is None
    assert parameters.stat_batch_size == 1
    assert (parameters.shuffle_data, parameters.seed) == (False, 0)
    assert parameters.use_fast_bias
    assert not parameters.use_layerwise_tuning
    assert parameters.saturation_fix is None
    assert parameters.inplace_statistics
    assert parameters.target_device == "ANY"
    assert not parameters.ignored.skip_model
    assert validate(FastBiasCorrectionParameters, {}, "x").threshold is None


def test_what_scripts_write() -> None:
    parameters = default(
        **Dict(
            target_device="CPU",
            preset="mixed",
            stat_subset_size=0,
            model_type="Transformer",
            ignored={
                "scope": ("a", "b"),
                "operations": [{"type": "Add", "attributes": {"auto_broadcast": "numpy"}}],
            },
            weights={
                "bits": 8,
                "mode": "symmetric",
                "level_low": -127,
                "level_high": 127,
                "granularity": "perchannel",
            },
            activations={
                "bits": 8,
                "mode": "asymmetric",
                "level_low": 0,
                "level_high": 255,
                "range_estimator": {
                    "min": {"aggregator": "min", "type": "quantile", "outlier_prob": 1e-3},
                    "max": {"clipping_value": 6, "type": "max"},
                },
            },
            range_estimator={"preset": "quantile"},
        )
    )
    assert parameters.stat_subset_size is None
    assert parameters.model_type == "transformer"
    assert parameters.ignored.scope == ["a", "b"]
    assert parameters.activations.range_estimator is not None
    assert parameters.activations.range_estimator.max is not None
    assert parameters.activations.range_estimator.max.clipping_value == 6.0


def test_numbers_of_numpy() -> None:
    parameters = default(
        stat_subset_size=np.int64(300),
        shuffle_data=np.bool_(True),
        threshold=np.float32(2),
        seed=np.arange(3)[1],
    )
    assert (parameters.stat_subset_size, parameters.shuffle_data, parameters.threshold) == (300, True, 2.0)
    assert parameters.seed == 1


def test_parameters_are_frozen_and_pass_through_a_second_check() -> None:
    parameters = default(seed=3)
    assert validate(MinMaxParameters, parameters, "again") is parameters
    with pytest.raises(ValidationError):
        parameters.seed = 4  # type: ignore[misc]


def test_the_callers_mapping_is_left_alone() -> None:
    values = Dict(ignored={"scope": ["a"]}, preset="symmetric")
    before = values.deepcopy()
    default(**values)
    assert values == before


@pytest.mark.parametrize("name", ["ignored", "weights", "activations"])
def test_null_is_no_mapping_at_all(name: str) -> None:
    assert default(**{name: None}) == default()


def test_null_inside_of_ignored() -> None:
    assert default(ignored={"scope": None, "operations": None}) == default()
    one = {"scope": ["a"], "operations": [{"type": "Add", "attributes": None}]}
    assert default(ignored=one).ignored.operations[0].attributes == {}


def test_null_is_no_number() -> None:
    assert refusal(stat_batch_size=None) == "stat_batch_size: input should be a valid integer, found None"


def test_bits_written_as_a_float() -> None:
    assert isinstance(default(weights={"bits": 8.0}).weights.bits, int)
    assert refusal(weights={"bits": 4.0}) == "weights.bits: input should be 8 or 16, found 4"
