"""Which operations of a model will run in low precision, and which look like it but can't."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.graph.geometry import CONVOLUTIONS
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import Device, Operation

_FEW_MEANS = 4
"""Averages of positions that come from one distribution: a few coordinates."""

_NEAR = 0.05
"""Of a step: how far from a level zero may lie."""

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
        reason = ignored.get(name) or _obstacle(view, name, operation) or _odd_source(view, name, device)
        if reason:
            floats[name] = reason
        else:
            layers[name] = _layer(view, name, operation)
    return layers, floats


def _layer(view: GraphView, name: str, operation: Operation) -> Layer:
    inputs = view.inputs(name)
    activations = [p for p in operation.activations if not view.is_constant(inputs[p])]
    weights = [
        p for p in operation.weights if view.is_constant(inputs[p]) and not is_quantized(view, inputs[p])
    ]
    axes = {p: channel_axes(view, name, p, operation) for p in weights}
    return Layer(
        node=name,
        type=view.type(name),
        operation=operation,
        activations=tuple(InputId(name, port) for port in activations),
        weights=tuple(InputId(name, port) for port in weights),
        channel_axes=axes,
        per_channel=operation.depthwise_per_channel
        and is_depthwise(view, name)
        and _keeps_channels(view, name),
    )


def _obstacle(view: GraphView, name: str, operation: Operation) -> str:
    """Why a candidate can't run in INT8, an empty string where it can."""
    inputs = view.inputs(name)
    kind = view.type(name)
    if not all(view.is_float(inputs[port]) for port in (*operation.activations, *operation.weights)):
        return "its data is not floating-point"
    if any(view.stored_shape(inputs[port]) is None for port in operation.activations):
        return "the rank of its input is dynamic"
    if kind == "Gather":
        return "" if _is_embedding(view, inputs) else "it is no lookup in a constant table"
    fixed = [view.is_constant(inputs[port]) for port in operation.weights]
    if kind != "MatMul" and not all(fixed):
        return "its weights are computed, not constant"
    if view.nodes[name].get_attributes().get("linear_before_reset"):
        return "its form with linear_before_reset does not run in INT8"
    if kind == "MatMul" and any(len(view.shape(source) or (0, 0)) < 2 for source in inputs):
        return "one of its operands has one axis only, which the CPU plugin takes for two in INT8 (2026.4)"
    if kind == "MatMul" and contracted(view, name) == 1:
        return "it sums over one element only: an outer product, not worth INT8"
    if kind == "MatMul" and _follows_product(view, name):
        return "the CPU plugin miscomputes a product of several fixed rows right behind another (2026.4)"
    return ""


def _is_embedding(view: GraphView, inputs: tuple[TensorId, ...]) -> bool:
    shape = view.shape(inputs[0])
    axis = view.is_constant(inputs[2]) and int(view.value(inputs[2]).reshape(-1)[0]) == 0
    return view.is_constant(inputs[0]) and shape is not None and len(shape) == 2 and axis


def _odd_source(view: GraphView, name: str, device: Device) -> str:
    """Why a layer of constant weights can't take what it reads as integers, an empty string where it can."""
    constant = [view.is_constant(tensor) for tensor in view.inputs(name)]
    if view.type(name) not in (*CONVOLUTIONS, "MatMul") or not any(constant):
        return ""
    source = _moved(view, view.inputs(name)[constant.index(False)], device)
    if view.type(source) == "Softmax" and _are_means(view, name, constant.index(True)):
        return "it averages positions behind a Softmax, as box distributions do, and rounding would move them"
    if view.type(source) == "FakeQuantize" and view.type(name) != "MatMul" and not _has_zero(view, source):
        return "zero is no level of the FakeQuantize that it reads: the CPU plugin rounds the zero point (2026.4)"
    return ""


def _moved(view: GraphView, tensor: TensorId, device: Device) -> str:
    """The node that a tensor comes from, past those that move data at most."""
    while view.type(tensor.node) in device.transparent and view.inputs(tensor.node):
        tensor = view.inputs(tensor.node)[0]
    return tensor.node


def _has_zero(view: GraphView, name: str) -> bool:
    """Whether zero is a level of all that a FakeQuantize gives, or that is not known."""
    borders = view.inputs(name)[3:]
    if not all(map(view.is_constant, borders)):
        return True
    low, high = (np.asarray(view.value(tensor), np.float64) for tensor in borders)
    last = int(view.nodes[name].get_attributes()["levels"]) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        level = -low * last / (high - low)
    inside = (level > -_NEAR) & (level < last + _NEAR)
    return bool(np.all(inside & (np.abs(level - np.round(level)) < _NEAR)))


def _are_means(view: GraphView, name: str, port: int) -> bool:
    """Whether a product or a convolution with some weights gives means of evenly spaced positions."""
    kind = view.type(name)
    if "Backprop" in kind:
        return False
    values = view.value(view.inputs(name)[port])
    summed = (
        contracted(view, name) if kind == "MatMul" else prod(values.shape[1 + kind.startswith("Group") :])
    )
    groups = values.shape[0] if kind.startswith("Group") else 1
    return values.size <= _FEW_MEANS * groups * (summed or 0) and _are_positions(values)


def _are_positions(values: NDArray[Any]) -> bool:
    """Whether values are evenly spaced, up to the rounding of half precision."""
    steps = np.diff(np.unique(np.asarray(values, np.float64)))
    return len(steps) > 1 and bool(np.all(np.abs(steps - steps.mean()) < 0.1 * steps.mean()))


def _follows_product(view: GraphView, name: str) -> bool:
    """Whether a matrix with a fixed number of rows above one comes from a MatMul through elementwise operations.

    Fused with the first product, the quantizer between the two is applied wrongly; outputs are garbage. Single
    rows, dynamic batches and higher ranks are right.
    """
    pending = [source for source in view.inputs(name) if not view.is_constant(source)]
    seen: set[TensorId] = set()
    while pending:
        tensor = pending.pop()
        shape = view.stored_shape(tensor)
        if tensor in seen or shape is None or len(shape) != 2 or shape[0] in (None, 1):
            continue
        seen.add(tensor)
        if view.type(tensor.node) == "MatMul":
            return True
        sources = [source for source in view.inputs(tensor.node) if not view.is_constant(source)]
        if all(view.stored_shape(source) == shape for source in sources):
            pending.extend(sources)
    return False


def contracted(view: GraphView, name: str) -> int | None:
    """How many products a MatMul sums for each element of its result, None where that is dynamic."""
    shape = view.shape(view.inputs(name)[0])
    transpose = bool(view.nodes[name].get_attributes()["transpose_a"])
    return None if not shape else shape[-2 if transpose and len(shape) > 1 else -1]


def is_depthwise(view: GraphView, name: str) -> bool:
    """Whether a GroupConvolution has one input channel in each group."""
    shape = view.shape(view.inputs(name)[1])
    return view.type(name) == "GroupConvolution" and shape is not None and shape[2] == 1


def _keeps_channels(view: GraphView, name: str) -> bool:
    """Whether a GroupConvolution has one output channel in each group.

    Where it has several, the CPU plugin (2026.4) takes zero points of other channels.
    """
    return (view.shape(view.inputs(name)[1]) or ())[1:2] == (1,)


def needs_fixed_zero(view: GraphView, layer: Layer) -> bool:
    """Whether a layer leaves integers where the zero point of its activations is free."""
    forms = {
        "never": False,
        "without_weights": not layer.weights,
        "depthwise_volumes": _is_over_volumes(view, layer.node),
        "always": True,
    }
    return forms[layer.operation.symmetric]


def _is_over_volumes(view: GraphView, name: str) -> bool:
    """Whether a depthwise convolution has three spatial axes."""
    rank = len(view.shape(view.inputs(name)[1]) or ())
    return is_depthwise(view, name) and _keeps_channels(view, name) and rank == _VOLUME_WEIGHTS


def is_quantized(view: GraphView, tensor: TensorId) -> bool:
    """Whether a constant expression is quantized already: a FakeQuantize, or integers made floats."""
    kind = view.type(tensor.node)
    if kind == "Constant":
        return view.output(tensor).get_element_type().get_type_name() in _LOW_PRECISION
    return kind == "FakeQuantize" or any(is_quantized(view, source) for source in view.inputs(tensor.node))


def channel_axes(view: GraphView, name: str, port: int, operation: Operation) -> tuple[int, ...]:
    """The axes of the weight at ``port`` that hold output channels."""
    rank = len(view.shape(view.inputs(name)[port]) or ())
    if operation.channels == "matmul":
        return _matmul_axes(view, name, port, rank)
    axes = {
        "first": (0,),
        "first_two": (0, 1),
        "second": (1,),
        "first_and_third": (0, 2),
        "rows": (0,),
    }[operation.channels]
    return tuple(axis for axis in axes if axis < rank)


def _matmul_axes(view: GraphView, name: str, port: int, rank: int) -> tuple[int, ...]:
    """The axis of output channels, and of a batch of matrices the axes of these.

    Of a matrix on the left, whose rows are no channels, and of a batch beside rows of an unknown number, the CPU
    plugin reads ranges for each channel wrongly, or doesn't compile them.
    """
    shape = view.shape(view.inputs(name)[port]) or ()
    if rank < 2 or port == 0:
        return ()
    batch = tuple(axis for axis, size in enumerate(shape[:-2]) if size != 1)
    rows = view.stored_shape(view.inputs(name)[0]) or ()
    if batch and len(rows) < 4 and None in rows[-2:]:
        return ()
    return (*batch, rank - 2 if view.nodes[name].get_attributes()["transpose_b"] else rank - 1)
