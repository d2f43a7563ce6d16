"""What every stage must keep to, whoever wrote it: it asks and decides the same each time, and changes nothing."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import proofs
from builders import Items, labelled, model, parameter, weights
from openvino.tools.pot import DefaultQuantization, IEEngine, load_model
from openvino.tools.pot.algorithms import quantization
from openvino.tools.pot.algorithms.decisions import Decisions
from openvino.tools.pot.algorithms.interfaces import Stage
from openvino.tools.pot.algorithms.job import Job
from openvino.tools.pot.algorithms.networks import Networks
from openvino.tools.pot.statistics.measured import Statistics

Case = tuple[ov.Model, Items, dict[str, Any]]
"""A network, its samples, and parameters."""


def of_proof(make: Callable[[int], proofs.Proof], **parameters: Any) -> Case:
    proof = make(0)
    return proof.network, labelled(proof.calibration), parameters


def gru() -> Case:
    """Data much wider than the state."""
    x, state = parameter([1, 3, 8]), op.constant(np.zeros((1, 1, 16), np.float32))
    own = [op.constant(weights((1, 48, size), size, scale)) for size, scale in ((8, 0.006), (16, 0.3))]
    node = op.gru_sequence(
        x, state, op.constant([3]), *own, op.constant(weights((1, 48), 3, 0.2)), 16, "forward", name="rnn"
    )
    random = np.random.default_rng(4)
    data = [random.uniform(-50, 50, (1, 3, 8)).astype(np.float32) for _ in range(6)]
    return model(node.output(0), x), labelled(data), {}


def overflowing() -> Case:
    """Inputs and weights of one sign in each place, so that sums of 16-bit products are as large as can be."""
    random = np.random.default_rng(3)
    signs = random.choice([-1.0, 1.0], 2048)
    x = parameter([1, 2048])
    own = (signs[:, None] * (1 + random.uniform(0, 0.01, (2048, 8)))).astype(np.float32)
    product = op.relu(op.matmul(x, op.constant(own), False, False, name="layer"))
    out = op.tanh(op.multiply(product, op.constant(np.float32(1e-3))))
    data = [(signs * random.uniform(0.1, 1, (1, 2048))).astype(np.float32) for _ in range(8)]
    return model(out, x), labelled(data), {"target_device": "GNA"}


CASES: Mapping[str, Callable[[], Case]] = {
    "matmul": lambda: of_proof(proofs.outlier_before_matmul),
    "convolution": lambda: of_proof(proofs.outlier_before_convolution),
    "recurrent": gru,
    "large neighbours": lambda: of_proof(proofs.large_neighbours, target_device="CPU"),
    "overflowing": overflowing,
}
"""In each of them, other stages have something to decide."""

Step = tuple[Stage, Decisions, Decisions]


def stages_of_the_package() -> Iterator[type]:
    for module in pkgutil.iter_modules(quantization.__path__):
        found = importlib.import_module(f"{quantization.__name__}.{module.name}")
        for _, kind in inspect.getmembers(found, inspect.isclass):
            own = kind.__module__ == found.__name__ and not getattr(kind, "_is_protocol", False)
            if own and hasattr(kind, "decide") and hasattr(kind, "requests"):
                yield kind


STAGES = sorted(stages_of_the_package(), key=lambda kind: kind.__name__)


@cache
def way(case: str) -> tuple[Job, Statistics, tuple[Step, ...]]:
    """A network with its statistics, and each stage with the decisions before and after it."""
    network, loader, parameters = CASES[case]()
    algorithms = [DefaultQuantization(parameters)]
    loaded = load_model(network, parameters.get("target_device", "ANY"))
    networks = Networks.of(loaded, algorithms, IEEngine({}, loader))
    (name, job), *_ = networks.planned(algorithms).items()
    statistics = networks.measuring.measured({name: job})[name]
    steps, decisions = [], job.decisions
    for stage in algorithms[0].stages:
        after = stage.decide(decisions, statistics)
        steps.append((stage, decisions, after))
        decisions = after
    return job, statistics, tuple(steps)


@cache
def example(kind: type) -> tuple[Job, Statistics, Step]:
    """A case in which a stage decides something."""
    for case in CASES:
        job, statistics, steps = way(case)
        for step in steps:
            if isinstance(step[0], kind) and step[2].changes != step[1].changes:
                return job, statistics, step
    raise AssertionError(
        f"{kind.__name__} decides nothing in any of {list(CASES)}: it wants a case of its own"
    )


def values_of(decisions: Decisions) -> dict[str, Any]:
    """All that was decided, with arrays as bytes."""
    own = {
        field.name: getattr(decisions, field.name) for field in fields(Decisions) if field.name != "network"
    }
    return {name: {key: plain(value) for key, value in found.items()} for name, found in own.items()}


def plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if hasattr(value, "__dataclass_fields__"):
        return tuple(plain(getattr(value, field.name)) for field in fields(value))
    return value


def text_of(model: ov.Model) -> str:
    return "\n".join(f"{node} {[str(port) for port in node.inputs()]}" for node in model.get_ordered_ops())


@pytest.mark.parametrize("kind", STAGES, ids=lambda kind: kind.__name__)
def test_a_stage_asks_for_the_same_each_time_and_is_answered(kind: type) -> None:
    job, statistics, (stage, *_) = example(kind)
    asked = tuple(stage.requests(job.decisions.network))
    assert asked == tuple(stage.requests(job.decisions.network))
    assert all(statistics.answers(request) for request in asked)


@pytest.mark.parametrize("kind", STAGES, ids=lambda kind: kind.__name__)
def test_a_stage_decides_the_same_each_time_and_changes_nothing(kind: type) -> None:
    job, statistics, (stage, before, after) = example(kind)
    known, graph = values_of(before), text_of(job.network)
    again = stage.decide(before, statistics)
    assert values_of(again) == values_of(after)
    assert values_of(before) == known and text_of(job.network) == graph


@pytest.mark.parametrize("kind", STAGES, ids=lambda kind: kind.__name__)
def test_what_a_stage_changes_says_so(kind: type) -> None:
    _, _, (_, before, after) = example(kind)
    for name in ("activations", "weights", "divisors", "weight_scales", "levels", "bias_shifts"):
        older, newer = getattr(before, name), getattr(after, name)
        assert older.keys() <= newer.keys()
        changed = {key for key in newer if newer[key] is not older.get(key)}
        said = {
            key
            for key, changes in after.changes.items()
            for change in changes[len(before.changes.get(key, ())) :]
            if change.what == name
        }
        assert said == changed
    new = [
        change
        for key, changes in after.changes.items()
        for change in changes[len(before.changes.get(key, ())) :]
    ]
    assert new and all(change.stage == kind.__name__ and len(change.evidence) > 10 for change in new)


def test_every_stage_is_held_to_it() -> None:
    names = {kind.__name__ for kind in STAGES}
    assert {type(stage).__name__ for case in CASES for stage, *_ in way(case)[2]} == names
