"""Networks of bfloat16 or double precision as networks of float32 with the same inputs and outputs.

Parameter(bf16) ── layer ── Result    ──▶    Parameter(bf16) ── Convert ── layer ── Convert ── Result
"""

from __future__ import annotations

import numpy as np
import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.graph.edits.replace import is_constant, rewire
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.view import bodies_of

_KINDS = (ov.Type.bf16, ov.Type.f64)


def in_float32(model: ov.Model) -> None:
    """Let everything outside of inputs, outputs, states and bodies be computed in float32.

    The device decides for itself in which precision it computes. Bfloat16 inside would only keep ranges and corrections
    from being written down exactly; of double precision OpenVINO's CPU (2026.4) runs no INT8. Edits the model in place.
    """
    for kind in _KINDS:
        nodes = model.get_ordered_ops()
        inner = (node for node in nodes if not (traits(node.get_type_name()).source or _stays(node)))
        if any(port.get_element_type() == kind for node in inner for port in node.outputs()):
            _replace(nodes, kind)
            model.validate_nodes_and_infer_types()


def _replace(nodes: list[ov.Node], kind: ov.Type) -> None:
    outer = [node for node in nodes if traits(node.get_type_name()).source or bodies_of(node)]
    others = [port for node in outer for port in node.outputs() if port.get_element_type() == kind]
    kept = [
        port
        for node in nodes
        if _is_end(node)
        for port in node.inputs()
        if port.get_element_type() == kind and port.get_source_output() not in others
    ]
    inner = [
        node
        for node in nodes
        if node.get_type_name() == "Convert" and node.get_output_element_type(0) == kind
    ]
    sources = [port.get_source_output() for port in kept]
    back = {source: _converted(source, kind) for source in dict.fromkeys(sources)}
    for port, source in zip(kept, sources, strict=True):
        rewire([port], back[source])
    for output in others:
        readers = [port for port in output.get_target_inputs() if not _stays(port.get_node())]
        rewire(readers, _single(output))
    for node in inner:
        converted = op.convert(node.input_value(0), ov.Type.f32, name=f"{node.get_friendly_name()}/f32")
        rewire(node.output(0).get_target_inputs(), converted)


def _single(output: ov.Output) -> ov.Node:
    """The same in float32; constants of double precision are not stored as such."""
    node = output.get_node()
    if is_constant(output) and output.get_element_type() == ov.Type.f64:
        with np.errstate(over="ignore"):
            single: ov.Node = op.constant(node.data.astype(np.float32), name=node.get_friendly_name())
        return single
    return _converted(output, ov.Type.f32)


def _converted(output: ov.Output, kind: ov.Type) -> ov.Node:
    """With a name that is the same in each run."""
    place = f"{output.get_node().get_friendly_name()}/{output.get_index()}"
    converted: ov.Node = op.convert(output, kind, name=f"{place}/{kind.to_string()}")
    return converted


def _stays(node: ov.Node) -> bool:
    """Whether it converts by itself, or takes what it took."""
    return bool(node.get_type_name() == "Convert") or _is_end(node)


def _is_end(node: ov.Node) -> bool:
    return traits(node.get_type_name()).sink or bool(bodies_of(node))
