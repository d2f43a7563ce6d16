"""Biases that an input of the model says.

layer ── next     ──▶     layer ── Add ── next
                             input ┘
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.graph.edits.replace import rewire, typed
from openvino.tools.pot.graph.geometry import axis_shape


def adjustable(outputs: Iterable[tuple[ov.Output, int]], name: str) -> ov.Node:
    """Add a part of one vector to each of some outputs, one after the other, a figure for each index of an axis.

    Args:
        outputs: with their axes, of known extent.
        name: of the input.

    Returns:
        The new input, float32, which has to become one of the model's.
    """
    axes = tuple(outputs)
    sizes = [output.get_partial_shape()[axis].get_length() for output, axis in axes]
    vector = op.parameter([sum(sizes)], ov.Type.f32, name=name)
    parts = op.variadic_split(vector, op.constant(0), op.constant(np.array(sizes, np.int64)))
    for (output, axis), part, size in zip(axes, parts.outputs(), sizes, strict=True):
        shape = axis_shape(size, axis, len(output.get_partial_shape()))
        shaped = op.reshape(part, op.constant(np.array(shape, np.int64)), False)
        added = typed(shaped.output(0), output.get_element_type())
        rewire(output.get_target_inputs(), op.add(output, added))
    return vector
