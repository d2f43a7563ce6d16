"""Bounds behind a tensor.

producer ── readers      ──▶      producer ── Clamp ── readers
"""

from __future__ import annotations

from openvino import opset13 as op

from openvino.tools.pot.graph.edits.replace import rewire
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView


def insert_clamp(view: GraphView, tensor: TensorId, low: float, high: float, name: str) -> None:
    """Let everybody read ``tensor`` through a Clamp called ``name``, which takes over the tensor's names."""
    output = view.output(tensor)
    readers, names = output.get_target_inputs(), output.get_names()
    clamp = op.clamp(output, low, high, name=name)
    rewire(readers, clamp)
    output.set_names(set())
    clamp.output(0).set_names(names)
