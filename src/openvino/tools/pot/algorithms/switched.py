"""A copy of the float model in which the rounding of each layer can be switched on by an input."""

from __future__ import annotations

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.context import Context
from openvino.tools.pot.algorithms.transform import is_divided_apart
from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.graph.edits.switch import Switches
from openvino.tools.pot.graph.geometry import LinearLayer, along, along_inputs
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.placement.plan import QuantizedLayer, WeightQuantizer

Floats = NDArray[np.float32]
Array = NDArray[np.floating]


def switched(context: Context) -> ov.Model:
    """A copy of the float model in which each layer of the plan can be quantized or not.

    Args:
        context: of the float model, with all decisions made.

    Returns:
        The copy; its input ``quantized_layers`` has a flag for each layer, in the order of the plan.
    """
    assert context.plan is not None
    model = context.sub.model.clone()
    switches = Switches(model, len(context.plan.layers))
    quantizers = {reader: quantizer for quantizer in context.plan.weights for reader in quantizer.readers}
    linear = {planned.node: (layer, quantizer) for planned, layer, quantizer in context.linear_layers}
    for number, planned in enumerate(context.plan.layers):
        layer, quantizer = linear.get(planned.node, (None, None))
        for reader in planned.activations:
            grid = _input_range(context, planned, reader.port, layer, quantizer)
            if grid is not None:
                switches.activation(number, reader, grid, _divided_apart(context, planned, quantizer))
        if _is_linear_in_weights(planned.type):
            for reader in planned.weights:
                switches.weights(
                    number, reader, _weight_error(context, quantizers[reader], layer), _shift(context, layer)
                )
    model.validate_nodes_and_infer_types()
    return model


def _is_linear_in_weights(kind: str) -> bool:
    """Whether outputs differ by what an error of the weights alone would give; of others, inputs alone count."""
    return traits(kind).lookup or traits(kind).linear != ""


def _input_range(
    context: Context,
    planned: QuantizedLayer,
    port: int,
    layer: LinearLayer | None,
    quantizer: WeightQuantizer | None,
) -> QuantizerRange | None:
    """The range of a layer's input as it reads it, undivided unless a Multiply divides it."""
    group = planned.group_at(port)
    if group is None:
        return None
    grid = context.outcome.activations[group]
    if layer is None or quantizer is None:
        return grid.widened(_divisor(context, InputId(planned.node, port)))
    shape = context.view.shape(context.view.inputs(planned.node)[port]) or ()
    if grid.low.size > 1:
        low, high = (
            along(border.reshape(-1), layer.input_axis, len(shape)) for border in (grid.low, grid.high)
        )
        grid = QuantizerRange(low, high, grid.levels)
    divisor = context.input_divisor(quantizer)
    apart = _divided_apart(context, planned, quantizer) is not None
    return grid if apart or divisor.size == 1 else grid.widened(along(divisor, layer.input_axis, len(shape)))


def _divided_apart(
    context: Context, planned: QuantizedLayer, quantizer: WeightQuantizer | None
) -> Array | None:
    """What a product's input is divided by along its last axis where that can't be a part of its range."""
    if quantizer is None or planned.type != "MatMul":
        return None
    divisor = context.input_divisor(quantizer)
    if divisor.size == 1:
        return None
    (reader,) = planned.activations
    shape = context.view.stored_shape(context.view.inputs(reader.node)[reader.port]) or ()
    return divisor if is_divided_apart(shape, divisor) else None


def _divisor(context: Context, reader: InputId) -> Array:
    """What the data of a layer that is not linear is divided by, as a whole."""
    assert context.plan is not None
    ones = np.ones(())
    return next(
        (context.outcome.divisors.get(q.tensor, ones) for q in context.plan.activations if reader in q.ends),
        ones,
    )


def _weight_error(context: Context, quantizer: WeightQuantizer, layer: LinearLayer | None) -> Floats:
    weights = np.asarray(context.view.value(quantizer.tensor), np.float32)
    rounded = context.rounded_weights(quantizer)
    scale = context.outcome.weight_scales.get(quantizer)
    if scale is not None and layer is not None:
        rounded = rounded / along_inputs(context.view, layer, scale.astype(np.float32), rounded.ndim)
    return np.asarray(rounded - weights, np.float32)


def _shift(context: Context, layer: LinearLayer | None) -> Array | None:
    """What a layer's bias moves by, in a shape that broadcasts against its output."""
    shift = None if layer is None else context.outcome.bias_shifts.get(layer.node)
    if layer is None or shift is None:
        return None
    rank = context.view.output(TensorId(layer.node)).get_partial_shape().rank.get_length()
    return along(shift, layer.output_axis, rank)
