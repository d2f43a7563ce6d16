"""Metrics and models of kinds that a search must get along with."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset6
from openvino import opset13 as op
from test_accuracy_aware import FRAGILE, Slow, TopOne, answered, fragile_network, pictures, search

from builders import Items, conv, images, model, network, parameter, runner, weights
from openvino.tools.pot import IEEngine, load_model
from openvino.tools.pot.algorithms.accuracy.candidates import AS_GIVEN, Candidates, variants
from openvino.tools.pot.algorithms.accuracy.clock import Clock
from openvino.tools.pot.algorithms.accuracy.sensitivity import error_shares
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.profiling import layer_seconds
from openvino.tools.pot.graph.model_utils import get_nodes_by_type
from openvino.tools.pot.utils.errors import EngineError


@pytest.fixture(scope="module")
def samples() -> Items:
    return answered(fragile_network(), pictures(60))


class SilentError(TopOne):
    """Share of wrong answers; only ``higher_better`` says that less of it is better."""

    higher_better = False

    @property
    def value(self) -> dict[str, list[float]]:
        return {"error": [1 - hit for hit in self.hits[-1:]]}

    @property
    def avg_value(self) -> dict[str, float]:
        return {"error": 1 - float(np.mean(self.hits))}

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        return {}


@pytest.mark.long
def test_the_direction_of_the_metric_as_a_whole(samples: Items) -> None:
    _, report = search(samples, SilentError(), maximal_drop=0.05)
    assert report.steps[0].drop > 0.5
    assert report.chosen is not None and report.chosen.floats == (FRAGILE,)


class Undefined(TopOne):
    """Not a number where most answers are wrong."""

    @property
    def avg_value(self) -> dict[str, float]:
        share = float(np.mean(self.hits))
        return {"top1": share if share > 0.5 else float("nan"), "constant": 1.0}


@pytest.mark.long
def test_what_is_not_a_number_is_no_good(samples: Items) -> None:
    _, report = search(samples, Undefined(), maximal_drop=0.05)
    assert report.steps[0].drop == np.inf
    assert report.chosen is not None and report.chosen.floats == (FRAGILE,)


class NeverDefined(TopOne):
    @property
    def avg_value(self) -> dict[str, float]:
        return {"top1": float("nan")}


def test_a_baseline_that_is_not_a_number(samples: Items) -> None:
    with pytest.raises(
        EngineError, match=r"metric 'top1' of the float model is nan, expected a finite number"
    ):
        search(samples, NeverDefined())


class Detailed(TopOne):
    """Figures for each class beside the one that counts."""

    @property
    def avg_value(self) -> dict[str, Any]:
        return {"top1": float(np.mean(self.hits)), "each": np.ones(3)}


@pytest.mark.long
def test_figures_that_do_not_count_may_be_arrays(samples: Items) -> None:
    _, report = search(samples, Detailed(), maximal_drop=1.0, metrics=[{"name": "top1"}])
    assert report.chosen is not None and report.chosen.met
    with pytest.raises(EngineError, match="metric 'each' is array"):
        search(samples, Detailed(), maximal_drop=1.0)


class WholeOrNothing(Slow):
    """Can't do with a part of the samples."""

    @property
    def avg_value(self) -> dict[str, float]:
        if len(self.hits) < 60:
            raise ValueError("only one class present")
        return {"top1": float(np.mean(self.hits))}


@pytest.mark.long
def test_time_that_ends_in_an_evaluation_loses_nothing(
    samples: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, report = search(samples, WholeOrNothing(monkeypatch), maximal_drop=-0.5, time_budget=4)
    assert report.ended == "the time budget of 4 s is used up"
    assert [step.what for step in report.steps] == ["full INT8"]


class Balanced(TopOne):
    """A mean over classes, with values for each sample: the same as their mean where all are right, and there alone."""

    def __init__(self) -> None:
        self.labels: list[int] = []
        super().__init__()

    @property
    def avg_value(self) -> dict[str, float]:
        labels, hits = np.array(self.labels), np.array(self.hits)
        return {"top1": float(np.mean([hits[labels == label].mean() for label in set(self.labels)]))}

    def update(self, output: list[Any], target: list[Any]) -> None:
        super().update(output, target)
        self.labels.append(target[0])

    def reset(self) -> None:
        super().reset()
        self.labels = []


@pytest.mark.long
def test_an_average_that_only_looks_like_a_mean_is_seen_to_the_end(samples: Items) -> None:
    _, report = search(samples, Balanced(), maximal_drop=0.02)
    assert all(step.complete for step in report.steps)


def nothing_to_quantize() -> ov.Model:
    x = parameter([1, 3, 8, 8])
    return model(op.relu(x), x)


@pytest.mark.parametrize("parameters", [{}, {"ignored": {"skip_model": True}}])
def test_nothing_to_quantize(parameters: dict[str, Any]) -> None:
    source = network() if parameters else nothing_to_quantize()
    items = Items([(image, 0) for image in images(3)])
    result, report = search(items, TopOne(), source, **parameters)
    assert report.ended == "the model has nothing to quantize"
    assert not get_nodes_by_type(result, ["FakeQuantize"])


def test_layers_that_leave_with_their_neighbours_count() -> None:
    x = parameter([1, 8, 28, 28])
    hidden = op.relu(conv(x, 32, "c1"))
    each = op.group_convolution(
        hidden, op.constant(weights((32, 1, 1, 3, 3), 4)), [1, 1], [1, 1], [1, 1], [1, 1], name="each"
    )
    source = load_model(model(each, x))
    engine = IEEngine({"device": "CPU"}, Items([(image, None) for image in images(12, shape=(1, 8, 28, 28))]))
    candidates = Candidates(source, engine, {"target_device": "CPU"})
    assert candidates.floats(AS_GIVEN) == ()
    assert candidates.floats(AS_GIVEN, ["c1"]) == ("c1", "each")


def test_variants_that_mean_the_same_are_tried_once() -> None:
    found = variants({"target_device": "CPU"}, mixed=True, tune=True)
    names = [variant.name for variant in found]
    assert names[:3] == ["as given", "mixed preset", "nearest rounding"]
    assert not {"no preset, default ranges", "no preset, rounding by least error"} & set(names)


def half_network() -> ov.Model:
    x = parameter([1, 3, 8, 8], dtype=np.float16)
    values = weights((4, 3, 3, 3), 1).astype(np.float16)
    hidden = op.convolution(x, op.constant(values), [1, 1], [1, 1], [1, 1], [1, 1], name="c1")
    return model(op.relu(op.add(hidden, op.constant(np.ones((1, 4, 1, 1), np.float16)))), x)


def indices_alone() -> ov.Model:
    x = parameter([1, 3, 8, 8])
    best = op.topk(conv(op.relu(conv(x, 8, "c1")), 8, "c2", seed=1), op.constant(1), 1, "max", "none")
    return model(best.output(1), x)


@pytest.mark.parametrize("make", [half_network, indices_alone])
def test_errors_of_all_kinds_of_outputs(make: Any) -> None:
    arrays = images(20)
    source = load_model(make())
    engine = IEEngine({"device": "CPU"}, Items([(array, None) for array in arrays]))
    candidates = Candidates(source, engine, {"target_device": "GPU"})
    candidates.measure([AS_GIVEN])
    engine.set_model(source)
    (job,) = candidates.decided(AS_GIVEN).values()
    (feeds,) = probes.fed(engine, source, range(10)).values()
    shares = error_shares(job.decisions, engine, feeds, 10, Clock(None)).by_layer
    assert min(shares.values()) >= 0 and sum(shares.values()) > 0.3


def test_an_embedding_makes_errors_too() -> None:
    numbers = op.parameter([1, 6], np.int64, name="numbers")
    table = weights((50, 16), 1)
    table[:, 0] *= 100
    found = op.gather(op.constant(table), numbers, op.constant(0), name="table")
    hidden = op.relu(op.matmul(found, op.constant(weights((16, 16), 2)), False, False, name="mm1"))
    source = load_model(
        model(
            op.matmul(hidden, op.constant(weights((16, 4), 3)), False, False, name="mm2"), numbers.output(0)
        )
    )
    random = np.random.default_rng(0)
    items = Items([({"numbers": random.integers(0, 50, (1, 6))}, None) for _ in range(20)])
    engine = IEEngine({"device": "CPU"}, items)
    candidates = Candidates(source, engine, {"target_device": "CPU"})
    candidates.measure([AS_GIVEN])
    engine.set_model(source)
    (job,) = candidates.decided(AS_GIVEN).values()
    (feeds,) = probes.fed(engine, source, range(10)).values()
    shares = error_shares(job.decisions, engine, feeds, 10, Clock(None)).by_layer
    assert shares["table"] > 0


def test_a_state_starts_anew_at_each_timed_request() -> None:
    x = parameter(ov.PartialShape([1, -1, 4]))
    mask = parameter(ov.PartialShape([1, -1, 1]), "mask")
    past = opset6.read_value(
        op.constant(np.zeros((1, 0, 4), np.float32)), "v", ov.Type.f32, ov.PartialShape([1, -1, 4])
    )
    whole = op.concat([past, x], 1)
    result = op.result(op.multiply(whole, mask))
    stateful = ov.Model([result], [opset6.assign(whole, "v")], [x.get_node(), mask.get_node()], "s")
    feeds = [{"x": np.ones((1, n, 4), np.float32), "mask": np.ones((1, n, 1), np.float32)} for n in (2, 3)]
    assert layer_seconds(stateful, feeds, "CPU", repeats=4)


@pytest.mark.long
def test_dynamic_sequences_keep_one_range() -> None:
    x = parameter(ov.PartialShape([1, -1, 32]))
    mean = op.mvn(x, op.constant([2]), True, 1e-5, "inside_sqrt")
    scale = np.ones((1, 1, 32), np.float32)
    scale[..., :4] = 30
    source = model(
        op.matmul(op.multiply(mean, op.constant(scale)), op.constant(weights((32, 16), 1)), False, False), x
    )
    random = np.random.default_rng(0)
    arrays = [random.standard_normal((1, length, 32)).astype(np.float32) for length in range(4, 24)]
    engine = IEEngine({"device": "CPU"}, Items([(array, None) for array in arrays]))
    result = Candidates(load_model(source), engine, {"target_device": "GPU"})
    result.measure([AS_GIVEN])
    found = result.assembled(result.made(AS_GIVEN))
    before, after = runner(source), runner(found.submodels[0].model)
    errors = [np.mean((before(array)[0] - after(array)[0]) ** 2) for array in arrays]
    power = np.mean([np.mean(before(array)[0] ** 2) for array in arrays])
    assert get_nodes_by_type(found, ["FakeQuantize"])
    assert np.mean(errors) < 1e-2 * power
