"""Legal networks of unusual form: INT8 on the CPU stays close to float, or the refusal is one sentence."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import labelled
from openvino.tools.pot import IEEngine, create_pipeline, load_model, quantize
from openvino.tools.pot.utils.errors import ConfigError

RANDOM = np.random.default_rng(0)


def weights(*shape: int, dtype: type = np.float32) -> ov.Node:
    return op.constant(RANDOM.normal(size=shape).astype(dtype))


def conv(x: ov.Node, kernel: ov.Node, pads: int = 1) -> ov.Node:
    axes = kernel.get_output_partial_shape(0).rank.get_length() - 2
    return op.convolution(x, kernel, [1] * axes, [pads] * axes, [pads] * axes, [1] * axes)


def depthwise(shape: list[int]) -> ov.Model:
    x = op.parameter(ov.PartialShape(shape), np.float32)
    layer = op.group_convolution(x, weights(8, 1, 1, 3, 3), [1, 1], [1, 1], [1, 1], [1, 1])
    return ov.Model([layer], [x])


def half() -> ov.Model:
    x = op.parameter([1, 4, 8, 8], np.float16)
    return ov.Model([op.relu(conv(x, weights(6, 4, 3, 3, dtype=np.float16)))], [x])


def matrices_of_a_batch() -> ov.Model:
    x = op.parameter([3, 16, 24], np.float32)
    return ov.Model([op.matmul(x, weights(3, 24, 32), False, False)], [x])


def two_products(rows: int, active: bool) -> ov.Model:
    x = op.parameter([rows, 32], np.float32)
    first = op.matmul(x, weights(32, 32), False, False)
    second = op.matmul(op.relu(first) if active else first, weights(32, 16), False, False)
    return ov.Model([second], [x])


def one_axis() -> ov.Model:
    x = op.parameter([1600], np.float32)
    image = op.reshape(x, op.constant(np.array([1, 4, 400], np.int64)), False)
    return ov.Model([conv(image, weights(6, 4, 3))], [x])


def taken_names() -> ov.Model:
    x = op.parameter([1, 4, 8, 8], np.float32)
    kernel = op.constant(RANDOM.normal(size=(4, 4, 3, 3)).astype(np.float32), name="c/weights")
    layer = conv(x, kernel)
    layer.set_friendly_name("c")
    return ov.Model([op.relu(layer), op.relu(kernel)], [x])


NETWORKS: dict[str, Callable[[], ov.Model]] = {
    "depthwise": lambda: depthwise([1, 8, 8, 8]),
    "depthwise, all dynamic": lambda: depthwise([-1, -1, -1, -1]),
    "half precision": half,
    "matrices of a batch": matrices_of_a_batch,
    "two products of one row": lambda: two_products(1, True),
    "two products of four rows": lambda: two_products(4, True),
    "two products with nothing between": lambda: two_products(4, False),
    "one axis": one_axis,
    "taken names": taken_names,
}


def samples(network: ov.Model) -> list[np.ndarray]:
    port = network.input(0)
    shape = port.get_partial_shape()
    sizes = [
        size.get_length() if size.is_static else default
        for size, default in zip(shape, (1, 8, 8, 8), strict=False)
    ]
    dtype = port.get_element_type().to_dtype()
    return [RANDOM.normal(size=sizes).astype(dtype) for _ in range(16)]


def run(network: ov.Model, data: np.ndarray) -> np.ndarray:
    compiled = ov.Core().compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled(data)[0], np.float64)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("parameters", [{}, {"preset": "mixed"}], ids=["silent", "mixed"])
@pytest.mark.long
def test_int8_stays_close_to_float(name: str, parameters: dict[str, str]) -> None:
    network = NETWORKS[name]()
    data = samples(network)
    expected = run(network, data[0])
    found = run(quantize(network, data, **parameters), data[0])
    assert np.abs(found - expected).max() < 0.5 * expected.std()
    assert np.sqrt(np.mean((found - expected) ** 2)) < 0.1 * expected.std()


def test_ranges_alone_on_a_depthwise_network() -> None:
    network = depthwise([1, 8, 8, 8])
    data = samples(network)
    engine = IEEngine({}, labelled(data))
    found = create_pipeline([{"name": "MinMaxQuantization", "params": {}}], engine).run(load_model(network))
    assert np.allclose(run(found.submodels[0].model, data[0]), run(network, data[0]), atol=0.3)


def test_a_correction_before_the_ranges_is_refused() -> None:
    network = depthwise([1, 8, 8, 8])
    algorithms = [{"name": "FastBiasCorrection", "params": {}}, {"name": "MinMaxQuantization", "params": {}}]
    with pytest.raises(ConfigError, match="put MinMaxQuantization before it"):
        create_pipeline(algorithms, IEEngine({}, labelled(samples(network)))).run(load_model(network))


@pytest.mark.long
def test_an_input_without_axes_beside_samples_of_a_batch() -> None:
    x, factor = op.parameter([1, 4, 8, 8], np.float32, name="x"), op.parameter([], np.float32, name="factor")
    network = ov.Model([op.multiply(conv(x, weights(4, 4, 3, 3)), factor)], [x, factor])
    data = [{"x": np.ones((1, 4, 8, 8)), "factor": np.float32(2)}] * 4
    one, two = (quantize(network, data, stat_batch_size=size) for size in (1, 2))
    feed = [data[0]["x"].astype(np.float32), np.float32(2)]
    found = [ov.Core().compile_model(made, "CPU")(feed)[0] for made in (one, two)]
    np.testing.assert_array_equal(*found)


@pytest.mark.long
def test_padding_masks_are_not_taken_for_token_masks() -> None:
    """A mask that marks the padding: rows must not come from the padding alone."""
    x = op.parameter([1, 16, 8], np.float32, name="x")
    mask = op.parameter([1, 16], np.float32, name="key_padding_mask")
    kept = op.multiply(x, op.unsqueeze(op.subtract(np.float32(1.0), mask), op.constant(np.int64(2))))
    network = ov.Model([op.matmul(kept, weights(8, 5), False, False)], [x, mask])
    marks = np.zeros((1, 16), np.float32)
    marks[0, 10:] = 1
    data = [
        {"x": RANDOM.normal(size=(1, 16, 8)).astype(np.float32), "key_padding_mask": marks} for _ in range(16)
    ]
    compiled = [
        ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(data[0])[0]
        for model in (network, quantize(network, data))
    ]
    assert np.abs(compiled[1] - compiled[0]).max() < 0.1 * compiled[0].std()


@pytest.mark.long
def test_least_error_rounding_of_asymmetric_weights() -> None:
    network = depthwise([1, 8, 8, 8])
    data = samples(network)
    with pytest.raises(ConfigError, match="weight_rounding: least_error needs symmetric weights"):
        quantize(network, data, weight_rounding="least_error", weights={"mode": "asymmetric"})
    found = run(quantize(network, data, weights={"mode": "asymmetric"}), data[0])
    assert np.allclose(found, run(network, data[0]), atol=0.3)


@pytest.mark.long
def test_added_biases_reach_the_next_layer() -> None:
    """Layers without a bias: what is added behind the first must lie before the quantizer of the second."""
    x = op.parameter([1, 4, 8, 8], np.float32)
    first = conv(x, weights(6, 4, 3, 3))
    first.set_friendly_name("first")
    network = ov.Model([conv(first, weights(5, 6, 3, 3))], [x])
    nodes = {n.get_friendly_name(): n for n in quantize(network, samples(network)).get_ops()}
    readers = nodes["first/add_bias"].output(0).get_target_inputs()
    assert [reader.get_node().get_type_name() for reader in readers] == ["FakeQuantize"]


@pytest.mark.parametrize(
    ("given", "used"), [({}, 16), ({"stat_subset_size": 3}, 3), ({"subset_size": 30}, 16)]
)
def test_few_samples_bring_a_warning(
    given: dict[str, int], used: int, caplog: pytest.LogCaptureFixture
) -> None:
    network = depthwise([1, 8, 8, 8])
    with caplog.at_level(logging.WARNING):
        quantize(network, samples(network), **given)
    assert f"statistics come from {used} samples, expected at least 30 for good accuracy" in caplog.messages


def test_enough_samples_bring_none(caplog: pytest.LogCaptureFixture) -> None:
    network = depthwise([1, 8, 8, 8])
    with caplog.at_level(logging.WARNING):
        quantize(network, (samples(network) * 2)[:30])
    assert caplog.messages == []


def test_a_channel_that_is_dead_in_every_sample_gets_no_shift() -> None:
    kernel = RANDOM.normal(size=(6, 4, 3, 3)).astype(np.float32)
    kernel[5, :3] = 0  # reads the last input channel alone
    x = op.parameter([1, 4, 8, 8], np.float32)
    network = ov.Model([conv(x, op.constant(kernel))], [x])
    data = [np.abs(sample) * np.float32([1, 1, 1, 0])[:, None, None] for sample in samples(network)[:3]]
    found = run(quantize(network, data), data[0])
    assert not np.any(found[:, 5])
    assert np.all(np.any(found[:, :5], axis=(0, 2, 3)))
