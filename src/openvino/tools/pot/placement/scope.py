"""The ignored scope: what the user wants left in float."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import openvino as ov

from openvino.tools.pot.configs.ignored import IgnoredOperation, IgnoredScope
from openvino.tools.pot.graph.model import SubModel
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import Device
from openvino.tools.pot.placement.selecting import Selector
from openvino.tools.pot.utils.errors import ConfigError, nearest, placed
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_SHOWN = 5
"""Of the attributes that operations have, so many different ones are listed."""


def ignored_nodes(view: GraphView, scope: IgnoredScope, sub: SubModel) -> dict[str, str]:
    """Node name -> reason, for every node that the scope takes out.

    Args:
        view: the float model.
        scope: names, patterns and places (in the user's names, from before operations were fused; see ``Selector``),
            operation types, or the whole model.
        sub: knows what became of the user's names.

    Raises:
        ConfigError: a name or pattern matches no node. A type or an attribute that matches none is a warning, since
            lists of types are kept for many models.
    """
    if scope.skip_model:
        return dict.fromkeys(view.nodes, "the ignored scope takes the whole model")
    ignored: dict[str, str] = {}
    selector = Selector(view, sub)
    with placed("ignored.scope"):
        meant = [selector.select(each) for each in scope.scope]
    for each in meant:
        if not each.nodes:
            raise ConfigError(f"ignored.scope: {selector.refusal(each.said)}")
        how = "named" if each.by_name else "matched"
        ignored |= dict.fromkeys(each.nodes, f"{how} in the ignored scope as {each.said!r}")
    kinds = {view.type(name) for name in view.nodes}
    for operation in scope.operations:
        if operation.type not in kinds:
            hint = nearest(operation.type, kinds)
            logger.warning(
                "ignored.operations: the model has no operation of type %r%s", operation.type, hint
            )
            continue
        found = matching_operation(view, operation)
        if not found:
            nodes = [node for name, node in view.nodes.items() if view.type(name) == operation.type]
            logger.warning("ignored.operations: %s", _unlike(operation, nodes))
        for name in found:
            ignored.setdefault(name, f"operations of type {operation.type} are in the ignored scope")
    return ignored


def matching_operation(view: GraphView, operation: IgnoredOperation) -> list[str]:
    """The nodes of a type with the attributes that are asked for."""
    nodes = {name: node for name, node in view.nodes.items() if view.type(name) == operation.type}
    return [name for name, node in nodes.items() if has_attributes(node, operation.attributes)]


def _unlike(operation: IgnoredOperation, nodes: Sequence[ov.Node]) -> str:
    """What operations of the type have in place of attributes that none of them has."""
    said = f"the model has no {operation.type} with attributes {operation.attributes}"
    own = [node.get_attributes() for node in nodes]
    for key in operation.attributes:
        if key not in own[0]:
            return f"{said}: expected some of {', '.join(own[0])}, found {key!r}{nearest(key, own[0])}"
    values = [{key: each[key] for key in operation.attributes} for each in own]
    shown = list(dict.fromkeys(map(str, values)))[:_SHOWN]
    return f"{said}, found {', '.join(shown)}"


def without_effect(view: GraphView, device: Device, names: Iterable[str], sub: SubModel) -> dict[str, str]:
    """Names of a scope whose operations would stay in float anyway -> the type of the operation.

    Args:
        view: the float model.
        device: what it knows of operations.
        names: the user's, which match.
        sub: as for ``ignored_nodes``.
    """
    if device.integers is not None:
        return {}  # what is named there runs on another device
    joining = {kind for operation in device.operations.values() for kind in operation.joining}
    known = {*device.operations, *device.transparent, *device.averaging, *joining}
    found = {}
    for name in names:
        nodes = sub.bearers(name)
        if all(view.is_constant(TensorId(node)) or view.type(node) not in known for node in nodes):
            found[name] = view.type(nodes[0])
    return found


def unmatched_names(view: GraphView, names: Iterable[str], sub: SubModel) -> dict[str, str]:
    """Entries of a scope that mean no node -> the nearest that does, an empty string where none is near.

    Args:
        view: the float model.
        names: the user's names, patterns and places, see ``Selector``.
        sub: knows what became of the user's names.

    Raises:
        ConfigError: one can't be read.
    """
    selector = Selector(view, sub)
    return {name: selector.nearest(name) for name in names if not selector.select(name).nodes}


def has_attributes(node: ov.Node, attributes: Mapping[str, Any]) -> bool:
    """Whether a node has attributes of these values, whichever way they are written."""
    if not attributes:
        return True
    own = node.get_attributes()
    return all(key in own and _plain(own[key]) == _plain(value) for key, value in attributes.items())


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else str(value).lower()
