"""Quantizers of more than 8 bits as plain arithmetic, since the CPU's compilation leaves their FakeQuantize out.

producer ── FakeQuantize ── reader    ──▶    producer ── Clamp ── * ── Round ── * ── reader
"""

from __future__ import annotations

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

_EIGHT_BITS = 256
_TOLERANCE = 0.02  # of a step: what rounding of the borders to float32 may move zero by
_FLOAT_BITS = 2**24
"""Of more levels than float32 tells apart, only the borders are left to compute."""


def emulated(model: ov.Model) -> ov.Model:
    """The model itself if it has no such quantizers, else a clone without them.

    Args:
        model: as a device that computes in 16-bit integers would run it.

    Returns:
        What gives on the CPU what FakeQuantize is defined to give, to the precision of float32.
    """
    if not any(_is_wide(node) for node in model.get_ops()):
        return model
    clone = model.clone()
    for node in clone.get_ordered_ops():
        if _is_wide(node):
            _replace(node)
        elif (
            node.get_type_name() == "Convert" and node.input_value(0).get_node().get_type_name() == "Constant"
        ):
            _widen(node)
    clone.validate_nodes_and_infer_types()
    return clone


def _is_wide(node: ov.Node) -> bool:
    return bool(node.get_type_name() == "FakeQuantize" and int(node.get_attributes()["levels"]) > _EIGHT_BITS)


def _replace(node: ov.Node) -> None:
    levels, name = int(node.get_attributes()["levels"]), node.get_friendly_name()
    dtype = node.get_output_element_type(0).to_dtype()
    borders = [np.asarray(port.get_source_output().get_node().data, np.float64) for port in node.inputs()[1:]]
    low, high, target_low, target_high = borders
    value: ov.Node = op.minimum(
        op.maximum(node.input_value(0), _constant(low, dtype)), _constant(high, dtype)
    )
    step, target = (high - low) / (levels - 1), (target_high - target_low) / (levels - 1)
    if levels <= _FLOAT_BITS:
        # Counted from zero where that is a level: float32 holds such counts exactly.
        level = low / step
        is_level = bool(np.all(np.abs(level - np.round(level)) < _TOLERANCE))
        value = value if is_level else op.subtract(value, _constant(low, dtype))
        value = op.round(op.multiply(value, _constant(1 / step, dtype)), "half_to_even")
        value = op.multiply(value, _constant(target, dtype))
        value = value if is_level else op.add(value, _constant(target_low, dtype))
    elif not np.array_equal(step, target):
        value = op.multiply(value, _constant(target / step, dtype))
    value.set_friendly_name(name)
    node.set_friendly_name(f"{name}/replaced")
    names = node.output(0).get_names()
    node.output(0).set_names(set())
    value.output(0).set_names(names)
    for reader in node.output(0).get_target_inputs():
        reader.replace_source_output(value.output(0))


def _widen(node: ov.Node) -> None:
    """Make integers floats: with weights that are stored as integers the CPU rounds activations to 8 bits."""
    values = node.input_value(0).get_node().data.astype(node.get_output_element_type(0).to_dtype())
    constant = op.constant(values, name=f"{node.get_friendly_name()}/floats")
    for reader in node.output(0).get_target_inputs():
        reader.replace_source_output(constant.output(0))


def _constant(values: NDArray[np.float64], dtype: np.dtype[np.generic]) -> ov.Node:
    constant: ov.Node = op.constant(values.astype(dtype))
    return constant
