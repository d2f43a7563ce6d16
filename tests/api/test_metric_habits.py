"""Metrics as real scripts write them, and evaluation before, after and without quantization."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

import builders
from openvino.tools.pot import IEEngine, Metric, create_pipeline, load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import EngineError

IMAGES = builders.images(4)
MEANS = [float(outputs[0].mean()) for outputs in map(builders.runner(builders.network()), IMAGES)]


class Mean(Metric):
    """The mean of the only output, less the label."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "mean"

    @property
    def value(self) -> Any:
        return {self.name: [self.seen[-1]]}

    @property
    def avg_value(self) -> Any:
        return {self.name: sum(self.seen) / len(self.seen)}  # fails on an empty run

    def update(self, output: Any, target: Any) -> None:
        assert len(output) == len(target) == 1
        self.seen.append(float(output[0].mean()) - target[0])

    def reset(self) -> None:
        self.seen: list[float] = []

    def get_attributes(self) -> Any:
        return {self.name: {"direction": "higher-better", "type": "whatever the user likes"}}


def loader(labels: list[Any] | None = None) -> builders.Items:
    given = labels if labels is not None else [0] * len(IMAGES)
    return builders.Items(
        [
            (image, label, {"name": f"{i}.png"})
            for i, (image, label) in enumerate(zip(IMAGES, given, strict=True))
        ]
    )


def model() -> CompressedModel:
    return load_model(builders.network())


def predict(metric: Any, data: Any = None, **arguments: Any) -> tuple[Any, Any]:
    engine = IEEngine({"device": "CPU"}, loader() if data is None else data, metric)
    engine.set_model(model())
    return engine.predict(**arguments)


def per_sample(metric: Any, data: Any = None) -> Any:
    (samples, metrics), statistics = predict(metric, data, metric_per_sample=True)
    assert statistics is None
    return samples, metrics


def test_predict_returns_metrics_and_no_statistics() -> None:
    metrics, statistics = predict(Mean())
    assert metrics == {"mean": pytest.approx(np.mean(MEANS), rel=1e-5)}
    assert statistics is None


def test_labels_come_in_the_order_of_samples() -> None:
    metric = Mean()
    predict(metric, loader([10, 20, 30, 40]))
    assert metric.seen == pytest.approx(
        [m - t for m, t in zip(MEANS, (10, 20, 30, 40), strict=True)], rel=1e-5
    )


def test_values_per_sample() -> None:
    samples, metrics = per_sample(Mean())
    assert [(s["sample_id"], s["metric_name"]) for s in samples] == [(i, "mean") for i in range(4)]
    assert [s["result"] for s in samples] == pytest.approx(MEANS, rel=1e-5)
    assert metrics == {"mean": pytest.approx(np.mean(MEANS), rel=1e-5)}


@pytest.mark.parametrize(
    "form",
    [
        lambda name, v: {name: [v]},
        lambda name, v: {name: v},
        lambda name, v: {name: np.array(v)},
        lambda name, v: {name: np.array([v])},
        lambda name, v: {name: (v,)},
        lambda _, v: np.array(v),
        lambda _, v: [v],
        lambda _, v: v,
    ],
)
def test_form_of_value(form: Any) -> None:
    class Formed(Mean):
        @property
        def value(self) -> Any:
            return form(self.name, self.seen[-1])

        @property
        def avg_value(self) -> Any:
            return form(self.name, sum(self.seen) / len(self.seen))

    samples, metrics = per_sample(Formed())
    assert [float(s["result"]) for s in samples] == pytest.approx(MEANS, rel=1e-5)
    assert {s["metric_name"] for s in samples} == {"mean"}
    assert np.ravel(metrics["mean"]) == pytest.approx([np.mean(MEANS)], rel=1e-5)


def test_several_names_in_one_metric() -> None:
    class Two(Mean):
        @property
        def value(self) -> Any:
            return {"top1": [self.seen[-1]], "top5": [2 * self.seen[-1]]}

        @property
        def avg_value(self) -> Any:
            return {"top1": 1.0, "top5": 2.0}

    samples, metrics = per_sample(Two())
    assert metrics == {"top1": 1.0, "top5": 2.0}
    names = [(s["sample_id"], s["metric_name"]) for s in samples]
    assert names == [(i, name) for i in range(4) for name in ("top1", "top5")]


def test_metadata_goes_to_a_metric_that_takes_it() -> None:
    class Named(Mean):
        names: tuple[str, ...] = ()

        def update(self, output: Any, target: Any, metadata: Any) -> None:  # type: ignore[override]
            super().update(output, target)
            self.names = (*self.names, *(m["name"] for m in metadata))

    metric = Named()
    predict(metric)
    assert metric.names == ("0.png", "1.png", "2.png", "3.png")


def test_a_third_argument_with_a_default_stays_the_users() -> None:
    class Weighted(Mean):
        def update(self, output: Any, target: Any, weight: float = 1.0) -> None:
            assert weight == 1.0
            super().update(output, target)

    assert predict(Weighted())[0] == {"mean": pytest.approx(np.mean(MEANS), rel=1e-5)}


def test_reset_without_constructor() -> None:
    class Bare(Mean):
        def __init__(self) -> None:
            self.name = "bare"

    metric = Bare()
    assert predict(metric)[0] == {"bare": pytest.approx(np.mean(MEANS), rel=1e-5)}
    assert not hasattr(Bare(), "seen")


def test_each_evaluation_starts_anew() -> None:
    engine = IEEngine({}, loader(), Mean())
    engine.set_model(model())
    first, second = engine.predict(metric_per_sample=True), engine.predict(metric_per_sample=True)
    assert first == second
    assert len(second[0][0]) == len(IMAGES)


def test_direction_and_attributes() -> None:
    class Error(Mean):
        higher_better = False  # type: ignore[assignment]

        def get_attributes(self) -> Any:
            return {"error": {"direction": "higher-worse", "type": "accuracy"}}

    attributes = IEEngine({}, loader(), Error()).get_metrics_attributes()
    assert attributes == {"error": {"direction": "higher-worse", "type": "accuracy"}}
    assert Mean().higher_better is True
    assert IEEngine({}, loader()).get_metrics_attributes() == {}


@pytest.mark.long
def test_a_metric_that_fails_on_an_empty_run_does_not_disturb_quantization() -> None:
    engine = IEEngine({}, loader([None] * 4), Mean())
    found = create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine).run(model())
    assert builders.stored(found) == builders.stored(
        builders.quantized(builders.network(), loader(), checked=True)
    )


def test_samples_without_a_label_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    metric = Mean()
    with caplog.at_level(logging.WARNING):
        metrics, _ = predict(metric, loader([0, None, None, 0]))
    assert metrics["mean"] == pytest.approx((MEANS[0] + MEANS[3]) / 2, rel=1e-5)
    assert [r.message for r in caplog.records] == ["sample 1 has no annotation: the metric leaves it out"]


def test_no_label_at_all_is_an_error_where_the_metric_needs_one() -> None:
    with pytest.raises(
        EngineError, match=r"metric Mean gives no avg_value: no sample .* has an annotation$"
    ) as caught:
        predict(Mean(), loader([None] * 4))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_error_of_the_metric_itself_is_the_cause() -> None:
    class Broken(Mean):
        def update(self, output: Any, target: Any) -> None:
            raise KeyError("their own")

    with pytest.raises(EngineError, match=r"^metric Broken: update raised KeyError: 'their own'$") as caught:
        predict(Broken())
    assert isinstance(caught.value.__cause__, KeyError)


class NoValue(Mean):
    @property
    def value(self) -> Any:
        raise NotImplementedError


class TooMany(Mean):
    @property
    def value(self) -> Any:
        return {"mean": [1, 2]}


class Nameless(Mean):
    @property
    def avg_value(self) -> Any:
        return "0.9"


@pytest.mark.parametrize(
    ("metric", "sentence"),
    [
        (None, "metric_per_sample needs a metric, the engine has none"),
        (NoValue(), "metric NoValue has no property 'value' with values per sample"),
        (TooMany(), "metric TooMany: 'mean' has 2 values, expected 1"),
        (Nameless(), "metric Nameless: avg_value is '0.9', expected a mapping of name to values"),
    ],
)
def test_unusable_metric(metric: Any, sentence: str) -> None:
    with pytest.raises(EngineError) as caught:
        predict(metric, metric_per_sample=True)
    assert str(caught.value) == sentence


def test_base_class_gives_no_values_per_sample() -> None:
    class Least(Metric):
        avg_value = {"a": 1.0}  # type: ignore[assignment]  # noqa: RUF012

        def update(self, output: Any, target: Any) -> None: ...
        def reset(self) -> None: ...
        def get_attributes(self) -> Any:
            return {"a": {"direction": "higher-better", "type": "accuracy"}}

    assert predict(Least())[0] == {"a": 1.0}
    with pytest.raises(EngineError, match="metric Least has no property 'value'"):
        predict(Least(), metric_per_sample=True)


@pytest.mark.long
def test_evaluate_before_and_after_run_and_runs_on_one_engine() -> None:
    pipeline = create_pipeline(
        [{"name": "DefaultQuantization", "params": {}}], IEEngine({}, loader(), Mean())
    )
    float_model = model()
    before = builders.stored(float_model)
    float_figure = pipeline.evaluate(float_model)
    first, second = pipeline.run(float_model), pipeline.run(float_model)
    int8_figure = pipeline.evaluate(first)
    assert float_figure == {"mean": pytest.approx(np.mean(MEANS), rel=1e-5)}
    assert pipeline.evaluate(float_model) == float_figure
    assert int8_figure != float_figure
    assert int8_figure["mean"] == pytest.approx(float_figure["mean"], abs=0.05)
    assert builders.stored(first) == builders.stored(second)
    assert builders.stored(float_model) == before


def test_evaluate_takes_an_openvino_model_and_leaves_it_alone() -> None:
    network = builders.network()
    before = builders.stored(network)
    figure = create_pipeline([], IEEngine({}, loader(), Mean())).evaluate(network)
    assert figure == {"mean": pytest.approx(np.mean(MEANS), rel=1e-5)}
    assert builders.stored(network) == before


def test_evaluate_without_a_metric_is_silent(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert not create_pipeline([], IEEngine({}, loader())).evaluate(model())
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_predict_without_a_metric_runs_and_returns_none() -> None:
    assert predict(None) == (None, None)


def test_labels_in_one_buffer_are_those_of_their_sample() -> None:
    class Reused(builders.Items):
        label = np.zeros(1)
        meta: dict[str, Any] = {}  # noqa: RUF012

        def __getitem__(self, index: int) -> Any:
            self.label[0] = index
            self.meta["i"] = index
            return IMAGES[index], self.label, self.meta

    seen = []

    class Keeps(Mean):
        def update(self, output: Any, target: Any, metadata: Any) -> None:  # type: ignore[override]
            seen.append((float(target[0][0]), metadata[0]["i"]))
            super().update(output, [0])

    predict(Keeps(), Reused(IMAGES))
    assert seen == [(0, 0), (1, 1), (2, 2), (3, 3)]
