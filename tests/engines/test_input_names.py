"""Inputs whose tensors have other names than their nodes: anything that feeds one knows it by both."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from openvino.tools.pot import IEEngine, Metric, create_pipeline, load_model, quantize
from openvino.tools.pot.engines.feeding import Feeder
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import DataError

IMAGES = builders.images(6)


def named(network: ov.Model, *tensors: set[str]) -> ov.Model:
    """The network with other names for the tensors of its inputs."""
    for port, names in zip(network.inputs, tensors, strict=True):
        port.get_tensor().set_names(names)
    return network


def two_inputs(*tensors: set[str]) -> ov.Model:
    """Inputs of nodes ``a`` and ``b``, of which the first counts ten times as much."""
    a, b = builders.parameter([1, 3, 8, 8], "a"), builders.parameter([1, 3, 8, 8], "b")
    louder = op.multiply(builders.conv(a, 8, "ca"), op.constant(np.float32(10)), name="louder")
    both = op.relu(op.add(louder, builders.conv(b, 8, "cb", seed=1), name="both"), name="relu")
    return named(builders.model(builders.conv(both, 4, "last", seed=2), a, b), *tensors)


def decibels(model: ov.Model, data: Any) -> float:
    _, report = quantize(model, data, report=True)
    assert report is not None
    return report.decibels


EXPECTED = decibels(builders.network(), IMAGES)


@pytest.mark.parametrize("names", [{"tensor"}, {"tensor", "alias"}, {"tensor", "x"}, set()])
@pytest.mark.long
def test_a_sample_is_fed_by_either_name(names: set[str]) -> None:
    network = named(builders.network(), names)
    for name in ("x", *names):
        assert decibels(network, [{name: image} for image in IMAGES]) == EXPECTED
    assert decibels(network, IMAGES) == EXPECTED


@pytest.mark.parametrize("tensors", [({"a"}, {"b"}), ({"ta"}, {"tb"}), ({"b"}, {"a"})])
@pytest.mark.long
def test_two_inputs_get_what_is_theirs(tensors: tuple[set[str], set[str]]) -> None:
    """A name that is one input's tensor and another one's node means the tensor, as it does to OpenVINO."""
    (first,), (second,) = tensors
    expected = decibels(two_inputs({"a"}, {"b"}), [(image, 3 * image) for image in IMAGES])
    assert decibels(two_inputs(*tensors), [(image, 3 * image) for image in IMAGES]) == expected
    by_name = [{first: image, second: 3 * image} for image in IMAGES]
    assert decibels(two_inputs(*tensors), by_name) == expected


def test_a_name_that_no_input_has() -> None:
    with pytest.raises(DataError, match="the model has no input 'z', its inputs are"):
        quantize(two_inputs({"ta"}, {"tb"}), [{"z": IMAGES[0], "b": IMAGES[0]}])


class Total(Metric):
    avg_value = property(lambda self: {"total": self.total})  # type: ignore[assignment]

    def reset(self) -> None:
        self.total = 0.0

    def update(self, output: Any, target: Any) -> None:
        self.total += float(output[0].sum())

    def get_attributes(self) -> Any:
        return {"total": {"direction": "higher-better", "type": "user"}}


def by_port(model: Any, array: Any) -> Any:
    return {model.inputs[0]: array}


FORMS = {
    "node": lambda _, array: {"x": array},
    "tensor": lambda _, array: {"tensor": array},
    "alias": lambda _, array: {"alias": array},
    "number": lambda _, array: {0: array},
    "port": by_port,
}


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS)
def test_hooks_may_feed_by_anything_that_openvino_takes(form: str) -> None:
    class Own(IEEngine):
        def _fill_input(self, model: Any, image_batch: Any) -> Any:
            return FORMS[form](model, image_batch[0])

    engine = Own({}, builders.labelled(IMAGES), Total())
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine)
    model = load_model(named(builders.network(), {"tensor", "alias"}))
    result = pipeline.run(model)
    assert result.check.decibels == EXPECTED
    assert pipeline.evaluate(result) == pytest.approx(pipeline.evaluate(model), abs=5)


@pytest.mark.long
def test_batches_of_a_fixed_size() -> None:
    network = builders.network()
    network.reshape({"x": [4, 3, 8, 8]})
    with_others = named(network.clone(), {"tensor"})
    assert decibels(with_others, IMAGES) == decibels(network, IMAGES) > 30


@pytest.mark.long
def test_what_time_steps_hand_on() -> None:
    x, h = builders.parameter([1, 5]), builders.parameter([1, 8], "h")
    mixed = op.add(
        op.matmul(h, op.constant(builders.weights((8, 8)), name="R"), False, False, name="read"),
        op.matmul(x, op.constant(builders.weights((5, 8)), name="M"), False, False, name="taken"),
    )
    network = builders.model(op.tanh(mixed, name="next"), x, h)
    engine = {"recurrent_out_in_map": {"y": "h"}}
    steps = list(np.random.default_rng(0).standard_normal((6, 1, 5)).astype(np.float32))
    data = {"x": steps, "h": [np.zeros((1, 8), np.float32), *[None] * 5]}
    loader = builders.Items([(data, 0)])
    expected = builders.quantized(network.clone(), loader, engine, checked=True).check
    found = builders.quantized(named(network, {"tx"}, {"th"}), loader, engine, checked=True).check
    assert found.outputs == expected.outputs
    assert found.decibels > 20


class Two(IEEngine):
    """Runs both models of a cascade, the second on what the first gives."""

    def _predict(self, stats_layout: Any, sampler: Any, *_: Any, **__: Any) -> None:
        assert self._model is not None
        for batch in sampler:
            _, images, _ = self._process_batch(batch)
            value: Any = images[0]
            for sub in self._model:
                compiled = self._ie.compile_model(sub.model)
                value = compiled(self._fill_input(sub.model, [value]))[0]


@pytest.mark.long
def test_cascades() -> None:
    def run(*tensors: set[str]) -> CompressedModel:
        x = builders.parameter([1, 5, 8, 8])
        networks = [builders.network(), builders.model(op.relu(builders.conv(x, 4, "c"), name="r"), x)]
        entries = [
            {"name": name, "model": named(network, names) if names else network}
            for name, network, names in zip("ab", networks, tensors, strict=True)
        ]
        engine = Two({}, builders.labelled(IMAGES))
        pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine)
        return pipeline.run(load_model({"model_name": "c", "cascade": entries}))

    plain, others = run(set(), set()), run({"t1", "t2"}, {"u"})
    assert [sub.check.decibels for sub in others] == [sub.check.decibels for sub in plain]
    assert plain.check.decibels > 20


@pytest.mark.long
def test_migration_and_padding_by_a_mask() -> None:
    """The mask of tokens is told by any of its names."""

    def network(*tensors: set[str]) -> ov.Model:
        x, mask = builders.parameter([1, 6, 16]), builders.parameter([1, 6], "attention_mask")
        kept = op.multiply(x, op.unsqueeze(mask, op.constant(2)), name="kept")
        first = op.matmul(kept, op.constant(builders.weights((16, 16)), name="w1"), False, False, name="m1")
        last = op.matmul(
            op.relu(first), op.constant(builders.weights((16, 8), 1), name="w2"), False, False, name="m2"
        )
        return named(builders.model(last, x, mask), *tensors)

    random = np.random.default_rng(0)
    data = [
        (
            random.standard_normal((1, 6, 16)).astype(np.float32),
            (np.arange(6) < count)[None].astype(np.float32),
        )
        for count in (3, 4, 5, 6)
    ]
    expected = decibels(network({"x"}, {"attention_mask"}), data)
    assert decibels(network({"tx"}, {"mask:0"}), data) == expected
    assert decibels(network({"tx"}, {"0", "attention_mask"}), data) == expected


def test_the_feed_of_an_engine_is_one_that_openvino_takes() -> None:
    network = named(builders.network(), {"tensor"})
    feed = Feeder(network).feed(IMAGES[0], 0)
    assert list(feed) == ["tensor"]
    ov.Core().compile_model(network, "CPU")(feed)
