"""Where the constant weights of a model are: a plan without quantizers, for what changes weights in float."""

from __future__ import annotations

from collections.abc import Mapping

from openvino.tools.pot.graph.geometry import linear_layer
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.plan import FloatLayer, Plan, QuantizedLayer, WeightQuantizer

_STORED = frozenset({"Constant", "Convert", "Reshape", "Transpose", "Squeeze", "Unsqueeze"})
"""Operations between weights in floating point and their layer; with others they are integers, or quantized."""


def make_weight_plan(view: GraphView, ignored: Mapping[str, str]) -> Plan:
    """Every linear layer with constant weights in floating point.

    Args:
        view: the float model.
        ignored: node name -> reason for the nodes that stay as they are.

    Returns:
        The layers with the places of their weights, which no activation and no range belongs to, and the layers that
        stay as they are with the reason.
    """
    layers: list[QuantizedLayer] = []
    floats: list[FloatLayer] = []
    readers: dict[TensorId, list[InputId]] = {}
    for name in view.nodes:
        layer = None if view.is_constant(TensorId(name)) else linear_layer(view, name)
        if layer is None:
            continue
        tensor = view.inputs(name)[layer.weights]
        reason = ignored.get(name) or _obstacle(view, tensor)
        if reason:
            floats.append(FloatLayer(name, view.type(name), reason))
            continue
        data, weights = InputId(name, layer.activation), InputId(name, layer.weights)
        layers.append(QuantizedLayer(name, view.type(name), (data,), ((),), (weights,)))
        readers.setdefault(tensor, []).append(weights)
    places = tuple(_place(tensor, tuple(found)) for tensor, found in readers.items())
    return Plan("", False, (), places, tuple(layers), tuple(floats))


def _place(tensor: TensorId, readers: tuple[InputId, ...]) -> WeightQuantizer:
    said = "weights of " + ", ".join(repr(reader.node) for reader in readers)
    return WeightQuantizer(tensor, readers, (), tensor, first=False, reason=said)


def _obstacle(view: GraphView, tensor: TensorId) -> str:
    """Why weights can't be changed, an empty string where they can."""
    if not view.is_constant(tensor):
        return "its weights are computed, not constant"
    pending = [tensor]
    while pending:
        source = pending.pop()
        if view.type(source.node) not in _STORED:
            return "its weights are quantized already"
        if view.type(source.node) != "Constant":
            pending.append(view.inputs(source.node)[0])
        elif not view.is_float(source):
            return "its weights are stored as integers"
    return ""
