"""Inputs whose channels have steps of their own reach the first convolution without rounding."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import bias, conv, decibels, images, labelled, model, parameter, runner, weights
from openvino.tools.pot import IEEngine, create_pipeline, load_model, quantize
from openvino.tools.pot.diagnosis import diagnose
from openvino.tools.pot.graph.edits.exact_input import count_in_steps, quantize_before_padding
from openvino.tools.pot.graph.view import GraphView

MEANS, SCALE = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])
Floats = NDArray[np.float32]


def pixels(count: int, size: int = 16, seed: int = 0) -> list[NDArray[Any]]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, 1, 3, size, size)))


def normalized(images_of: Sequence[NDArray[Any]]) -> list[Floats]:
    of_channels = (MEANS.reshape(1, 3, 1, 1), SCALE.reshape(1, 3, 1, 1))
    return [((image - of_channels[0]) / of_channels[1]).astype(np.float32) for image in images_of]


def network(shape: Sequence[int] = (1, 3, 16, 16), outputs: int = 64, normalizes: bool = False) -> ov.Model:
    x = parameter(list(shape))
    values: Any = x
    if normalizes:
        shifted = op.subtract(x, op.constant(MEANS.reshape(1, 3, 1, 1).astype(np.float32)))
        values = op.divide(shifted, op.constant(SCALE.reshape(1, 3, 1, 1).astype(np.float32)))
    first = op.relu(op.add(conv(values, outputs, "first"), bias(outputs, "b")))
    return model(conv(first, 32, "last", seed=1), x)


def counted(int8: ov.Model) -> list[str]:
    """Types of what stands between the input and the first convolution."""
    (node,) = int8.get_parameters()
    found = []
    while node.get_type_name() != "Convolution":
        (reader,) = node.output(0).get_target_inputs()
        node = reader.get_node()
        found.append(node.get_type_name())
    return found[:-1]


COUNTED = ["Multiply", "Add", "FakeQuantize", "Pad"]


def test_normalized_pixels_are_read_without_rounding() -> None:
    samples, others = normalized(pixels(40)), normalized(pixels(8, seed=1))
    int8 = quantize(network(), samples)
    assert counted(int8) == COUNTED
    quantizer = next(each for each in int8.get_ordered_ops() if each.get_type_name() == "FakeQuantize")
    borders = [float(quantizer.input_value(port).get_node().get_data()) for port in range(1, 5)]
    assert borders == [0, 255, 0, 255]
    rounded = quantize(network(), samples, activations={"mode": "asymmetric"})  # a form that is said stays
    assert counted(rounded) == ["FakeQuantize"]
    assert decibels(network(), int8, others) > decibels(network(), rounded, others) + 0.2


@pytest.mark.parametrize("preset", ["performance", "mixed", "accuracy"])
def test_presets(preset: str) -> None:
    samples, others = normalized(pixels(40)), normalized(pixels(8, seed=1))
    int8 = quantize(network(), samples, preset=preset)
    assert counted(int8) == COUNTED
    rounded = quantize(network(), samples[:29], preset=preset)
    assert counted(rounded) == ["FakeQuantize"]  # of few samples ranges are wider than what was seen
    assert decibels(network(), int8, others) > decibels(network(), rounded, others)


def test_a_layer_that_goes_back_to_float_reads_its_input_as_it_was() -> None:
    view = GraphView(network())
    before = runner(view.model.clone())
    count_in_steps(view, "first", list(-MEANS / SCALE), list(1 / SCALE))
    assert counted(view.model) == ["Multiply", "Add", "Pad"]
    quantize_before_padding(view.model)
    view.model.validate_nodes_and_infer_types()
    assert counted(view.model) == []
    (sample,) = normalized(pixels(1))
    np.testing.assert_allclose(runner(view.model)(sample)[0], before(sample)[0], rtol=1e-4, atol=1e-5)


def test_names_of_two_runs_are_the_same() -> None:
    samples, source = normalized(pixels(40)), network()
    first, second = (
        [node.get_friendly_name() for node in quantize(source, samples).get_ordered_ops()] for _ in range(2)
    )
    assert first == second


class Tiles(IEEngine):
    """Makes two images of a sample."""

    def _process_batch(self, batch: Any) -> Any:
        annotations, arrays, metadata = super()._process_batch(batch)
        return annotations * 2, [half for array in arrays for half in (array, array)], metadata * 2


def test_hooks_that_feed_otherwise_are_left_alone() -> None:
    engine = Tiles({"device": "CPU"}, [(image, None) for image in normalized(pixels(40))])
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine)
    (sub,) = pipeline.run(load_model(network())).submodels
    assert counted(sub.model) == ["FakeQuantize"]


def test_a_user_s_names_that_end_alike() -> None:
    x = parameter([1, 3, 16, 16])
    named = op.relu(conv(x, 64, "first"), name="first/counted")
    network_of = model(conv(named, 32, "last", seed=1), x)
    int8 = quantize(network_of, normalized(pixels(40)))
    assert counted(int8) == ["FakeQuantize"]


def test_what_reads_it_runs_in_8_bits() -> None:
    int8 = quantize(network(), normalized(pixels(40)))
    compiled = ov.Core().compile_model(int8, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    facts = [node.get_rt_info() for node in compiled.get_runtime_model().get_ops()]
    run = {each["layerType"].astype(str): each["runtimePrecision"].astype(str) for each in facts}
    assert {run["Convolution"], run["Pad"]} <= {"u8", "i8"}


def test_normalisation_in_the_network_itself() -> None:
    samples = [image.astype(np.float32) for image in pixels(40)]
    int8 = quantize(network(normalizes=True), samples)
    assert counted(int8)[-4:] == COUNTED
    assert decibels(network(normalizes=True), int8, samples[:8]) > 30


def test_open_sizes() -> None:
    samples = normalized(pixels(40))
    int8 = quantize(network((-1, 3, -1, -1)), samples)
    assert counted(int8) == COUNTED
    larger = normalized(pixels(4, 24, seed=2))
    assert decibels(network((-1, 3, -1, -1)), int8, larger) > 30


def test_padding_stays_what_it_was() -> None:
    """Zeros around the input mean zeros of the normalized image, and no black."""
    samples = normalized(pixels(40))
    int8 = quantize(network(), samples)
    before, after = (runner(each)(samples[0])[0] for each in (network(), int8))
    border = np.ones(before.shape[2:], bool)
    border[2:-2, 2:-2] = False
    error = np.square(before - after).mean(axis=(0, 1))
    assert error[border].mean() < 2 * error[~border].mean()


def test_values_beside_those_that_were_looked_at_are_rounded_and_not_cut_off() -> None:
    samples = normalized(pixels(40))
    samples[39] = samples[39] * np.float32(1.5)
    int8 = quantize(network(), samples)
    assert counted(int8)[-1] in ("Pad", "FakeQuantize") and decibels(network(), int8, [samples[39]]) > 25


def test_channels_are_not_divided() -> None:
    """Of a layer whose inputs matter unequally, which wins elsewhere."""
    x = parameter([1, 3, 16, 16])
    kernel = weights((64, 3, 3, 3)) * np.array([1, 9, 0.1], np.float32).reshape(1, 3, 1, 1)
    first = op.convolution(x, op.constant(kernel), [1, 1], [1, 1], [1, 1], [1, 1], name="first")
    network_of = model(conv(op.relu(first), 32, "last", seed=1), x)
    samples = normalized(pixels(40))
    int8 = quantize(network_of, samples)
    assert counted(int8) == COUNTED
    assert decibels(network_of, int8, samples[:8]) > 30


NOT_COUNTED: dict[str, tuple[ov.Model, list[Floats], dict[str, Any]]] = {
    "floats": (network(), images(40, shape=(1, 3, 16, 16)), {}),
    "one lattice": (network(), [(image / 255).astype(np.float32) for image in pixels(40)], {}),
    "ignored": (network(), normalized(pixels(40)), {"ignored": {"scope": ["first"]}}),
    "another device": (network(), normalized(pixels(40)), {"target_device": "GPU"}),
    "estimators": (network(), normalized(pixels(40)), {"range_estimator": {"preset": "quantile"}}),
    "too little to win": (network((1, 3, 256, 256), 8), normalized(pixels(30, 256)), {}),
    "levels that may lie beyond": (
        network(),
        normalized([np.clip(image, 9, 250) for image in pixels(40)]),
        {},
    ),
    "rules": (
        network(),
        normalized(pixels(40)),
        {"rules": [{"scope": ["last"], "weights": {"mode": "symmetric"}}]},
    ),
}


@pytest.mark.parametrize("case", NOT_COUNTED)
def test_all_else_stays(case: str) -> None:
    float_model, samples, parameters = NOT_COUNTED[case]
    int8 = quantize(float_model, samples, **parameters)
    assert not any(each.get_type_name() == "Pad" for each in int8.get_ops())


def test_without_correction_of_biases_all_stays() -> None:
    engine = IEEngine({"device": "CPU"}, [(image, None) for image in normalized(pixels(40))])
    pipeline = create_pipeline([{"name": "MinMaxQuantization", "params": {}}], engine)
    (sub,) = pipeline.run(load_model(network())).submodels
    assert counted(sub.model) == ["FakeQuantize"]


class Once:
    """Samples that can be read in their order alone, each one time."""

    def __init__(self, samples: Sequence[Any]) -> None:
        self._samples, self.read = samples, 0

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Any:
        if index >= len(self):
            raise IndexError(index)
        assert index == self.read, f"sample {index} is read when {self.read} is due"
        self.read += 1
        return self._samples[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._samples)


def test_no_sample_is_read_twice_for_it() -> None:
    samples = Once([(image, None) for image in normalized(pixels(40))])
    engine = IEEngine({"device": "CPU"}, samples)
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine)
    (sub,) = pipeline.run(load_model(network())).submodels
    assert samples.read == 40 and counted(sub.model) == COUNTED


def test_statistics_from_elsewhere_know_nothing_of_it() -> None:
    engine = IEEngine({"device": "CPU"}, [(image, None) for image in normalized(pixels(40))])
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine)
    source = load_model(network())
    found = pipeline.collect_statistics(source)
    (sub,) = pipeline.run(source, statistics=found).submodels
    assert counted(sub.model) == ["FakeQuantize"]


@pytest.mark.long
def test_it_is_diagnosed(tmp_path: Path) -> None:
    samples = normalized(pixels(40))
    int8 = quantize(network(), samples)
    ov.save_model(int8, tmp_path / "int8.xml", compress_to_fp16=False)
    assert counted(int8) == COUNTED
    found = diagnose(network(), tmp_path / "int8.xml", samples)
    assert found.parts.whole > 30 and {layer.node for layer in found.layers} == {"first", "last"}


def test_noise_of_layers_alone_is_measured() -> None:
    pipeline = create_pipeline(
        [
            {"name": "DefaultQuantization", "params": {}},
            {"name": "QuantNoiseEstimator", "params": {"mode": "layerwise_fq_noise"}},
        ],
        IEEngine({}, labelled(normalized(pixels(40)))),
    )
    int8 = pipeline.run(load_model(network())).submodels[0].model
    noise = pipeline.algo_seq[-1].noise
    assert counted(int8) == COUNTED and set(noise) == {"first", "last"}
    assert all(1e3 < ratio < 1e6 for ratio in noise.values())


def test_ranges_of_levels_are_not_searched(caplog: pytest.LogCaptureFixture) -> None:
    """They hold the channel of ones, which a narrower one would cut."""
    samples = normalized(pixels(40))
    entries = [
        {"name": "DefaultQuantization", "params": {}},
        {"name": "RangeOptimization", "params": {"maxiter": 20}},
    ]
    with caplog.at_level(logging.INFO):
        made = create_pipeline(entries, IEEngine({}, labelled(samples))).run(load_model(network()))
    int8 = made.submodels[0].model
    assert counted(int8) == COUNTED and decibels(network(), int8, samples[:8]) > 30
    assert re.search(r"of 1 ranges changed", caplog.text)  # of two
