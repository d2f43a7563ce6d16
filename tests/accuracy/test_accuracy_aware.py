"""AccuracyAwareQuantization from end to end, on a network with one layer that INT8 ruins."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import (
    Items,
    TopOne,
    conv,
    images,
    logger_as_before,
    model,
    parameter,
    quantized,
    runner,
    stored,
    weights,
)
from openvino.tools.pot import AccuracyAwareQuantization, IEEngine, Metric, create_pipeline, load_model
from openvino.tools.pot.algorithms import measuring
from openvino.tools.pot.algorithms.accuracy import clock, course
from openvino.tools.pot.algorithms.accuracy.clock import Clock
from openvino.tools.pot.algorithms.accuracy.evaluation import Evaluator
from openvino.tools.pot.algorithms.accuracy.report import AccuracyReport
from openvino.tools.pot.algorithms.accuracy.state import open_state
from openvino.tools.pot.algorithms.accuracy.target import make_target
from openvino.tools.pot.configs.accuracy import AccuracyAwareParameters
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.model_utils import get_nodes_by_type
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError

CLASSES, CHANNELS, SIDE = 10, 32, 8
FRAGILE = "conv3"


def step(source: Any, name: str, seed: int) -> ov.Output:
    """A convolution and its activation."""
    scaled = op.multiply(conv(source, CHANNELS, name, seed=seed), op.constant(np.float32(0.12)))
    return op.relu(scaled, name=f"{name}/relu").output(0)


def pictures(count: int) -> list[NDArray[np.float32]]:
    """Images that differ in their colours."""
    random = np.random.default_rng(1)
    shapes = (1, 3, 1, 1), (1, 3, SIDE, SIDE)
    return [
        sum(
            scale * random.standard_normal(shape, np.float32)
            for scale, shape in zip((2, 0.5), shapes, strict=True)
        )
        for _ in range(count)
    ]


def fragile_network(centre: NDArray[np.float32] | None = None) -> ov.Model:
    """Five convolutions; what the third reads is 100,000 at one place, which is cut out behind it.

    Args:
        centre: what is taken off the logits; absent: their mean over images, so that all classes have their turn.
    """
    x = parameter([1, 3, SIDE, SIDE])
    hidden = step(step(x, "conv1", 1), "conv2", 2)
    corner = np.zeros((1, 1, SIDE, SIDE), np.float32)
    corner[..., 0, 0] = 1e5
    far = op.add(hidden, op.constant(corner))
    values = weights((CHANNELS, CHANNELS, 1, 1), 3, 0.2)
    same = op.convolution(far, op.constant(values), [1, 1], [0, 0], [0, 0], [1, 1], name=FRAGILE)
    near = op.multiply(same, op.constant((corner == 0).astype(np.float32)))
    last = step(step(near.output(0), "conv4", 4), "conv5", 5)
    pooled = op.reduce_mean(last, op.constant([2, 3]), False)
    logits = op.matmul(pooled, op.constant(weights((CHANNELS, CLASSES), 6)), False, False, name="head")
    return model(op.subtract(logits, op.constant(_centre() if centre is None else centre)), x)


@cache
def _centre() -> NDArray[np.float32]:
    raw = fragile_network(np.zeros((1, CLASSES), np.float32))
    return np.mean([outputs[0] for outputs in map(runner(raw), pictures(60))], axis=0)


class WholeSetError(TopOne):
    """Share of wrong answers, known for the whole set only."""

    @property
    def value(self) -> dict[str, list[float]]:
        raise NotImplementedError

    @property
    def avg_value(self) -> dict[str, float]:
        return {"error": 1 - float(np.mean(self.hits))}

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        return {"error": {"direction": "higher-worse", "type": "detection"}}


@cache
def saved() -> Path:
    """The network in a file, in which nodes keep their names."""
    path = Path(tempfile.mkdtemp(), "fragile.xml")
    ov.save_model(fragile_network(), path, compress_to_fp16=False)
    return path


def answered(network: ov.Model, arrays: list[NDArray[np.float32]]) -> Items:
    """Samples that the float network answers right."""
    once = runner(network)
    return Items([(array, int(once(array)[0].argmax())) for array in arrays])


@pytest.fixture(scope="module")
def samples() -> Items:
    return answered(fragile_network(), pictures(60))


def search(
    samples: Any, metric: Metric | None, source: Any = None, executor: Any = None, **parameters: Any
) -> tuple[CompressedModel, AccuracyReport]:
    engine = IEEngine({"device": "CPU"}, samples, metric)
    config = {"target_device": "GPU", **parameters}
    pipeline = create_pipeline([{"name": "AccuracyAwareQuantization", "params": config}], engine)
    result = pipeline.run(load_model(source or saved()), executor=executor)
    algorithm = pipeline.algo_seq[0]
    assert isinstance(algorithm, AccuracyAwareQuantization) and algorithm.report is not None
    return result, algorithm.report


class Kept(logging.Handler):
    """Keeps what is said."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@dataclass(frozen=True)
class Searched:
    """What a search found, and what it said meanwhile."""

    result: CompressedModel
    report: AccuracyReport
    said: list[str]


def searched(samples: Items, metric: Metric, **parameters: Any) -> Searched:
    logger, kept = logging.getLogger("openvino.tools.pot"), Kept()
    with logger_as_before():
        logger.setLevel(logging.INFO)
        logger.addHandler(kept)
        return Searched(*search(samples, metric, **parameters), kept.messages)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where ``per_sample`` keeps its measurements."""
    return tmp_path_factory.mktemp("search") / "state"


@pytest.fixture(scope="module")
def per_sample(samples: Items, state: Path) -> Searched:
    """The search that several tests look at, as it takes seconds."""
    return searched(samples, TopOne(), maximal_drop=0.05, state_dir=state)


@pytest.fixture(scope="module")
def whole_set(samples: Items) -> Searched:
    return searched(samples, WholeSetError(), maximal_drop=0.05)


@pytest.mark.long
def test_a_search_whose_passes_workers_make_finds_the_same(samples: Items, per_sample: Searched) -> None:
    with ThreadPoolExecutor(2) as executor:
        result, report = search(samples, TopOne(), executor=executor, maximal_drop=0.05)
    kept = per_sample.report
    assert report.baseline == kept.baseline and report.steps[0].metrics == kept.steps[0].metrics
    assert report.chosen is not None and kept.chosen is not None
    assert report.chosen.floats == kept.chosen.floats == (FRAGILE,)
    assert report.chosen.metrics == kept.chosen.metrics
    assert stored(result)[1] == stored(per_sample.result)[1]


@pytest.mark.parametrize(
    ("name", "metric"),
    [("per_sample", TopOne()), ("whole_set", WholeSetError())],
    ids=["per sample", "whole set"],
)
@pytest.mark.long
def test_exactly_the_fragile_layer_ends_up_in_float(
    samples: Items, name: str, metric: Metric, request: pytest.FixtureRequest
) -> None:
    each: Searched = request.getfixturevalue(name)
    result, report = each.result, each.report
    assert report.chosen is not None
    assert report.steps[0].drop > 0.2
    assert report.chosen.met and report.chosen.floats == (FRAGILE,)
    assert [layer.node for layer in report.layers if layer.is_float] == [FRAGILE]
    names = [node.name for node in get_nodes_by_type(result, ["FakeQuantize"])]
    assert not any(name.startswith(f"{FRAGILE}/") for name in names)
    assert any(name.startswith("head/") for name in names)
    engine = IEEngine({"device": "CPU"}, samples, metric)
    value = create_pipeline([], engine).evaluate(result)
    assert value == pytest.approx(dict(report.chosen.metrics))


@pytest.mark.long
def test_a_model_that_is_good_enough_takes_one_evaluation(samples: Items) -> None:
    _, report = search(samples, TopOne(), maximal_drop=1.0)
    assert [s.what for s in report.steps] == ["full INT8"]
    assert report.passes == pytest.approx(3)  # float, statistics, INT8


@pytest.mark.long
def test_layers_are_ranked_in_as_many_inferences_as_a_pass_makes(
    samples: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    own = course.layer_figures
    monkeypatch.setattr(course, "layer_figures", lambda *given: taken.append(len(given[3])) or own(*given))
    _, report = search(samples, TopOne(), maximal_drop=0.0)
    (count,), layers = taken, len(report.layers)
    assert layers == 6 and count > 4  # fewer are not taken, however few there are
    assert len(samples) - layers - 2 < count * (layers + 2) <= len(samples)


@pytest.mark.long
def test_statistics_that_are_kept_are_not_measured_again(
    samples: Items, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[Any] = []
    own = measuring.measure
    monkeypatch.setattr(measuring, "measure", lambda *given: passes.append(given) or own(*given))
    source = saved()
    folder = {"stat_cache": str(tmp_path)}
    reports = [search(samples, TopOne(), source, **params)[1] for params in ({}, folder, folder)]
    assert len(passes) == 2
    # What goes back to float depends on measured times; full INT8 does not.
    assert len({report.steps[0].drop for report in reports}) == 1


@pytest.mark.parametrize("kind", ["accuracy", "any"])
@pytest.mark.long
def test_an_evaluation_ends_when_nothing_can_be_hoped_for(samples: Items, kind: str) -> None:
    metric = TopOne()
    metric.kind = kind
    evaluator = Evaluator(IEEngine({"device": "CPU"}, samples, metric), Clock(None))
    exact = evaluator.baseline(load_model(saved()))
    assert exact.metrics == {"top1": 1.0} and len(exact.values["top1"]) == evaluator.samples_seen == 60
    target = make_target(
        AccuracyAwareParameters(maximal_drop=0.05), exact.metrics, evaluator.directions(exact.metrics)
    )
    ruined = quantized(saved(), samples, target_device="GPU", self_check=False)
    found = evaluator.evaluate(ruined, target, 0.05)
    assert found.complete is (kind == "any")
    if kind == "accuracy":
        assert evaluator.samples_seen < 60 + 30
        assert found.metrics["top1"] < 0.95
    whole = evaluator.evaluate(ruined, target, 1.0)
    assert whole.complete and whole.metrics["top1"] <= found.metrics["top1"]


@pytest.mark.long
def test_what_cannot_be_reached_gives_the_best(samples: Items, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "openvino.tools.pot"):
        result, report = search(samples, TopOne(), maximal_drop=-0.5)
    assert report.chosen is not None and not report.chosen.met
    assert report.chosen.drop == min(s.drop for s in report.steps if s.complete)
    assert get_nodes_by_type(result, ["FakeQuantize"])
    assert any("is more than the -0.5 allowed" in record.getMessage() for record in caplog.records)


@pytest.mark.long
def test_a_metric_that_is_zero_for_the_float_model_decides_nothing(
    samples: Items, caplog: pytest.LogCaptureFixture
) -> None:
    class Never(TopOne):
        def update(self, output: Any, target: Any) -> None:
            super().update(output, [-1 for _ in target])

    result, _ = search(samples, Never())
    (check,) = [sub.check for sub in result]
    assert check is not None and check.is_kept is None
    doubt = (
        "metric 'top1' of the float model is 0, and can't be lost: do labels, and what is fed, fit the model?"
    )
    assert doubt in check.notes
    assert doubt in [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.long
def test_no_more_layers_in_float_than_allowed(samples: Items) -> None:
    _, report = search(samples, TopOne(), maximal_drop=-0.5, max_iter_num=2)
    assert max(len(s.floats) for s in report.steps) == 2


class Interrupting(TopOne):
    """Raises KeyboardInterrupt in its nth pass."""

    def __init__(self, passes: int) -> None:
        self.left = passes + 1
        super().__init__()

    def update(self, output: list[Any], target: list[Any]) -> None:
        super().update(output, target)
        if self.left == 0 and len(self.hits) > 10:
            raise KeyboardInterrupt

    def reset(self) -> None:
        super().reset()
        self.left -= 1


@pytest.mark.long
def test_ctrl_c_returns_the_best_so_far(samples: Items) -> None:
    result, report = search(samples, Interrupting(4), maximal_drop=0.0)
    assert report.ended == "interrupted" and len(report.steps) == 2
    assert report.chosen in report.steps
    assert get_nodes_by_type(result, ["FakeQuantize"])


def test_ctrl_c_before_there_is_anything(samples: Items) -> None:
    with pytest.raises(KeyboardInterrupt):
        search(samples, Interrupting(1))


class Slow(TopOne):
    """Takes a minute for its third pass, and for each one after it, by a clock of its own that nothing else moves."""

    passes = 0
    seconds = 0.0

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=lambda: self.seconds))

    def update(self, output: list[Any], target: list[Any]) -> None:
        super().update(output, target)
        if self.passes > 3:
            self.seconds += 1

    def reset(self) -> None:
        super().reset()
        self.passes += 1


@pytest.mark.long
def test_a_time_budget_returns_the_best_so_far(samples: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    result, report = search(samples, Slow(monkeypatch), maximal_drop=-0.5, time_budget=4)
    assert report.ended == "the time budget of 4 s is used up"
    assert [step.what for step in report.steps] == ["full INT8"]
    assert 4 <= report.seconds < 30
    assert get_nodes_by_type(result, ["FakeQuantize"])


@pytest.mark.long
def test_a_state_folder_saves_all_measurements(samples: Items, per_sample: Searched, state: Path) -> None:
    first, report = per_sample.result, per_sample.report
    again, repeated = search(samples, TopOne(), maximal_drop=0.05, state_dir=state)
    assert stored(first) == stored(again)
    assert repeated.passes == 0
    assert [(s.floats, s.drop) for s in repeated.steps] == [(s.floats, s.drop) for s in report.steps]
    assert sorted(path.name for path in state.iterdir()) == ["search.json", "statistics.pickle"]


def test_a_state_folder_whose_statistics_are_damaged(tmp_path: Path) -> None:
    open_state(str(tmp_path), {})
    for content in (b"", b"\x80", b"\x8d" + b"\xff" * 8 + b"."):
        (tmp_path / "statistics.pickle").write_bytes(content)
        with pytest.raises(ConfigError, match="holds a state that can't be read"):
            open_state(str(tmp_path), {})


@pytest.mark.long
def test_a_state_folder_of_another_search(samples: Items, tmp_path: Path) -> None:
    search(samples, TopOne(), maximal_drop=1.0, state_dir=tmp_path)
    with pytest.raises(ConfigError, match="holds another search: expected parameters"):
        search(samples, TopOne(), maximal_drop=0.05, state_dir=tmp_path)
    (tmp_path / "search.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match="can't be read"):
        search(samples, TopOne(), maximal_drop=1.0, state_dir=tmp_path)


KILLED = """
    import os, signal, sys
    sys.path[:0] = [{tests!r}, {here!r}]
    import test_accuracy_aware as t

    class Killing(t.TopOne):
        passes = 0
        def reset(self):
            super().reset()
            self.passes += 1
        def update(self, output, target):
            super().update(output, target)
            if self.passes == 6 and len(self.hits) > 5:
                os.kill(os.getpid(), signal.SIGKILL)

    Killing.__qualname__ = "TopOne"  # a state is of one metric
    samples = t.answered(t.fragile_network(), t.pictures(60))
    t.search(samples, Killing(), {model!r}, maximal_drop=0.05, state_dir={folder!r})
"""


@pytest.mark.process
def test_a_killed_search_goes_on_and_ends_in_the_same_model(
    samples: Items, per_sample: Searched, tmp_path: Path
) -> None:
    here = Path(__file__).parent
    code = KILLED.format(tests=str(here.parent), here=str(here), folder=str(tmp_path), model=str(saved()))
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=os.environ, check=False)
    assert ended.returncode == -signal.SIGKILL
    kept = json.loads((tmp_path / "search.json").read_text(encoding="utf-8"))
    assert "report" not in kept and any(key.startswith("drop of") for key in kept)
    result, resumed = search(samples, TopOne(), maximal_drop=0.05, state_dir=tmp_path)
    assert stored(result) == stored(per_sample.result)
    assert resumed.passes < per_sample.report.passes


@pytest.mark.long
def test_annotations_from_the_float_model() -> None:
    arrays = pictures(60)
    unlabelled = Items([(array, None) for array in arrays])
    _, report = search(
        unlabelled, None, maximal_drop=0.05, annotation_free=True, annotation_conf_threshold=0.11
    )
    assert report.baseline == {"agreement": 1.0}
    assert report.chosen is not None and report.chosen.floats == (FRAGILE,)
    with pytest.raises(DataError, match=r"surer than 0.99 of none of 60 samples"):
        search(unlabelled, None, annotation_free=True, annotation_conf_threshold=0.99)


@pytest.mark.long
def test_tuning_looks_at_more_variants(samples: Items) -> None:
    few, many = (
        search(samples, TopOne(), maximal_drop=-0.5, max_iter_num=1, tune_hyperparams=tune)[1]
        for tune in (False, True)
    )
    names = [{s.variant for s in report.steps} for report in (few, many)]
    assert names[0] < names[1]
    _, mixed = search(
        samples,
        TopOne(),
        preset="performance",
        convert_to_mixed_preset=True,
        maximal_drop=-0.5,
        max_iter_num=1,
    )
    assert "mixed preset" in {s.variant for s in mixed.steps}


@pytest.fixture
def nobody() -> Iterator[IEEngine]:
    yield IEEngine({"device": "CPU"}, Items([(images(1)[0], 0)]))


def test_what_is_missing_is_said_first(samples: Items, nobody: IEEngine) -> None:
    source = load_model(fragile_network())
    with pytest.raises(EngineError, match="with a metric, found none"):
        AccuracyAwareQuantization({}, nobody).run(source)
    with pytest.raises(EngineError, match="needs an IEEngine, found none"):
        AccuracyAwareQuantization({}).run(source)
    with pytest.raises(ConfigError, match="unknown parameter 'maximal_dorp'; did you mean"):
        AccuracyAwareQuantization({"maximal_dorp": 1})
    with pytest.raises(ConfigError, match="stands alone, found algorithms"):
        search_two = [{"name": "AccuracyAwareQuantization"}, {"name": "DefaultQuantization"}]
        create_pipeline(search_two, nobody).run(source)


@pytest.mark.long
def test_the_report_is_plain_data_and_a_table(per_sample: Searched) -> None:
    report = per_sample.report
    assert json.loads(json.dumps(report.as_dict()))["chosen"]["floats"] == [FRAGILE]
    table = report.table()
    assert "full INT8" in table and FRAGILE in table


@pytest.mark.long
def test_a_search_tells_nothing_of_names_that_it_chose_itself(per_sample: Searched) -> None:
    chosen = per_sample.report.chosen
    assert chosen is not None and chosen.floats
    assert per_sample.said and not any("stays in float anyway" in message for message in per_sample.said)


@pytest.mark.long
def test_rules_hold_for_layers_in_int8_and_are_no_hindrance_for_those_that_leave_it(samples: Items) -> None:
    rules = [
        {"scope": [FRAGILE], "weights": {"granularity": "pertensor"}},
        {"places": ["inputs"], "weights": {"granularity": "pertensor"}},
    ]
    result, report = search(samples, TopOne(), maximal_drop=0.05, rules=rules)
    assert report.chosen is not None and report.chosen.floats == (FRAGILE,)
    nodes = [node for node in result.submodels[0].model.get_ops() if node.get_type_name() == "FakeQuantize"]
    of_weights = {n.get_friendly_name(): n for n in nodes if "fq_weights" in n.get_friendly_name()}
    assert f"{FRAGILE}/fq_weights_1" not in of_weights
    sizes = sorted(np.size(node.input_value(4).get_node().data) for node in of_weights.values())
    assert sizes == [1, CLASSES, CHANNELS, CHANNELS, CHANNELS]
