"""Initial values of states, which OpenVINO takes for zero where a model gives none.

ReadValue    ──▶    Constant(0) ── ReadValue
"""

from __future__ import annotations

import numpy as np
import openvino as ov
from openvino import opset13 as op


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
