"""What the plan calls INT8 runs in INT8: quantizers stand where the CPU can use them."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from test_planner import ACTIVATION_FUNCTIONS, TRANSPARENT, bias, const, depthwise, interpolate

from builders import conv, labelled, model, parameter, quantized, runner, weights
from openvino.tools.pot import compress_model_weights

pytestmark = pytest.mark.skipif(
    "INT8" not in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"), reason="this CPU has no INT8"
)
STAYS_FLOAT = {
    "Pad": "the CPU carries INT8 through padding by a constant only where the data has no sign",
}


def precisions(network: ov.Model) -> dict[str, str]:
    """Layer -> the type of the data that the CPU reads in it."""
    compiled = ov.Core().compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    info = [node.get_rt_info() for node in compiled.get_runtime_model().get_ordered_ops()]
    kinds = ("Convolution", "FullyConnected", "MatMul", "Deconvolution")
    return {
        name.removesuffix("/DequantizationMultiply"): i["runtimePrecision"].astype(str)
        for i in info
        if i["layerType"].astype(str) in kinds
        for name in i["originalLayersNames"].astype(str).split(",")
    }


def in_int8(network: ov.Model, *layers: str, preset: str | None = None) -> bool:
    shape = tuple(network.input(0).get_shape())
    data = [weights(shape, seed, 1.0) for seed in range(4)]
    result = quantized(network, labelled(data), self_check=False, **({"preset": preset} if preset else {}))
    compress_model_weights(result)
    found = precisions(result.submodels[0].model)
    return all(found[layer] in ("u8", "i8") for layer in layers)


def decibels(network: ov.Model, **params: Any) -> float:
    """How well a model that was only quantized, not checked, follows on the device."""
    shape = tuple(network.input(0).get_shape())
    data = [weights(shape, seed, 1.0) for seed in range(16)]
    result = quantized(network, labelled(data), self_check=False, **params)
    compress_model_weights(result)
    before, after = (
        np.stack([once(each)[0] for each in data[:4]])
        for once in map(runner, (network, result.submodels[0].model))
    )
    return float(-10 * np.log10(np.mean((after - before) ** 2) / np.mean(before**2)))


def case(name: str, signed: bool) -> object:
    fails = name in STAYS_FLOAT and (signed or name != "Pad")
    return pytest.param(name, signed, marks=[pytest.mark.xfail(reason=STAYS_FLOAT[name])] if fails else [])


CASES = [case(name, signed) for name in TRANSPARENT for signed in (False, True)]


@pytest.mark.parametrize(("name", "signed"), CASES)
@pytest.mark.long
def test_behind_what_only_moves_data(name: str, signed: bool) -> None:
    x = parameter([1, 4, 8, 8])
    moved = TRANSPARENT[name](op.tanh(x) if signed else op.sigmoid(x))
    # The pooling keeps the operation and the convolution from being made one.
    pooled = op.max_pool(moved, [1, 1], [1, 1], [1, 1], [1, 1], [3, 3]).output(0)
    assert in_int8(model(op.tanh(conv(pooled, 4, "a")), x), "a")


@pytest.mark.long
@pytest.mark.parametrize("function", ACTIVATION_FUNCTIONS)
def test_behind_an_activation(function: str) -> None:
    x = parameter([1, 4, 8, 8])
    active = ACTIVATION_FUNCTIONS[function](op.add(conv(x, 4, "a"), bias(4)))
    assert in_int8(model(op.tanh(conv(active.output(0), 4, "b")), x), "a", "b")


def test_in_a_residual_block() -> None:
    x = parameter([1, 4, 8, 8])
    start = op.relu(conv(x, 4, "a")).output(0)
    inner = conv(op.relu(conv(start, 4, "b")).output(0), 4, "c")
    after = op.relu(op.add(op.add(inner, bias(4)), start)).output(0)
    assert in_int8(model(op.tanh(conv(after, 4, "d")), x), "a", "b", "c", "d")


def test_in_an_inverted_residual() -> None:
    x = parameter([1, 4, 8, 8])
    start = conv(x, 4, "a")
    wide = op.clamp(op.add(conv(start, 8, "b", kernel=1), bias(8)), 0, 6)
    deep = op.clamp(op.add(depthwise(wide, 8, "c"), bias(8)), 0, 6).output(0)
    total = op.add(op.add(conv(deep, 4, "d", kernel=1), bias(4)), start).output(0)
    assert in_int8(model(op.tanh(conv(total, 4, "e")), x), "a", "b", "c", "d", "e")


@pytest.mark.parametrize("mode", ["nearest", "linear_onnx", "cubic"])
def test_in_a_pyramid(mode: str) -> None:
    x = parameter([1, 4, 16, 16])
    fine = op.relu(conv(x, 4, "a")).output(0)
    coarse = op.relu(conv(op.avg_pool(fine, [2, 2], [0, 0], [0, 0], [2, 2], True).output(0), 4, "b"))
    joined = op.concat([fine, interpolate(coarse, mode)], 1).output(0)
    assert in_int8(model(op.tanh(conv(joined, 4, "c")), x), "a", "b", "c")


def test_in_a_decoder() -> None:
    x = parameter([1, 4, 8, 8])
    start = op.relu(conv(x, 4, "a"))
    larger = op.convolution_backprop_data(start, const(weights((4, 3, 2, 2))), [2, 2], name="b")
    assert in_int8(model(op.tanh(conv(op.relu(larger).output(0), 4, "c")), x), "a", "b", "c")


@pytest.mark.long
@pytest.mark.parametrize("preset", [None, "performance", "mixed"])
@pytest.mark.parametrize("function", ["swish", "prelu", "relu", "nothing"])
def test_a_transposed_convolution_of_any_data(function: str, preset: str | None) -> None:
    x = parameter([1, 4, 8, 8])
    start = ACTIVATION_FUNCTIONS[function](conv(x, 4, "a"))
    larger = op.convolution_backprop_data(start, const(weights((4, 3, 2, 2))), [2, 2], name="b")
    assert in_int8(model(op.tanh(larger), x), "a", "b", preset=preset)


@pytest.mark.parametrize("preset", [None, "mixed"])
@pytest.mark.parametrize("function", ["relu", "softmax", "swish", "nothing"])
def test_a_product_of_two_activations(function: str, preset: str | None) -> None:
    x = parameter([1, 2, 16, 32])
    functions = {**ACTIVATION_FUNCTIONS, "softmax": lambda y: op.softmax(y, 3)}
    second = functions[function](op.multiply(x, const(weights((32,)))))
    product = op.matmul(op.swish(x), second, False, True, name="a")
    assert in_int8(model(op.tanh(product), x), "a", preset=preset)


def test_a_constant_matrix_on_the_left() -> None:
    x = parameter([1, 24, 32])
    mixed = op.matmul(const(weights((24, 24))), op.relu(x), False, False, name="a")
    assert in_int8(model(op.tanh(mixed), x), "a")


ALONG_TIME = {
    "convolution": lambda x: op.convolution(x, const(weights((8, 8, 3))), [1], [1], [1], [1]),
    "depthwise": lambda x: op.group_convolution(x, const(weights((8, 1, 1, 3))), [1], [1], [1], [1]),
    "transposed": lambda x: op.convolution_backprop_data(x, const(weights((8, 8, 1))), [1]),
}


@pytest.mark.long
@pytest.mark.parametrize("steps", [8, 12])
@pytest.mark.parametrize("kind", ALONG_TIME)
def test_a_product_along_time_behind_a_convolution(kind: str, steps: int) -> None:
    x = parameter([1, 8, steps])
    heard = op.gelu(op.add(ALONG_TIME[kind](x), const(weights((1, 8, 1), 3))), "erf")
    gains = np.exp(weights((steps, 1), 4, 2.0))
    product = op.matmul(heard, const(weights((steps, 16)) * gains), False, False)
    assert decibels(model(product, x)) > 25


@pytest.mark.parametrize("preset", [{}, {"preset": "performance"}])
@pytest.mark.parametrize("multiplier", [2, 4])
def test_depthwise_convolutions_of_several_outputs(multiplier: int, preset: dict[str, str]) -> None:
    x = parameter([1, 8, 12, 12])
    kernel = const(weights((8, multiplier, 1, 3, 3)))
    y = op.group_convolution(x, kernel, [1, 1], [1, 1], [1, 1], [1, 1])
    assert decibels(model(op.add(y, const(np.float32(0.1))), x), **preset) > 34


@pytest.mark.parametrize("size", [1e-6, 1e-9])
@pytest.mark.long
def test_small_weights_and_small_data(size: float) -> None:
    x = parameter([1, 8, 12, 12])
    small = op.tanh(op.multiply(x, const(np.float32(size))))
    product = op.matmul(small, const(weights((12, 16)) * np.float32(size)), False, False)
    kernel = const(weights((8, 8, 3, 3)) * np.float32(size))
    y = op.convolution(x, kernel, [1, 1], [0, 0], [0, 0], [1, 1])
    assert decibels(model(product, x)) > 30
    assert decibels(model(y, x)) > 30


@pytest.mark.long
@pytest.mark.parametrize("params", [{}, {"preset": "mixed"}])
@pytest.mark.parametrize("follower", ["product", "convolution"])
@pytest.mark.parametrize("rank", [3, 4])
def test_averages_that_count_padding(rank: int, follower: str, params: dict[str, str]) -> None:
    x = parameter([1, 8, *[12] * (rank - 2)])
    ones = [1] * (rank - 2)
    mean = op.avg_pool(x, ones, ones, ones, [3] * (rank - 2), False)
    kernel = const(weights((8, 8, *ones)))
    product = op.matmul(mean, const(weights((12, 16))), False, False)
    y = product if follower == "product" else op.convolution(mean, kernel, ones, ones, ones, ones)
    assert decibels(model(y, x), **params) > 18  # the CPU gave 10 at most


def test_in_attention() -> None:
    x = parameter([1, 6, 8])

    def projected(name: str, order: list[int]) -> ov.Node:
        product = op.matmul(x, const(weights((8, 8), ord(name[0]))), False, False, name=name)
        heads = op.reshape(op.add(product, const(weights((8,)))), const([1, 6, 2, 4]), False)
        return op.transpose(heads, const(order))

    orders = {"query": [0, 2, 1, 3], "key": [0, 2, 3, 1], "value": [0, 2, 1, 3]}
    queries, keys, values = (projected(name, order) for name, order in orders.items())
    scores = op.multiply(op.matmul(queries, keys, False, False), const(np.float32(0.5)))
    context = op.matmul(op.softmax(scores, 3), values, False, False)
    flat = op.reshape(op.transpose(context, const([0, 2, 1, 3])), const([1, 6, 8]), False)
    out = op.add(op.matmul(flat, const(weights((8, 8), 9)), False, False, name="out"), x)
    # The products of two activations disappear in a kernel of the CPU's own.
    assert in_int8(model(op.tanh(out), x), "query", "key", "value", "out")
