"""The optimizer Tpe: what is tried, what is kept, what goes on, and what is best."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import Items, TopOne, labelled, model, network, parameter, weights
from openvino.tools.pot import IEEngine, TunableQuantization, create_pipeline, load_model
from openvino.tools.pot.configs.tuning import TpeParameters
from openvino.tools.pot.graph.model_utils import get_nodes_by_type
from openvino.tools.pot.pipeline import tuning
from openvino.tools.pot.pipeline.tuning import TpeOptimizer, Trial
from openvino.tools.pot.utils.errors import ConfigError, EngineError

COUNT, WIDTH, CLASSES = 40, 16, 5
FRAGILE = "m1"
HEAD = [{"name": "ActivationChannelAlignment", "params": {}}]


@cache
def fragile() -> ov.Model:
    """Products, of which the second reads a channel so loud that nothing is left of the others in INT8."""
    x = parameter([1, 1, WIDTH])
    first = op.matmul(x, op.constant(weights((WIDTH, WIDTH), 1)), False, False, name="m0")
    loud = np.zeros((1, WIDTH), np.float32)
    loud[:, 0] = 1e5
    matrix = weights((WIDTH, WIDTH), 2)
    matrix[0] = 0
    second = op.matmul(
        op.add(op.relu(first), op.constant(loud)), op.constant(matrix), False, False, name=FRAGILE
    )
    last = op.matmul(op.relu(second), op.constant(weights((WIDTH, CLASSES), 3)), False, False, name="m2")
    return model(last, x)


def samples() -> Items:
    data = np.random.default_rng(0).standard_normal((COUNT, 1, 1, WIDTH)).astype(np.float32)
    compiled = ov.Core().compile_model(fragile(), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return Items([(each, int(compiled([each])[0].argmax())) for each in data])


ENGINE = IEEngine({}, samples(), TopOne())


def optimizer(folder: Path | None = None, scope: Any = ("layer",), **params: Any) -> TpeOptimizer:
    tuned = {"self_check": False, "tuning_scope": list(scope), "saturation_fix": "no"}
    if "range_estimator" in scope:
        tuned |= {
            "estimator_tuning_scope": ["preset", "aggregator", "type", "outlier_prob"],
            "outlier_prob_choices": [1e-3, 1e-4],
        }
    entries = [*HEAD, {"name": "TunableQuantization", "params": tuned}, {"name": "FastBiasCorrection"}]
    pipeline = create_pipeline(entries, ENGINE)
    return TpeOptimizer({"max_trials": 12, "latency_weight": 0, **params}, pipeline, ENGINE, folder)


def in_float(found: Any) -> bool:
    """Whether the fragile product is."""
    readers = {
        port.get_node().get_friendly_name()
        for node in get_nodes_by_type(found, ["FakeQuantize"])
        for port in node.node.output(0).get_target_inputs()
    }
    return FRAGILE not in readers


@pytest.fixture
def optuna() -> Any:
    return pytest.importorskip("optuna")


@pytest.mark.long
def test_the_layer_that_costs_the_metric_is_left_in_float(optuna: Any) -> None:
    search = optimizer(max_trials=25)
    found = search.run(load_model(fragile()))
    assert len(search.trials) == 25
    assert search.trials[0].drop > 0.05 and not any(search.trials[0].values.values())
    assert min(trial.drop for trial in search.trials) < 0.5 * search.trials[0].drop
    assert in_float(found)


@pytest.mark.long
def test_a_search_that_goes_on_does_what_it_would_have_done(optuna: Any, tmp_path: Path) -> None:
    whole, first = optimizer(tmp_path / "whole"), optimizer(tmp_path / "parts", max_trials=5)
    whole.run(load_model(fragile()))
    first.run(load_model(fragile()))
    second = optimizer(tmp_path / "parts", trials_load_method="warm_start")
    second.run(load_model(fragile()))
    assert second.trials == whole.trials and second.trials[:5] == first.trials
    third = optimizer(tmp_path / "parts", trials_load_method="eval", max_trials=1)
    made = third.run(load_model(fragile()))
    assert third.trials == whole.trials
    best = min(whole.trials, key=lambda trial: trial.drop)
    assert in_float(made) == (best.values[f"layer {FRAGILE}"] == "float")
    fourth = optimizer(tmp_path / "parts", max_trials=2)
    fourth.run(load_model(fragile()))
    assert fourth.trials == whole.trials[:2]


def test_a_folder_of_another_search_is_refused(optuna: Any, tmp_path: Path) -> None:
    optimizer(tmp_path, max_trials=1).run(load_model(fragile()))
    other = optimizer(tmp_path, scope=("mode",), trials_load_method="warm_start", max_trials=2)
    with pytest.raises(ConfigError, match="holds another search: expected parameters"):
        other.run(load_model(fragile()))
    with pytest.raises(ConfigError, match="trials_load_method is eval, and nothing was found"):
        optimizer(tmp_path / "new", trials_load_method="eval").run(load_model(fragile()))


@pytest.mark.long
def test_estimators_and_modes_are_tried_even_where_nothing_is_left_to_align(optuna: Any) -> None:
    search = optimizer(scope=("range_estimator", "mode", "granularity", "bits"), max_trials=12)
    search.run(load_model(fragile()))
    assert set(search.trials[0].values) == {"mode", "granularity", "estimator", "aggregator", "outlier_prob"}
    assert {trial.values["estimator"] for trial in search.trials} == {None, "default", "quantile"}


def test_it_ends_when_the_target_is_reached_or_time_is_over(
    optuna: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "latencies_as_users_run", lambda *_: [3.0, 2.0])
    near = {"stop_on_target": True, "accuracy_loss": 100, "latency_weight": 1}
    search = optimizer(latency_reduce=1.5, **near)
    search.run(load_model(fragile()))
    assert [trial.speedup for trial in search.trials] == [1.5]
    far = optimizer(latency_reduce=1.6, **{**near, "max_trials": 3})
    far.run(load_model(fragile()))
    assert len(far.trials) == 3
    clock = iter([0.0, 0.0, 0.0, 0.0, 1000.0, 1000.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock, 1000.0))
    short = optimizer(max_minutes=1)
    short.run(load_model(fragile()))
    assert 1 <= len(short.trials) < 5


def test_the_subset_for_evaluation_is_what_is_evaluated(optuna: Any) -> None:
    search = optimizer(max_trials=1, eval_subset_size=7)
    search.run(load_model(fragile()))
    assert search.trials[0].drop * 7 == pytest.approx(round(search.trials[0].drop * 7))


def test_what_is_kept_is_plain(optuna: Any, tmp_path: Path) -> None:
    optimizer(max_trials=2, state_dir=str(tmp_path)).run(load_model(fragile()))
    facts = json.loads((tmp_path / "tpe" / "search.json").read_text())
    assert facts["float metrics"] == {"top1": 1.0}
    assert [set(trial) for trial in facts["trials"]] == [{"values", "drop", "speedup"}] * 2


def test_a_share_of_nothing_is_refused(optuna: Any) -> None:
    for metrics in (None, [{"name": "top1"}]):
        search = optimizer(metrics=metrics)
        search._engine = IEEngine({}, Items([(each, -1) for each, _ in samples().items]), TopOne())
        with pytest.raises(
            ConfigError, match="accuracy_loss is a share of the float model's 'top1', which is 0"
        ):
            search.run(load_model(fragile()))


DROPS = st.floats(-0.1, 1)
SPEEDS = st.floats(0.2, 5)


@given(DROPS, SPEEDS, DROPS, SPEEDS, st.floats(0, 10), st.floats(0, 10))
def test_who_loses_too_much_comes_behind_all_others(
    drop: float, fast: float, other: float, slow: float, accuracy: float, latency: float
) -> None:
    parameters = TpeParameters(
        max_trials=1, accuracy_loss=10.0, accuracy_weight=accuracy, latency_weight=latency
    )
    first, second = Trial({}, min(drop, 0.1), fast), Trial({}, 0.1001 + abs(other), slow)
    assert first.loss(parameters) < second.loss(parameters)
    if latency > 0.01 and fast > 1.01 * slow:
        assert first.loss(parameters) < Trial({}, 0.1, slow).loss(parameters)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "max_trials: it is missing"),
        ({"max_trials": 0}, "max_trials: input should be greater"),
        (
            {"max_trials": 5, "trials_load_method": "fine_tune"},
            "fine_tune is not supported, expected warm_start",
        ),
        ({"max_trials": 5, "acuracy_loss": 1}, "did you mean 'accuracy_loss'"),
    ],
)
def test_parameters_that_are_wrong(optuna: Any, params: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        TpeOptimizer(params, create_pipeline([{"name": "TunableQuantization"}], ENGINE), ENGINE)


def test_what_it_needs_is_named(optuna: Any) -> None:
    enough = {"max_trials": 1}
    with pytest.raises(ConfigError, match=r"expected TunableQuantization among the algorithms, found \['Def"):
        TpeOptimizer(enough, create_pipeline([{"name": "DefaultQuantization"}], ENGINE), ENGINE)
    bare = IEEngine({}, labelled([]))
    with pytest.raises(EngineError, match="expected an engine with a metric, found none"):
        TpeOptimizer(enough, create_pipeline([{"name": "TunableQuantization"}], bare), bare)


def test_without_optuna_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(
        ConfigError,
        match=r"optimizer: searches for parameters need Optuna: pip install optuna \(or '\.\[tuning\]'",
    ):
        TpeOptimizer({"max_trials": 1}, create_pipeline([{"name": "TunableQuantization"}], ENGINE), ENGINE)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"tuning_scope": ["layers"]}, r"tuning_scope\[0\]"),
        ({"tuning_scope": ["range_estimator"]}, "estimator_tuning_scope is empty"),
        ({"estimator_tuning_scope": ["outlier_prob"]}, "outlier_prob_choices is empty"),
        ({"outlier_prob_choices": [0.7]}, "expected shares between 0 and 0.5, found 0.7"),
    ],
)
def test_scopes_that_are_wrong(params: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        TunableQuantization(params)


def test_alone_it_is_minmax_quantization() -> None:
    def ranges(name: str, **params: Any) -> list[NDArray[Any]]:
        data = labelled(list(np.random.default_rng(0).standard_normal((12, 1, 3, 8, 8)).astype(np.float32)))
        entries = [{"name": name, "params": {"self_check": False, **params}}]
        made = create_pipeline(entries, IEEngine({}, data)).run(load_model(network()))
        nodes = made.submodels[0].model.get_ordered_ops()
        return [np.asarray(node.data) for node in nodes if node.get_type_name() == "Constant"]

    for one, other in zip(
        ranges("TunableQuantization", tuning_scope=["layer"]), ranges("MinMaxQuantization"), strict=True
    ):
        np.testing.assert_array_equal(one, other)
