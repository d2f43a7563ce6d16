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


def averaged(view: GraphView) -> frozenset[str]:
    """The nodes of which every way to an output of the model passes an average over all positions.

    Positions are what the axes behind the second count: classifiers of images average over them in the end.
    """
    found: set[str] = set()
    for name in reversed(view.nodes):
        readers = (reader.node for reader in view.readers(name))
        values = [reader for reader in readers if not traits(view.type(reader)).shapes]
        if values and all(reader in found or _averages(view, reader) for reader in values):
            found.add(name)
    return frozenset(found)


def _averages(view: GraphView, name: str) -> bool:
    """Whether a node leaves one value of each channel, its own of every sample."""
    if not traits(view.type(name)).averages:
        return False
    before, after = view.shape(view.inputs(name)[0]), view.shape(TensorId(name))
    if before is None or after is None or len(before) < 3:
        return False
    return len(after) >= 2 and after[1] == before[1] and all(size == 1 for size in after[2:])
