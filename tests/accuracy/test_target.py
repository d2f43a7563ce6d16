"""Drops of metrics, and what is allowed."""

from __future__ import annotations

import pytest

from openvino.tools.pot.algorithms.accuracy.target import Target, make_target
from openvino.tools.pot.configs.accuracy import AccuracyAwareParameters, NamedMetric
from openvino.tools.pot.utils.errors import ConfigError, EngineError

MEASURED = {"top1": 0.8, "error": 0.2}
DIRECTIONS = {"error": False}


def target(**parameters: object) -> Target:
    return make_target(AccuracyAwareParameters.model_validate(parameters), MEASURED, DIRECTIONS)


def test_the_largest_drop_counts() -> None:
    found = target(maximal_drop=0.02)
    assert found.drop({"top1": 0.79, "error": 0.25}) == pytest.approx(0.05)
    assert found.drop({"top1": 0.7, "error": 0.1}) == pytest.approx(0.1)
    assert found.drop({"top1": 0.9, "error": 0.1}) == pytest.approx(-0.1)


def test_relative_drops_are_shares_of_the_baseline() -> None:
    found = target(maximal_drop=0.1, drop_type="relative")
    assert found.drop({"top1": 0.8, "error": 0.23}) == pytest.approx(0.15)
    assert found.bounds(0.1) == pytest.approx({"top1": 0.72, "error": 0.22})


def test_exactly_what_is_allowed_is_allowed() -> None:
    assert target(maximal_drop=0.1).is_met(0.8 - 0.7)


def test_metrics_and_baselines_by_name() -> None:
    found = target(metrics=[{"name": "top1", "baseline_value": 0.9}])
    assert found.drop({"top1": 0.8, "error": 1.0}) == pytest.approx(0.1)


def test_a_metric_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"no 'top'; did you mean 'top1'"):
        target(metrics=[{"name": "top"}])


def test_nothing_measured() -> None:
    with pytest.raises(EngineError, match="no figure"):
        make_target(AccuracyAwareParameters(), {}, {})


def test_relative_to_nothing() -> None:
    parameters = AccuracyAwareParameters(drop_type="relative", metrics=[NamedMetric(name="a")])
    with pytest.raises(ConfigError, match="baseline other than zero"):
        make_target(parameters, {"a": 0.0}, {})


def test_a_float_model_that_is_never_right_can_not_get_worse() -> None:
    found = make_target(AccuracyAwareParameters(), {"top1": 0.0, "error": 0.0, "map": 0.1}, DIRECTIONS)
    assert [goal.tells for goal in found.goals] == [False, True, True]
    assert found.doubts == [
        "metric 'top1' of the float model is 0, and can't be lost: do labels, and what is fed, fit the model?"
    ]
