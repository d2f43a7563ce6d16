"""Constants that fusing computed anew for each reader of a shared one.

Constant(W) ─┬─ Conv ── Neg         Constant(-W) ── Conv         Constant(-W) ─┬─ Conv
             └─ Conv ── Neg   ──▶   Constant(-W) ── Conv   ──▶                 └─ Conv
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container

import numpy as np
import openvino as ov

from openvino.tools.pot.graph.edits.replace import rewire

_COMPARED = 64
"""Values by which constants are told apart before they are compared as a whole; smaller ones take no room."""


def merge_copies(model: ov.Model, own: Container[str]) -> None:
    """Let readers of equal constants read one of them.

    Args:
        model: edited in place.
        own: names of the constants that it came with, which stay as they are.
    """
    found: dict[tuple[str, tuple[int, ...], bytes], list[ov.Node]] = defaultdict(list)
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant" or node.get_friendly_name() in own:
            continue
        values = np.asarray(node.data)
        if values.size <= _COMPARED:
            continue
        kind = node.get_output_element_type(0).get_type_name()
        alike = found[kind, values.shape, values.reshape(-1)[:_COMPARED].tobytes()]
        same = next((each for each in alike if np.array_equal(np.asarray(each.data), values)), None)
        if same is None:
            alike.append(node)
        else:
            rewire(node.output(0).get_target_inputs(), same)
