"""Channels with large weights are made twice: the function stays, ranges shrink, and the rest is left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from openvino.tools import pot

import builders
from openvino.tools.pot.utils.errors import ConfigError


def split(network: ov.Model, ratio: float = 0.25, **params: Any) -> ov.Model:
    entry = {"name": "OutlierChannelSplitting", "params": {"weights_expansion_ratio": ratio, **params}}
    return pot.create_pipeline([entry], None).run(pot.load_model(network)).submodels[0].model


def with_outlier(weights: np.ndarray, axis: int = 1, channel: int = 1) -> np.ndarray:
    index: list[Any] = [slice(None)] * weights.ndim
    index[axis] = channel
    weights[tuple(index)] *= 6
    return weights


def convolution(source: Any, channels: int, inputs: int, name: str, dtype: Any = np.float32) -> ov.Node:
    values = with_outlier(builders.weights((channels, inputs, 3, 3), len(name)))
    constant = op.constant(values.astype(dtype), name=f"{name}/weights")
    stored = constant if dtype == np.float32 else op.convert(constant, "f32", name=f"{name}/floats")
    return op.convolution(source, stored, [1, 1], [1, 1], [1, 1], [1, 1], name=name)


def chain(dtype: Any = np.float32) -> ov.Model:
    """Convolution, depthwise convolution and convolution, with what stands between them."""
    x = builders.parameter([1, 3, 8, 8])
    first = op.relu(op.add(convolution(x, 8, 3, "first", dtype), builders.bias(8, "bias")), name="relu")
    kernels = op.constant(builders.weights((8, 1, 1, 3, 3), 3), name="depth/weights")
    depth = op.group_convolution(first, kernels, [1, 1], [1, 1], [1, 1], [1, 1], name="depth")
    scaled = op.multiply(depth, op.constant(builders.weights((8, 1, 1), 4), name="scales"), name="scaled")
    return builders.model(convolution(op.clamp(scaled, 0.0, 4.0, name="clamp"), 6, 8, "last", dtype), x)


def products() -> ov.Model:
    x = builders.parameter([2, 7])
    shapes = (((7, 12), 0), ((12, 12), 0), ((4, 12), 1))
    constants = [
        op.constant(with_outlier(builders.weights(shape, 5 + n), axis), name=f"w{n}")
        for n, (shape, axis) in enumerate(shapes)
    ]
    first = op.relu(op.matmul(x, constants[0], False, False, name="m0"), name="relu")
    second = op.add(
        op.matmul(first, constants[1], False, False, name="m1"), op.constant(builders.weights((12,)))
    )
    return builders.model(op.matmul(second, constants[2], False, True, name="m2"), x)


def turned() -> ov.Model:
    """Products with the weights on the left."""
    x = builders.parameter([9, 3])
    first = op.constant(with_outlier(builders.weights((12, 9), 1), 1), name="w0")
    second = op.constant(with_outlier(builders.weights((12, 5), 2), 0), name="w1")
    inner = op.relu(op.matmul(first, x, False, False, name="m0"), name="relu")
    return builders.model(op.matmul(second, inner, True, False, name="m1"), x)


def halved() -> ov.Model:
    return chain(np.float16)


@pytest.mark.long
@pytest.mark.parametrize("make", [chain, products, turned, halved], ids=lambda make: make.__name__)
@pytest.mark.parametrize("ratio", [0.01, 0.5, 1.0])
def test_the_function_stays(make: Any, ratio: float) -> None:
    network = make()
    found = split(network, ratio)
    assert found.outputs[0].get_partial_shape() == network.outputs[0].get_partial_shape()
    sizes = [
        sum(node.data.size for node in m.get_ops() if node.get_type_name() == "Constant")
        for m in (network, found)
    ]
    assert sizes[1] > sizes[0]
    shape = tuple(network.inputs[0].get_shape())
    close = 2e-3 if make is halved else 2e-6  # parts are stored in half precision, too
    for image in builders.images(3, shape=shape):
        wanted, result = builders.run(network, image)[0], builders.run(found, image)[0]
        np.testing.assert_allclose(result, wanted, atol=close * np.abs(wanted).max())


def channels(model: ov.Model) -> dict[str, tuple[int, ...]]:
    layers = (node for node in model.get_ordered_ops() if "Convolution" in node.get_type_name())
    return {node.get_friendly_name(): tuple(node.input_value(1).get_shape()) for node in layers}


def test_what_makes_the_channels_makes_more_of_them() -> None:
    shapes = [(9, 3, 3, 3), (9, 1, 1, 3, 3), (6, 9, 3, 3)]
    assert [*channels(split(chain(), 0.01)).values()] == shapes


def test_the_range_of_weights_shrinks_where_the_outlier_was() -> None:
    before, after = (
        next(
            np.asarray(n.data)
            for n in m.get_ops()
            if n.get_type_name() == "Constant" and n.get_shape()[0] == 6
        )
        for m in (chain(), split(chain(), 0.01))
    )
    widths = [np.abs(each).max(axis=(1, 2, 3)) for each in (before, after)]
    assert np.all(widths[1] <= widths[0]) and widths[1].sum() < 0.7 * widths[0].sum()


@pytest.mark.parametrize("others", ["a reader", "an output", "an input", "ignored", "turned around"])
def test_layers_whose_input_others_read_or_make_are_left_alone(others: str) -> None:
    x = builders.parameter([1, 4, 8, 8])
    made = x if others == "an input" else op.relu(convolution(x, 4, 4, "first"), name="relu")
    values = op.constant(with_outlier(builders.weights((4, 4, 2, 2), 1), 0), name="up/weights")
    last = (
        op.convolution_backprop_data(made, values, [2, 2], name="up")
        if others == "turned around"
        else convolution(made, 4, 4, "last")
    )
    outputs = [op.add(last, made, name="sum")] if others == "a reader" else [last]
    outputs += [made] if others == "an output" else []
    network = builders.model(outputs, x)
    ignored = {"ignored": {"scope": ["first"]}} if others == "ignored" else {}
    assert channels(split(network, 0.5, **ignored)) == channels(network)


@pytest.mark.long
def test_it_stands_before_what_quantizes_and_every_layer_is_quantized() -> None:
    engine = pot.IEEngine({}, builders.labelled(builders.images(12)))
    entries = [{"name": "OutlierChannelSplitting"}, {"name": "DefaultQuantization"}]
    made = pot.create_pipeline(entries, engine).run(chain())
    pot.compress_model_weights(made)
    image = builders.images(1, seed=5)[0]
    exact, found = (builders.run(each, image)[0] for each in (chain(), made.submodels[0].model))
    assert 10 * np.log10(exact.var() / np.square(exact - found).mean()) > 25
    model = made.submodels[0].model
    assert model.get_rt_info(["openvino_pot", "algorithm_0", "name"]).astype(str) == "OutlierChannelSplitting"
    with pytest.raises(ConfigError, match="OutlierChannelSplitting stands behind DefaultQuantization"):
        pot.create_pipeline(entries[::-1], engine).run(chain())


@pytest.mark.parametrize("ratio", [-0.1, 1.5, "much"])
def test_a_ratio_is_a_share(ratio: Any) -> None:
    with pytest.raises(ConfigError, match="weights_expansion_ratio"):
        pot.OutlierChannelSplitting({"weights_expansion_ratio": ratio})
