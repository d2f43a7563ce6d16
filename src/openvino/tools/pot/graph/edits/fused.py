"""Constants as they were before fusing: shared by their readers, and in half precision.

Those that fusing computed anew for each reader of a shared one:

Constant(W) ─┬─ Conv ── Neg         Constant(-W) ── Conv         Constant(-W) ─┬─ Conv
             └─ Conv ── Neg   ──▶   Constant(-W) ── Conv   ──▶                 └─ Conv

Those stored in half precision, which fusing has unfolded:

Constant(f16) ── Convert ── layer   ──▶   Constant(f32) ── layer   ──▶   Constant(f16) ── Convert ── layer
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.graph.edits.replace import is_constant, rewire
from openvino.tools.pot.graph.names import merged_names

_MARK = "decompression_0"
_COMPARED = 64
"""Values by which constants are told apart before they are compared as a whole; smaller ones take no room."""


def merge_copies(model: ov.Model, own: Container[str]) -> None:
    """Let readers of equal constants read one of them.

    Args:
        model: edited in place.
        own: names of the constants that it came with, which stay as they are.
    """
    found: dict[tuple[str, tuple[int, ...], bytes], list[ov.Node]] = defaultdict(list)
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant" or node.get_friendly_name() in own:
            continue
        values = np.asarray(node.data)
        if values.size <= _COMPARED:
            continue
        kind = node.get_output_element_type(0).get_type_name()
        alike = found[kind, values.shape, values.reshape(-1)[:_COMPARED].tobytes()]
        same = next((each for each in alike if np.array_equal(np.asarray(each.data), values)), None)
        if same is None:
            alike.append(node)
        else:
            rewire(node.output(0).get_target_inputs(), same)


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
