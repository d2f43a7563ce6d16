"""Shapes that are known become constants, for devices that have nothing to compute shapes with.

x[1, 5, 16] ── ShapeOf ── reader      ──▶      Constant(1, 5, 16) ── reader
"""

from __future__ import annotations

import numpy as np
import openvino as ov
from openvino import opset13 as op


def fix_known_shapes(model: ov.Model) -> None:
    """Put constants in place of the shapes of tensors whose sizes are all fixed; edits the model in place.

    What is computed of them, such as a state that is broadcast to the size of a batch, is constant then, too.
    """
    for node in model.get_ordered_ops():
        if node.get_type_name() == "ShapeOf" and node.get_input_partial_shape(0).is_static:
            sizes = np.array(node.get_input_shape(0), node.get_output_element_type(0).to_dtype())
            constant = op.constant(sizes, name=node.get_friendly_name())
            node.output(0).replace(constant.output(0))
