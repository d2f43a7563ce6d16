"""Constants stored in half precision, kept that way when fusing has unfolded them.

Constant(f16) ── Convert ── layer          (as the model came)
Constant(f32) ── layer                     (after the common optimisations)
                    ──▶
Constant(f16) ── Convert ── layer
"""

from __future__ import annotations

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.graph.names import merged_names


def restore_halves(model: ov.Model, source: ov.Model) -> None:
    """Store the constants of ``model`` in half precision again where ``source``, its origin, did.

    Constants that were computed anew and don't fit half precision exactly stay as they are. Those that come
    from the source unchanged share its memory. Edits ``model`` in place.
    """
    stored = _stored_halves(source.clone())
    if not stored:
        return
    names = set(stored)
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant" or node.get_output_element_type(0) != ov.Type.f32:
            continue
        origins = [name for name in merged_names(node, names) if name in stored]
        if origins:
            half = _half(node, stored[origins[0]])
            if half is not None:
                for reader in node.output(0).get_target_inputs():
                    reader.replace_source_output(half)


def _stored_halves(model: ov.Model) -> dict[str, ov.Node]:
    """Name of each Constant(f16) -> Convert(f32) pair, and of its constant -> the Convert."""
    found: dict[str, ov.Node] = {}
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Convert" or node.get_output_element_type(0) != ov.Type.f32:
            continue
        constant = node.input_value(0).get_node()
        if constant.get_type_name() == "Constant" and constant.get_output_element_type(0) == ov.Type.f16:
            found[constant.get_friendly_name()] = node
            found[node.get_friendly_name()] = node
    return found


def _half(constant: ov.Node, origin: ov.Node) -> ov.Output | None:
    """The values of ``constant`` from half precision storage, None where they don't fit it."""
    values: NDArray[np.float32] = np.asarray(constant.data)
    before = np.asarray(origin.input_value(0).get_node().data)
    if before.shape == values.shape and np.array_equal(before, values):
        return origin.output(0)
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    if not np.array_equal(half, values):
        return None
    name = constant.get_friendly_name()
    convert = op.convert(op.constant(half, name=f"{name}_compressed"), "f32", name=name)
    for key, value in origin.get_rt_info().items():
        convert.get_rt_info()[key] = value
    return convert.output(0)
