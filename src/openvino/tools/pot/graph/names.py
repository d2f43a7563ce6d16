"""Names of nodes: unique, stable from run to run, and traceable to those the user gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import openvino as ov

_FUSED_NAMES = "fused_names_0"


def all_names(model: ov.Model) -> dict[str, str]:
    """Node name -> operation type for every node of the model."""
    return {node.get_friendly_name(): node.get_type_name() for node in model.get_ops()}


def fused_names(model: ov.Model, original: Mapping[str, str]) -> dict[str, str]:
    """Original node name -> name of the node that stands for it, read from the runtime info of fusions.

    Where several nodes claim a name, operations go before constants and earlier nodes before later ones.
    """
    claims: dict[str, str] = {}
    constants: dict[str, str] = {}
    for node in model.get_ordered_ops():
        name, info = node.get_friendly_name(), node.get_rt_info()
        target = constants if node.get_type_name() == "Constant" else claims
        if _FUSED_NAMES in info:
            for old in info[_FUSED_NAMES].astype(str).split(","):
                target.setdefault(old, name)
    present = all_names(model)
    merged = {**constants, **claims}
    return {old: new for old, new in merged.items() if old in original and old not in present}


def stabilise(model: ov.Model, keep: Iterable[str] = ()) -> None:
    """Give every node a unique name that depends on its place alone.

    Names that OpenVINO makes up hold a counter of the process, so that two runs would differ; the first node
    that has a name of ``keep`` (the user's own) stays as it is.
    """
    kept, taken = set(keep), set(keep)
    for position, node in enumerate(model.get_ordered_ops()):
        name = node.get_friendly_name()
        if name in kept:
            kept.discard(name)
            continue
        if name == node.get_name():
            consumer = _first_consumer(node)
            name = f"{consumer}/{node.get_type_name()}" if consumer else f"{node.get_type_name()}_{position}"
        node.set_friendly_name(_free(name, taken))
        taken.add(node.get_friendly_name())


def _first_consumer(node: ov.Node) -> str | None:
    """The named consumer of a constant, so that its name tells what it belongs to."""
    if node.get_type_name() != "Constant":
        return None
    readers = sorted(
        (reader.get_node().get_friendly_name(), reader.get_index())
        for reader in node.output(0).get_target_inputs()
        if reader.get_node().get_friendly_name() != reader.get_node().get_name()
    )
    return readers[0][0] if readers else None


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
