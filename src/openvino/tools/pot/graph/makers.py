"""The constants that make the channels of a tensor, from the layer that makes them to whoever reads it alone."""

from __future__ import annotations

import numpy as np

from openvino.tools.pot.graph.geometry import LinearLayer, linear_layer, weight_output_axis
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView

Makers = list[tuple[InputId, int]]
"""Constant inputs, and the axes, counted from the end, along which they have a figure for each channel."""


def made_for(view: GraphView, layer: LinearLayer) -> Makers | None:
    """The constants that make the input channels of a layer and no others, None where there are no such ones."""
    source = layer.source(view)
    shape = view.stored_shape(source)
    return None if shape is None else _makers(view, source, layer.input_axis % len(shape) - len(shape))


def _makers(view: GraphView, tensor: TensorId, axis: int) -> Makers | None:
    """The constants that make the channels of a tensor, and of all between, None where others read or make them.

    Args:
        view: of the model.
        tensor: whose channels they are.
        axis: of the channels, counted from the end.
    """
    found: Makers = []
    while len(view.consumers(tensor)) == 1:
        layer = linear_layer(view, tensor.node)
        further = _between(view, tensor.node, axis) if layer is None else _of_layer(view, layer, axis)
        if further is None or not all(_is_plain(view, reader) for reader, _ in further):
            return None
        found += further
        if layer is not None and layer.groups == 1:
            return found
        (tensor,) = view.varying(tensor.node)
    return None


def _of_layer(view: GraphView, layer: LinearLayer, axis: int) -> Makers | None:
    """The weights of a layer that makes the channels, each of all inputs or of the one in its place."""
    own, reader = traits(view.type(layer.node)), InputId(layer.node, layer.weights)
    shape = view.shape(view.source(reader)) or ()
    made = view.stored_shape(TensorId(layer.node))
    if made is None or own.linear == "deformed" or layer.output_axis % len(made) - len(made) != axis:
        return None
    if layer.groups == 1 and "g" not in own.axes:
        along = weight_output_axis(view, layer)
    elif layer.groups > 1 and shape[1:3] == (1, 1):
        along = 0
    else:
        return None
    return [(reader, along % len(shape) - len(shape))]


def _between(view: GraphView, node: str, axis: int) -> Makers | None:
    """The constants with a figure for each channel of an operation element by element."""
    own = traits(view.type(node))
    if not (own.elementwise and own.layout and len(view.varying(node)) == 1):
        return None
    readers = (InputId(node, port) for port in range(len(view.inputs(node))))
    shapes = {
        each: view.shape(view.source(each)) or () for each in readers if view.is_constant(view.source(each))
    }
    return [(each, axis) for each, shape in shapes.items() if len(shape) >= -axis and shape[axis] != 1]


def _is_plain(view: GraphView, reader: InputId) -> bool:
    """Whether a constant stands there as it is, perhaps in half precision, and nothing rounds it."""
    tensor = view.source(reader)
    return view.type(tensor.node) == "Constant" or view.stored(tensor).dtype == np.float16
