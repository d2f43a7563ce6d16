"""Storage of quantized weights as integers.

Constant(float) ── ... ── FakeQuantize ── layer
                    ──▶
Constant(int8) ── Convert ── [Subtract(zero point)] ── Multiply(scale) ── layer
"""

from __future__ import annotations

from math import prod

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.arithmetic.fake_quantize import level_indices
from openvino.tools.pot.arithmetic.formats import BYTE
from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.graph.edits.replace import constant, constant_like, rewire
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView

# Of a step: what rounding of the borders to float32 may move zero by, with room.
_TOLERANCE = 1e-3

_BLOCK = 1 << 16
"""Weights that are rounded at a time."""


def compress_weights(model: ov.Model) -> int:
    """Replace every FakeQuantize over constants by integers; returns how many were replaced.

    The function of the model stays the same. Edits the model in place.
    """
    view = GraphView(model)
    count = 0
    for name in view.nodes:
        if view.type(name) == "FakeQuantize" and view.is_constant(TensorId(name)):
            count += _compress(view, name)
    return count


def _compress(view: GraphView, name: str) -> bool:
    span = _span(view, name)
    if span is None:
        return False
    lowest = -(span.levels // 2)
    zero_point = lowest - span.low / span.scale
    rounded = np.clip(np.round(zero_point), -BYTE.highest - 1, BYTE.highest)
    if np.any(np.abs(zero_point - rounded) > _TOLERANCE):
        return False  # zero is no level: a model that came quantized
    values = _integers(view.stored(view.inputs(name)[0]), span, lowest)
    _replace(view.nodes[name], values, rounded.astype(np.int8), span.scale)
    return True


def _integers(values: NDArray[np.generic], span: QuantizerRange, lowest: int) -> NDArray[np.int8]:
    """The levels of values, from the lowest; block by block, so that what lies between stays in the cache."""
    listed = np.atleast_1d(values)
    found = np.empty(listed.shape, np.int8)
    rows = max(1, _BLOCK // max(1, prod(listed.shape[1:])))
    for start in range(0, len(listed), rows):
        part = slice(start, start + rows)
        indices = level_indices(listed[part].astype(np.float32), span.of_rows(part, listed.ndim))
        indices += np.float32(lowest)
        found[part] = indices
    return found.reshape(values.shape)


def _span(view: GraphView, name: str) -> QuantizerRange | None:
    """The range of a FakeQuantize that maps a range onto itself in levels that a byte tells apart, None for others."""
    borders = [np.asarray(view.value(tensor), np.float32) for tensor in view.inputs(name)[1:]]
    levels = int(view.nodes[name].get_attributes()["levels"])
    same = all(np.array_equal(a, b) for a, b in zip(borders[:2], borders[2:], strict=True))
    fits = same and 2 <= levels <= BYTE.levels and bool(np.all(borders[0] < borders[1]))
    return QuantizerRange(borders[0], borders[1], levels) if fits else None


def _replace(
    node: ov.Node, values: NDArray[np.int8], zero_point: NDArray[np.int8], scale: NDArray[np.float64]
) -> None:
    name, kind = node.get_friendly_name(), node.get_output_element_type(0).get_type_name()
    stored = constant(values, f"{name}/quantized")
    value = op.convert(stored, kind, name=f"{name}/convert")
    if np.any(zero_point):
        shift = constant(zero_point, f"{name}/zero_point")
        floats = op.convert(shift, kind, name=f"{name}/zero_point/convert")
        value = op.subtract(value, floats, name=f"{name}/subtract")
    result = op.multiply(value, constant_like(node.output(0), scale, f"{name}/scale"), name=name)
    node.set_friendly_name(f"{name}/replaced")
    rewire(node.output(0).get_target_inputs(), result)
