"""Networks of bfloat16 as networks of float32 with the same inputs and outputs.

Parameter(bf16) ── layer ── Result    ──▶    Parameter(bf16) ── Convert ── layer ── Convert ── Result
"""

from __future__ import annotations

import openvino as ov
from openvino import opset13 as op

_SOURCES = frozenset({"Parameter", "Constant", "ReadValue"})
_BODIES = frozenset({"If", "Loop", "TensorIterator"})


def widen(model: ov.Model) -> None:
    """Let everything outside of inputs, outputs, states and bodies be computed in float32.

    The device decides for itself in which precision it computes; bfloat16 inside would only keep ranges and
    corrections from being written down exactly. Edits the model in place.
    """
    nodes = model.get_ordered_ops()
    if not any(port.get_element_type() == ov.Type.bf16 for node in nodes for port in node.outputs()):
        return
    outer = [node for node in nodes if node.get_type_name() in _SOURCES | _BODIES]
    wide = [port for node in outer for port in node.outputs() if port.get_element_type() == ov.Type.bf16]
    narrow = [
        port
        for node in nodes
        if node.get_type_name() in _BODIES | {"Result", "Assign", "ReadValue"}
        for port in node.inputs()
        if port.get_element_type() == ov.Type.bf16
    ]
    inner = [node for node in nodes if _rounds(node)]
    for port in narrow:
        port.replace_source_output(_converted(port.get_source_output(), ov.Type.bf16))
    for output in wide:
        readers = [port for port in output.get_target_inputs() if not _is_narrow(port)]
        converted = _converted(output, ov.Type.f32)
        for port in readers:
            port.replace_source_output(converted)
    for node in inner:
        converted = _converted(node.input_value(0), ov.Type.f32)
        for port in node.output(0).get_target_inputs():
            port.replace_source_output(converted)
    model.validate_nodes_and_infer_types()


def _converted(output: ov.Output, kind: ov.Type) -> ov.Output:
    return op.convert(output, kind).output(0)


def _rounds(node: ov.Node) -> bool:
    """Whether a node of the network rounds what others compute."""
    return bool(node.get_type_name() == "Convert" and node.get_output_element_type(0) == ov.Type.bf16)


def _is_narrow(port: ov.Input) -> bool:
    """Whether a reader widens by itself, or takes what was put before it."""
    node = port.get_node()
    return bool(node.get_type_name() == "Convert")
