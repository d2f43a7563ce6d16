"""Conversions of inputs, kept apart from the FakeQuantize behind them.

Parameter(u16) ── Convert ── FakeQuantize    ──▶    Parameter(u16) ── Convert ── Maximum ── FakeQuantize

OpenVINO's CPU (2026.4) fuses a conversion into the FakeQuantize, and has none of these types.
"""

from __future__ import annotations

import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.graph.edits.replace import rewire

_UNFUSABLE = frozenset({"f64", "i16", "u16", "u32", "u64"})


def keep_conversions(model: ov.Model) -> None:
    """Put what keeps every value, NaN too, and isn't fused behind conversions of inputs; edits the model in place."""
    for parameter in model.get_parameters():
        if parameter.get_element_type().to_string() in _UNFUSABLE:
            for port in parameter.output(0).get_target_inputs():
                node = port.get_node()
                if node.get_type_name() == "Convert" and node.get_output_element_type(0) == ov.Type.f32:
                    readers = node.output(0).get_target_inputs()
                    rewire(readers, op.maximum(node, node, name=f"{node.get_friendly_name()}/held"))
