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
from openvino.tools.pot.placement.plan import QuantizedLayer, WeightQuantizer

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
        layer, quantizer = linear.get(planned.node, (None, None))
        for reader in planned.activations:
            own = _input_range(decisions, planned, reader.port, layer, quantizer)
            if own is not None:
                switches.activation(number, reader, own, _divided_apart(decisions, planned, quantizer))
        if _is_linear_in_weights(planned.type):
            for reader in planned.weights:
                error = _weight_error(decisions, network.weights_at[reader], layer)
                switches.weights(number, reader, error, _shift(decisions, layer))
    model.validate_nodes_and_infer_types()
    return model


def _is_linear_in_weights(kind: str) -> bool:
    """Whether outputs differ by what an error of the weights alone would give; of others, inputs alone count."""
    return traits(kind).lookup or traits(kind).linear != ""


def _input_range(
    decisions: Decisions,
    planned: QuantizedLayer,
    port: int,
    layer: LinearLayer | None,
    quantizer: WeightQuantizer | None,
) -> QuantizerRange | None:
    """The range of a layer's input as it reads it, undivided unless a Multiply divides it."""
    group = planned.group_at(port)
    if group is None:
        return None
    own = decisions.activations[group]
    if layer is None or quantizer is None:
        return own.widened(_divisor(decisions, InputId(planned.node, port)))
    shape = decisions.network.view.shape(decisions.network.view.inputs(planned.node)[port]) or ()
    if own.low.size > 1:
        low, high = (
            along(border.reshape(-1), layer.input_axis, len(shape)) for border in (own.low, own.high)
        )
        own = QuantizerRange(low, high, own.levels)
    divisor = decisions.input_divisor(quantizer)
    apart = _divided_apart(decisions, planned, quantizer) is not None
    return own if apart or divisor.size == 1 else own.widened(along(divisor, layer.input_axis, len(shape)))


def _divided_apart(
    decisions: Decisions, planned: QuantizedLayer, quantizer: WeightQuantizer | None
) -> Array | None:
    """What a product's input is divided by along its last axis where that can't be a part of its range."""
    if quantizer is None or planned.type != "MatMul":
        return None
    divisor = decisions.input_divisor(quantizer)
    if divisor.size == 1:
        return None
    (reader,) = planned.activations
    shape = decisions.network.view.stored_shape(decisions.network.view.inputs(reader.node)[reader.port]) or ()
    return divisor if is_divided_apart(shape, divisor) else None


def _divisor(decisions: Decisions, reader: InputId) -> Array:
    """What the data of a layer that is not linear is divided by, as a whole."""
    ones = np.ones(())
    return next(
        (
            decisions.divisors.get(q.tensor, ones)
            for q in decisions.network.plan.activations
            if reader in q.ends
        ),
        ones,
    )


def _weight_error(decisions: Decisions, quantizer: WeightQuantizer, layer: LinearLayer | None) -> Floats:
    weights = np.asarray(decisions.network.view.value(quantizer.tensor), np.float32)
    rounded = decisions.rounded_weights(quantizer)
    scale = decisions.weight_scales.get(quantizer)
    if scale is not None and layer is not None:
        rounded = rounded / along_inputs(
            decisions.network.view, layer, scale.astype(np.float32), rounded.ndim
        )
    return np.asarray(rounded - weights, np.float32)


def _shift(decisions: Decisions, layer: LinearLayer | None) -> Array | None:
    """What a layer's bias moves by, in a shape that broadcasts against its output."""
    shift = None if layer is None else decisions.bias_shifts.get(layer.node)
    if layer is None or shift is None:
        return None
    rank = decisions.network.view.output(TensorId(layer.node)).get_partial_shape().rank.get_length()
    return along(shift, layer.output_axis, rank)
