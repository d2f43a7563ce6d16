"""Ranges of quantizers that an input of the model makes wider or narrower.

producer ── FakeQuantize ── reader     ──▶     producer ── / ── FakeQuantize ── * ── reader
                                                     input ┴────────────────────┘
"""

from __future__ import annotations

from collections.abc import Sequence

import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.graph.edits.replace import rewire


def scalable(groups: Sequence[Sequence[ov.Node]], name: str) -> ov.Node:
    """Let one vector have a factor for the ranges of each group of quantizers; zero stays on its level.

    Args:
        groups: FakeQuantize nodes.
        name: of the input.

    Returns:
        The new input, float32, which has to become one of the model's.
    """
    vector = op.parameter([len(groups)], ov.Type.f32, name=name)
    parts = op.split(vector, op.constant(0), len(groups)).outputs()
    for nodes, part in zip(groups, parts, strict=True):
        for node in nodes:
            source, readers = node.input_value(0), node.output(0).get_target_inputs()
            factor = op.convert_like(part, source)
            node.input(0).replace_source_output(op.divide(source, factor).output(0))
            rewire(readers, op.multiply(node, factor))
    return vector
