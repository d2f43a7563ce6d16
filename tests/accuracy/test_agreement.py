"""Accuracy control by agreement with the float model, for networks of several kinds and samples without labels."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

import builders
from builders import Items, TopOne, stored
from openvino.tools.pot import AccuracyAwareQuantization, IEEngine, create_pipeline, load_model
from openvino.tools.pot.diagnosis.control import report_in
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.pipeline.pipeline import Pipeline
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError, ModelError

CHANNELS, SIDE = 16, 8
FRAGILE = "conv3"


def step(source: Any, name: str, seed: int) -> ov.Output:
    scaled = op.multiply(builders.conv(source, CHANNELS, name, seed=seed), op.constant(np.float32(0.16)))
    return op.relu(scaled, name=f"{name}/relu").output(0)


def body(x: ov.Output) -> ov.Output:
    """Four convolutions; what the third reads is 100,000 at one place, which is cut out behind it."""
    hidden = step(step(x, "conv1", 1), "conv2", 2)
    corner = np.zeros((1, 1, SIDE, SIDE), np.float32)
    corner[..., 0, 0] = 1e5
    far = op.add(hidden, op.constant(corner))
    values = builders.weights((CHANNELS, CHANNELS, 1, 1), 3, 0.3)
    same = op.convolution(far, op.constant(values), [1, 1], [0, 0], [0, 0], [1, 1], name=FRAGILE)
    return step(op.multiply(same, op.constant((corner == 0).astype(np.float32))).output(0), "conv4", 4)


def head(hidden: ov.Output, channels: int, scale: float = 1.0) -> ov.Output:
    found = builders.conv(hidden, channels, "head", kernel=1, seed=9)
    return op.multiply(found, op.constant(np.float32(scale))).output(0)


def flat(value: Any, channels: int) -> Any:
    return op.reshape(value, op.constant([1, channels, SIDE * SIDE]), False)


def boxes(hidden: ov.Output) -> list[Any]:
    """YOLO's form: middle, size and three scores for each place."""
    found = head(hidden, 7, 4.0)
    places = op.split(found, 1, 7)
    pixels = [op.multiply(op.sigmoid(places.output(each)), op.constant(np.float32(60))) for each in range(4)]
    scores = [op.sigmoid(places.output(each)) for each in range(4, 7)]
    return [flat(op.concat([*pixels, *scores], 1), 7)]


def centred(hidden: ov.Output, channels: int, scale: float) -> Any:
    """The head less its mean over all images, so that all classes have their turn."""
    return op.subtract(head(hidden, channels, scale), op.constant(_centre(channels, scale)))


@cache
def _centre(channels: int, scale: float) -> NDArray[np.float32]:
    raw = builders.runner(network(lambda hidden: [head(hidden, channels, scale)]))
    means = [raw(array)[0].mean(axis=(2, 3), keepdims=True) for array in pictures(40)]
    return np.asarray(np.mean(means, axis=0), np.float32)


def text(hidden: ov.Output) -> list[Any]:
    """The probabilities of six letters at each of 64 steps, the blank first."""
    blank = np.zeros((1, 6, 1, 1), np.float32)
    blank[0, 0] = 3
    letters = op.add(centred(hidden, 6, 8.0), op.constant(blank))
    return [op.softmax(op.transpose(flat(letters, 6), [0, 2, 1]), 2)]


def classes(hidden: ov.Output) -> list[Any]:
    return [op.softmax(op.reduce_mean(centred(hidden, 5, 20.0), op.constant([2, 3]), False), 1)]


def values_and_embedding(hidden: ov.Output) -> list[Any]:
    pooled = op.reduce_mean(hidden, op.constant([2, 3]), False)
    long = op.normalize_l2(pooled, op.constant([1]), 1e-12, "add")
    whole = op.multiply(head(hidden, 2), op.constant(np.float32(2)), name="map")
    return [whole, op.multiply(long, op.constant(np.float32(1)), name="embedding")]


def network(make: Callable[[ov.Output], list[Any]]) -> ov.Model:
    x = builders.parameter([1, 3, SIDE, SIDE])
    return builders.model(make(body(x)), x)


@cache
def saved(make: Callable[[ov.Output], list[Any]]) -> Path:
    """The network in a file, in which nodes keep their names."""
    path = Path(tempfile.mkdtemp(), "net.xml")
    ov.save_model(network(make), path, compress_to_fp16=False)
    return path


def pictures(count: int) -> list[NDArray[np.float32]]:
    """Images that differ in their colours."""
    random = np.random.default_rng(1)
    return [
        (2 * random.standard_normal((1, 3, 1, 1)) + 0.5 * random.standard_normal((1, 3, SIDE, SIDE))).astype(
            np.float32
        )
        for _ in range(count)
    ]


def searched(
    make: Any, executor: Any = None, metric: Any = None, **params: Any
) -> tuple[CompressedModel, Pipeline]:
    unlabelled = Items([(array, None) for array in pictures(40)])
    pipeline = create_pipeline(
        [{"name": "AccuracyAwareQuantization", "params": {"target_device": "GPU", **params}}],
        IEEngine({"device": "CPU"}, unlabelled, metric),
    )
    return pipeline.run(load_model(saved(make)), executor=executor), pipeline


def report_of(pipeline: Pipeline) -> Any:
    algorithm = pipeline.algo_seq[0]
    assert isinstance(algorithm, AccuracyAwareQuantization)
    return algorithm.report


FIGURES: Mapping[str, tuple[Callable[[ov.Output], list[Any]], list[str]]] = {
    "boxes": (boxes, ["equal boxes"]),
    "text": (text, ["equal texts"]),
    "classes": (classes, ["equal classes"]),
    "several": (values_and_embedding, ["fidelity", "correlation"]),
}


@pytest.mark.long
@pytest.mark.parametrize("kind", FIGURES)
def test_the_search_keeps_what_the_float_model_says(kind: str) -> None:
    make, names = FIGURES[kind]
    result, pipeline = searched(make, maximal_drop=0.08, agreement="auto")
    report = report_of(pipeline)
    assert report.baseline == pytest.approx(dict.fromkeys(names, 1.0))
    assert report.steps[0].drop > 0.1  # INT8 throughout ruins it
    assert report.chosen.met
    assert FRAGILE in report.chosen.floats
    assert [line.partition(" (")[0] for line in report.agreement] == names
    # -e: what a pipeline measures afterwards is the same figure
    assert pipeline.evaluate(result) == pytest.approx(report.chosen.metrics)
    assert pipeline.evaluate(load_model(saved(make))) == pytest.approx(report.baseline)


@pytest.mark.long
def test_a_drop_that_full_int8_meets_ends_the_search() -> None:
    _, pipeline = searched(values_and_embedding, maximal_drop=5.0, agreement="fidelity")
    report = report_of(pipeline)
    assert len(report.steps) == 1
    assert set(report.baseline) == {"fidelity of 'y'", "fidelity of 'y1'"}


@pytest.mark.long
def test_metrics_name_the_outputs_that_count() -> None:
    only = [{"name": "correlation"}]
    _, pipeline = searched(values_and_embedding, maximal_drop=0.9, agreement="auto", metrics=only)
    assert report_of(pipeline).chosen.drop == pytest.approx(
        1 - report_of(pipeline).chosen.metrics["correlation"]
    )
    with pytest.raises(ConfigError, match="gives no 'corelation'; did you mean 'correlation'"):
        searched(values_and_embedding, agreement="auto", metrics=[{"name": "corelation"}])


@pytest.mark.long
def test_agreement_stands_in_place_of_a_metric() -> None:
    _, pipeline = searched(boxes, metric=TopOne(), maximal_drop=1.0, agreement="auto")
    assert report_of(pipeline).baseline == {"equal boxes": 1.0}
    assert isinstance(pipeline._engine.metric, TopOne)  # type: ignore[union-attr]  # as it was before


@pytest.mark.long
def test_workers_come_to_the_same() -> None:
    plain, _ = searched(boxes, maximal_drop=0.3, agreement="auto")
    with ThreadPoolExecutor(2) as workers:
        spread, _ = searched(boxes, workers, maximal_drop=0.3, agreement="auto")
    assert (stored(plain) == stored(spread)) is True


@pytest.mark.long
def test_a_state_is_gone_on_with_and_says_what_was_compared(tmp_path: Path) -> None:
    params = {"maximal_drop": 0.3, "agreement": "auto", "state_dir": str(tmp_path)}
    first, pipeline = searched(boxes, **params)
    again, resumed = searched(boxes, **params)
    assert (stored(first) == stored(again)) is True
    assert report_of(resumed).passes < report_of(pipeline).passes
    assert report_in(tmp_path).agreement == report_of(pipeline).agreement
    with pytest.raises(ConfigError, match="holds another search"):
        searched(boxes, **{**params, "agreement": "fidelity"})
    assert json.loads((tmp_path / "search.json").read_text())["baseline"]["metrics"] == {"equal boxes": 1.0}


def test_what_can_not_be_read_so_is_an_error_before_the_search() -> None:
    with pytest.raises(ModelError, match=r"agreement: expected outputs that hold masks .* \[1, 7, 64\]"):
        searched(boxes, agreement="masks")


def test_agreement_and_predicted_labels_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="agreement and annotation_free exclude each other"):
        AccuracyAwareQuantization({"agreement": "auto", "annotation_free": True})
    with pytest.raises(ConfigError, match=r"agreement: input should be 'auto', 'boxes', .* found 'box'"):
        AccuracyAwareQuantization({"agreement": "box"})


def test_without_either_a_metric_is_needed() -> None:
    with pytest.raises(EngineError, match="with a metric, found none; agreement: 'auto' does without"):
        searched(boxes)


@pytest.mark.long
def test_a_network_of_a_fixed_batch_is_compared_sample_by_sample() -> None:
    model = load_model(network(classes))
    model.submodels[0].model.reshape([4, 3, SIDE, SIDE])
    engine = IEEngine({}, Items([(array, None) for array in pictures(10)]))
    algorithm = AccuracyAwareQuantization({"agreement": "auto", "maximal_drop": 1.0}, engine)
    algorithm.run(model)
    assert algorithm.report is not None and algorithm.report.baseline == {"equal classes": 1.0}
    assert algorithm.agreement is not None and "in 10 samples" in algorithm.agreement.lines[0]


class Softened(IEEngine):
    """Gives its metric something else than the outputs."""

    def postprocess_output(self, outputs: dict[str, Any], metadata: list[Any]) -> Any:
        return ["no array"]


def test_an_engine_must_give_arrays() -> None:
    engine = Softened({}, Items([(array, None) for array in pictures(4)]))
    with pytest.raises(EngineError, match="agreement: the engine gives str to its metric, expected arrays"):
        AccuracyAwareQuantization({"agreement": "auto"}, engine).run(load_model(network(boxes)))


@pytest.mark.long
def test_a_float_model_that_changes_its_mind_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    def noisy(hidden: ov.Output) -> list[Any]:
        low, high = op.constant(np.float32(-0.2)), op.constant(np.float32(0.2))
        noise = op.random_uniform(op.constant([1, 2, SIDE, SIDE]), low, high, "f32")
        return [op.add(head(hidden, 2), noise)]

    with caplog.at_level(logging.WARNING, "openvino.tools.pot"):
        searched(noisy, maximal_drop=50.0, agreement="fidelity")
    assert "fidelity of the float model with itself is" in caplog.text


@pytest.mark.long
def test_values_of_padded_tokens_do_not_count() -> None:
    """Two inferences that differ in padding alone agree."""
    ids, mask = (
        builders.parameter([1, 12], "ids", np.int64),
        builders.parameter([1, 12], "attention_mask", np.int64),
    )
    table = op.constant(builders.weights((50, 32), 1))
    rows = op.gather(table, ids, op.constant(0))
    product = op.matmul(rows, op.constant(builders.weights((32, 32), 2)), False, False)
    model = builders.model(op.add(product, op.unsqueeze(op.convert(mask, "f32"), op.constant(2))), ids, mask)
    random, samples = np.random.default_rng(0), []
    for length in (3, 5, 12, 7, 9, 4):
        valid = (np.arange(12) < length)[None].astype(np.int64)
        samples.append({"ids": random.integers(0, 50, (1, 12)), "attention_mask": valid})
    engine = IEEngine({}, Items([(sample, None) for sample in samples]))
    algorithm = AccuracyAwareQuantization({"agreement": "auto", "maximal_drop": 0.5}, engine)
    algorithm.run(load_model(model))
    assert algorithm.agreement is not None
    assert algorithm.agreement.lines[0].startswith("correlation")
    algorithm.agreement.reset()
    once = builders.runner(model)
    for number, sample in enumerate(samples):
        (found,) = once(*sample.values())
        found[:, sample["attention_mask"][0] == 0] += 100
        algorithm.agreement.update([found], [number])
    assert algorithm.agreement.avg_value == pytest.approx({"correlation": 1.0})


def test_no_samples_are_an_error() -> None:
    engine = IEEngine({}, Items([]))
    with pytest.raises(DataError, match="empty"):
        AccuracyAwareQuantization({"agreement": "auto"}, engine).run(load_model(network(boxes)))
