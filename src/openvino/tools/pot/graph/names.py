"""Names of nodes: unique, stable from run to run, and traceable to those the user gave."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import chain, count
from typing import Any

import openvino as ov

_FUSED_NAMES = "fused_names_0"
_COUNTED = re.compile(r"(^|/)[A-Z][A-Za-z0-9]*_[0-9]+(/|$)")


def all_names(model: ov.Model) -> dict[str, str]:
    """Node name -> operation type for every node of the model."""
    return {node.get_friendly_name(): node.get_type_name() for node in model.get_ops()}


def port_name(port: ov.Output) -> str:
    """A name that a feed may use for a port: of its tensor, or of its node where the tensor has none."""
    return str(port.get_any_name() if port.get_names() else port.get_node().get_friendly_name())


def input_name(port: ov.Output | ov.ConstOutput) -> str:
    """The name by which feeds hold an input, which OpenVINO takes.

    That is its node's where the tensor has it too or has none, else the first of the tensor's: OpenVINO does not know
    a tensor with names by that of its node.
    """
    names, own = port.get_names(), str(port.get_node().get_friendly_name())
    return own if own in names or not names else str(min(names))


def by_any_name(ports: Sequence[ov.Output] | Sequence[ov.ConstOutput]) -> dict[str, Any]:
    """All names of inputs; one that is a tensor's and another one's node's means the tensor, as to OpenVINO."""
    nodes = {str(port.get_node().get_friendly_name()): port for port in ports}
    return nodes | {name: port for port in ports for name in port.get_names()}


def merged_names(node: ov.Node, known: Container[str]) -> list[str]:
    """A node's own name, then the names of the nodes that were fused into it, as its runtime info lists them.

    The list is joined by commas, and names may hold commas themselves: the longest of ``known`` is taken.
    """
    names, info = [node.get_friendly_name()], node.get_rt_info()
    parts = info[_FUSED_NAMES].astype(str).split(",") if _FUSED_NAMES in info else []
    start = 0
    while start < len(parts):
        ends = range(len(parts), start, -1)
        end = next((end for end in ends if ",".join(parts[start:end]) in known), start + 1)
        names.append(",".join(parts[start:end]))
        start = end
    return names


def fused_names(model: ov.Model, original: Mapping[str, str]) -> dict[str, list[str]]:
    """Original node name -> names of the nodes that stand for it, read from the runtime info of fusions.

    Where operations claim a name, constants that do so don't count.
    """
    claims: dict[str, list[str]] = {}
    constants: dict[str, list[str]] = {}
    for node in model.get_ordered_ops():
        target = constants if node.get_type_name() == "Constant" else claims
        for old in merged_names(node, original)[1:]:
            target.setdefault(old, []).append(node.get_friendly_name())
    present = all_names(model)
    merged = {**constants, **claims}
    return {old: new for old, new in merged.items() if old in original and old not in present}


def adopt_names(model: ov.Model, original: Mapping[str, str]) -> None:
    """Give operations whose names OpenVINO made up the name of one that was fused into them.

    Args:
        model: the model after fusions.
        original: node name -> operation type before them; a name of the same type is preferred.
    """
    present = set(all_names(model))
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Constant" or not _is_made_up(node, original):
            continue
        gone = [name for name in merged_names(node, original) if name in original and name not in present]
        same = [name for name in gone if original[name] == node.get_type_name()]
        other = [name for name in gone if original[name] not in ("Constant", "Convert")]
        for name in (same + other)[:1]:
            node.set_friendly_name(name)
            present.add(name)


def made_unique(model: ov.Model) -> dict[str, list[str]]:
    """Give nodes that share a name names of their own, before transformations do so by rules of theirs.

    Returns:
        Each name that several nodes had -> their new ones, of which the first is the old one.
    """
    nodes = model.get_ordered_ops()
    taken = {node.get_friendly_name() for node in nodes}
    owners = _owners(nodes, taken)
    shared: dict[str, list[str]] = {}
    for position, node in enumerate(nodes):
        name = node.get_friendly_name()
        if owners[name] != position:
            node.set_friendly_name(_free(name, taken))
            taken.add(node.get_friendly_name())
            shared.setdefault(name, [name]).append(node.get_friendly_name())
    return shared


def stabilise(model: ov.Model, keep: Iterable[str] = ()) -> dict[str, str]:
    """Give every node a unique name that depends on its place alone.

    Names that OpenVINO makes up hold a counter of the process, so that two runs would differ; the first node
    that has a name of ``keep`` (the user's own) stays as it is.

    Returns:
        Old name -> new name, for the first node of each name.
    """
    kept = frozenset(keep)
    taken = set(kept)
    nodes = model.get_ordered_ops()
    owners = _owners(nodes, kept)
    renamed: dict[str, str] = {}
    for position, node in enumerate(nodes):
        old = name = node.get_friendly_name()
        if owners.get(name) != position:
            if _is_made_up(node, kept):
                consumer, kind = _first_consumer(node, kept), node.get_type_name()
                name = f"{consumer}/{kind}" if consumer else f"{kind}_{position}"
            node.set_friendly_name(_free(name, taken))
            taken.add(node.get_friendly_name())
        renamed.setdefault(old, node.get_friendly_name())
    return renamed


def _owners(nodes: list[ov.Node], keep: Container[str]) -> dict[str, int]:
    """Name to keep -> position of the node that keeps it; names made up by OpenVINO come last."""
    owners: dict[str, int] = {}
    for made_up in (False, True):
        for position, node in enumerate(nodes):
            name = node.get_friendly_name()
            if name in keep and (name == node.get_name()) == made_up:
                owners.setdefault(name, position)
    return owners


def _is_made_up(node: ov.Node, keep: Container[str]) -> bool:
    """Whether a name is none of ``keep`` but a type and a counter, or made from such a name."""
    name = node.get_friendly_name()
    return bool(name == node.get_name() or (name not in keep and _COUNTED.search(name)))


def _first_consumer(node: ov.Node, keep: Container[str]) -> str | None:
    """The named consumer of a constant, so that its name tells what it belongs to."""
    if node.get_type_name() != "Constant":
        return None
    readers = sorted(
        (reader.get_node().get_friendly_name(), reader.get_index())
        for reader in node.output(0).get_target_inputs()
        if not _is_made_up(reader.get_node(), keep)
    )
    return readers[0][0] if readers else None


def _free(name: str, taken: set[str]) -> str:
    numbered = (f"{name}_{number}" for number in count(1))
    return next(free for free in chain([name], numbered) if free not in taken)
