"""A copy of the float model in which the rounding of each layer can be switched on by an input."""

from __future__ import annotations

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions
from openvino.tools.pot.algorithms.transform import is_divided_apart
from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.graph.edits.switch import Switches
from openvino.tools.pot.graph.geometry import LinearLayer, along, along_inputs
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.placement.plan import WeightQuantizer

Floats = NDArray[np.float32]
Array = NDArray[np.floating]


def switched(decisions: Decisions) -> ov.Model:
    """A copy of the float model in which each layer of the plan can be quantized or not.

    Args:
        decisions: all that are made about the float model.

    Returns:
        The copy; its input ``quantized_layers`` has a flag for each layer, in the order of the plan.
    """
    network = decisions.network
    model = network.sub.model.clone()
    switches = Switches(model, len(network.plan.layers))
    linear = {planned.node: (layer, quantizer) for planned, layer, quantizer in network.linear_layers}
    for number, planned in enumerate(network.plan.layers):
        own = linear.get(planned.node)
        for reader in planned.activations:
            group = planned.group_at(reader.port)
            if group is not None:
                switches.activation(number, reader, *_as_read(decisions, reader, group, own))
        # Of layers that are not linear in their weights, inputs alone count.
        if traits(planned.type).lookup or traits(planned.type).linear:
            layer = None if own is None else own[0]
            for reader in planned.weights:
                error = _weight_error(decisions, network.weights_at[reader], layer)
                switches.weights(number, reader, error, _shift(decisions, layer))
    model.validate_nodes_and_infer_types()
    return model


def _as_read(
    decisions: Decisions, reader: InputId, group: TensorId, linear: tuple[LinearLayer, WeightQuantizer] | None
) -> tuple[QuantizerRange, Array | None]:
    """The range of a layer's input as it reads it, and what a product's is divided by where no range can say that."""
    view, own = decisions.network.view, decisions.activations[group]
    if linear is None:
        quantizers = (q for q in decisions.network.plan.activations if reader in q.ends)
        whole = next((decisions.divisors.get(q.tensor, np.ones(())) for q in quantizers), np.ones(()))
        return own.widened(whole), None
    layer, quantizer = linear
    tensor, divisor = view.inputs(reader.node)[reader.port], decisions.input_divisor(quantizer)
    rank = len(view.shape(tensor) or ())
    if own.low.size > 1:
        low, high = (along(border.reshape(-1), layer.input_axis, rank) for border in (own.low, own.high))
        own = QuantizerRange(low, high, own.levels)
    if divisor.size == 1:
        return own, None
    if view.type(reader.node) == "MatMul" and is_divided_apart(view.stored_shape(tensor) or (), divisor):
        return own, divisor
    return own.widened(along(divisor, layer.input_axis, rank)), None


def _weight_error(decisions: Decisions, quantizer: WeightQuantizer, layer: LinearLayer | None) -> Floats:
    view, scale = decisions.network.view, decisions.weight_scales.get(quantizer)
    weights, rounded = (
        np.asarray(view.value(quantizer.tensor), np.float32),
        decisions.rounded_weights(quantizer),
    )
    if scale is not None and layer is not None:
        rounded = rounded / along_inputs(view, layer, scale.astype(np.float32), rounded.ndim)
    return np.asarray(rounded - weights, np.float32)


def _shift(decisions: Decisions, layer: LinearLayer | None) -> Array | None:
    """What a layer's bias moves by, in a shape that broadcasts against its output."""
    shift = None if layer is None else decisions.bias_shifts.get(layer.node)
    if layer is None or shift is None:
        return None
    rank = decisions.network.view.output(TensorId(layer.node)).get_partial_shape().rank.get_length()
    return along(shift, layer.output_axis, rank)
