"""Stages: each reads what it or one before it asked for, changes nothing, and says of all it decides that it did."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
import proofs
from builders import labelled, model, parameter, weights
from contracts import described, each, known, modules, own
from openvino.tools.pot import (
    DefaultQuantization,
    IEEngine,
    OutlierChannelSplitting,
    RangeSupervision,
    WeightSparsity,
    load_model,
)
from openvino.tools.pot.algorithms import quantization, sparsity
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.decisions import Decisions
from openvino.tools.pot.algorithms.interfaces import Stage
from openvino.tools.pot.algorithms.job import planned
from openvino.tools.pot.statistics.measured import JoinedStatistics, Statistics
from openvino.tools.pot.statistics.requests import Request
from proofs import Proof


def noise(*shape: int, scale: float = 1.0) -> list[np.ndarray]:
    values = np.random.default_rng(0).standard_normal((8, *shape)) * scale
    return list(values.astype(np.float32))


def wide_data_of_a_recurrent_layer() -> Proof:
    x = parameter([1, 6, 8])
    start = op.constant(np.zeros((1, 1, 16), np.float32))
    constants = [op.constant(weights((1, 48, size), size, 0.3), name=f"w{size}") for size in (8, 16)]
    biases = op.constant(weights((1, 48), 3, 0.2))
    layer = op.gru_sequence(x, start, op.constant([6]), *constants, biases, 16, "forward", name="rnn")
    data = noise(1, 6, 8, scale=30)
    return Proof(model(layer.output(0), x), data, data)


def sums_beyond_32_bits() -> Proof:
    """Of 16 bits times 16 bits, all with the same sign."""
    x = parameter([1, 4096])
    constant = op.constant(np.full((8, 4096), 0.5, np.float32), name="w")
    data = [np.abs(sample) for sample in noise(1, 4096)]
    return Proof(model(op.matmul(x, constant, False, True, name="dense"), x), data, data)


def more_than_half_precision_holds() -> Proof:
    x = parameter([1, 16])
    first, second = (
        op.constant(weights((16, 16), seed, size), name=f"w{seed}") for seed, size in ((0, 1e5), (1, 1e-5))
    )
    large = op.relu(op.matmul(x, first, False, False, name="large"))
    end = op.matmul(op.matmul(large, second, False, False, name="next"), first, False, False, name="end")
    return Proof(model(end, x), noise(1, 16), noise(1, 16))


CASES: Mapping[str, tuple[Callable[[], Proof], Mapping[str, Any]]] = {
    "an outlier before a product": (lambda: proofs.outlier_before_matmul(0), {}),
    "an outlier before a convolution": (lambda: proofs.outlier_before_convolution(0), {}),
    "large neighbours": (lambda: proofs.large_neighbours(0), {}),
    "wide data of a recurrent layer": (wide_data_of_a_recurrent_layer, {}),
    "POT's formulas": (
        lambda: proofs.heavy_tails(0),
        {"preset": "mixed", "range_estimator": {"preset": "default"}},
    ),
    "half precision": (
        more_than_half_precision_holds,
        {"target_device": "GPU", "ignored": {"scope": ["large", "next"]}},
    ),
    "integers throughout": (sums_beyond_32_bits, {"target_device": "GNA", "weights": {"bits": 16}}),
    "zeros": (
        lambda: proofs.large_neighbours(0),
        {"sparsity_level": 0.5, "use_layerwise_tuning": False},
    ),
    "activations within bounds": (
        lambda: Proof(builders.network(), noise(1, 3, 8, 8), noise(1, 3, 8, 8)),
        {"stat_subset_size": 8},
    ),
    "channels taken twice": (
        lambda: Proof(builders.network(), noise(1, 3, 8, 8), noise(1, 3, 8, 8)),
        {"weights_expansion_ratio": 0.5},
    ),
    "zeros, and the rest fitted": (lambda: proofs.large_neighbours(0), {"sparsity_level": 0.5}),
}


def algorithm_of(params: Mapping[str, Any]) -> Algorithm:
    if "sparsity_level" in params:
        return WeightSparsity(params)
    if "weights_expansion_ratio" in params:
        return OutlierChannelSplitting(params)
    return (RangeSupervision if "stat_subset_size" in params else DefaultQuantization)(params)


class Asked(JoinedStatistics):
    """Statistics that answer some requests and no others."""

    def __init__(self, statistics: Statistics, asked: Collection[Request]) -> None:
        super().__init__([statistics])
        self._asked = asked

    def _of(self, request: Request) -> Statistics:
        assert request in self._asked, f"{request} is read, and was not asked for"
        return super()._of(request)


@dataclass(frozen=True)
class Step:
    """A stage, what had been decided before, and what it may read."""

    stage: Stage
    before: Decisions
    statistics: Statistics

    def decide(self) -> Decisions:
        return self.stage.decide(self.before, self.statistics)


@cache
def steps(case: str) -> tuple[Step, ...]:
    make, params = CASES[case]
    proof, algorithm = make(), algorithm_of(params)
    network = load_model(proof.network)
    statistics = algorithm.collect(network, IEEngine({}, labelled(proof.calibration)))
    assert isinstance(statistics, Statistics)
    return tuple(_steps(algorithm, planned(network, [algorithm]).decisions, statistics))


def _steps(algorithm: Algorithm, decisions: Decisions, statistics: Statistics) -> Iterator[Step]:
    asked: set[Request] = set()
    for stage in algorithm.stages:
        # What one before it decided may have to be known in its figures: ranges behind a division, by channel.
        asked |= set(stage.requests(decisions.network))
        step = Step(stage, decisions, Asked(statistics, frozenset(asked)))
        yield step
        decisions = step.decide()


def values(decisions: Decisions) -> dict[str, Mapping[Any, Any]]:
    """All that is decided, and by whom."""
    return {each.name: getattr(decisions, each.name) for each in fields(decisions) if each.name != "network"}


def network_of(decisions: Decisions) -> ov.Model:
    return decisions.network.view.model


@each(CASES)
def test_stages_ask_for_the_same_every_time_and_change_nothing_by_it(entry: str) -> None:
    for step in steps(entry):
        before = described(network_of(step.before))
        asked = list(step.stage.requests(step.before.network))
        assert list(step.stage.requests(step.before.network)) == asked
        assert described(network_of(step.before)) == before
        assert all(isinstance(hash(request), int) for request in asked)


@each(CASES)
def test_stages_decide_the_same_every_time_and_change_nothing_by_it(entry: str) -> None:
    for step in steps(entry):
        before, network = known(values(step.before)), described(network_of(step.before))
        first = known(values(step.decide()))
        assert known(values(step.decide())) == first, type(step.stage)
        assert known(values(step.before)) == before, type(step.stage)
        assert described(network_of(step.before)) == network, type(step.stage)


@each(CASES)
def test_stages_say_of_everything_that_they_decide_that_they_did(entry: str) -> None:
    for step in steps(entry):
        before, after = values(step.before), values(step.decide())
        for what in after.keys() - {"changes", "input_means"}:
            for key, value in after[what].items():
                if key not in before[what] or known(before[what][key]) != known(value):
                    said = after["changes"][key][len(before["changes"].get(key, ())) :]
                    mine = [
                        each for each in said if (each.stage, each.what) == (type(step.stage).__name__, what)
                    ]
                    assert mine and all(each.evidence for each in mine), (type(step.stage), what, key)
            assert before[what].keys() <= after[what].keys()
        for key, said in before["changes"].items():
            assert after["changes"][key][: len(said)] == said


def test_every_stage_has_an_example_in_which_it_decides_something_and_says_what_it_is_there_for() -> None:
    found = {
        value
        for module in (*modules(quantization), *modules(sparsity))
        for _, value in own(module)
        if hasattr(value, "requests") and hasattr(value, "decide")
    }
    decisive = {
        type(step.stage)
        for case in CASES
        for step in steps(case)
        if len(known(values(step.decide())["changes"])) and step.decide().changes != step.before.changes
    }
    assert {stage.__name__ for stage in found} == {stage.__name__ for stage in decisive}
    assert [stage.__name__ for stage in found if not (stage.__doc__ and stage.requests.__doc__)] == []


def test_what_was_not_asked_for_is_not_answered() -> None:
    step = next(step for step in steps("large neighbours") if list(step.stage.requests(step.before.network)))
    (first, *_) = step.stage.requests(step.before.network)
    with pytest.raises(AssertionError, match="is read, and was not asked for"):
        Asked(step.statistics, ()).value(first)
