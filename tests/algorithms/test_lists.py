"""Lists of algorithms in any order: a model that follows the float one, or a refusal before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import openvino as ov
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import images, labelled, network, runner
from openvino.tools.pot import IEEngine, create_pipeline, load_model
from openvino.tools.pot.algorithms import ALGORITHMS
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError

PARAMS: Mapping[str, Mapping[str, Any]] = {
    "MagnitudeSparsity": {"sparsity_level": 0.3},
    "WeightSparsity": {"sparsity_level": 0.3},
    "AccuracyAwareQuantization": {"maximal_drop": 0.5},
}
SAMPLES = images(12)
WIDE = [each * np.float32([[[[9]], [[1]], [[0.01]]]]) for each in images(40)]
"""With channels of different width."""


class ReadError(Exception):
    """A sample was read."""


class Unread:
    """Samples that nobody may read."""

    def __len__(self) -> int:
        return len(SAMPLES)

    def __getitem__(self, index: int) -> Any:
        raise ReadError


def entries(names: list[str]) -> list[dict[str, Any]]:
    return [{"name": name, "params": dict(PARAMS.get(name, {}))} for name in names]


def refusal(names: list[str]) -> str:
    """Why a list is refused, empty where it is not: an error of one sentence, before a sample is read."""
    try:
        create_pipeline(entries(names), IEEngine({}, Unread())).run(load_model(network()))
    except (ConfigError, EngineError) as error:
        assert "\n" not in str(error)
        return str(error)
    except DataError as error:
        assert "ReadError" in str(error)
    return ""


LISTS = st.lists(st.sampled_from(sorted(ALGORITHMS)), min_size=1, max_size=4)


@pytest.mark.long
def test_channels_are_aligned_as_in_the_whole() -> None:
    """The same stages under two names."""
    plain, aligned = (
        create_pipeline(entries(names), IEEngine({}, labelled(WIDE))).run(load_model(network()))
        for names in (["MinMaxQuantization"], ["ActivationChannelAlignment", "MinMaxQuantization"])
    )
    whole = create_pipeline(entries(["DefaultQuantization"]), IEEngine({}, labelled(WIDE))).run(
        load_model(network())
    )
    found = [_widths(each.submodels[0].model) for each in (plain, aligned, whole)]
    assert found[0] < found[1] == found[2]


def _widths(model: ov.Model) -> int:
    """How many borders all ranges of activations have."""
    quantizers = (node for node in model.get_ops() if node.get_type_name() == "FakeQuantize")
    return sum(
        int(np.prod(node.input(1).get_shape()))
        for node in quantizers
        if node.input_value(0).get_node().get_type_name() != "Constant"
    )


def test_what_says_how_ranges_look_leaves_nothing_to_align() -> None:
    named = entries(["ActivationChannelAlignment", "MinMaxQuantization"])
    named[1]["params"] = {"activations": {"mode": "symmetric"}}
    with pytest.raises(ConfigError, match="found params of MinMaxQuantization that say how ranges"):
        create_pipeline(named, IEEngine({}, labelled(SAMPLES))).run(load_model(network()))


@pytest.mark.long
@settings(max_examples=40)
@given(LISTS)
def test_a_list_runs_or_is_refused_for_a_reason(names: list[str]) -> None:
    said = refusal(names)
    if said:
        assert any(name in said for name in names), said
        return
    if "AccuracyAwareQuantization" in names:  # which needs a metric
        return
    made = create_pipeline(entries(names), IEEngine({}, labelled(SAMPLES))).run(load_model(network()))
    exact, found = runner(network()), runner(made.submodels[0].model)
    errors = [np.square(found(each)[0] - exact(each)[0]).mean() for each in SAMPLES[:4]]
    assert np.mean(errors) < 0.3 * np.mean([exact(each)[0].var() for each in SAMPLES[:4]])


@pytest.mark.parametrize(
    "names",
    [
        ["MinMaxQuantization", "BiasCorrection"],
        ["ActivationChannelAlignment", "MinMaxQuantization", "FastBiasCorrection"],
        ["MagnitudeSparsity", "ActivationChannelAlignment", "MinMaxQuantization"],
        ["MinMaxQuantization", "FastBiasCorrection", "BiasCorrection"],
        ["WeightSparsity", "DefaultQuantization"],
        ["MagnitudeSparsity", "RangeSupervision", "DefaultQuantization"],
        ["DefaultQuantization", "RangeSupervision"],
        ["OutlierChannelSplitting", "DefaultQuantization"],
        ["MinMaxQuantization", "RangeOptimization"],
        ["DefaultQuantization", "QuantNoiseEstimator"],
        ["ActivationChannelAlignment", "TunableQuantization", "FastBiasCorrection"],
    ],
)
def test_lists_that_people_write_are_taken(names: list[str]) -> None:
    assert refusal(names) == ""


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["FastBiasCorrection", "MinMaxQuantization"], ["FastBiasCorrection"]),
        (["BiasCorrection"], ["BiasCorrection", "put MinMaxQuantization before them"]),
        (["ActivationChannelAlignment"], ["put MinMaxQuantization behind them"]),
        (["MinMaxQuantization", "ActivationChannelAlignment"], ["ActivationChannelAlignment stands behind"]),
        (["ActivationChannelAlignment", "DefaultQuantization"], ["DefaultQuantization does the work of"]),
        (["DefaultQuantization", "WeightSparsity"], ["WeightSparsity"]),
        (["DefaultQuantization", "MinMaxQuantization"], ["DefaultQuantization", "MinMaxQuantization"]),
        (["TunableQuantization", "MinMaxQuantization"], ["both place quantizers"]),
        (["RangeOptimization"], ["RangeOptimization", "put MinMaxQuantization before them"]),
        (
            ["QuantNoiseEstimator", "DefaultQuantization"],
            ["QuantNoiseEstimator stands before DefaultQuantization"],
        ),
        (["DefaultQuantization", "OutlierChannelSplitting"], ["OutlierChannelSplitting stands behind"]),
        (["WeightCompression", "DefaultQuantization"], ["WeightCompression stands alone"]),
        (["DefaultQuantization", "AccuracyAwareQuantization"], ["AccuracyAwareQuantization stands alone"]),
    ],
)
def test_lists_that_make_no_sense_are_refused(names: list[str], words: list[str]) -> None:
    said = refusal(names)
    assert [word for word in words if word not in said] == []
