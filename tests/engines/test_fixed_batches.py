"""Models of a fixed batch and single samples; statistics and metrics are of each sample, as without a batch."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

import builders
from openvino.tools.pot import IEEngine, Metric, create_pipeline, load_model, quantize
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.report.fidelity import signal_to_noise
from openvino.tools.pot.utils.errors import DataError

IMAGES = [image[0] * (1 + number) for number, image in enumerate(builders.images(8))]
PRESET = {"preset": "performance", "range_estimator": {"preset": "default"}, "weight_rounding": "nearest"}


def network(batch: int, tail: Any = None) -> ov.Model:
    """Convolutions over ``x`` of shape ``[batch, 3, 8, 8]``, with the batch in a constant, as exporters leave it."""
    x = builders.parameter([batch, 3, 8, 8])
    hidden = op.relu(op.add(builders.conv(x, 4, "conv1"), builders.bias(4, "bias1")))
    last = op.add(builders.conv(hidden, 5, "conv2", seed=1), builders.bias(5, "bias2"))
    flat = op.reshape(last, op.constant(np.array([batch, 5, 64])), False)
    return builders.model((tail or op.relu)(flat), x)


def quantized(model: ov.Model, items: Any, engine: Any = None, **params: Any) -> CompressedModel:
    return builders.quantized(model, builders.Items(items), engine, **params)


def ranges(model: CompressedModel | ov.Model) -> dict[str, NDArray[Any]]:
    """The borders of all quantizers, by name."""
    network = model if isinstance(model, ov.Model) else model.submodels[0].model
    found = {}
    for node in network.get_ordered_ops():
        if node.get_type_name() == "FakeQuantize":
            borders = [node.input_value(port).get_node().data.reshape(-1) for port in (1, 2)]
            found[node.get_friendly_name()] = np.concatenate(borders)
    return found


def assert_same_ranges(first: Any, second: Any) -> None:
    one, two = ranges(first), ranges(second)
    assert one.keys() == two.keys()
    assert one
    for name in one:
        np.testing.assert_allclose(one[name], two[name], rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("size", [1, 3, 4, 8])
@pytest.mark.parametrize("params", [{}, PRESET], ids=["silent", "performance"])
def test_single_images_fill_the_batch(size: int, params: dict[str, Any]) -> None:
    whole = [(np.stack(IMAGES[start : start + 4]), None) for start in (0, 4)]
    found = quantized(network(4), [(image, None) for image in IMAGES], stat_batch_size=size, **params)
    assert found.submodels[0].model.input(0).get_shape() == [4, 3, 8, 8]
    assert_same_ranges(found, quantized(network(4), whole, **params))


@pytest.mark.parametrize("aggregator", ["mean", "median", "max"])
@pytest.mark.parametrize("kind", ["max", "quantile"])
@pytest.mark.long
def test_statistics_are_of_each_sample(aggregator: str, kind: str) -> None:
    """Of whole batches too: POT averaged over the samples of a batch, not over batches."""
    border = {"type": kind, "aggregator": aggregator}
    params = {
        "preset": "mixed", "weight_rounding": "nearest",
        "activations": {"range_estimator": {"max": border}},
    }  # fmt: skip
    whole = [(np.stack(IMAGES[start : start + 4]), None) for start in (0, 4)]
    assert_same_ranges(quantized(network(4), whole, **params), quantized(network(1), IMAGES, **params))


@pytest.mark.long
def test_batches_of_a_free_model_are_taken_apart_where_it_matters() -> None:
    x = builders.parameter([-1, 3, 8, 8])
    free = builders.model(builders.conv(op.relu(builders.conv(x, 4, "a")), 4, "b"), x)
    whole = [(np.stack(IMAGES[:5]), None), (np.stack(IMAGES[5:]), None)]
    singles = quantized(free, IMAGES, **PRESET)
    assert_same_ranges(quantized(free, whole, **PRESET), singles)
    assert_same_ranges(quantized(free, IMAGES, stat_batch_size=3, **PRESET), singles)


def test_rows_of_one_sample_are_not_taken_apart() -> None:
    """A smaller range for each row alone would clip the others of it."""
    x = builders.parameter([4, 16])
    rows = builders.model(op.matmul(x, builders.weights((16, 24)), False, False), x)
    samples = [(np.stack([IMAGES[i][0].reshape(-1)[:16] for i in range(4)]), None)] * 2
    (borders,) = [
        b
        for b in ranges(quantized(rows, samples, apply_for_all_nodes=False, **PRESET)).values()
        if b.size == 2
    ]
    assert borders[1] == pytest.approx(np.abs(samples[0][0]).max(), rel=1e-5)


@pytest.mark.long
def test_one_buffer_for_all_samples() -> None:
    class OneBuffer(builders.Items):
        buffer = np.empty((3, 8, 8), np.float32)

        def __getitem__(self, index: int) -> Any:
            self.buffer[:] = self.items[index]
            return self.buffer, None

    found = builders.quantized(network(4), OneBuffer(IMAGES), **PRESET)
    assert_same_ranges(found, quantized(network(4), IMAGES, **PRESET))


@pytest.mark.long
def test_the_last_batch_repeats_samples(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        found = quantized(network(4), IMAGES[:6], **PRESET)
    assert "the model has a batch of 4: the last one repeats 2 samples" in caplog.messages
    assert_same_ranges(found, quantized(network(4), [*IMAGES[:6], *IMAGES[4:6]], **PRESET))


@pytest.mark.long
def test_the_axis_of_a_batch_may_be_another() -> None:
    x = builders.parameter([6, 4, 8])
    x.get_node().set_layout(ov.Layout("TNC"))
    model = builders.model(op.matmul(x, builders.weights((8, 5)), False, False), x)
    samples = [np.random.default_rng(n).standard_normal((6, 8)).astype(np.float32) for n in range(8)]
    whole = [np.stack(samples[start : start + 4], 1) for start in (0, 4)]
    forms = [whole, samples, [sample[:, None] for sample in samples]]
    found = [quantized(model, form, {"batch_dim": 1}, **PRESET) for form in forms]
    assert_same_ranges(found[0], found[1])
    assert_same_ranges(found[0], found[2])


@pytest.mark.parametrize(
    ("first", "found"), [((2, 3, 8, 8), [2, 3, 8, 8]), ((8, 3, 8, 8), [8, 3, 8, 8]), ((3, 8, 9), [3, 8, 9])]
)
def test_what_is_neither_a_batch_nor_a_sample(first: tuple[int, ...], found: list[int]) -> None:
    with pytest.raises(DataError) as caught:
        quantized(network(4), [np.zeros(first, np.float32)] * 4)
    assert str(caught.value) == (
        f"sample 0: input 'x' expects shape [4,3,8,8], or [1,3,8,8] for one of its 4 samples, found {found}"
    )


def test_single_vectors_bring_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    x = builders.parameter([4, 16])
    model = builders.model(op.matmul(x, builders.weights((16, 24)), False, False), x)
    with caplog.at_level(logging.WARNING, "openvino.tools.pot"):
        quantized(model, [image[0].reshape(-1)[:16] for image in IMAGES])
    assert "the model takes 4 samples at a time, if its first axis is one of samples" in caplog.messages


def test_gray_images_do_not_become_the_channels_of_one() -> None:
    x = builders.parameter([3, 8, 8])
    model = builders.model(builders.conv(op.unsqueeze(x, op.constant(np.int64(0))).output(0), 4, "c"), x)
    with pytest.raises(DataError, match=r"expects shape \[3,8,8\], found \[8, 8\]"):
        quantized(model, [np.zeros((8, 8), np.float32)] * 3)


class Largest(Metric):
    """Takes one sample, and keeps what it was called with."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[tuple[int, ...], Any]] = []

    def reset(self) -> None:
        self.found: list[float] = []

    def update(self, output: list[Any], target: list[Any]) -> None:
        self.calls.append((output[0].shape, target))
        self.found.append(float(np.max(output[0])) + target[0])

    @property
    def value(self) -> dict[str, list[float]]:
        return {"largest": self.found[-1:]}

    @property
    def avg_value(self) -> dict[str, float]:
        return {"largest": float(np.mean(self.found))}

    def get_attributes(self) -> dict[str, dict[str, str]]:
        return {"largest": {"direction": "higher-better", "type": "other"}}


def evaluation(model: ov.Model, items: Any, kind: Any = IEEngine) -> tuple[Any, Largest]:
    metric = Largest()
    engine = kind({}, builders.Items(items), metric)
    engine.set_model(model)
    return engine.predict(metric_per_sample=True)[0], metric


def test_a_metric_gets_one_sample_after_the_other() -> None:
    items = [(image, number) for number, image in enumerate(IMAGES[:7])]
    (values, average), metric = evaluation(network(4), items)
    (expected, mean), _ = evaluation(network(1), items)
    assert [value["sample_id"] for value in values] == list(range(7))
    assert [v["result"] for v in values] == pytest.approx([v["result"] for v in expected], rel=1e-5)
    assert average["largest"] == pytest.approx(mean["largest"], rel=1e-5)
    assert metric.calls == [((1, 5, 64), [number]) for number in range(7)]


def test_whole_batches_are_evaluated_as_they_are() -> None:
    items = [(np.stack(IMAGES[start : start + 4]), start) for start in (0, 4)]
    assert evaluation(network(4), items)[1].calls == [((4, 5, 64), [0]), ((4, 5, 64), [4])]


def test_hooks_get_one_sample_after_the_other() -> None:
    seen = []

    class Watching(IEEngine):
        def postprocess_output(self, outputs: dict[str, Any], metadata: Any) -> Any:
            seen.append((outputs["y"].shape, metadata))
            return super().postprocess_output(outputs, metadata)

    evaluation(network(4), [(image, 0, {"n": n}) for n, image in enumerate(IMAGES[:3])], Watching)
    assert seen == [((1, 5, 64), [{"n": n}]) for n in range(3)]


def test_outputs_that_cant_be_told_apart() -> None:
    def best(scores: Any) -> Any:
        return op.topk(op.reshape(scores, op.constant(np.array([-1])), False), 3, 0, "max", "value").output(0)

    with pytest.raises(DataError) as caught:
        evaluation(network(4, best), [(image, 0) for image in IMAGES])
    assert str(caught.value) == (
        "sample 0: the model has a batch of 4, and which part of output 'y' is of which sample can't be told: "
        "expected a data loader that gives whole batches, each with its annotations"
    )


def test_noise_is_measured_where_outputs_cant_be_told_apart() -> None:
    model = network(4, lambda scores: op.reduce_max(scores, op.constant(np.array([0])), False))
    found = quantized(model, IMAGES)
    engine = IEEngine({}, builders.Items(IMAGES))
    assert signal_to_noise(engine, load_model(model), found)["y"] > 20


@pytest.mark.long
def test_predictions_for_labels_and_a_search_on_single_samples() -> None:
    model = network(
        4, lambda scores: op.softmax(op.reduce_mean(scores, op.constant(np.array([2])), False), 1)
    )
    params = {
        "annotation_free": True,
        "annotation_conf_threshold": 0.01,
        "maximal_drop": -2.0,
        "max_iter_num": 1,
    }
    engine = IEEngine({}, builders.Items(IMAGES))
    found = create_pipeline([{"name": "AccuracyAwareQuantization", "params": params}], engine).run(
        load_model(model)
    )
    assert builders.run(found.submodels[0].model, np.stack(IMAGES[:4]))[0].shape == (4, 5)


@pytest.mark.parametrize("params", [{}, PRESET], ids=["silent", "performance"])
@pytest.mark.long
def test_an_engine_that_makes_its_own_batches(params: dict[str, Any]) -> None:
    class Own(IEEngine):
        def _predict(self, stats_layout: Any, sampler: Any, *rest: Any, **more: Any) -> Any:
            request = self._ie.compile_model(self._model).create_infer_request()
            images = [image for batch in sampler for image in batch]
            for start in range(0, len(images), 4):
                request.infer({"x": np.stack(images[start : start + 4])})

    algorithms = [{"name": "DefaultQuantization", "params": params}]
    found = create_pipeline(algorithms, Own({}, builders.Items(IMAGES))).run(load_model(network(4)))
    assert_same_ranges(found, quantized(network(4), IMAGES, **params))


def test_quantize_takes_single_images() -> None:
    data = np.stack(IMAGES[:4])
    found = builders.run(quantize(network(4), IMAGES), data)[0]
    np.testing.assert_allclose(found, builders.run(network(4), data)[0], atol=0.15 * np.abs(found).max())
