"""The shape of linear layers: their weights in one canonical layout, and which taps read padding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView

Number = TypeVar("Number", bound=np.number[Any])


@dataclass(frozen=True)
class Window:
    """How the kernel of a convolution slides over its input; one figure for each spatial axis.

    Attributes:
        kernel, strides, dilations: as the operation has them.
        pads: zeros before the data.
        size: extent of the input.
        positions: extent of the output.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]
    size: tuple[int, ...]
    positions: tuple[int, ...]

    @property
    def taps(self) -> int:
        """Number of kernel elements."""
        return prod(self.kernel)

    @property
    def is_inside(self) -> bool:
        """Whether no window reaches into the padding."""
        axes = zip(
            self.kernel, self.strides, self.dilations, self.pads, self.size, self.positions, strict=True
        )
        return all(
            pad == 0 and (count - 1) * stride + (taps - 1) * dilation < size
            for taps, stride, dilation, pad, size, count in axes
        )

    def tap_offsets(self) -> list[NDArray[np.int64]]:
        """For each axis, what each tap of the flattened kernel adds to the window's start, shape ``[taps]``."""
        grids = np.meshgrid(*(np.arange(k) for k in self.kernel), indexing="ij")
        return [
            grid.reshape(-1) * dilation - pad
            for grid, dilation, pad in zip(grids, self.dilations, self.pads, strict=True)
        ]


def window(view: GraphView, name: str) -> Window | None:
    """The window of a Convolution or GroupConvolution, None for others and where an extent is dynamic."""
    own = traits(view.type(name))
    if own.linear != "sliding":
        return None
    weights, source, target = (
        view.shape(t) for t in (view.inputs(name)[1], view.inputs(name)[0], TensorId(name))
    )
    if source is None or target is None or weights is None:
        return None
    kernel, size, positions = weights[len(own.axes) :], source[2:], target[2:]
    attributes = view.attributes(name)
    given = (attributes["strides"], attributes["dilations"], attributes["pads_begin"])
    known = [tuple(n for n in axes if n is not None) for axes in (kernel, *given, size, positions)]
    return Window(*known) if len({len(axes) for axes in known}) == 1 else None


@dataclass(frozen=True)
class LinearLayer:
    """A layer with constant weights that is linear in one activation.

    Attributes:
        node: its name.
        activation: input port of the activation.
        weights: input port of the weights.
        input_axis: axis of the activation that is summed over.
        output_axis: axis of the result with the output channels.
        groups: number of groups the channels fall into.
        tap_share: share of output positions at which each kernel tap reads data, not padding.
    """

    node: str
    activation: int
    weights: int
    input_axis: int
    output_axis: int
    groups: int
    tap_share: NDArray[np.float64]

    def source(self, view: GraphView) -> TensorId:
        """The tensor that it reads as its activation."""
        return view.inputs(self.node)[self.activation]


def linear_layer(view: GraphView, name: str) -> LinearLayer | None:
    """The linear layer that a node is, None for any other operation."""
    own = traits(view.type(name))
    if not own.linear:
        return None
    if not own.convolves:
        return _matmul(view, name)
    weights = view.inputs(name)[own.weights]
    if not view.is_constant(weights):
        return None
    groups = (view.shape(weights) or (1,))[0] or 1 if "g" in own.axes else 1
    return LinearLayer(name, own.data, own.weights, 1, 1, groups, _tap_share(view, name))


def canonical_weights(
    view: GraphView, layer: LinearLayer, weights: NDArray[np.generic]
) -> NDArray[np.floating]:
    """Weights as ``[groups, outputs, inputs, taps]``, a view where the layout allows."""
    own = traits(view.type(layer.node))
    if not own.convolves:
        matrix = weights.reshape(weights.shape[-2:])
        outputs_first = summed_axis(view, layer.node, layer.weights) == -1
        return np.asarray((matrix if outputs_first else matrix.T)[None, :, :, None])
    grouped = weights if "g" in own.axes else weights[None]
    if own.axes.endswith("io"):
        grouped = grouped.swapaxes(1, 2)
    return np.asarray(grouped.reshape(*grouped.shape[:3], -1))


def neighbours(view: GraphView, layer: LinearLayer, values: NDArray[Number]) -> NDArray[Number]:
    """Canonical values such that what processors without VNNI sum in pairs are neighbours along the last axis but one.

    These are input channels. Where there is a single one, kernels for AVX-512 take the taps of a convolution for
    channels, column by column: that of OpenVINO 2026.4 was seen to saturate such pairs.

    Args:
        view: of the model.
        layer: in it.
        values: weights, or what they are multiplied with, ``[..., inputs, taps]``.
    """
    own = traits(view.type(layer.node))
    if own.linear != "sliding" or layer.groups > 1 or values.shape[-2] > 1:
        return values
    shape = view.shape(view.inputs(layer.node)[layer.weights]) or ()
    kernel = [int(size or 1) for size in shape[len(own.axes) :]]
    spread = values.reshape(*values.shape[:-1], *kernel)
    first = spread.ndim - len(kernel)
    columns = spread.transpose(*range(first), *reversed(range(first, spread.ndim)))
    return columns.reshape(*values.shape[:-2], values.shape[-1], 1)


def summed_axis(view: GraphView, name: str, port: int) -> int:
    """The axis of an input of a MatMul, counted from the end, that is summed over."""
    turned = view.nodes[name].get_attributes()[("transpose_a", "transpose_b")[port]]
    return -1 if (port == 0) != bool(turned) else -2


def from_canonical(
    view: GraphView, layer: LinearLayer, weights: NDArray[Number], shape: tuple[int, ...]
) -> NDArray[Number]:
    """The inverse of ``canonical_weights``: back to the layer's own layout, of ``shape``."""
    result = np.empty(shape, weights.dtype)
    own = canonical_weights(view, layer, result)  # a view, as of every array that lies in memory in order
    own[...] = weights.reshape(own.shape)
    return result


def along(figures: NDArray[np.floating], axis: int, rank: int) -> NDArray[np.floating]:
    """A figure for each index of one axis, in a shape that broadcasts against tensors of ``rank``."""
    return figures.reshape(axis_shape(len(figures), axis, rank))


def axis_shape(size: int, axis: int, rank: int) -> tuple[int, ...]:
    """The shape of ``rank`` axes that are one long, but for one of ``size``."""
    shape = [1] * rank
    shape[axis] = size
    return tuple(shape)


def along_inputs(
    view: GraphView, layer: LinearLayer, figures: NDArray[np.floating], rank: int
) -> NDArray[np.floating]:
    """A figure for each input channel, in a shape that broadcasts against the layer's weights of ``rank``."""
    axis = weight_input_axis(view, layer)
    shape = list(axis_shape(len(figures) // layer.groups, axis, rank))
    if layer.groups > 1:
        shape[0] = layer.groups
    return figures.reshape(shape)


def weight_input_axis(view: GraphView, layer: LinearLayer) -> int:
    """The axis of a layer's weights with its input channels, of a matrix counted from the end."""
    own = traits(view.type(layer.node))
    return own.axes.index("i") if own.convolves else summed_axis(view, layer.node, layer.weights)


def weight_output_axis(view: GraphView, layer: LinearLayer) -> int:
    """The same with its output channels."""
    own = traits(view.type(layer.node))
    return own.axes.index("o") if own.convolves else -3 - summed_axis(view, layer.node, layer.weights)


def _matmul(view: GraphView, name: str) -> LinearLayer | None:
    inputs = view.inputs(name)
    constant = [view.is_constant(tensor) for tensor in inputs]
    if constant.count(True) != 1:
        return None
    weights = constant.index(True)
    data = 1 - weights
    shapes = [view.shape(tensor) or () for tensor in inputs]
    if min(map(len, shapes)) < 2 or prod(size or 0 for size in shapes[weights][:-2]) != 1:
        return None
    return LinearLayer(name, data, weights, summed_axis(view, name, data), weights - 2, 1, np.ones(1))


def _tap_share(view: GraphView, name: str) -> NDArray[np.float64]:
    attributes, own = view.attributes(name), traits(view.type(name))
    shape = view.shape(view.inputs(name)[own.weights]) or ()
    kernel = [int(size or 1) for size in shape[len(own.axes) :]]
    if own.linear == "deformed":
        return np.ones(prod(kernel))
    backwards = own.linear == "transposed"
    source, target = view.shape(view.inputs(name)[0]), view.shape(view.outputs(name)[0])
    if source is None or target is None or None in source[2:] or None in target[2:]:
        # Of large maps the border hardly counts.
        return np.full(prod(kernel), 1 / prod(attributes["strides"]) if backwards else 1.0)
    # The transposed form is the plain one from target to source, and its mean is over the larger side.
    pair = (target, source) if backwards else (source, target)
    large, small = ([int(size or 1) for size in shape[2:]] for shape in pair)
    given = (attributes[key] for key in ("strides", "pads_begin", "dilations"))
    total = reduce(np.multiply.outer, map(_axis_share, kernel, large, small, *given))
    return np.asarray(total.reshape(-1) * (prod(small) / prod(large) if backwards else 1.0))


def _axis_share(
    taps: int, size: int, positions: int, stride: int, pad: int, dilation: int
) -> NDArray[np.float64]:
    """For each tap, the share of ``positions`` at which it meets one of ``size`` elements."""
    read = np.arange(positions)[None] * stride - pad + np.arange(taps)[:, None] * dilation
    return np.asarray(((read >= 0) & (read < size)).mean(axis=1))
