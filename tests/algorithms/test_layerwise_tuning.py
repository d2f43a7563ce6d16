"""Layer-wise tuning: outputs come closer, what must hold of weights holds, and where nothing is won all stays."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import Cascade, Floats, conv, images, labelled, model, parameter, stored, weights
from openvino.tools.pot import DefaultQuantization, IEEngine, Pipeline, load_model, quantize
from openvino.tools.pot.algorithms.decisions import Decisions
from openvino.tools.pot.algorithms.job import decided
from openvino.tools.pot.algorithms.networks import Networks
from openvino.tools.pot.algorithms.quantization import tuning
from openvino.tools.pot.algorithms.quantization.drifts import DriftRefinement
from openvino.tools.pot.algorithms.quantization.tuning import TuningBudget, TuningRefinement
from openvino.tools.pot.configs.parameters import FastBiasCorrectionParameters
from openvino.tools.pot.report.overflow import overflows
from openvino.tools.pot.utils.errors import ConfigError, DataError
from proofs import outputs, padded

TUNED: Mapping[str, Any] = {"self_check": False, "use_layerwise_tuning": True}


def chain(depth: int = 4) -> ov.Model:
    """Convolutions behind each other."""
    value: Any = parameter([1, 3, 8, 8])
    first = value
    for number in range(depth):
        value = op.relu(conv(value, 8, f"conv{number}", seed=number, kernel=3 if number % 2 else 1))
    return model(value, first)


def pictures(count: int, seed: int = 0) -> list[Floats]:
    """Channels that follow one signal, so that errors are made up for by others."""
    random = np.random.default_rng(seed)
    signal = random.uniform(-1, 1, (count, 1, 1, 8, 8))
    found = signal * np.array([1, 0.5, 2]).reshape(1, 1, 3, 1, 1) + 0.1 * random.normal(
        size=(count, 1, 3, 8, 8)
    )
    return list(found.astype(np.float32))


def made(network: ov.Model, data: Sequence[Floats], **params: Any) -> ov.Model:
    pipeline = Pipeline(IEEngine({}, labelled(data)))
    pipeline.add_algo(DefaultQuantization({"self_check": False, **params}))
    return pipeline.run(load_model(network)).submodels[0].model


def decisions_of(network: ov.Model, data: Sequence[Floats], **params: Any) -> tuple[Decisions, Decisions]:
    """Before and after the refinement."""
    algorithm = DefaultQuantization({**TUNED, **params})
    networks = Networks.of(load_model(network), [algorithm], IEEngine({}, labelled(data)))
    jobs = networks.planned([algorithm])
    ((name, job),) = jobs.items()
    before = decided(job, networks.measuring.measured(jobs)[name])
    return before.decisions, networks.refined(name, before).decisions


@pytest.mark.long
@pytest.mark.parametrize("params", [{"use_layerwise_tuning": True}, {"effort": "thorough"}])
def test_outputs_of_other_samples_come_closer(params: Mapping[str, Any]) -> None:
    network, others = chain(), pictures(60, seed=1)
    exact, *found = (
        outputs(each, others)
        for each in (network, *(made(network, pictures(100), **own) for own in ({}, params)))
    )
    plain, better = (float(np.square(each - exact).mean()) for each in found)
    assert better < 0.93 * plain


@pytest.mark.long
def test_what_is_decided_says_who_decided_it() -> None:
    before, after = decisions_of(chain(), pictures(150))
    changed = [q for q in after.levels if after.changes[q][-1].stage == "TuningRefinement"]
    assert changed and not any(
        c.stage == "TuningRefinement" for q in before.changes for c in before.changes[q]
    )
    assert (
        "least error of the layer's output in the quantized network" in after.changes[changed[0]][-1].evidence
    )


@pytest.mark.long
def test_levels_stay_between_zero_and_the_one_behind_the_weight_and_zeros_stay() -> None:
    x, values = parameter([1, 3, 8, 8]), weights((8, 8, 3, 3), 5)
    values[:, ::2] = 0
    hidden = op.relu(conv(x, 8, "first"))
    network = model(op.convolution(hidden, op.constant(values), [1, 1], [1, 1], [1, 1], [1, 1]), x)
    before, after = decisions_of(network, pictures(60))
    assert after is not before
    for quantizer, levels in after.levels.items():
        steps = before.weight_values(quantizer) / before.weights[quantizer].scale
        assert np.all(levels * np.sign(steps) >= 0) and np.all(np.abs(levels) < np.abs(steps) + 1)
        assert np.all(levels[steps == 0] == 0) and levels.dtype == np.int8
        ratio = after.weights[quantizer].scale / before.weights[quantizer].scale
        assert np.all((ratio > 0.25) & (ratio < 4)) and after.weights[quantizer].is_symmetric


@pytest.mark.long
def test_sums_of_16_bits_do_not_overflow() -> None:
    random = np.random.default_rng(0)
    x, ones = parameter([1, 3, 8, 8]), [1, 1]
    even = [random.uniform(0.9, 1, shape).astype(np.float32) for shape in ((4, 3, 1, 1), (4, 4, 1, 1))]
    hidden = op.relu(op.convolution(x, even[0], ones, [0, 0], [0, 0], ones))
    network = model(op.convolution(hidden, even[1], ones, [0, 0], [0, 0], ones), x)
    data = images(40)
    found = made(network, data, use_layerwise_tuning=True)
    assert [layer.overflows for layer in overflows(found, [{"x": each} for each in data])] == [0, 0]


@pytest.mark.long
def test_two_runs_give_the_same_bytes_however_many_requests_run_at_once() -> None:
    found = []
    for requests in (1, 2):
        pipeline = Pipeline(IEEngine({"stat_requests_number": requests}, labelled(pictures(40))))
        pipeline.add_algo(DefaultQuantization(TUNED))
        found.append(stored(pipeline.run(load_model(chain(3)))))
    assert found[0][1] == found[1][1]


@pytest.mark.long
def test_layers_that_feed_others_of_their_cut_are_tuned_by_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "openvino.tools.pot.algorithms.quantization.default.FEW_CUTS", TuningBudget(60, 2, 20)
    )
    rehearsed = []
    whole = TuningRefinement._pair

    def pair(self: Any, decisions: Any, rehearsal: Any, each: Any) -> Any:
        rehearsed.append((each[1].node, rehearsal is not None))
        return whole(self, decisions, rehearsal, each)

    monkeypatch.setattr(TuningRefinement, "_pair", pair)
    decisions_of(chain(4), pictures(60))
    assert rehearsed == [("conv0", False), ("conv1", True), ("conv2", False), ("conv3", True)]


@pytest.mark.long
def test_nothing_is_kept_that_does_not_bring_outputs_closer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "is_closer_mostly", lambda *_: False)
    before, after = decisions_of(chain(), pictures(40))
    assert after is before


@pytest.mark.long
def test_where_nothing_is_kept_biases_are_corrected_if_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tuning, "is_closer_mostly", lambda *_: False)
    asked: list[object] = []
    monkeypatch.setattr(
        DriftRefinement, "refine", lambda self, decisions, passes: asked.append(self) or decisions
    )
    made(chain(), pictures(40), effort="thorough")
    assert not asked
    made(chain(), pictures(40), use_layerwise_tuning=True, use_fast_bias=False)
    assert len(asked) == 1


@pytest.mark.long
def test_biases_that_are_to_stay_stay() -> None:
    x = parameter([1, 16])
    product = op.matmul(x, op.constant(weights((16, 16))), False, False, name="dense")
    data = images(60, shape=(1, 16))
    found = made(model(product, x), data, use_layerwise_tuning=True, apply_for_all_nodes=False)
    assert not any("bias" in node.get_friendly_name() for node in found.get_ops())


@pytest.mark.long
def test_a_single_range_for_all_channels_stays_as_wide_as_it_is() -> None:
    before, after = decisions_of(chain(), pictures(60), weights={"granularity": "pertensor"})
    assert after is not before
    assert all(np.array_equal(after.weights[each].high, before.weights[each].high) for each in before.weights)


@pytest.mark.long
def test_sizes_that_are_open_and_batches_that_are_fixed() -> None:
    for shape in (ov.PartialShape([1, 3, -1, -1]), ov.PartialShape([4, 3, 8, 8])):
        x = parameter(shape)
        network = model(op.relu(conv(op.relu(conv(x, 6, "conv0")), 6, "conv1", seed=1)), x)
        found = made(network, pictures(40), use_layerwise_tuning=True)
        assert found.inputs[0].get_partial_shape() == shape
        assert any("fq_" in node.get_friendly_name() for node in found.get_ops())
    different = [*pictures(8), *images(8, shape=(1, 3, 12, 10))]
    x = parameter(ov.PartialShape([1, 3, -1, -1]))
    made(model(op.relu(conv(op.relu(conv(x, 6, "conv0")), 6, "conv1", seed=1)), x), different, **TUNED)


@pytest.mark.long
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_few_samples(count: int) -> None:
    before, after = decisions_of(chain(), pictures(count))
    assert count > 1 or after is before


def test_a_network_with_a_state_stays_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    x = parameter([1, 16])
    state = op.read_value(op.constant(np.zeros((1, 16), np.float32)), "v", ov.Type.f32, [1, 16], name="state")
    product = op.matmul(op.add(x, state), op.constant(weights((16, 16))), False, False, name="dense")
    network = ov.Model([op.result(product, name="y")], [op.assign(product, "v")], [x.get_node()], "recalls")
    with caplog.at_level(logging.WARNING):
        made(network, images(16, shape=(1, 16)), use_layerwise_tuning=True)
    assert "model 'recalls' keeps a state and can't be run beside the float one" in caplog.text


def test_time_steps_stay_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
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
    pipeline.add_algo(DefaultQuantization(TUNED))
    with caplog.at_level(logging.WARNING):
        found = pipeline.run(load_model(network))
    assert "expected one of each: layers stay as they are" in caplog.text
    assert all(said[-1].stage != "TuningRefinement" for said in found.submodels[0].decided.values() if said)


@pytest.mark.long
@pytest.mark.parametrize("twice", [False, True])
def test_networks_of_a_cascade(twice: bool, caplog: pytest.LogCaptureFixture) -> None:
    entries = [{"name": name, "model": chain(depth)} for name, depth in (("a", 2), ("b", 3))]
    engine = Cascade({}, labelled(pictures(60)))
    engine.twice = twice
    pipeline = Pipeline(engine)
    pipeline.add_algo(DefaultQuantization(TUNED))
    found = pipeline.run(load_model({"model_name": "both", "cascade": entries}))
    tuned = [
        any(c.stage == "TuningRefinement" for said in sub.decided.values() for c in said) for sub in found
    ]
    assert tuned == [True, not twice]
    assert ("model 'b' makes" in caplog.text) == twice


class Failing:
    """Passes that fail."""

    samples = 50
    sizes: Mapping[str, Any] = {}

    def measure(self, layout: Any, order: Any) -> Any:
        raise DataError("inference failed: shapes differ", "sample 3")


@pytest.mark.long
def test_what_does_not_run_beside_the_float_network_stays(caplog: pytest.LogCaptureFixture) -> None:
    before, _ = decisions_of(chain(), pictures(8))
    refinement = TuningRefinement(FastBiasCorrectionParameters(), tuning.FEW_CUTS)
    with caplog.at_level(logging.WARNING):
        assert refinement.refine(before, Failing()) is before
    assert "shapes differ; layers stay as they are" in caplog.text


@pytest.mark.long
def test_an_interrupt_goes_through() -> None:
    class Interrupted(Failing):
        def measure(self, layout: Any, order: Any) -> Any:
            raise KeyboardInterrupt

    before, _ = decisions_of(chain(), pictures(8))
    with pytest.raises(KeyboardInterrupt):
        TuningRefinement(FastBiasCorrectionParameters(), tuning.FEW_CUTS).refine(before, Interrupted())


def test_weights_that_are_to_be_at_the_nearest_levels_stay_there() -> None:
    thorough = DefaultQuantization({"effort": "thorough", "weight_rounding": "nearest"})
    assert [type(each) for each in thorough.refinements] == [DriftRefinement]
    tuned = DefaultQuantization({"effort": "thorough", "use_fast_bias": False})
    assert [type(each) for each in tuned.refinements] == [TuningRefinement]
    for params, said in (
        (
            {"weight_rounding": "nearest"},
            "moves weights, expected weight_rounding least_error, found nearest",
        ),
        ({"weights": {"mode": "asymmetric"}}, "needs symmetric weights, found weights.mode asymmetric"),
    ):
        with pytest.raises(ConfigError, match=said):
            quantize(chain(), pictures(4), use_layerwise_tuning=True, **params)


@pytest.mark.long
def test_layers_whose_rows_repeat_in_most_samples_stay_as_they_are() -> None:
    proof = padded(0)
    before, after = decisions_of(proof.network, proof.calibration)
    assert after is before or not any(
        change.stage == "TuningRefinement" for said in after.changes.values() for change in said
    )
