"""Helpers that POT scripts use on model objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import openvino as ov

from openvino.tools.pot.graph.edits.compress import compress_weights
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.save import save_model
from openvino.tools.pot.utils.errors import ModelError, nearest

__all__ = [
    "add_outputs",
    "compress_model_weights",
    "get_node_by_name",
    "get_nodes_by_type",
    "load_model",
    "save_model",
]


@dataclass(frozen=True)
class Node:
    """A node as scripts look at it.

    Attributes:
        name: its name in its model.
        fullname: the same, with the submodel's name before it in a cascade.
        type: the operation.
        node: the ``openvino.Node``.
    """

    name: str
    fullname: str
    type: str
    node: ov.Node


def compress_model_weights(model: CompressedModel | ov.Model) -> None:
    """Store quantized weights as int8, about a quarter of the size; the function stays the same.

    Args:
        model: the result of a pipeline, changed in place.
    """
    for sub in _submodels(model):
        compress_weights(sub.model)


def get_nodes_by_type(model: CompressedModel | ov.Model, types: Iterable[str]) -> list[Node]:
    """The nodes whose operation is one of ``types``, in topological order."""
    wanted = {types} if isinstance(types, str) else set(types)
    return [node for node in _nodes(model) if node.type in wanted]


def get_node_by_name(model: CompressedModel | ov.Model, name: str) -> Node:
    """The node called ``name``: its name, its full name in a cascade, or the name it had before fusing.

    Raises:
        ModelError: there is none; the nearest name is given.
    """
    names = {name} | {sub.renamed[name] for sub in _submodels(model) if name in sub.renamed}
    nodes = list(_nodes(model))
    for node in nodes:
        if names & {node.name, node.fullname}:
            return node
    raise ModelError(f"the model has no node {name!r}{nearest(name, [node.fullname for node in nodes])}")


def add_outputs(model: CompressedModel | ov.Model, node_names: Iterable[str]) -> dict[str, ov.Output]:
    """Make the first outputs of nodes outputs of the model, in place; returns name -> the new output."""
    added = {}
    for name in node_names:
        found = get_node_by_name(model, name)
        owner = next(sub.model for sub in _submodels(model) if found.fullname in _full_names(model, sub))
        added[name] = owner.add_outputs(found.node.output(0))[0]
    return added


def _submodels(model: CompressedModel | ov.Model) -> list[SubModel]:
    return [SubModel(model.get_friendly_name(), model)] if isinstance(model, ov.Model) else model.submodels


def _nodes(model: CompressedModel | ov.Model) -> Iterator[Node]:
    for sub in _submodels(model):
        for full_name, node in _full_names(model, sub).items():
            yield Node(node.get_friendly_name(), full_name, node.get_type_name(), node)


def _full_names(model: CompressedModel | ov.Model, sub: SubModel) -> dict[str, ov.Node]:
    prefix = f"{sub.name}_" if isinstance(model, CompressedModel) and model.is_cascade else ""
    return {prefix + node.get_friendly_name(): node for node in sub.model.get_ordered_ops()}
