"""Helpers that POT scripts use on model objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import openvino as ov

from openvino.tools.pot.graph.edits.compress import compress_weights
from openvino.tools.pot.graph.load import load_model as load_model
from openvino.tools.pot.graph.model import CompressedModel, SubModel, as_model
from openvino.tools.pot.graph.model import save_model as save_model
from openvino.tools.pot.graph.view import bodies_of
from openvino.tools.pot.paths import offer
from openvino.tools.pot.utils.errors import ModelError, nearest


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
    for sub in as_model(model):
        compress_weights(sub.model)


def get_nodes_by_type(
    model: CompressedModel | ov.Model, types: Iterable[str], recursively: bool = True
) -> list[Node]:
    """The nodes whose operation is one of ``types``, in topological order.

    Args:
        model: to look through.
        types: names of operations.
        recursively: whether bodies of loops and branches are looked through, too; those of a loop follow it.
    """
    wanted = set(_listed(types, "types"))
    return [node for _, node in _nodes(model, recursively) if node.type in wanted]


def get_node_by_name(model: CompressedModel | ov.Model, name: str) -> Node:
    """The node called ``name``: its name, its full name in a cascade, or the name it had before fusing.

    Raises:
        ModelError: there is none; the nearest name is given.
    """
    return _find(model, name)[1]


def add_outputs(model: CompressedModel | ov.Model, node_names: Iterable[str]) -> dict[str, ov.Output]:
    """Make the first outputs of nodes outputs of the model, in place; returns name -> the new output.

    A node that is an output already gets no second one.

    Raises:
        ModelError: there is no such node; then the model is as it was.
    """
    names = _listed(node_names, "node_names")
    found = {name: _find(model, name) for name in names}
    return {name: _as_output(sub, node.node) for name, (sub, node) in found.items()}


def _listed(names: Iterable[str], what: str) -> list[str]:
    if not isinstance(names, Iterable):
        raise ModelError(f"{what} is {names!r}, expected a list of names")
    return [names] if isinstance(names, str) else list(names)


def _as_output(sub: SubModel, node: ov.Node) -> ov.Output:
    if node.get_type_name() == "Result":
        return node.output(0)
    for reader in node.output(0).get_target_inputs():
        if reader.get_node().get_type_name() == "Result":
            result: ov.Output = reader.get_node().output(0)
            return result
    name = node.get_friendly_name()
    if not node.output(0).get_names():  # OpenVINO would make one up
        node.output(0).set_names({name})
    added: ov.Output = sub.model.add_outputs(node.output(0))[0]
    added.get_node().set_friendly_name(f"{name}/result")
    return added


def _nodes(model: CompressedModel | ov.Model, recursively: bool = False) -> Iterator[tuple[SubModel, Node]]:
    cascade = isinstance(model, CompressedModel) and model.is_cascade
    for sub in as_model(model):
        prefix = f"{sub.name}_" if cascade else ""
        for node in _operations(sub.model, recursively):
            name = node.get_friendly_name()
            yield sub, Node(name, prefix + name, node.get_type_name(), node)


def _operations(network: ov.Model, recursively: bool) -> Iterator[ov.Node]:
    for node in network.get_ordered_ops():
        yield node
        for body in bodies_of(node) if recursively else ():
            yield from _operations(body, recursively)


def _find(model: CompressedModel | ov.Model, name: str) -> tuple[SubModel, Node]:
    nodes = list(_nodes(model))
    if not isinstance(name, str):
        raise ModelError(f"the name of a node is {name!r}, expected a text")
    for sub, node in nodes:
        if name in (node.name, node.fullname):
            return sub, node
    for sub, node in nodes:
        prefix = node.fullname.removesuffix(node.name)
        if node.name in (sub.renamed.get(name), sub.renamed.get(name.removeprefix(prefix))):
            return sub, node
    raise ModelError(f"the model has no node {name!r}{nearest(name, [node.fullname for _, node in nodes])}")


offer(globals())
