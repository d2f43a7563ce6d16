"""What devices need to find written out before anything is quantized.

Conversions of inputs that stay apart, since OpenVINO's CPU (2026.4) fuses them into a FakeQuantize, and has none of
these types:

Parameter(u16) ── Convert ── FakeQuantize    ──▶    Parameter(u16) ── Convert ── Maximum ── FakeQuantize

Shapes that are known, for devices that have nothing to compute shapes with:

x[1, 5, 16] ── ShapeOf ── reader             ──▶    Constant(1, 5, 16) ── reader

Initial values of states, which OpenVINO takes for zero where a model gives none:

ReadValue                                    ──▶    Constant(0) ── ReadValue
"""

from __future__ import annotations

import numpy as np
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
                    name, readers = f"{node.get_friendly_name()}/held", node.output(0).get_target_inputs()
                    if {reader.get_node().get_friendly_name() for reader in readers} != {name}:
                        rewire(readers, op.maximum(node, node, name=name))


def fix_known_shapes(model: ov.Model) -> None:
    """Put constants in place of the shapes of tensors whose sizes are all fixed; edits the model in place.

    What is computed of them, such as a state that is broadcast to the size of a batch, is constant then, too.
    """
    for node in model.get_ordered_ops():
        if node.get_type_name() == "ShapeOf" and node.get_input_partial_shape(0).is_static:
            sizes = np.array(node.get_input_shape(0), node.get_output_element_type(0).to_dtype())
            constant = op.constant(sizes, name=node.get_friendly_name())
            node.output(0).replace(constant.output(0))


def give_initial_values(model: ov.Model) -> None:
    """Write down that states begin with zeros, as the CPU's compilation of quantized models needs to read.

    Edits the model in place; states of a dynamic shape are left as they are.
    """
    for node in model.get_ops():
        if node.get_type_name() == "ReadValue" and node.get_input_size() == 0:
            output = node.output(0)
            if output.get_partial_shape().is_static:
                zeros = np.zeros(output.get_shape(), output.get_element_type().to_dtype())
                name = f"{node.get_friendly_name()}/initial"
                node.set_arguments([op.constant(zeros, name=name).output(0)])
