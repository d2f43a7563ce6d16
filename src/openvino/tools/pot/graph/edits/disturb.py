"""Quantizers as plain arithmetic whose values are moved by as much as a number format rounds them.

... ── * ── Round ── * ──    ▶▶    ... ── * ── * (1 ± share) ── Round ── * ──
"""

from __future__ import annotations

import numpy as np
import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.graph.edits.emulate import emulated


def disturbed(model: ov.Model, share: float, seed: int) -> ov.Model:
    """The model itself if it has no quantizers, else a clone with plain ones that round what is a little other.

    Each channel is a little larger or smaller before it is rounded.

    Args:
        model: quantized; stays as it is.
        share: of a value, by which it is moved.
        seed: of the directions.
    """
    plain = emulated(model, narrow=True)
    if plain is model:
        return model
    clone, random = plain.clone(), np.random.default_rng(seed)
    for node in clone.get_ordered_ops():
        if node.get_type_name() == "Round":
            source = node.input_value(0)
            signs = random.choice([-1.0, 1.0], _along_most(source.get_partial_shape()))
            moved = op.multiply(source, op.constant((1 + share * signs).astype(np.float32)))
            node.input(0).replace_source_output(moved.output(0))
    clone.validate_nodes_and_infer_types()
    return clone


def _along_most(shape: ov.PartialShape) -> list[int]:
    """Ones, and on the largest axis of known size behind the first its size."""
    if shape.rank.is_dynamic:
        return []
    found = [1] * len(shape)
    known = [(size.get_length(), axis) for axis, size in enumerate(shape) if axis and size.is_static]
    if known:
        size, axis = max(known)
        found[axis] = size
    return found
