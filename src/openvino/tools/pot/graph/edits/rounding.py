"""What a quantizer does to a tensor, as nodes.

x ── FakeQuantize        or, with a range for each channel that FakeQuantize of the CPU does not take,
x ── max ── min ── - low ── / scale ── round ── * scale ── + low
"""

from __future__ import annotations

import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.graph.edits.replace import constant_like


def rounded(source: ov.Output, span: QuantizerRange) -> ov.Output:
    """A tensor rounded to a range, whose borders broadcast against it."""
    low, high, scale = (constant_like(source, each) for each in (span.low, span.high, span.scale))
    if span.low.size == 1 or _is_by_second_axis(span):
        quantized: ov.Output = op.fake_quantize(source, low, high, low, high, span.levels).output(0)
        return quantized
    inside = op.subtract(op.minimum(op.maximum(source, low), high), low)
    level = op.round(op.divide(inside, scale), "half_to_even")
    whole: ov.Output = op.add(op.multiply(level, scale), low).output(0)
    return whole


def _is_by_second_axis(span: QuantizerRange) -> bool:
    """Whether ranges differ along the one axis that the CPU's FakeQuantize takes."""
    return span.low.ndim > 1 and span.low.shape[1] == span.low.size
