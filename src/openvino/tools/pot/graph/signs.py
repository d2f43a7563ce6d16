"""What is known of the values of tensors from the graph alone."""

from __future__ import annotations

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView

_CARRYING = frozenset({"reorders", "shuffles", "cuts", "picks", "joins", "pools"})


def is_nonnegative(view: GraphView, tensor: TensorId) -> bool:
    """Whether no value of a tensor can be below zero, however far back the reason lies."""
    open_tensors, seen = [tensor], {tensor}
    while open_tensors:
        name = open_tensors.pop().node
        kind = view.type(name)
        own = traits(kind)
        if own.signs == "never" or (kind == "Clamp" and view.nodes[name].get_attributes()["min"] >= 0):
            continue
        if own.signs != "kept" and own.moves not in _CARRYING:
            return False
        data = view.inputs(name) if own.moves == "joins" else view.inputs(name)[:1]
        open_tensors.extend(source for source in data if source not in seen)
        seen.update(data)
    return True
