"""Two kinds of tiny networks, quantized naively, with one fault planted in each.

Both read an image and hold what real networks do:

convolutional    image ─ conv1 ─┬─ conv2 ─ conv3 ─ + ─ joined ─ conv4 ─ pool ─ fc
                                ├───────────────── ┘     │
                                └─────────────────────── ┘
transformer      image ─ patch ─┬─ q, k ─ scores ─ Softmax ─┬─ context ─ proj ─ + ─┬─ fc1 ─ fc2 ─ + ─ head
                                ├─ v ───────────────────────┘                   │  └───────────── ┘
                                └────────────────────────────────────────────── ┘
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import Floats, labelled, model, parameter
from openvino.tools.pot import IEEngine, create_pipeline, load_model

SIZE = 16

LARGEST = {"range_estimator": {"min": {"aggregator": "min"}, "max": {"type": "max", "aggregator": "max"}}}
"""Ranges that hold all that the samples show, as a naive quantization has them."""


@dataclass(frozen=True)
class Planted:
    """A pair of models with a fault.

    Attributes:
        model, int8: in float and quantized.
        samples: that the diagnosis sees.
        layer: where the fault lies; empty where it is of the whole.
        cause: its name.
    """

    model: ov.Model
    int8: ov.Model
    samples: Sequence[Floats]
    layer: str
    cause: str


@dataclass(frozen=True)
class Kind:
    """A kind of network.

    Attributes:
        build: makes the float model; its options are those of the functions below.
        first, second: layers in a row with a Relu between them.
        entry: the layer that reads the image.
        size: of what it computes, about.
    """

    build: Callable[..., ov.Model]
    first: str
    second: str
    entry: str
    size: float


class Layers:
    """Layers with seeded random weights that keep the size of what they read, and small biases."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)

    def conv(
        self, source: ov.Output, channels: int, name: str, kernel: int = 3, stride: int = 1
    ) -> ov.Output:
        """A convolution with its bias."""
        depth = source.get_partial_shape()[1].get_length()
        values = self._normal((channels, depth, kernel, kernel), np.sqrt(2 / (depth * kernel**2)))
        pad = [kernel // 2 if stride == 1 else 0] * 2
        weights = op.constant(values, name=f"{name}/weights")
        layer = op.convolution(source, weights, [stride] * 2, pad, pad, [1, 1], name=name)
        return self._biased(layer, (1, channels, 1, 1), name)

    def product(self, source: ov.Output, channels: int, name: str) -> ov.Output:
        """A matrix product with its bias."""
        depth = source.get_partial_shape()[-1].get_length()
        weights = op.constant(self._normal((depth, channels), np.sqrt(1.5 / depth)), name=f"{name}/weights")
        layer = op.matmul(source, weights, False, False, name=name)
        shape = (1,) * (source.get_partial_shape().rank.get_length() - 1)
        return self._biased(layer, (*shape, channels), name)

    def linear(self, source: ov.Output, channels: int, name: str) -> ov.Output:
        """A convolution of single positions of an image, or a product of tokens."""
        if channel_axis(source) == 1:
            return self.conv(source, channels, name, kernel=1)
        return self.product(source, channels, name)

    def attention(self, tokens: ov.Output, channels: int, offset: float = 0.0, prefix: str = "") -> ov.Output:
        """One head, whose keys are all moved by something, which changes nothing of what it gives."""
        query, key, value = (
            self.product(tokens, channels, f"{prefix}{name}") for name in ("query", "key", "value")
        )
        if offset:
            moved = np.where(self._normal((1, 1, channels), 1) > 0, offset, -offset)
            key = op.add(key, moved.astype(np.float32), name=f"{prefix}moved").output(0)
        scores = op.multiply(op.matmul(query, key, False, True, name=f"{prefix}scores"), np.float32(0.15))
        return op.matmul(op.softmax(scores, -1), value, False, False, name=f"{prefix}context").output(0)

    def _biased(self, layer: ov.Node, shape: tuple[int, ...], name: str) -> ov.Output:
        constant = op.constant(self._normal(shape, 0.1), name=f"{name}/bias")
        return op.add(layer, constant, name=f"{name}/biased").output(0)

    def _normal(self, shape: tuple[int, ...], scale: float) -> Floats:
        return (self._random.standard_normal(shape) * scale).astype(np.float32)


Ending = Callable[[Layers, ov.Output], ov.Output]


def channel_axis(source: ov.Output) -> int:
    """Where the channels lie: in an image behind the first axis, of tokens at the end."""
    return 1 if source.get_partial_shape().rank.get_length() == 4 else 2


def convolutional(width: int = 24, ending: Ending | None = None) -> ov.Model:
    """A network of convolutions with a residual, a Concat, and a fully connected end.

    Args:
        width: channels between the second and the third convolution.
        ending: what stands in the place of the end.
    """
    layers = Layers()
    x = parameter([1, 3, SIZE, SIZE])
    start = _relu(layers.conv(x, 16, "conv1"))
    middle = _relu(layers.conv(start, width, "conv2"))
    added = op.add(start, layers.conv(middle, 16, "conv3"), name="residual").output(0)
    joined = op.concat([start, _relu(added)], 1, name="joined").output(0)
    last = _relu(layers.conv(joined, 16, "conv4"))
    if ending is not None:
        return model(ending(layers, last), x)
    pooled = op.avg_pool(last, [4, 4], [0, 0], [0, 0], [4, 4], False)
    flat = op.reshape(pooled, np.array([1, -1]), False).output(0)
    return model(layers.product(flat, 10, "fc"), x)


def transformer(width: int = 64, ending: Ending | None = None) -> ov.Model:
    """Patches of an image, one head of attention, and a perceptron, both with residuals.

    Args:
        width: channels within the perceptron.
        ending: what stands in the place of the last layer.
    """
    layers = Layers()
    x = parameter([1, 3, SIZE, SIZE])
    tokens = tokens_of(layers.conv(x, 32, "patch", kernel=4, stride=2))
    context = layers.attention(tokens, 32)
    seen = op.add(tokens, layers.product(context, 32, "proj"), name="residual").output(0)
    middle = _relu(layers.product(seen, width, "fc1"))
    last = op.add(seen, layers.product(middle, 32, "fc2"), name="added").output(0)
    if ending is not None:
        return model(ending(layers, last), x)
    return model(layers.product(last, 10, "head"), x)


NETWORKS = {
    "convolutional": Kind(convolutional, "conv2", "conv3", "conv1", 1.0),
    "transformer": Kind(transformer, "fc1", "fc2", "patch", 4.0),
}


def _relu(source: ov.Output) -> ov.Output:
    return op.relu(source).output(0)


def tokens_of(image: ov.Output) -> ov.Output:
    """Positions as rows, channels as columns."""
    channels = image.get_partial_shape()[1].get_length()
    rows = op.reshape(image, np.array([1, channels, -1]), False)
    return op.transpose(rows, np.array([0, 2, 1])).output(0)


def images(count: int = 12, seed: int = 5) -> list[Floats]:
    """Images of noise that is smooth enough to have some light and some dark places."""
    random = np.random.default_rng(seed)
    coarse = random.standard_normal((count, 1, 3, SIZE // 4, SIZE // 4)).repeat(4, -1).repeat(4, -2)
    fine = random.standard_normal((count, 1, 3, SIZE, SIZE))
    return list(((coarse + 0.5 * fine) / 1.2).astype(np.float32))


def quantized(
    network: ov.Model, samples: Sequence[Floats], algorithm: str = "MinMaxQuantization", **params: Any
) -> ov.Model:
    """By default POT's first step alone: ranges of all that was seen, nothing aligned, no bias corrected."""
    wanted = {"preset": "performance", "self_check": False, "activations": LARGEST, **params}
    steps = [{"name": algorithm, "params": wanted}]
    return create_pipeline(steps, IEEngine({}, labelled(samples))).run(load_model(network)).submodels[0].model


def node(network: ov.Model, name: str) -> ov.Node:
    """The node of a name."""
    return next(each for each in network.get_ordered_ops() if each.get_friendly_name() == name)


def names_of_layers(network: ov.Model) -> list[str]:
    """Convolutions and matrix products."""
    nodes = network.get_ordered_ops()
    return [each.get_friendly_name() for each in nodes if each.get_type_name() in ("Convolution", "MatMul")]


def change(network: ov.Model, name: str, edit: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
    """Edit the values of a constant."""
    constant = node(network, name)
    other = op.constant(edit(np.array(constant.get_data())).astype(np.float32), name=f"{name}/edited")
    for reader in constant.output(0).get_target_inputs():
        reader.replace_source_output(other.output(0))
    constant.set_friendly_name(f"{name}/before")
    other.set_friendly_name(name)


def scale_outputs(network: ov.Model, layer: str, factors: NDArray[Any]) -> None:
    """Multiply the output channels of a layer, its bias with them."""
    axis = 0 if node(network, layer).get_type_name() == "Convolution" else 1
    change(network, f"{layer}/weights", lambda values: values * _along(factors, axis, values.ndim))
    change(network, f"{layer}/bias", lambda values: values * factors.reshape(values.shape))


def scale_inputs(network: ov.Model, layer: str, factors: NDArray[Any]) -> None:
    """Multiply the input channels of a layer's weights."""
    axis = 1 if node(network, layer).get_type_name() == "Convolution" else 0
    change(network, f"{layer}/weights", lambda values: values * _along(factors, axis, values.ndim))


def _along(factors: NDArray[Any], axis: int, rank: int) -> NDArray[Any]:
    shape = [1] * rank
    shape[axis] = -1
    return factors.reshape(shape)


def outputs_of(network: ov.Model, layer: str) -> int:
    """The number of output channels of a layer."""
    return int(np.array(node(network, f"{layer}/bias").get_data()).size)


def quantizer(network: ov.Model, layer: str, port: int = 0) -> ov.Node:
    """The FakeQuantize that an input of a layer reads, past what moves data."""
    found = node(network, layer).input_value(port).get_node()
    while found.get_type_name() != "FakeQuantize":
        found = found.input_value(0).get_node()
    return found


def widen(quantize: ov.Node, factor: float | Floats) -> None:
    """Multiply the borders of a FakeQuantize, by one factor or by one for each channel."""
    for port in range(1, 5):
        value = np.array(quantize.input_value(port).get_node().get_data()) * np.asarray(factor, np.float32)
        quantize.input(port).replace_source_output(op.constant(value).output(0))


def round_input(network: ov.Model, layer: str, port: int, low: float, high: float) -> None:
    """Let an input of a node be rounded to 256 levels."""
    reader = node(network, layer).input(port)
    source = reader.get_source_output()
    if source.get_node().get_type_name() == "FakeQuantize":
        source = source.get_node().input_value(0)
    borders = [np.float32(low), np.float32(high)] * 2
    reader.replace_source_output(op.fake_quantize(source, *borders, 256, name=f"{layer}/fq_{port}").output(0))


def bypass(network: ov.Model, layer: str) -> None:
    """Take the quantizers away that a layer reads."""
    for port in node(network, layer).inputs():
        source = port.get_source_output().get_node()
        if source.get_type_name() == "FakeQuantize":
            port.replace_source_output(source.input_value(0))
