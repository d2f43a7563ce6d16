"""What a device that computes in half precision makes of a network, as plain arithmetic in single precision.

layer ── reader    ──▶    layer ── round to 11 bits, at most 65504 ── reader
"""

from __future__ import annotations

import numpy as np
import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.graph.half import LARGEST, Halves
from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.graph.view import GraphView

_SPLIT = 2.0**13 + 1
"""Leaves 11 of 24 bits (Dekker, A floating-point technique for extending the available precision, 1971)."""

_SMALLEST, _STEP = 2.0**-14, 2.0**-24
"""The smallest number with 11 bits, and the step between those below it."""


def in_half(model: ov.Model, factor: float = 1.0) -> ov.Model:
    """A copy whose tensors in single precision are rounded to half, and cut where that ends.

    Args:
        model: quantized or not; what is behind its quantizers stays as it is.
        factor: by which OpenVINO divides what layers in float read.
    """
    clone = model.clone()
    view = GraphView(clone)
    halves = Halves.of_quantized(view)
    stored = [each for each in halves.stored() if halves.is_single(each)]
    scaled = halves.scaled if factor != 1 else frozenset()
    dividing = [InputId(name, 0) for name in view.nodes if factor != 1 and halves.divides(name)]
    for tensor in stored:
        source, readers = view.output(tensor), [(each, view.port(each)) for each in view.consumers(tensor)]
        small = rounded_to_half(source, factor if tensor in scaled else 1.0)
        whole = rounded_to_half(small) if tensor in scaled else small
        for reader, port in readers:
            port.replace_source_output(small if tensor in scaled and halves.takes_scaled(reader) else whole)
    for reader in dividing:
        if view.source(reader) not in scaled and halves.is_single(view.source(reader)):
            port = view.port(reader)
            port.replace_source_output(rounded_to_half(port.get_source_output(), factor))
    clone.validate_nodes_and_infer_types()
    return clone


def rounded_to_half(source: ov.Output, factor: float = 1.0) -> ov.Output:
    """A float32 tensor as half precision holds it, divided by a factor while it does."""
    divided = op.multiply(source, _constant(1 / factor)) if factor != 1 else source
    inside = op.clamp(divided, -LARGEST, LARGEST)
    many = op.multiply(inside, _constant(_SPLIT))
    normal = op.subtract(many, op.subtract(many, inside))
    few = op.multiply(op.round(op.multiply(inside, _constant(1 / _STEP)), "half_to_even"), _constant(_STEP))
    halved = op.select(op.less(op.abs(inside), _constant(_SMALLEST)), few, normal)
    whole: ov.Node = op.multiply(halved, _constant(factor)) if factor != 1 else halved
    return whole.output(0)


def _constant(value: float) -> ov.Node:
    constant: ov.Node = op.constant(np.float32(value))
    return constant
