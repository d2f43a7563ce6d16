"""RangeOptimization: ranges that are too wide become narrower, unseen samples profit, and nothing else is changed."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import openvino as ov
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openvino import opset13 as op

from builders import Floats, labelled, model, network, parameter, runner, weights
from openvino.tools.pot import IEEngine, RangeOptimization, create_pipeline, load_model
from openvino.tools.pot.algorithms.decisions import Decisions
from openvino.tools.pot.algorithms.job import decided
from openvino.tools.pot.algorithms.networks import Networks
from openvino.tools.pot.algorithms.quantization.minmax import MinMaxQuantization
from openvino.tools.pot.algorithms.quantization.range_factors import RangeRefinement, schedule
from openvino.tools.pot.algorithms.rehearsal import Rehearsal
from openvino.tools.pot.configs.refining import RangeOptimizationParameters
from openvino.tools.pot.placement.plan import by_group
from openvino.tools.pot.utils.errors import ConfigError

WIDE = {
    "self_check": False,
    "activations": {
        "range_estimator": {
            "min": {"type": "min", "aggregator": "min"},
            "max": {"type": "max", "aggregator": "max"},
        }
    },
}
"""As far as the loudest channel reaches."""
SEARCH = {"lower_boxsize": 0.9, "maxiter": 60, "optimization_subset_size": 20}


def entry(name: str, **params: Any) -> dict[str, Any]:
    return {"name": name, "params": params}


def chain() -> ov.Model:
    """Products of which the first does not read the first channel."""
    x, matrix = parameter([1, 1, 24]), weights((24, 24), 1)
    matrix[0] = 0
    first = op.relu(op.matmul(x, op.constant(matrix), False, False, name="m0"), name="relu")
    return model(op.matmul(first, op.constant(weights((24, 8), 2)), False, False, name="m1"), x)


def samples(count: int, seed: int, loud: float = 1) -> list[Floats]:
    """With a first channel that is louder than the others."""
    values = np.random.default_rng(seed).standard_normal((count, 1, 1, 24)).astype(np.float32)
    values[..., 0] *= loud
    return list(values)


def ranges(network: ov.Model) -> dict[str, list[float]]:
    """The borders of quantizers."""
    found = (node for node in network.get_ops() if node.get_type_name() == "FakeQuantize")
    return {
        node.get_friendly_name(): [
            float(np.max(np.asarray(node.input_value(port).get_node().data))) for port in (1, 2)
        ]
        for node in found
    }


def made(source: ov.Model, data: list[Floats], *entries: dict[str, Any]) -> ov.Model:
    engine = IEEngine({}, labelled(data))
    return create_pipeline(list(entries), engine).run(load_model(source)).submodels[0].model


def error(source: ov.Model, quantized: ov.Model, data: list[Floats]) -> float:
    exact, found = runner(source), runner(quantized)
    return float(np.mean([np.square(found(each)[0] - exact(each)[0]).mean() for each in data]))


@pytest.mark.long
def test_a_range_that_a_channel_nobody_reads_made_too_wide_becomes_narrower() -> None:
    source, data, others = chain(), samples(100, 0, loud=8), samples(40, 1, loud=8)
    plain, found = (
        made(source, data, entry("MinMaxQuantization", **WIDE), *more)
        for more in ([], [entry("RangeOptimization", **SEARCH)])
    )
    assert error(source, found, others) < 0.6 * error(source, plain, others)


@pytest.mark.long
def test_where_nothing_comes_closer_the_model_is_what_it_was() -> None:
    boxes = {"lower_boxsize": 0.0, "upper_boxsize": 3.0, "maxiter": 16}  # wider alone, of ranges that fit
    source, data = chain(), samples(60, 0)
    plain, found = (
        made(source, data, entry("MinMaxQuantization", **WIDE), *more)
        for more in ([], [entry("RangeOptimization", **boxes)])
    )
    assert ranges(plain) == ranges(found)


def decisions_of(source: ov.Model, data: list[Floats], **params: Any) -> tuple[Decisions, Decisions]:
    """Before and after the refinement."""
    algorithms = [MinMaxQuantization(WIDE), RangeOptimization({**SEARCH, **params})]
    networks = Networks.of(load_model(source), algorithms, IEEngine({}, labelled(data)))
    jobs = networks.planned(algorithms)
    ((name, job),) = jobs.items()
    before = decided(job, networks.measuring.measured(jobs)[name])
    return before.decisions, networks.refined(name, before).decisions


@pytest.mark.long
def test_it_says_what_it_decided_stays_in_its_box_and_changes_nothing_before() -> None:
    before, after = decisions_of(chain(), samples(100, 0, loud=8))
    changed = 0
    for tensor, own in before.activations.items():
        factor = after.activations[tensor].high / own.high
        assert 0.1 <= factor.min() <= factor.max() <= 1.2
        np.testing.assert_allclose(after.activations[tensor].low, own.low * factor, rtol=1e-6)
        if after.changes[tensor][-1].stage == "RangeRefinement":
            changed += 1
        else:
            assert factor == 1
    assert changed
    assert before.weights == after.weights


@pytest.mark.long
def test_a_scope_names_the_activations_that_may_change() -> None:
    before, after = decisions_of(chain(), samples(100, 0, loud=8), optimization_scope=["x"])
    changed = [
        tensor.node
        for tensor in before.activations
        if before.activations[tensor] != after.activations[tensor]
    ]
    assert changed == ["x"]
    with pytest.raises(ConfigError, match=r"optimization_scope: no activation 'relo' is quantized.*'relu'"):
        decisions_of(chain(), samples(8, 0), optimization_scope=["relo"])


@pytest.mark.long
def test_factors_that_are_fed_do_what_ranges_of_that_width_do() -> None:
    source, data = chain(), samples(40, 0, loud=3)
    before, _ = decisions_of(source, data)
    groups = by_group(before.network.plan.activations)
    factors = np.array([0.37, 1.21], np.float32)
    fed, fixed = Rehearsal.of(before, scaled=groups), None
    wide = {
        each.tensor: before.activations[each.tensor].widened(factor)
        for group, factor in zip(groups, factors, strict=True)
        for each in group
    }
    fixed = Rehearsal.of(before.decided("test", "a test", activations=wide))
    one, other = runner(fed.model), runner(fixed.model)
    for each in data[:8]:
        np.testing.assert_allclose(one(each, factors)[1], other(each)[1], rtol=1e-4, atol=1e-4)


@pytest.mark.long
def test_ranges_that_devices_round_states_with_stay() -> None:
    x = parameter([1, 6, 24])
    start = op.constant(np.zeros((1, 1, 16), np.float32))
    matrices = [op.constant(weights((1, 48, size), size, 0.3), name=f"w{size}") for size in (24, 16)]
    biases = op.constant(weights((1, 48), 3, 0.2))
    rnn = op.gru_sequence(x, start, op.constant([6]), *matrices, biases, 16, "forward", name="rnn")
    flat = op.reshape(rnn.output(0), op.constant([1, 96]), False)
    source = model(op.matmul(flat, op.constant(weights((96, 4))), False, False, name="end"), x)
    data = list(np.random.default_rng(0).standard_normal((20, 1, 6, 24)).astype(np.float32))
    before, _ = decisions_of(source, data)
    covering = [group for group in by_group(before.network.plan.activations) if group[0].covers]
    assert covering
    found = RangeRefinement(RangeOptimizationParameters())._groups(before)
    assert found == [group for group in by_group(before.network.plan.activations) if group not in covering]


@given(st.integers(1, 9), st.integers(2, 300), st.integers(2, 60), st.integers(2, 40))
def test_what_is_held_out_is_never_tried_on_and_what_is_tried_is_known(
    groups: int, count: int, trials: int, measured: int
) -> None:
    phases = schedule(groups, count, trials, measured)
    held = {unit for phase in phases if phase.counts for unit in phase.units}
    tried = {unit for phase in phases if not phase.counts for unit in phase.units}
    assert held and not held & tried and held | tried <= set(range(count))
    assert sum(phase.group is not None for phase in phases) <= max(2, trials)
    assert phases[0].counts and phases[-1].counts
    begun = 0
    for phase in phases:
        assert phase.start <= begun and (phase.wider or phase.start == begun)
        assert phase.units
        begun += len(phase.units)


@pytest.mark.long
def test_it_is_the_same_however_many_run_at_once() -> None:
    found = []
    for requests in (1, 3):
        engine = IEEngine({"stat_requests_number": requests}, labelled(samples(60, 0, loud=8)))
        entries = [entry("MinMaxQuantization", **WIDE), entry("RangeOptimization", **SEARCH)]
        found.append(ranges(create_pipeline(entries, engine).run(load_model(chain())).submodels[0].model))
    assert found[0] == found[1]


def test_a_network_with_a_state_keeps_its_ranges(caplog: pytest.LogCaptureFixture) -> None:
    x = parameter([1, 24])
    state = op.read_value(op.constant(np.zeros((1, 24), np.float32)), "v", ov.Type.f32, [1, 24], name="state")
    total = op.add(x, state, name="total")
    last = op.matmul(total, op.constant(weights((24, 8), 2)), False, False, name="m1")
    result = op.result(last, name="y")
    source = ov.Model([result], [op.assign(total, "v")], [x.get_node()], "recalls")
    with caplog.at_level(logging.WARNING):
        made(
            source, samples(10, 0), entry("MinMaxQuantization", **WIDE), entry("RangeOptimization", **SEARCH)
        )
    assert "can't be run beside the float one: ranges stay as they are" in caplog.text


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"maxiter": 1}, "maxiter: input should be greater than or equal to 2"),
        ({"maxiter": "many"}, "maxiter"),
        ({"lower_boxsize": 1.5}, "lower_boxsize"),
        ({"activation_ranges_to_set": [{"a": [0, 1]}]}, "activation_ranges_to_set: it is not supported"),
        ({"optimisation_scope": ["a"]}, "did you mean 'optimization_scope'"),
    ],
)
def test_what_it_can_not_do_is_refused(params: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        RangeOptimization(params)


def test_parameters_of_pots_are_taken() -> None:
    pots = {
        "stat_subset_size": 5000,
        "opt_backend": "nevergrad",
        "optimizer_name": "CMA",
        "maxiter": [100, 50],
    }
    assert RangeOptimization(pots).recipe.parameters.stat_subset_size == 5000


def test_on_a_device_of_integers_it_is_refused() -> None:
    with pytest.raises(ConfigError, match="RangeOptimization: ranges on GNA keep sums from overflowing"):
        made(
            chain(),
            samples(10, 0),
            entry("MinMaxQuantization", target_device="GNA"),
            entry("RangeOptimization"),
        )


@pytest.mark.parametrize("names", [["RangeOptimization"], ["RangeOptimization", "MinMaxQuantization"]])
def test_it_stands_behind_what_places_quantizers(names: list[str]) -> None:
    with pytest.raises(ConfigError, match="RangeOptimization"):
        create_pipeline([entry(name) for name in names], IEEngine({}, labelled(samples(4, 0)))).run(network())
