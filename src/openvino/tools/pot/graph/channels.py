"""Where channels come from: following them through operations that move data but make none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView, walk

CHANNEL_AXIS = 1
Ids = NDArray[np.float32]
"""A figure for each element of a tensor, or for each channel where the others of it are equal."""

_MOVING = frozenset({"reorders", "shuffles", "cuts", "picks", "joins"})
_KEEPING = frozenset({"resizes", "pools"})
_LARGEST = 1 << 23
"""Ids are float32, which is exact up to here; tensors of more elements are not followed."""


def channel_sources(
    view: GraphView, sources: Mapping[TensorId, Sequence[InputId]], targets: frozenset[str]
) -> dict[InputId, NDArray[np.int64]] | None:
    """For each input of a target node, which channel of the sources each of its channels is.

    Args:
        view: the model.
        sources: tensors, and the inputs through which they are followed; their channels are numbered through.
        targets: nodes at which following ends.

    Returns:
        Numbers of channels, by the inputs of targets that are reached; None where something else reads the
        tensors, an operation on the way mixes channels, or a shape that is needed is dynamic.
    """
    known: dict[TensorId, Ids] = {}
    start = 0
    for tensor in sources:
        channels = _channels(view, tensor)
        if channels is None:
            return None
        known[tensor] = np.arange(start, start + channels, dtype=np.float32)
        start += channels
    found: dict[InputId, NDArray[np.int64]] = {}
    for name in _nodes_on_the_way(view, sources, targets):
        inputs = view.inputs(name)
        if name not in targets:
            outputs = _moved(view, name, [known.get(tensor) for tensor in inputs])
            if outputs is None:
                return None
            known.update(zip(view.outputs(name), outputs, strict=False))  # MaxPool's indices have none
            continue
        for port, tensor in enumerate(inputs):
            if tensor in known:
                ids = known[tensor]
                if ids.ndim != 1:
                    return None
                found[InputId(name, port)] = ids.astype(np.int64)
    return found


def _channels(view: GraphView, tensor: TensorId) -> int | None:
    shape = view.shape(tensor)
    return None if shape is None or len(shape) <= CHANNEL_AXIS else shape[CHANNEL_AXIS]


def _nodes_on_the_way(
    view: GraphView, sources: Mapping[TensorId, Sequence[InputId]], targets: frozenset[str]
) -> list[str]:
    """The nodes that following meets, in topological order."""
    starts = (reader.node for readers in sources.values() for reader in readers)
    met = walk(starts, lambda name: [] if name in targets else [reader.node for reader in view.readers(name)])
    return sorted(met, key=view.order.__getitem__)


def _moved(view: GraphView, name: str, ids: Sequence[Ids | None]) -> list[Ids] | None:
    """What an operation makes of the ids of its inputs."""
    moves = traits(view.type(name)).moves
    if moves in _KEEPING:
        same = _channels(view, TensorId(name)) == _channels(view, view.inputs(name)[0])
        return [ids[0]] if same and ids[0] is not None and ids[0].ndim == 1 else None
    if moves not in _MOVING:
        return None
    values = [_full(view, tensor, known) for tensor, known in zip(view.inputs(name), ids, strict=True)]
    shapes = [view.shape(tensor) for tensor in view.outputs(name)]
    typed = all(view.output(tensor).get_element_type() == ov.Type.f32 for tensor in view.outputs(name))
    if not typed or any(value is None for value in values) or any(not s or None in s for s in shapes):
        return None
    outputs = [np.empty([int(size or 0) for size in shape or ()], np.float32) for shape in shapes]
    tensors = [ov.Tensor(output) for output in outputs]
    given = [ov.Tensor(np.require(value, requirements="C")) for value in values]
    if not view.nodes[name].evaluate(tensors, given):
        return None
    return [_by_channel(tensor.data) for tensor in tensors]


def _full(view: GraphView, tensor: TensorId, ids: Ids | None) -> NDArray[np.generic] | None:
    """The ids of all elements, or the value of a constant; None for data that comes from elsewhere."""
    if ids is None:
        return view.value(tensor) if view.is_constant(tensor) else None
    shape = [int(size or 0) for size in view.shape(tensor) or ()]
    if ids.ndim != 1:
        return ids
    if 0 in shape or np.prod(shape) > _LARGEST:
        return None
    return np.broadcast_to(ids.reshape(1, -1, *(1 for _ in shape[2:])), shape)


def _by_channel(ids: Ids) -> Ids:
    """One id for each channel where the elements of each agree, else the ids as they are."""
    if ids.ndim <= CHANNEL_AXIS:
        return ids.reshape(1, *ids.shape)  # never of one axis, which means channels
    first = np.moveaxis(ids, CHANNEL_AXIS, 0).reshape(ids.shape[CHANNEL_AXIS], -1)[:, :1]
    same = np.array_equal(ids, np.broadcast_to(first.reshape(1, -1, *(1 for _ in ids.shape[2:])), ids.shape))
    return first.reshape(-1).copy() if same else ids.copy()
