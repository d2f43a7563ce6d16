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

from openvino.tools.pot.graph.edits.replace import is_constant, rewire
from openvino.tools.pot.graph.names import merged_names

_MARK = "decompression_0"


def restore_halves(model: ov.Model, source: ov.Model) -> None:
    """Store the constants of ``model`` in half precision again where ``source``, its origin, did.

    Constants that were computed anew and don't fit half precision exactly stay as they are. Those that come
    from the source unchanged share its memory. Edits ``model`` in place.
    """
    stored = _stored_halves(source.clone())
    if not stored:
        return
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant" or node.get_output_element_type(0) != ov.Type.f32:
            continue
        origin = next((stored[name] for name in merged_names(node, stored) if name in stored), None)
        half = None if origin is None else _half(node, origin)
        if half is not None:
            rewire(node.output(0).get_target_inputs(), half)


def _stored_halves(model: ov.Model) -> dict[str, ov.Node]:
    """Name of each Constant(f16) -> Convert(f32) pair, and of its constant -> the Convert."""
    found: dict[str, ov.Node] = {}
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Convert" or node.get_output_element_type(0) != ov.Type.f32:
            continue
        source = node.input_value(0)
        if is_constant(source) and source.get_element_type() == ov.Type.f16:
            found[source.get_node().get_friendly_name()] = node
            found[node.get_friendly_name()] = node
    return found


def _half(constant: ov.Node, origin: ov.Node) -> ov.Node | None:
    """The values of ``constant`` from half precision storage, None where they don't fit it."""
    values: NDArray[np.float32] = np.asarray(constant.data)
    before = np.asarray(origin.input_value(0).get_node().data)
    if before.shape == values.shape and np.array_equal(before, values):
        return origin
    with np.errstate(over="ignore"):
        exact = np.array_equal(values.astype(np.float16), values)
    return _compressed(origin, values) if exact else None


def _compressed(origin: ov.Node, values: NDArray[np.float32]) -> ov.Node:
    """A Convert over half precision storage, marked as OpenVINO marks it, which Python can't do, if its origin is.

    A mark keeps the CPU (2026.4) from unpacking the weights, and with some gains behind a product it can't go on then.
    """
    from openvino._offline_transformations import compress_model_transformation

    name = origin.get_friendly_name()
    if _MARK not in origin.get_rt_info():
        return op.convert(op.constant(values.astype(np.float16), name=f"{name}_compressed"), "f32", name=name)
    result = op.result(op.constant(values, name=name))
    compress_model_transformation(ov.Model([result], []))
    half: ov.Node = result.input_value(0).get_node()
    return half
