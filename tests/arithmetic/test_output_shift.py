"""The closed form of bias correction, against layers that are run.

Inputs are constant over space, so that their means are all there is to know, and padding is the one thing that
makes output positions differ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import model, parameter, run, weights
from openvino.tools.pot.arithmetic.bias import is_closer, output_shift, without_chance
from openvino.tools.pot.graph.geometry import canonical_weights, linear_layer
from openvino.tools.pot.graph.view import GraphView

Array = NDArray[Any]
Build = Callable[[ov.Output, ov.Output], ov.Node]


def network(build: Build, values: Array, shape: tuple[int, ...] | list[int]) -> ov.Model:
    x = parameter(list(shape))
    return model(build(x, op.constant(values, name="values").output(0)), x)


def expected_shift(network: ov.Model, values: Array, rounded: Array, x: Array, noisy: Array) -> Array:
    view = GraphView(network)
    layer = linear_layer(view, "layer")
    assert layer is not None
    others = tuple(axis for axis in range(x.ndim) if axis != layer.input_axis % x.ndim)
    means = [array.mean(axis=others, dtype=np.float64).reshape(layer.groups, -1) for array in (x, noisy)]
    canonical = [canonical_weights(view, layer, array) for array in (values, rounded)]
    return output_shift(*canonical, layer.tap_share, means[0], means[1] - means[0])


def measured_shift(build: Build, values: Array, rounded: Array, x: Array, noisy: Array, axis: int) -> Array:
    plain = run(network(build, values, x.shape), x)[0].astype(np.float64)
    quantized = run(network(build, rounded, x.shape), noisy)[0].astype(np.float64)
    return (plain - quantized).mean(axis=tuple(a for a in range(plain.ndim) if a != axis % plain.ndim))


def check(build: Build, weight_shape: tuple[int, ...], x: Array, axis: int, declared: Any = None) -> None:
    values = weights(weight_shape, 1)
    rounded = values + weights(weight_shape, 2, 0.1)
    noisy = (
        x + weights((x.shape[0], x.shape[1], *(1,) * (x.ndim - 2)), 3, 0.1)
        if axis == 1
        else x + weights(x.shape, 3)
    )
    shown = network(build, values, declared or x.shape)
    expected = expected_shift(shown, values, rounded, x, noisy)
    measured = measured_shift(build, values, rounded, x, noisy, axis)
    np.testing.assert_allclose(expected, measured, rtol=1e-4, atol=2e-5)


def constant_over_space(channels: int, space: tuple[int, ...]) -> Array:
    means = weights((2, channels, *(1,) * len(space)), 7, 1.0)
    return np.broadcast_to(means, (2, channels, *space)).copy()


CONVOLUTIONS: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "plain": ((4, 3, 3, 3), (8, 9), {}),
    "padded": ((4, 3, 3, 3), (8, 9), {"pads": ([1, 1], [1, 1])}),
    "padded on one side": ((4, 3, 3, 5), (8, 9), {"pads": ([0, 2], [1, 0])}),
    "strided": ((4, 3, 3, 3), (8, 9), {"strides": [2, 3], "pads": ([1, 1], [1, 1])}),
    "dilated": ((4, 3, 3, 3), (8, 9), {"dilations": [2, 3], "pads": ([2, 3], [2, 3])}),
    "all at once": (
        (4, 3, 4, 5),
        (11, 13),
        {"strides": [2, 3], "dilations": [2, 1], "pads": ([3, 1], [2, 4])},
    ),
    "kernel larger than the input": ((4, 3, 5, 5), (3, 2), {"pads": ([4, 4], [4, 4])}),
    "same_upper": ((4, 3, 4, 4), (8, 9), {"auto_pad": "same_upper", "strides": [2, 1]}),
    "same_lower": ((4, 3, 4, 4), (8, 9), {"auto_pad": "same_lower", "strides": [2, 1]}),
    "valid": ((4, 3, 3, 3), (8, 9), {"auto_pad": "valid", "pads": ([1, 1], [1, 1])}),
    "1D": ((4, 3, 5), (12,), {"pads": ([2], [2]), "strides": [2]}),
    "3D": ((4, 3, 3, 2, 3), (5, 6, 4), {"pads": ([1, 0, 1], [1, 1, 0])}),
    "pointwise": ((4, 3, 1, 1), (5, 5), {}),
}


def convolution(operation: Callable[..., ov.Node], kernel_rank: int, arguments: dict[str, Any]) -> Build:
    ones = [1] * kernel_rank
    begin, end = arguments.get("pads", ([0] * kernel_rank, [0] * kernel_rank))
    strides, dilations = arguments.get("strides", ones), arguments.get("dilations", ones)
    auto_pad = arguments.get("auto_pad", "explicit")
    return lambda x, w: operation(x, w, strides, begin, end, dilations, auto_pad=auto_pad, name="layer")


@pytest.mark.long
@pytest.mark.parametrize("case", CONVOLUTIONS)
@pytest.mark.parametrize("batch", [2, -1])
def test_convolution(case: str, batch: int) -> None:
    shape, space, arguments = CONVOLUTIONS[case]
    build = convolution(op.convolution, len(space), arguments)
    check(build, shape, constant_over_space(3, space), 1, [batch, 3, *space])


@pytest.mark.long
@pytest.mark.parametrize("case", CONVOLUTIONS)
@pytest.mark.parametrize("inputs", [1, 2])
def test_group_convolution(case: str, inputs: int) -> None:
    shape, space, arguments = CONVOLUTIONS[case]
    build = convolution(op.group_convolution, len(space), arguments)
    check(build, (3, 2, inputs, *shape[2:]), constant_over_space(3 * inputs, space), 1)


TRANSPOSED = {
    "plain": ((3, 3), (6, 7), {}),
    "strided": ((3, 3), (6, 7), {"strides": [2, 3]}),
    "overlapping": ((4, 5), (6, 7), {"strides": [2, 2], "pads": ([1, 1], [1, 2])}),
    "cropped": ((5, 5), (4, 5), {"pads": ([3, 4], [4, 2])}),
    "dilated": ((3, 2), (6, 7), {"strides": [2, 1], "dilations": [2, 3], "pads": ([1, 2], [2, 1])}),
    "output padding": (
        (3, 3),
        (6, 7),
        {"strides": [2, 2], "pads": ([1, 1], [1, 1]), "output_padding": [1, 1]},
    ),
    "same_upper": ((4, 4), (6, 7), {"strides": [2, 2], "auto_pad": "same_upper", "output_shape": [12, 14]}),
    "same_lower": ((3, 3), (6, 7), {"strides": [2, 2], "auto_pad": "same_lower", "output_shape": [12, 13]}),
    "output shape": ((4, 4), (6, 7), {"strides": [2, 2], "output_shape": [12, 15], "auto_pad": "same_upper"}),
    "1D": ((4,), (6,), {"strides": [2], "pads": ([1], [1])}),
    "3D": ((3, 2, 2), (3, 4, 3), {"strides": [2, 1, 2], "pads": ([1, 0, 0], [1, 1, 0])}),
}


def transposed(operation: Callable[..., ov.Node], rank: int, arguments: dict[str, Any]) -> Build:
    begin, end = arguments.get("pads", ([0] * rank, [0] * rank))
    target = arguments.get("output_shape")
    return lambda x, w: operation(
        x,
        w,
        arguments.get("strides", [1] * rank),
        *([] if target is None else [op.constant(np.array(target, np.int64))]),
        pads_begin=begin,
        pads_end=end,
        dilations=arguments.get("dilations", [1] * rank),
        auto_pad=arguments.get("auto_pad", "explicit"),
        output_padding=arguments.get("output_padding", [0] * rank),
        name="layer",
    )


@pytest.mark.parametrize("case", TRANSPOSED)
def test_transposed_convolution(case: str) -> None:
    kernel, space, arguments = TRANSPOSED[case]
    build = transposed(op.convolution_backprop_data, len(space), arguments)
    check(build, (3, 4, *kernel), constant_over_space(3, space), 1)


@pytest.mark.parametrize("case", TRANSPOSED)
def test_transposed_group_convolution(case: str) -> None:
    kernel, space, arguments = TRANSPOSED[case]
    build = transposed(op.group_convolution_backprop_data, len(space), arguments)
    check(build, (3, 2, 4, *kernel), constant_over_space(6, space), 1)


@pytest.mark.long
@pytest.mark.parametrize("transposes", [(a, b) for a in (False, True) for b in (False, True)])
@pytest.mark.parametrize("port", [0, 1])
@pytest.mark.parametrize("rank", [2, 3, 4])
@pytest.mark.parametrize("weight_rank", [2, 3])
def test_matmul(transposes: tuple[bool, bool], port: int, rank: int, weight_rank: int) -> None:
    summed, outputs, rows = 5, 4, 7
    flipped_weights, flipped_x = transposes[port], transposes[1 - port]
    # On the left the summed dimension is the last one, on the right the last but one.
    shape = (outputs, summed) if (port == 0) != flipped_weights else (summed, outputs)
    tail = (summed, rows) if (port == 0) != flipped_x else (rows, summed)
    x = weights((2, 3, *tail)[4 - rank :], 4, 1.0)

    def build(source: ov.Output, constant: ov.Output) -> ov.Node:
        pair = (constant, source) if port == 0 else (source, constant)
        return op.matmul(*pair, *transposes, name="layer")

    check(build, (1,) * (weight_rank - 2) + shape, x, -2 if port == 0 else -1)


def test_layers_that_are_not_linear_in_one_activation() -> None:
    x, z = parameter([2, 3, 4]), parameter([2, 4, 3], "z")
    nodes = [
        op.matmul(x, z, False, False, name="two activations"),
        op.matmul(x, op.constant(weights((2, 4, 5))), False, False, name="weights for each sample"),
        op.matmul(x, op.constant(weights((4,))), False, False, name="vector"),
        op.relu(x, name="relu"),
    ]
    view = GraphView(model(nodes, x, z))
    assert [linear_layer(view, node.get_friendly_name()) for node in nodes] == [None] * 4


@pytest.mark.parametrize("transpose", [False, True])
def test_padding_of_unknown_extent_is_left_out(transpose: bool) -> None:
    arguments = {"pads": ([1, 1], [1, 1]), "strides": [2, 2]}
    make, operation = (
        (transposed, op.convolution_backprop_data) if transpose else (convolution, op.convolution)
    )
    view = GraphView(network(make(operation, 2, arguments), weights((3, 3, 3, 3)), [2, 3, -1, -1]))
    layer = linear_layer(view, "layer")
    assert layer is not None
    np.testing.assert_allclose(layer.tap_share, np.full(9, 0.25 if transpose else 1.0))


@pytest.mark.parametrize("groups", [1, 2])
def test_the_shifts_of_several_samples_at_once(groups: int) -> None:
    values, rounded = weights((groups, 3, 4, 9), 1), weights((groups, 3, 4, 9), 2)
    means, noisy = (weights((5, groups, 4), seed).astype(np.float64) for seed in (3, 4))
    together = output_shift(values, rounded, np.ones(9), means, noisy)
    alone = [output_shift(values, rounded, np.ones(9), *pair) for pair in zip(means, noisy, strict=True)]
    np.testing.assert_allclose(together, np.stack(alone), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("samples", [2, 3, 10])
def test_few_samples_do_less_harm_to_channels_that_need_no_shift(samples: int) -> None:
    """Half of the channels have no shift in truth, half have one: errors of guarded and plain estimates."""
    truth = np.repeat([0.0, 1.0], 500)
    noise = np.random.default_rng(samples).standard_normal((20, samples, 1000)) * 0.3
    plain, guarded = [], []
    for of_samples in truth + noise:
        shift = of_samples.mean(axis=0)
        plain.append(((shift - truth) ** 2).mean())
        guarded.append(((without_chance(shift, of_samples) - truth) ** 2).mean())
    assert np.mean(guarded) < 0.95 * np.mean(plain)


def test_many_samples_leave_shifts_as_they_are() -> None:
    of_samples = 1 + weights((300, 50), 1, 1.0).astype(np.float64)
    shift = of_samples.mean(axis=0)
    np.testing.assert_array_equal(without_chance(shift, of_samples), shift)


def test_dead_channels_and_single_samples() -> None:
    dead = np.zeros((4, 3))
    np.testing.assert_array_equal(without_chance(dead.mean(axis=0), dead), np.zeros(3))
    constant = np.ones((4, 3))
    np.testing.assert_array_equal(without_chance(constant.mean(axis=0), constant), np.ones(3))
    single = np.array([[0.5, 0.0, -1.0]])
    np.testing.assert_array_equal(without_chance(single[0], single), single[0])


def test_errors_are_smaller_if_they_are_by_more_than_chance() -> None:
    before = np.random.default_rng(0).random((40, 2)) + 0.5
    assert is_closer(before * 0.9, before)
    assert not is_closer(before, before) and not is_closer(before * 1.1, before)
    by_chance = before * np.where(np.arange(40)[:, None] % 2, 0.5, 1.49)
    assert not is_closer(by_chance, before)


def test_every_output_counts_by_what_it_had_before() -> None:
    before = np.full((8, 2), [1.0, 1e6])
    assert is_closer(before * [0.5, 1.2], before) and not is_closer(before * [0.9, 1.2], before)


def test_what_is_not_finite_is_not_closer() -> None:
    before = np.ones((4, 1))
    assert not is_closer(np.full((4, 1), np.inf), before) and not is_closer(np.full((4, 1), np.nan), before)
