"""What is known of the values of tensors from the graph alone."""

from __future__ import annotations

from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView

_NEVER_NEGATIVE = frozenset(
    {"Abs", "Exp", "HSigmoid", "HardSigmoid", "Relu", "Sigmoid", "SoftPlus", "Softmax"}
)
_KEEPING = frozenset(
    {
        "AvgPool", "Concat", "Gather", "MaxPool", "ReduceMax", "ReduceMean", "Reshape", "ShuffleChannels", "Slice",
        "Split", "Squeeze", "StridedSlice", "Transpose", "Unsqueeze", "VariadicSplit",
    }
)  # fmt: skip


def is_nonnegative(view: GraphView, tensor: TensorId) -> bool:
    """Whether no value of a tensor can be below zero, however far back the reason lies."""
    open_tensors, seen = [tensor], {tensor}
    while open_tensors:
        name = open_tensors.pop().node
        kind = view.type(name)
        if kind in _NEVER_NEGATIVE or (kind == "Clamp" and view.nodes[name].get_attributes()["min"] >= 0):
            continue
        if kind not in _KEEPING:
            return False
        data = view.inputs(name) if kind == "Concat" else view.inputs(name)[:1]
        open_tensors.extend(source for source in data if source not in seen)
        seen.update(data)
    return True
