"""Layers in float whose weights are quantized all the same, so that they are stored in 8 bits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import Device, Operation
from openvino.tools.pot.placement.layers import Layer, make_layer
from openvino.tools.pot.placement.plan import Plan, QuantizedLayer
from openvino.tools.pot.placement.quantizers import weight_quantizers
from openvino.tools.pot.placement.weights import StoredWeights, find_weights


def with_kept_weights(
    view: GraphView,
    device: Device,
    plan: Plan,
    nodes: Collection[str] | None = None,
    convolutions: bool = False,
) -> Plan:
    """A plan by which weights of layers in float have quantizers, with that in the reasons of these layers.

    Weights that a layer in integers reads as well stay: it rounds them for itself.

    Args:
        view: the float model.
        device: that the plan is for.
        plan: of the model.
        nodes: whose weights may be; absent: those of all that stays in float.
        convolutions: only those of convolutions, which the CPU plugin unpacks when it compiles, so that they cost no
            time.
    """
    integers = {layer.node for layer in plan.layers}

    def may_be(weights: StoredWeights) -> bool:
        layers = weights.layers.keys()
        unpacked = all(traits(kind).convolves for kind in weights.layers.values())
        meant = layers.isdisjoint(integers) and (nodes is None or layers <= set(nodes))
        return not weights.left and meant and (unpacked or not convolutions)

    found = [weights for weights in find_weights(view, {}) if may_be(weights)]
    layers = {name: _layer(view, device, name, kind) for each in found for name, kind in each.layers.items()}
    weights = tuple(
        replace(each, reason=f"{each.reason}, which stays in float")
        for each in weight_quantizers(view, layers)
    )
    floats = tuple(
        replace(each, reason=f"{each.reason}; its weights have 8 bits") if each.node in layers else each
        for each in plan.floats
    )
    kept = tuple(QuantizedLayer(name, each.type, (), (), each.weights) for name, each in layers.items())
    return replace(plan, weights=(*plan.weights, *weights), floats=floats, kept=kept)


def _layer(view: GraphView, device: Device, name: str, kind: str) -> Layer:
    own = traits(kind)
    known = device.operations.get(kind) or Operation(weights=(0 if own.lookup else own.weights,))
    return make_layer(view, name, known, device)
