"""What stands before a layer and behind it, where plugins fuse one with the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.hardware.probing.network import Network
from openvino.tools.pot.hardware.probing.operations import Operation

Before = Callable[[Network, Operation, ov.Output], ov.Output]
Behind = Callable[[Network, ov.Output, Operation], ov.Output]


def _itself(network: Network, operation: Operation, source: ov.Output) -> ov.Output:
    return source


def _function(make: Callable[[ov.Output], ov.Node]) -> Before:
    def before(network: Network, operation: Operation, source: ov.Output) -> ov.Output:
        output: ov.Output = make(source).output(0)
        return output

    return before


def _layer_before(network: Network, operation: Operation, source: ov.Output) -> ov.Output:
    """A layer in 8 bits whose result is rounded for the next: a convolution, or a product of matrices."""
    shape, size = operation.shape, operation.shape[operation.axis]
    data = network.rounded(source, "signed")
    if len(shape) > 3 and operation.axis == 1:
        spatial = len(shape) - 2
        weights = network.weights(size, size, *[1] * spatial, axes=[0])
        found = op.convolution(data, weights, [1] * spatial, [0] * spatial, [0] * spatial, [1] * spatial)
    else:
        found = op.matmul(data, network.weights(size, size, axes=[0]), False, True)
    output: ov.Output = found.output(0)
    return output


def _product_of_data_before(network: Network, operation: Operation, source: ov.Output) -> ov.Output:
    """Rows times those of another input, both in 8 bits; sizes that are open in one are in the other, too."""
    own = list(zip(source.get_partial_shape(), operation.shape, strict=True))
    shape = [plain if size.is_dynamic else size.get_length() for size, plain in own]
    size = shape[-1]
    open_axes = [axis for axis, (each, _) in enumerate(own) if each.is_dynamic]
    other = network.input(*shape[:-2], size, size, open_axes=open_axes)
    found = op.matmul(network.rounded(source, "signed"), network.rounded(other, "signed"), False, True)
    output: ov.Output = op.multiply(found, np.float32(size**-0.5)).output(0)
    return output


def _normalized(source: ov.Output) -> ov.Node:
    return op.mvn(source, np.array([-1], np.int64), True, 1e-5, "inside_sqrt")


BEFORE: Mapping[str, Before] = {
    "an input before": _itself,
    "Relu before": _function(op.relu),
    "LeakyReLU before": _function(lambda source: op.prelu(source, np.float32(0.1))),
    "Swish before": _function(op.swish),
    "Clamp before": _function(lambda source: op.clamp(source, -1.0, 2.0)),
    "Sigmoid before": _function(op.sigmoid),
    "MVN before": _function(_normalized),
    "a layer before": _layer_before,
    "a layer and Swish before": lambda *given: op.swish(_layer_before(*given)).output(0),
    "a product of data before": _product_of_data_before,
    "a gain before": _function(lambda source: op.multiply(source, np.float32(0.9))),
}

MADE_BY_LAYERS = ("a layer and Swish before", "a product of data before")
"""What a quantizer with ranges by channel may be fused with."""


def _result(network: Network, layer: ov.Output, operation: Operation) -> ov.Output:
    return layer


def _by_channel(make: Callable[[ov.Output, ov.Output], ov.Node]) -> Behind:
    def behind(network: Network, layer: ov.Output, operation: Operation) -> ov.Output:
        rank, axis = layer.get_partial_shape().rank.get_length(), operation.output_axis
        channels = layer.get_partial_shape()[axis].get_length()
        shape = [channels if place == axis % rank else 1 for place in range(rank)]
        output: ov.Output = make(layer, network.constant(*shape)).output(0)
        return output

    return behind


def _then(make: Callable[[ov.Output], ov.Node]) -> Behind:
    def behind(network: Network, layer: ov.Output, operation: Operation) -> ov.Output:
        output: ov.Output = make(layer).output(0)
        return output

    return behind


def _rounded_for_a_product(network: Network, layer: ov.Output, operation: Operation) -> ov.Output:
    """What a layer gives is rounded, and read by a product of matrices along its last axis."""
    size = layer.get_partial_shape()[-1]
    if size.is_dynamic:
        return network.rounded(layer, "signed")
    weights = network.weights(8, size.get_length(), axes=[0])
    output: ov.Output = op.matmul(network.rounded(layer, "signed"), weights, False, True).output(0)
    return output


def _joined(network: Network, layer: ov.Output, operation: Operation) -> ov.Output:
    """With itself, each in 8 bits."""
    parts = [network.rounded(layer, "signed"), network.rounded(layer, "signed")]
    output: ov.Output = op.concat(parts, 1 if operation.output_axis == 1 else -1).output(0)
    return output


BEHIND: Mapping[str, Behind] = {
    "nothing behind": _result,
    "a bias behind": _by_channel(op.add),
    "a gain behind": _by_channel(op.multiply),
    "Clamp behind": _then(lambda layer: op.clamp(layer, -0.5, 0.5)),
    "Relu behind": _then(op.relu),
    "ReduceMean behind": _then(lambda layer: op.reduce_mean(layer, np.array([-1], np.int64), True)),
    "MVN behind": _then(_normalized),
    "Concat behind": _joined,
    "a product behind": _rounded_for_a_product,
}
