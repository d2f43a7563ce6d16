"""Constants that products share, one transposing them and another not, which the CPU (2026.4) confuses.

Constant(W) ─┬─ MatMul            Constant(W) ── MatMul
             └─ MatMul(W^T)  ──▶  Constant(W) ── MatMul(W^T)
"""

from __future__ import annotations

import openvino as ov
from openvino import opset13 as op


def separated(model: ov.Model) -> ov.Model:
    """The model itself if it has no such constants, else a clone in which each form has its own.

    Only square matrices can be taken for their transpose.
    """
    if not any(_forms(node) for node in model.get_ops()):
        return model
    clone = model.clone()
    for node in clone.get_ops():
        for readers in list(_forms(node).values())[1:]:
            own = op.constant(node.data, name=f"{node.get_friendly_name()}/{readers[0].get_node().name}")
            for reader in readers:
                reader.replace_source_output(own.output(0))
    return clone


def _forms(node: ov.Node) -> dict[bool, list[ov.Input]]:
    """Whether products transpose a square constant -> those that do and don't; nothing unless there are both."""
    if node.get_type_name() != "Constant":
        return {}
    shape = list(node.get_output_shape(0))
    if len(shape) < 2 or shape[-1] != shape[-2]:
        return {}
    found: dict[bool, list[ov.Input]] = {}
    # OpenVINO gives them in the order of their addresses.
    readers = sorted(
        node.output(0).get_target_inputs(), key=lambda reader: reader.get_node().get_friendly_name()
    )
    for reader in readers:
        product = reader.get_node()
        if product.get_type_name() == "MatMul":
            key = ("transpose_a", "transpose_b")[reader.get_index()]
            # A factor on the left is transposed as the same one on the right is not.
            turned = bool(product.get_attributes()[key]) != (reader.get_index() == 0)
            found.setdefault(turned, []).append(reader)
    return found if len(found) > 1 else {}
