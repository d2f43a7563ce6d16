"""Overflows of whole layers: exact sums are those that OpenVINO makes, and pairs saturate where they must."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import model, parameter, run, weights
from openvino.tools.pot.arithmetic.pair_sums import saturating_product
from openvino.tools.pot.graph.edits.compress import compress_weights
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.report.factors import layer_factors
from openvino.tools.pot.report.overflow import LayerOverflow, overflows

UNSIGNED, SIGNED, ZERO_POINT = (0.0, 2.55), (-1.28, 1.27), (-0.5, 2.05)
LARGEST_WEIGHT = 1.27  # so that one level of any of them is 0.01


def fake(source: Any, low: float, high: float, levels: int = 256) -> ov.Output:
    borders = [op.constant(np.float32(border)) for border in (low, high)]
    return op.fake_quantize(source, *borders, *borders, levels).output(0)


def integers(values: NDArray[Any]) -> ov.Output:
    constant = op.constant(values.astype(np.float32))
    return fake(constant, -LARGEST_WEIGHT, LARGEST_WEIGHT, 255)


def random_integers(*shape: int) -> ov.Output:
    return integers(weights(shape))


# Shape of the input, axis of the output channels, and the layer.
Layer = tuple[tuple[int, ...], int, Callable[[Any], Any]]
LAYERS: dict[str, Layer] = {
    "strides, dilations, uneven padding": (
        (2, 5, 7, 8),
        1,
        lambda x: op.convolution(x, random_integers(4, 5, 3, 2), [2, 1], [1, 0], [2, 1], [1, 2]),
    ),
    "one axis": ((1, 4, 9), 1, lambda x: op.convolution(x, random_integers(3, 4, 3), [1], [1], [1], [1])),
    "groups": (
        (1, 6, 5, 5),
        1,
        lambda x: op.group_convolution(x, random_integers(2, 4, 3, 3, 3), [1] * 2, [1] * 2, [1] * 2, [1] * 2),
    ),
    "a product": ((1, 3, 8), -1, lambda x: op.matmul(x, random_integers(8, 5), False, False)),
    "both transposed": ((1, 8, 3), -1, lambda x: op.matmul(x, random_integers(5, 8), True, True)),
    "weights on the left": ((1, 8, 3), -2, lambda x: op.matmul(random_integers(5, 8), x, False, False)),
    "behind a Reshape": (
        (1, 4, 2, 3),
        -1,
        lambda x: op.matmul(op.reshape(x, np.array([1, 3, 8]), False), random_integers(5, 8), False, True),
    ),
}
TRANSPOSED: dict[str, Layer] = {
    "transposed": (
        (2, 4, 5, 4),
        1,
        lambda x: op.convolution_backprop_data(
            x,
            random_integers(4, 3, 3, 2),
            [2, 1],
            pads_begin=[1, 0],
            pads_end=[0, 1],
            dilations=[1, 1],
            output_padding=[1, 0],
        ),
    ),
    "transposed in groups, dilated": (
        (1, 4, 5, 4),
        1,
        lambda x: op.group_convolution_backprop_data(
            x, random_integers(2, 2, 3, 3, 3), [2, 2], pads_begin=[1, 1], pads_end=[1, 2], dilations=[2, 1]
        ),
    ),
}


def check_sums(layer: Layer, borders: tuple[float, float], compressed: bool) -> None:
    shape, axis, make = layer
    x = parameter(list(shape))
    network = model(make(fake(x, *borders)), x)
    low, high = borders
    values = np.random.default_rng(1).uniform(low - 0.2, high + 0.2, shape).astype(np.float32)
    expected = run(network, values)[0]
    if compressed:
        assert compress_weights(network) == 1
    view = GraphView(network)
    (factors,) = layer_factors(view)
    probe = ov.Model([view.output(tensor) for tensor in factors.tensors], network.get_parameters())
    levels, stored = factors.of(run(probe, values))
    exact = saturating_product(levels, stored).exact - factors.zero * stored.sum(axis=(2, 3))
    rows = np.moveaxis(expected, axis, -1).reshape(len(exact), -1)
    np.testing.assert_allclose(exact.reshape(len(exact), -1) * 1e-4, rows, rtol=0, atol=1e-4)


@pytest.mark.long
@pytest.mark.parametrize("compressed", [False, True], ids=["simulated", "compressed"])
@pytest.mark.parametrize("borders", [UNSIGNED, SIGNED, ZERO_POINT], ids=["unsigned", "signed", "zero point"])
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_exact_sums_are_the_layer(layer: Layer, borders: tuple[float, float], compressed: bool) -> None:
    check_sums(layer, borders, compressed)


@pytest.mark.parametrize("layer", TRANSPOSED.values(), ids=TRANSPOSED)
def test_exact_sums_are_the_transposed_convolution(layer: Layer) -> None:
    check_sums(layer, UNSIGNED, False)


@pytest.mark.parametrize(
    ("shapes", "turns"), [(((2, 3, 4), (2, 4, 5)), (False, False)), (((1, 2, 4, 3), (2, 5, 4)), (True, True))]
)
def test_products_of_activations(shapes: tuple[tuple[int, ...], ...], turns: tuple[bool, bool]) -> None:
    a, b = (parameter(list(shape), name) for shape, name in zip(shapes, "ab", strict=True))
    network = model(op.matmul(fake(a, *UNSIGNED), fake(b, *SIGNED), *turns), a, b)
    rng = np.random.default_rng(0)
    feed = [rng.uniform(0, 1, shape).astype(np.float32) for shape in shapes]
    view = GraphView(network)
    (factors,) = layer_factors(view)
    probe = ov.Model([view.output(tensor) for tensor in factors.tensors], network.get_parameters())
    exact = saturating_product(*factors.of(run(probe, *feed))).exact  # rows, matrices, columns
    found = exact.transpose(1, 0, 2).reshape(run(network, *feed)[0].shape) * 1e-4
    np.testing.assert_allclose(found, run(network, *feed)[0], rtol=0, atol=1e-4)


def convolution(values: list[int], borders: tuple[float, float], pad: int = 0) -> ov.Model:
    """A kernel of one tap over four channels."""
    x = parameter([1, 4, 1, 1])
    kernel = integers(np.array(values).reshape(1, 4, 1, 1) / 100)
    ones = [1, 1]
    return model(op.convolution(fake(x, *borders), kernel, ones, [pad] * 2, [pad] * 2, ones, name="layer"), x)


def counted(network: ov.Model, *samples: list[float]) -> LayerOverflow:
    feeds = [{"x": np.array(values, np.float32).reshape(1, 4, 1, 1)} for values in samples]
    (layer,) = overflows(network, feeds)
    assert (layer.node, layer.type) == ("layer", "Convolution")
    return layer


def test_a_pair_that_fits_and_one_that_does_not() -> None:
    network = convolution([64, 64, 65, 64], UNSIGNED)
    fits = counted(network, [2.55, 2.55, 2.53, 2.55])
    assert (fits.overflows, fits.error, fits.bound) == (0, 0.0, 253 * 65 + 255 * 64)
    over = counted(network, [2.55, 2.55, 2.55, 2.55])
    assert (over.overflows, over.bound) == (1, 255 * 129)
    assert over.error == pytest.approx((255 * 129 - 32767) / (255 * 257))


def test_all_samples_count() -> None:
    layer = counted(convolution([127] * 4, UNSIGNED), [2.55] * 4, [0.1] * 4, [2.55, 2.55, 0, 0])
    assert layer.overflows == 3


def test_extremes_of_different_samples_do_not_meet() -> None:
    layer = counted(convolution([127] * 4, UNSIGNED), [2.55, 0, 0, 0], [0, 2.55, 0, 0])
    assert layer.bound == 255 * 254
    assert layer.overflows == 0


def test_signed_activations_are_shifted() -> None:
    # Zero is 128: two products of the largest weights just fit; a little more than zero does not.
    assert counted(convolution([127] * 4, SIGNED), [0.0] * 4).overflows == 0
    assert counted(convolution([127] * 4, SIGNED), [0.02] * 4).overflows == 2
    assert counted(convolution([127] * 4, SIGNED), [-1.28] * 4).bound == 128 * 254


def test_padding_holds_the_level_of_zero() -> None:
    zero_is_200 = (-2.0, 0.55)
    inside = counted(convolution([127] * 4, zero_is_200), [-2.0] * 4)
    padded = counted(convolution([127] * 4, zero_is_200, pad=1), [-2.0] * 4)
    assert (inside.overflows, padded.overflows) == (0, 2 * 8)


def test_layers_in_float_are_not_listed() -> None:
    x = parameter([1, 4, 1, 1])
    kernel = weights((2, 4, 1, 1))
    float_weights = op.convolution(fake(x, *UNSIGNED), kernel, [1] * 2, [0] * 2, [0] * 2, [1] * 2)
    float_input = op.convolution(x, random_integers(2, 4, 1, 1), [1] * 2, [0] * 2, [0] * 2, [1] * 2)
    depthwise = op.group_convolution(
        fake(x, *UNSIGNED), random_integers(4, 1, 1, 1, 1), [1] * 2, [0] * 2, [0] * 2, [1] * 2
    )
    network = model([float_weights, float_input, depthwise], x)
    assert overflows(network, [{"x": np.ones((1, 4, 1, 1), np.float32)}]) == []
