"""What is known of the values of tensors from the graph alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op
from openvino.utils.node_factory import NodeFactory

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.utils.errors import ModelError, reason

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


def moved(
    view: GraphView, tensor: TensorId, values: Mapping[TensorId, NDArray[np.floating]]
) -> NDArray[np.floating]:
    """What a tensor holds where others hold certain values, and nothing but moves of data lies between.

    Args:
        view: of the model.
        tensor: whose value is wanted.
        values: of the others.

    Raises:
        ModelError: it can't be computed.
    """
    made: dict[TensorId, ov.Output] = {}

    def made_of(source: TensorId) -> ov.Output:
        if source in values:
            return _constant(np.asarray(values[source], np.float32))
        if view.is_constant(source):
            return _constant(np.asarray(view.value(source)))
        if source not in made:
            node = view.nodes[source.node]
            inputs: list[ov.Node | ov.Output] = [made_of(each) for each in view.inputs(source.node)]
            twin = NodeFactory("opset13").create(node.get_type_name(), inputs, node.get_attributes())
            made.update((TensorId(source.node, port), output) for port, output in enumerate(twin.outputs()))
        return made[source]

    result = ov.Tensor(ov.Type.f32, ov.Shape())
    try:
        if ov.Model([made_of(tensor)], []).evaluate([result], []):
            return np.array(result.data)
    except RuntimeError as error:
        raise ModelError(f"tensor {str(tensor)!r} can't be followed: {reason(error)}") from error
    raise ModelError(f"tensor {str(tensor)!r} can't be followed")


def _constant(values: NDArray[Any]) -> ov.Output:
    output: ov.Output = op.constant(values).output(0)
    return output
