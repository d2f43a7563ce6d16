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

from builders import Floats, conv, images, labelled, model, parameter, stored, weights
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
from openvino.tools.pot.algorithms.rehearsal import Rehearsal
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.placement.avoided import NOTHING
from openvino.tools.pot.samplers.batch_sampler import mixed
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.reducers import Drift
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.errors import EngineError

PLAIN: Mapping[str, Any] = {"self_check": False}


def chain(depth: int = 5) -> ov.Model:
    """Convolutions behind each other whose errors have a mean: clipped data, and few weights."""
    x = parameter([1, 3, 8, 8])
    value: Any = x
    for number in range(depth):
        value = op.relu(conv(value, 6, f"conv{number}", seed=number), name=f"relu{number}")
    return model(value, x)


def samples(count: int = 48) -> list[Floats]:
    return [image * 3 for image in images(count)]


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
    algorithm = DefaultQuantization({"use_fast_bias": False, **PLAIN, **params})
    networks = Networks.of(load_model(network), [algorithm], IEEngine({}, labelled(data)))
    jobs = networks.planned([algorithm])
    ((name, job),) = jobs.items()
    before = decided(job, networks.measuring.measured(jobs)[name])
    return before.decisions, networks.refined(name, before).decisions


def test_means_of_all_layers_are_those_of_the_float_network() -> None:
    network, data = chain(), samples()
    before, after = decisions_of(network, data)
    first, second = (mean_errors(network, each, data) for each in (before, after))
    powers = [sum(float(np.square(each[node]).sum()) for node in first) for each in (first, second)]
    assert powers[1] < 0.5 * powers[0]


def test_what_is_decided_says_who_decided_it_and_changes_nothing_before() -> None:
    before, after = decisions_of(chain(3), samples(24))
    said = {node: after.changes[node][-1].stage for node in after.bias_shifts}
    assert said == {"conv0": "BiasStage", "conv1": "DriftRefinement", "conv2": "DriftRefinement"}
    assert before.changes["conv1"][-1].stage == "BiasStage"
    assert after.levels.keys() == before.levels.keys()


def test_the_last_layer_of_a_network_too_deep_for_the_samples_is_corrected() -> None:
    data = samples(24)
    before, after = decisions_of(chain(8), data)
    changed = [
        node
        for node, shift in after.bias_shifts.items()
        if not np.array_equal(shift, before.bias_shifts[node])
    ]
    assert "conv7" in changed and len(changed) < 8


def test_a_list_of_algorithms_and_a_parameter_mean_the_same() -> None:
    with_list = run(chain(3), DefaultQuantization(PLAIN), BiasCorrection())
    with_parameter = run(chain(3), DefaultQuantization({**PLAIN, "use_fast_bias": False}))
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


def test_two_runs_give_the_same_bytes_however_many_requests_run_at_once() -> None:
    found = []
    for requests in (1, 2):
        engine = IEEngine({"stat_requests_number": requests}, labelled(samples(20)))
        pipeline = Pipeline(engine)
        pipeline.add_algo(MinMaxQuantization(PLAIN))
        pipeline.add_algo(BiasCorrection())
        found.append(stored(pipeline.run(load_model(chain(3)))))
    assert found[0] == found[1]


def test_the_threshold_leaves_layers_alone() -> None:
    network = chain(3)
    fast = run(network, MinMaxQuantization(PLAIN), FastBiasCorrection({"threshold": 1e-9}))
    exact = run(network, MinMaxQuantization(PLAIN), BiasCorrection({"threshold": 1e-9}))
    assert [n.get_friendly_name() for n in fast.get_ops() if "corrected" in n.get_friendly_name()] == [
        n.get_friendly_name() for n in exact.get_ops() if "corrected" in n.get_friendly_name()
    ]


def test_layers_without_a_bias_can_be_left_alone() -> None:
    x = parameter([1, 16])
    product = op.matmul(x, op.constant(weights((16, 16))), False, False, name="dense")
    data = [np.random.default_rng(i).standard_normal((1, 16)).astype(np.float32) for i in range(16)]
    found = run(
        model(product, x),
        MinMaxQuantization(PLAIN),
        BiasCorrection({"apply_for_all_nodes": False}),
        data=data,
    )
    assert not any("bias" in node.get_friendly_name() for node in found.get_ops())


def test_sizes_that_are_open() -> None:
    x = parameter(ov.PartialShape([1, 3, -1, -1]))
    first = op.relu(conv(x, 6, "conv0"))
    network = model(op.relu(conv(first, 6, "conv1", seed=1)), x)
    algorithms = MinMaxQuantization(PLAIN), BiasCorrection()
    same = run(network, *algorithms, data=samples(16))
    others = [*samples(8), *images(8, shape=(1, 3, 12, 10))]
    different = run(network, *algorithms, data=others)
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
        run(network, MinMaxQuantization(PLAIN), BiasCorrection(), data=data)
    assert "model 'recalls' keeps a state and can't be run beside the float one" in caplog.text


class Cascade(IEEngine):
    """Two networks, the second one on what the first one gives, twice for every other sample."""

    def _predict(self, stats_layout: Any, sampler: Any, *more: Any) -> None:
        compiled = [self._ie.compile_model(each["model"], "CPU") for each in self._model.models]
        first, second = (each.create_infer_request() for each in compiled)
        for number, batch in enumerate(sampler):
            _, (image,), _ = self._process_batch(batch)
            first.infer([image])
            for _ in range(1 + number % 2):
                second.infer([first.get_output_tensor(0).data])


def test_networks_of_a_cascade() -> None:
    x = parameter([1, 6, 8, 8])
    networks = [chain(2), model(conv(op.relu(conv(x, 4, "first", seed=3)), 4, "last", seed=4), x)]
    entries = [{"name": name, "model": each} for name, each in zip("ab", networks, strict=True)]
    cascade = load_model({"model_name": "both", "cascade": entries})
    pipeline = Pipeline(Cascade({}, labelled(samples(16))))
    pipeline.add_algo(DefaultQuantization({**PLAIN, "use_fast_bias": False}))
    found = pipeline.run(cascade)
    for sub in found:
        assert any(change.stage == "DriftRefinement" for said in sub.decided.values() for change in said)


def test_statistics_of_before_do_not_do_without_samples() -> None:
    algorithms = MinMaxQuantization(PLAIN), BiasCorrection()
    pipeline, other = Pipeline(IEEngine({}, labelled(samples(8)))), Pipeline(None)
    for each in algorithms:
        pipeline.add_algo(each)
        other.add_algo(each)
    statistics = pipeline.collect_statistics(load_model(chain(2)))
    with pytest.raises(EngineError, match="an engine with a data loader"):
        other.run(load_model(chain(2)), statistics)


def test_models_that_the_check_makes_anew_are_refined_too() -> None:
    algorithm = DefaultQuantization({"use_fast_bias": False, **PLAIN})
    networks = Networks.of(load_model(chain(3)), [algorithm], IEEngine({}, labelled(samples(12))))
    jobs = networks.planned([algorithm])
    known = Known(networks, [networks.measuring.measured(jobs)])
    ((name, job),) = jobs.items()
    made = known.maker(name, job)(NOTHING.and_float({"conv0": "a test says so"}))
    assert made.decisions.changes["conv2"][-1].stage == "DriftRefinement"
    assert "conv0" not in made.decisions.bias_shifts


@settings(max_examples=50)
@given(st.integers(1, 40), st.integers(0, 100))
def test_mixed_orders_take_each_as_often_as_any_other(length: int, count: int) -> None:
    found = mixed(list(range(100, 100 + length)), count)
    times = np.bincount(np.array(found, int) - 100, minlength=length) if found else np.zeros(length, int)
    assert len(found) == count and times.max() - times.min() <= 1
