"""BiasCorrection: what is measured on the quantized network, in which order, and where it has nothing to say."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import openvino as ov
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import Cascade, Floats, conv, images, labelled, model, parameter, stored, weights
from openvino.tools.pot import (
    BiasCorrection,
    DefaultQuantization,
    FastBiasCorrection,
    IEEngine,
    MinMaxQuantization,
    Pipeline,
    load_model,
)
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.decisions import Decisions
from openvino.tools.pot.algorithms.job import decided
from openvino.tools.pot.algorithms.networks import Known, Networks
from openvino.tools.pot.algorithms.quantization.drifts import Budget, DriftRefinement, schedule
from openvino.tools.pot.algorithms.rehearsal import Rehearsal
from openvino.tools.pot.configs.parameters import FastBiasCorrectionParameters
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.placement.avoided import NOTHING
from openvino.tools.pot.samplers.batch_sampler import mixed
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.reducers import Drift
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.errors import DataError, EngineError
from proofs import outputs

PLAIN: Mapping[str, Any] = {"self_check": False}


EXTREMES: Mapping[str, Any] = {
    "range_estimator": {
        "min": {"type": "min", "aggregator": "min"},
        "max": {"type": "max", "aggregator": "max"},
    }
}
COARSE: Mapping[str, Any] = {**PLAIN, **EXTREMES}
"""One loud channel makes steps so coarse that nothing is left of the others."""


def chain(depth: int = 4, width: int = 64) -> ov.Model:
    """Products behind each other, whose first input channel hardly counts: ReLU makes a mean of errors."""
    value: Any = parameter([1, 1, width])
    first = value
    for number in range(depth):
        matrix = weights((width, width), number) if number == 0 else np.abs(weights((width, width), number))
        matrix[0] *= 1e-4 if number == 0 else 1
        product = op.matmul(value, op.constant(matrix), False, False, name=f"dense{number}")
        value = op.relu(product, name=f"relu{number}") if number < depth - 1 else product
    return model(value, first)


def samples(count: int = 100, width: int = 64) -> list[Floats]:
    values = np.random.default_rng(5).standard_normal((count, 1, 1, width)).astype(np.float32)
    values[..., 0] *= 1000
    return list(values)


def run(network: ov.Model, *algorithms: Algorithm, data: list[Floats] | None = None) -> ov.Model:
    pipeline = Pipeline(IEEngine({}, labelled(samples() if data is None else data)))
    for algorithm in algorithms:
        pipeline.add_algo(algorithm)
    return pipeline.run(load_model(network)).submodels[0].model


def mean_errors(
    network: ov.Model, decisions: Decisions, data: list[Floats]
) -> dict[str, NDArray[np.float64]]:
    """Of each layer's output in the quantized network, with its bias, by channel."""
    rehearsal = Rehearsal.of(decisions)
    requests = {
        layer.node: Request(rehearsal.outputs[layer.node], Drift(1, TensorId(layer.node)), "mean")
        for _, layer, _ in decisions.network.linear_layers
    }
    layout = StatisticsLayout(rehearsal.model, requests.values())
    compiled = ov.Core().compile_model(layout.model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = layout.collect(list(compiled([each]).values()) for each in data)
    return {node: found.value(each) + decisions.bias_shifts[node] for node, each in requests.items()}


def decisions_of(network: ov.Model, data: list[Floats], **params: Any) -> tuple[Decisions, Decisions]:
    """Before and after the refinement."""
    algorithm = DefaultQuantization({"use_fast_bias": False, **COARSE, **params})
    networks = Networks.of(load_model(network), [algorithm], IEEngine({}, labelled(data)))
    jobs = networks.planned([algorithm])
    ((name, job),) = jobs.items()
    before = decided(job, networks.measuring.measured(jobs)[name])
    return before.decisions, networks.refined(name, before).decisions


@pytest.mark.long
def test_means_of_all_layers_are_those_of_the_float_network() -> None:
    network, data = chain(), samples()
    before, after = decisions_of(network, data)
    first, second = (mean_errors(network, each, data) for each in (before, after))
    powers = [
        sum(float(np.square(each[node]).sum()) for node in first if node != "dense0")
        for each in (first, second)
    ]
    assert powers[1] < 0.5 * powers[0]


@pytest.mark.long
def test_what_is_decided_says_who_decided_it_and_changes_nothing_before() -> None:
    before, after = decisions_of(chain(3), samples())
    said = {node: after.changes[node][-1].stage for node in after.bias_shifts}
    assert said == {
        "dense0": "BiasStage",
        "dense1": "BiasStage",
        "dense2": "DriftRefinement",
    }  # of few samples
    assert before.changes["dense2"][-1].stage == "BiasStage"


@pytest.mark.long
def test_outputs_of_samples_that_nothing_was_measured_on_come_closer() -> None:
    network, others = chain(), samples(300)[100:]
    algorithms = [[MinMaxQuantization(COARSE), each] for each in (FastBiasCorrection(), BiasCorrection())]
    exact, *found = (outputs(each, others) for each in (network, *(run(network, *own) for own in algorithms)))
    fast, slow = (float(np.square(each - exact).mean()) for each in found)
    assert slow < 0.8 * fast


@pytest.mark.long
def test_the_thorough_effort_corrects_biases_too() -> None:
    network, others = chain(), samples(300)[100:]
    efforts = [
        run(network, DefaultQuantization({**COARSE, "effort": each})) for each in ("usual", "thorough")
    ]
    exact, *found = (outputs(each, others) for each in (network, *efforts))
    usual, thorough = (float(np.square(each - exact).mean()) for each in found)
    assert thorough < 0.8 * usual


@pytest.mark.long
def test_a_list_of_algorithms_and_a_parameter_mean_the_same() -> None:
    with_list = run(chain(3), DefaultQuantization(COARSE), BiasCorrection())
    with_parameter = run(chain(3), DefaultQuantization({**COARSE, "use_fast_bias": False}))
    names = [{n.get_friendly_name() for n in each.get_ops()} for each in (with_list, with_parameter)]
    assert names[0] == names[1]
    biases = [
        [
            np.array(n.data)
            for n in each.get_ordered_ops()
            if "bias" in n.get_friendly_name() and hasattr(n, "data")
        ]
        for each in (with_list, with_parameter)
    ]
    assert biases[0] and all(np.array_equal(a, b) for a, b in zip(*biases, strict=True))


@pytest.mark.long
def test_two_runs_give_the_same_bytes_however_many_requests_run_at_once() -> None:
    found = []
    for requests in (1, 2):
        engine = IEEngine({"stat_requests_number": requests}, labelled(samples(60)))
        pipeline = Pipeline(engine)
        pipeline.add_algo(MinMaxQuantization(COARSE))
        pipeline.add_algo(BiasCorrection())
        found.append(stored(pipeline.run(load_model(chain(3)))))
    assert found[0][1] == found[1][1]


@pytest.mark.long
def test_the_threshold_leaves_layers_alone() -> None:
    network = chain(3)
    fast = run(network, MinMaxQuantization(COARSE), FastBiasCorrection({"threshold": 1e-9}))
    exact = run(network, MinMaxQuantization(COARSE), BiasCorrection({"threshold": 1e-9}))
    assert [n.get_friendly_name() for n in fast.get_ops() if "corrected" in n.get_friendly_name()] == [
        n.get_friendly_name() for n in exact.get_ops() if "corrected" in n.get_friendly_name()
    ]


def test_layers_without_a_bias_can_be_left_alone() -> None:
    x = parameter([1, 16])
    product = op.matmul(x, op.constant(weights((16, 16))), False, False, name="dense")
    data = [np.random.default_rng(i).standard_normal((1, 16)).astype(np.float32) for i in range(16)]
    found = run(
        model(product, x),
        MinMaxQuantization(COARSE),
        BiasCorrection({"apply_for_all_nodes": False}),
        data=data,
    )
    assert not any("bias" in node.get_friendly_name() for node in found.get_ops())


@pytest.mark.long
def test_sizes_that_are_open() -> None:
    x = parameter(ov.PartialShape([1, 3, -1, -1]))
    first = op.relu(conv(x, 6, "conv0"))
    network = model(op.relu(conv(first, 6, "conv1", seed=1)), x)
    algorithms = MinMaxQuantization(COARSE), BiasCorrection()
    same = run(network, *algorithms, data=images(16))
    different = run(network, *algorithms, data=[*images(8), *images(8, shape=(1, 3, 12, 10))])
    for found in (same, different):
        assert found.inputs[0].get_partial_shape().is_dynamic
        assert any("corrected_bias" in node.get_friendly_name() or "add_bias" in node.get_friendly_name()
                   for node in found.get_ops())  # fmt: skip


def test_a_network_with_a_state_keeps_the_closed_form(caplog: pytest.LogCaptureFixture) -> None:
    x = parameter([1, 16])
    state = op.read_value(op.constant(np.zeros((1, 16), np.float32)), "v", ov.Type.f32, [1, 16], name="state")
    product = op.matmul(op.add(x, state), op.constant(weights((16, 16))), False, False, name="dense")
    network = ov.Model([op.result(product, name="y")], [op.assign(product, "v")], [x.get_node()], "recalls")
    data = [np.random.default_rng(i).standard_normal((1, 16)).astype(np.float32) for i in range(16)]
    with caplog.at_level(logging.WARNING):
        run(network, MinMaxQuantization(COARSE), BiasCorrection(), data=data)
    assert "model 'recalls' keeps a state and can't be run beside the float one" in caplog.text


@pytest.mark.long
@pytest.mark.parametrize("twice", [False, True])
def test_networks_of_a_cascade(twice: bool, caplog: pytest.LogCaptureFixture) -> None:
    networks = [chain(2), chain(3)]
    entries = [{"name": name, "model": each} for name, each in zip("ab", networks, strict=True)]
    cascade = load_model({"model_name": "both", "cascade": entries})
    engine = Cascade({}, labelled(samples()))
    engine.twice = twice
    pipeline = Pipeline(engine)
    pipeline.add_algo(DefaultQuantization({**COARSE, "use_fast_bias": False}))
    found = pipeline.run(cascade)
    refined = [
        any(c.stage == "DriftRefinement" for said in sub.decided.values() for c in said) for sub in found
    ]
    assert refined == [True, not twice]
    assert ("model 'b' makes" in caplog.text) == twice


def test_statistics_of_before_do_not_do_without_samples() -> None:
    algorithms = MinMaxQuantization(COARSE), BiasCorrection()
    pipeline, other = Pipeline(IEEngine({}, labelled(samples(8)))), Pipeline(None)
    for each in algorithms:
        pipeline.add_algo(each)
        other.add_algo(each)
    statistics = pipeline.collect_statistics(load_model(chain(2)))
    with pytest.raises(EngineError, match="an engine with a data loader"):
        other.run(load_model(chain(2)), statistics)


@pytest.mark.long
def test_models_that_the_check_makes_anew_are_refined_too() -> None:
    algorithm = DefaultQuantization({"use_fast_bias": False, **COARSE})
    networks = Networks.of(load_model(chain(3)), [algorithm], IEEngine({}, labelled(samples())))
    jobs = networks.planned([algorithm])
    known = Known(networks, [networks.measuring.measured(jobs)])
    ((name, job),) = jobs.items()
    made = known.maker(name, job)(NOTHING.and_float({"dense2": "a test says so"}))
    assert made.decisions.changes["dense1"][-1].stage == "DriftRefinement"
    assert "dense2" not in made.decisions.bias_shifts


BEFORE = {str(number): frozenset([str(number - 1)] if number else []) for number in range(30)}


@given(st.integers(2, 400), st.integers(1, 60), st.integers(1, 60), st.floats(0.5, 8))
def test_a_schedule_holds_samples_out_and_stays_within_its_budget(
    samples: int, measured: int, judged: int, passes: float
) -> None:
    phases = schedule(BEFORE, samples, Budget(measured, judged, passes))
    held_out = set(phases[0].units)
    assert phases[0].nodes == () == phases[-1].nodes and phases[0].units == phases[-1].units
    for cut, after in zip(phases[1::2], phases[2::2], strict=True):
        assert cut.nodes and cut.units and not held_out & set(cut.units) and after.units == phases[0].units
    assert "29" in phases[-2].nodes
    total = sum(len(phase.units) for phase in phases)
    assert total <= max(passes * samples, 2 * len(held_out) + 4 * measured)
    assert all(0 <= unit < samples for phase in phases for unit in phase.units)


@settings(max_examples=50)
@given(st.integers(1, 40), st.integers(0, 100))
def test_mixed_orders_take_each_as_often_as_any_other(length: int, count: int) -> None:
    found = mixed(list(range(100, 100 + length)), count)
    times = np.bincount(np.array(found, int) - 100, minlength=length) if found else np.zeros(length, int)
    assert len(found) == count and times.max() - times.min() <= 1


@pytest.mark.long
def test_networks_that_always_take_several_samples_at_a_time() -> None:
    x = parameter([4, 3, 8, 8])
    value: Any = x
    for number in range(3):
        value = op.relu(conv(value, 6, f"conv{number}", seed=number))
    found = run(model(value, x), MinMaxQuantization(PLAIN), BiasCorrection(), data=images(40))
    assert found.inputs[0].get_shape()[0] == 4


def test_outputs_whose_size_depends_on_data() -> None:
    x = parameter([1, 64])
    first = op.matmul(x, op.constant(weights((64, 64))), False, False, name="first")
    product = op.matmul(op.relu(first), op.constant(weights((64, 64), 1)), False, False, name="last")
    which = op.convert(op.non_zero(op.greater(product, op.constant(np.float32(0)))), "f32")
    found = run(model(which, x), MinMaxQuantization(PLAIN), BiasCorrection(), data=images(40, shape=(1, 64)))
    assert any("fq_" in node.get_friendly_name() for node in found.get_ops())


class Failing:
    """Passes that fail."""

    samples = 50
    sizes: Mapping[str, Any] = {}

    def measure(self, layout: StatisticsLayout, order: Any) -> Any:
        raise DataError("inference failed: shapes differ", "sample 3")


def test_what_does_not_run_beside_the_float_network_keeps_the_closed_form(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before, _ = decisions_of(chain(3), samples(8))
    refinement = DriftRefinement(FastBiasCorrectionParameters())
    with caplog.at_level(logging.WARNING):
        assert refinement.refine(before, Failing()) is before
    assert "shapes differ; biases are corrected in closed form" in caplog.text


def test_time_steps_keep_the_closed_form(caplog: pytest.LogCaptureFixture) -> None:
    x, state = parameter([1, 8]), parameter([1, 8], "state")
    total = op.tanh(op.add(*(op.matmul(each, op.constant(weights((8, 8), seed)), False, False, name=f"dense{seed}")
                             for seed, each in enumerate((x, state)))), name="total")  # fmt: skip
    network = model(
        [op.matmul(total, op.constant(weights((8, 8), 2)), False, False, name="end"), total], x, state
    )
    network.outputs[1].add_names({"next"})
    zero = np.zeros((1, 8), np.float32)
    steps = [
        {"x": list(each), "state": [zero, None, None]}
        for each in np.split(np.stack(images(60, shape=(1, 8))), 20)
    ]
    pipeline = Pipeline(IEEngine({"recurrent_out_in_map": {"next": "state"}}, labelled(steps)))
    pipeline.add_algo(DefaultQuantization({"use_fast_bias": False, **PLAIN}))
    with caplog.at_level(logging.WARNING):
        found = pipeline.run(load_model(network))
    assert "expected one of each: biases are corrected in closed form" in caplog.text
    assert all(said[-1].stage != "DriftRefinement" for said in found.submodels[0].decided.values() if said)
