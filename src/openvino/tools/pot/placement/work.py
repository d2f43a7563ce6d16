"""How many multiplications layers take."""

from __future__ import annotations

from math import prod

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.layers import contracted

ATTENTION = "ScaledDotProductAttention"


def multiplications(view: GraphView, name: str) -> int:
    """Of one operation in a request; unknown extents count as one, in every layer alike. Zero for what is no layer."""
    own = traits(view.type(name))
    if own.product:
        return _in_product(view, name)
    if own.convolves:
        return _in_convolution(view, name)
    return _in_recurrence(view, name) if own.recurrent else 0


def _in_product(view: GraphView, name: str) -> int:
    first, second = view.inputs(name)[:2]
    if view.is_constant(first) and view.is_constant(second):
        return 0
    if view.type(name) == ATTENTION:
        return 2 * _size(view, first) * _size(view, second, slice(-2, -1))
    return _size(view, TensorId(name)) * (contracted(view, name) or 1)


def _in_convolution(view: GraphView, name: str) -> int:
    own, inputs = traits(view.type(name)), view.inputs(name)
    places = inputs[own.data] if own.linear == "transposed" else TensorId(name)
    return (
        _size(view, inputs[own.weights]) * _size(view, places, slice(1)) * _size(view, places, slice(2, None))
    )


def _in_recurrence(view: GraphView, name: str) -> int:
    constants = [tensor for tensor in view.inputs(name) if view.is_constant(tensor)]
    steps = _size(view, view.inputs(name)[0], slice(-1))
    return steps * sum(_size(view, tensor) for tensor in constants)


def _size(view: GraphView, tensor: TensorId, axes: slice = slice(None)) -> int:
    """Number of elements along some axes."""
    return prod(size or 1 for size in (view.shape(tensor) or ())[axes])
