"""Methods that users override in a subclass of IEEngine take effect, in evaluation and in the statistics pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import builders
from openvino.tools.pot import DefaultQuantization, IEEngine, Metric, create_pipeline, load_model
from openvino.tools.pot.utils.errors import DataError

IMAGES = builders.images(3)
NETWORK = builders.network()


class Sum(Metric):
    """Sum of all that it is given."""

    avg_value = property(lambda self: {"sum": self.total})  # type: ignore[assignment]
    value = property(lambda self: {"sum": [self.last]})  # type: ignore[assignment]

    def update(self, output: Any, target: Any) -> None:
        self.last = float(np.sum([np.sum(part) for part in output]))
        self.total += self.last

    def reset(self) -> None:
        self.total = 0.0

    def get_attributes(self) -> Any:
        return {"sum": {"direction": "higher-better", "type": "sum"}}


def evaluated(engine: IEEngine) -> Any:
    engine.set_model(load_model(NETWORK))
    return engine.predict()[0]


def statistics_bytes(engine: IEEngine) -> Any:
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine)
    return builders.stored(pipeline.run(load_model(NETWORK)))


def engine(kind: type[IEEngine] = IEEngine, images: Any = None) -> IEEngine:
    return kind({"device": "CPU"}, builders.labelled(IMAGES if images is None else images), Sum())


HALVED = [image / 2 for image in IMAGES]


class FillsHalf(IEEngine):
    def _fill_input(self, model: Any, image_batch: list[Any]) -> dict[str, Any]:
        (image,) = image_batch
        (parameter,) = model.inputs
        return {parameter.get_any_name(): image / 2}


class CallsFill(IEEngine):
    def _fill_input(self, model: Any, image_batch: list[Any]) -> dict[str, Any]:
        feed = super()._fill_input(model, image_batch)
        return {name: array / 2 for name, array in feed.items()}


class ProcessesHalf(IEEngine):
    def _process_batch(self, batch: list[Any]) -> Any:
        annotations, images, metadata = super()._process_batch(batch)
        return annotations, [image / 2 for image in images], metadata


class ProcessesStatically(IEEngine):
    @staticmethod
    def _process_batch(batch: list[Any]) -> Any:  # type: ignore[override]
        return tuple(zip(*[(label, image / 2, metadata) for label, image, metadata in batch], strict=True))


@pytest.mark.parametrize("kind", [FillsHalf, CallsFill, ProcessesHalf, ProcessesStatically])
@pytest.mark.long
def test_what_is_fed(kind: type[IEEngine]) -> None:
    assert evaluated(engine(kind)) == pytest.approx(evaluated(engine(images=HALVED)))
    assert evaluated(engine(kind)) != pytest.approx(evaluated(engine()))
    assert statistics_bytes(engine(kind)) == statistics_bytes(engine(images=HALVED))
    assert statistics_bytes(engine(kind)) != statistics_bytes(engine())


@pytest.mark.long
def test_float64_feed_of_a_hook() -> None:
    class Doubles(IEEngine):
        def _fill_input(self, model: Any, image_batch: list[Any]) -> dict[str, Any]:
            return {"x": image_batch[0].astype(np.float64)}

    assert evaluated(engine(Doubles)) == evaluated(engine())
    assert statistics_bytes(engine(Doubles)) == statistics_bytes(engine())


def test_postprocess_output() -> None:
    seen: list[Any] = []

    class Doubled(IEEngine):
        def postprocess_output(self, outputs: dict[str, Any], metadata: Any) -> Any:
            seen.append((list(outputs), outputs["add2"].shape, metadata))
            return [2 * outputs["y"]]

    items = builders.Items([(image, 0, {"i": i}) for i, image in enumerate(IMAGES)])
    doubled = Doubled({}, items, Sum())
    assert evaluated(doubled)["sum"] == pytest.approx(2 * evaluated(engine())["sum"])
    assert seen == [(["y"], (1, 5, 8, 8), [{"i": i}]) for i in range(3)]


def test_update_metrics() -> None:
    seen = []

    class Watches(IEEngine):
        def _update_metrics(
            self, output: Any, annotations: Any, need_metrics_per_sample: bool = False
        ) -> None:
            seen.append((output[0].shape, annotations, need_metrics_per_sample))
            super()._update_metrics(output, annotations, need_metrics_per_sample)

    assert evaluated(engine(Watches)) == evaluated(engine())
    assert seen == [((1, 5, 8, 8), [(i, i)], False) for i in range(3)]


def test_update_metrics_alone_decides() -> None:
    class Ignores(IEEngine):
        def _update_metrics(
            self, output: Any, annotations: Any, need_metrics_per_sample: bool = False
        ) -> None:
            self.metric.update([np.ones(1)], None)

    unlabelled = builders.Items([(image, None) for image in IMAGES])
    assert evaluated(Ignores({}, unlabelled, Sum())) == {"sum": 3.0}


def test_update_metrics_is_called_without_a_metric() -> None:
    calls = []

    class Counts(IEEngine):
        def _update_metrics(
            self, output: Any, annotations: Any, need_metrics_per_sample: bool = False
        ) -> None:
            calls.append(annotations)

    counting = Counts({}, builders.labelled(IMAGES))
    assert evaluated(counting) is None
    assert len(calls) == 3


def test_predict() -> None:
    class Constant(IEEngine):
        def predict(self, *_: Any, **__: Any) -> Any:
            return {"sum": 42.0}, None

    pipeline = create_pipeline([], Constant({}, builders.labelled(IMAGES), Sum()))
    assert pipeline.evaluate(load_model(NETWORK)) == {"sum": 42.0}


@pytest.mark.long
def test_inner_predict_around_the_own_one() -> None:
    calls = []

    class Wraps(IEEngine):
        def _predict(self, stats_layout: Any, sampler: Any, *rest: Any, **more: Any) -> Any:
            calls.append(stats_layout is not None)
            return super()._predict(stats_layout, sampler, *rest, **more)

    assert evaluated(engine(Wraps)) == evaluated(engine())
    assert statistics_bytes(engine(Wraps)) == statistics_bytes(engine())
    assert calls == [False, True]


def test_inner_predict_that_leaves_its_results_with_the_metric() -> None:
    class Own(IEEngine):
        def _predict(self, *_: Any, **__: Any) -> None:
            self.metric.update([np.full(1, 3.0)], None)

    assert evaluated(engine(Own)) == {"sum": 3.0}
    assert evaluated(engine(Own)) == {"sum": 3.0}


def test_set_model() -> None:
    other = builders.network(seed=5)

    class Swaps(IEEngine):
        def set_model(self, model: Any) -> None:
            super().set_model(load_model(other))

    own = engine()
    own.set_model(load_model(other))
    assert evaluated(engine(Swaps)) == own.predict()[0]


def test_images_may_become_several() -> None:
    class Flips(IEEngine):
        def _process_batch(self, batch: list[Any]) -> Any:
            annotations, images, metadata = super()._process_batch(batch)
            return annotations, [*images, *(image[..., ::-1] for image in images)], metadata

    x = builders.parameter([-1, 3, 8, 8])
    free = builders.model(builders.conv(x, 4, "c"), x)
    flipping = engine(Flips)
    flipping.set_model(free)
    plain = engine(images=[i for image in IMAGES for i in (image, image[..., ::-1])])
    plain.set_model(free)
    assert flipping.predict()[0]["sum"] == pytest.approx(plain.predict()[0]["sum"], rel=1e-4)


@pytest.mark.parametrize("hook", ["_fill_input", "_process_batch"])
def test_an_error_in_a_hook_names_the_sample(hook: str) -> None:
    class Breaks(IEEngine):
        calls = 0

    def broken(self: Any, *arguments: Any) -> Any:
        self.calls += 1
        if self.calls == 2:
            raise LookupError("by zero")
        return getattr(IEEngine, hook)(self, *arguments)

    setattr(Breaks, hook, broken)
    with pytest.raises(DataError) as caught:
        evaluated(engine(Breaks))
    assert str(caught.value) == "sample 1: it can't be fed to the model: LookupError: by zero"
    assert type(caught.value.__cause__) is LookupError


UNKNOWN = {"z": np.zeros((1, 3, 8, 8), np.float32)}
TOO_WIDE = {"x": np.zeros((1, 3, 8, 9), np.float32)}


@pytest.mark.parametrize(
    ("run", "feed", "words"),
    [
        (evaluated, UNKNOWN, "Port for tensor name z was not found"),
        (statistics_bytes, UNKNOWN, "Port for tensor name z was not found"),
        (evaluated, TOO_WIDE, "got [1,3,8,9] expecting [1,3,8,8]"),
        (
            statistics_bytes,
            TOO_WIDE,
            "input (shape=[1,3,8,8]) and the tensor (shape=(1.3.8.9)) are incompatible",
        ),
    ],
)
def test_a_feed_that_openvino_refuses_names_the_sample(feed: Any, words: str, run: Any) -> None:
    class Wrong(IEEngine):
        def _fill_input(self, model: Any, image_batch: list[Any]) -> Any:
            return feed

    with pytest.raises(DataError) as caught:
        run(engine(Wrong))
    assert str(caught.value).startswith("sample 0: inference failed: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.long
def test_an_algorithm_runs_without_a_pipeline() -> None:
    found = DefaultQuantization({}, engine()).run(load_model(NETWORK))
    assert builders.stored(found) == statistics_bytes(engine())
