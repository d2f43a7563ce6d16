"""Which operations of a model will run in low precision, and which look like it but can't."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.graph.geometry import summed_axis
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import Device, Operation
from openvino.tools.pot.placement.conditions import unmet
from openvino.tools.pot.placement.faults import open_batch, origin, wrong_layer

_FEW_MEANS = 4
"""Averages of positions that come from one distribution: a few coordinates."""

_LOW_PRECISION = frozenset({"i8", "u8", "i4", "u4", "nf4", "f8e4m3", "f8e5m2", "f4e2m1"})

_VOLUME_WEIGHTS = 6
"""Axes of the weights of a grouped convolution over volumes."""


@dataclass(frozen=True)
class Layer:
    """An operation that runs in INT8: its table entry and the inputs that it needs quantized.

    Attributes:
        channel_axes: weight port -> axes of that weight with one range per index.
        per_channel: its activation may have one range per channel.
    """

    node: str
    type: str
    operation: Operation
    activations: tuple[InputId, ...]
    weights: tuple[InputId, ...]
    channel_axes: Mapping[int, tuple[int, ...]]
    per_channel: bool


def find_layers(
    view: GraphView, device: Device, ignored: Mapping[str, str]
) -> tuple[dict[str, Layer], dict[str, str]]:
    """The layers by node name, and node name -> reason for candidates that stay in float."""
    layers: dict[str, Layer] = {}
    floats: dict[str, str] = {}
    for name in view.nodes:
        operation = device.operations.get(view.type(name))
        if operation is None or view.is_constant(TensorId(name)):
            continue
        reason = (
            ignored.get(name)
            or _obstacle(view, name, operation)
            or unmet(view, name, operation, device)
            or _averages_positions(view, name, device)
            or wrong_layer(view, name, device)
        )
        if reason:
            floats[name] = reason
        else:
            layers[name] = make_layer(view, name, operation, device)
    return layers, floats


def make_layer(view: GraphView, name: str, operation: Operation, device: Device) -> Layer:
    """The layer that a node is, by what a device's table says of its type."""
    inputs = view.inputs(name)
    activations = [p for p in operation.activations if not view.is_constant(inputs[p])]
    weights = [
        p for p in operation.weights if view.is_constant(inputs[p]) and not is_quantized(view, inputs[p])
    ]
    divided = operation.scheme.per_channel
    axes = {p: channel_axes(view, name, p, device) if divided else () for p in weights}
    return Layer(
        node=name,
        type=view.type(name),
        operation=operation,
        activations=tuple(InputId(name, port) for port in activations),
        weights=tuple(InputId(name, port) for port in weights),
        channel_axes=axes,
        per_channel=operation.depthwise_per_channel
        and is_depthwise(view, name)
        and ("channel_multipliers" not in device.faults or _keeps_channels(view, name)),
    )


def _obstacle(view: GraphView, name: str, operation: Operation) -> str:
    """Why a candidate can't run in INT8, an empty string where it can."""
    inputs = view.inputs(name)
    kind = view.type(name)
    if not all(view.is_float(inputs[port]) for port in (*operation.activations, *operation.weights)):
        return "its data is not floating-point"
    if any(view.stored_shape(inputs[port]) is None for port in operation.activations):
        return "the rank of its input is dynamic"
    if traits(kind).lookup:
        return "" if _is_embedding(view, inputs) else "it is no lookup in a constant table"
    fixed = [view.is_constant(inputs[port]) for port in operation.weights]
    if not traits(kind).product and not all(fixed):
        return "its weights are computed, not constant"
    if view.nodes[name].get_attributes().get("linear_before_reset"):
        return "its form with linear_before_reset does not run in INT8"
    if kind == "MatMul" and contracted(view, name) == 1:
        return "it sums over one element only: an outer product, not worth INT8"
    return ""


def _is_embedding(view: GraphView, inputs: tuple[TensorId, ...]) -> bool:
    shape = view.shape(inputs[0])
    axis = view.is_constant(inputs[2]) and int(view.value(inputs[2]).reshape(-1)[0]) == 0
    return view.is_constant(inputs[0]) and shape is not None and len(shape) == 2 and axis


def _averages_positions(view: GraphView, name: str, device: Device) -> str:
    """Why a layer of constant weights would lose what a distribution says, an empty string where it reads none."""
    own, inputs = traits(view.type(name)), view.inputs(name)
    if not own.linear:
        return ""
    data, weights = sorted((own.data, own.weights), key=lambda port: view.is_constant(inputs[port]))
    if not view.is_constant(inputs[weights]) or view.type(origin(view, inputs[data], device)) != "Softmax":
        return ""
    if not _are_means(view, name, weights):
        return ""
    return "it averages positions behind a Softmax, as box distributions do, and rounding would move them"


def _are_means(view: GraphView, name: str, port: int) -> bool:
    """Whether a product or a convolution with some weights gives means of evenly spaced positions."""
    own, values = traits(view.type(name)), view.value(view.inputs(name)[port])
    if own.linear == "transposed":
        return False
    summed = prod(values.shape[len(own.axes) - 1 :]) if own.convolves else contracted(view, name)
    groups = values.shape[0] if "g" in own.axes else 1
    return values.size <= _FEW_MEANS * groups * (summed or 0) and _are_positions(values)


def _are_positions(values: NDArray[Any]) -> bool:
    """Whether values are evenly spaced, up to the rounding of half precision."""
    steps = np.diff(np.unique(np.asarray(values, np.float64)))
    return len(steps) > 1 and bool(np.all(np.abs(steps - steps.mean()) < 0.1 * steps.mean()))


def contracted(view: GraphView, name: str) -> int | None:
    """How many products a MatMul sums for each element of its result, None where that is dynamic."""
    shape = view.shape(view.inputs(name)[0])
    return None if not shape else shape[max(summed_axis(view, name, 0), -len(shape))]


def is_depthwise(view: GraphView, name: str) -> bool:
    """Whether a GroupConvolution has one input channel in each group."""
    shape = view.shape(view.inputs(name)[1])
    return traits(view.type(name)).axes == "goi" and shape is not None and shape[2] == 1


def _keeps_channels(view: GraphView, name: str) -> bool:
    """Whether a GroupConvolution has one output channel in each group."""
    return (view.shape(view.inputs(name)[1]) or ())[1:2] == (1,)


def needs_fixed_zero(view: GraphView, layer: Layer) -> bool:
    """Whether a layer leaves integers where the zero point of its activations is free."""
    name, rank = layer.node, len(view.shape(view.inputs(layer.node)[1]) or ())
    forms = {
        "never": False,
        "without_weights": not layer.weights,
        "depthwise_volumes": is_depthwise(view, name)
        and _keeps_channels(view, name)
        and rank == _VOLUME_WEIGHTS,
        "always": True,
    }
    return forms[layer.operation.symmetric]


def is_quantized(view: GraphView, tensor: TensorId) -> bool:
    """Whether a constant expression is quantized already: a FakeQuantize, or integers made floats."""
    kind = view.type(tensor.node)
    if kind == "Constant":
        return view.output(tensor).get_element_type().get_type_name() in _LOW_PRECISION
    return kind == "FakeQuantize" or any(is_quantized(view, source) for source in view.inputs(tensor.node))


def channel_axes(view: GraphView, name: str, port: int, device: Device) -> tuple[int, ...]:
    """The axes of the weight at ``port`` that hold output channels."""
    rank = len(view.shape(view.inputs(name)[port]) or ())
    own = traits(view.type(name))
    if own.product:
        return _matmul_axes(view, name, port, device)
    return tuple(axis for axis, letter in enumerate(own.axes[:rank]) if letter in "go")


def _matmul_axes(view: GraphView, name: str, port: int, device: Device) -> tuple[int, ...]:
    """The axis of output channels, and of a batch of matrices the axes of these."""
    shape = view.shape(view.inputs(name)[port]) or ()
    rank = len(shape)
    if rank < 2 or (port == 0 and "left_matrices" in device.faults):
        return ()
    batch = tuple(axis for axis, size in enumerate(shape[:-2]) if size != 1)
    if batch and open_batch(view, name, device):
        return ()
    return (*batch, rank - 2 if summed_axis(view, name, port) == -1 else rank - 1)
