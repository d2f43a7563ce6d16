"""Networks within operations: of loops, of both branches."""

from __future__ import annotations

from collections.abc import Iterator

import openvino as ov


def bodies_of(node: ov.Node) -> list[ov.Model]:
    """The networks within an operation."""
    kind = node.get_type_name()
    if kind == "If":
        return [node.get_function(0), node.get_function(1)]
    return [node.get_function()] if kind in ("Loop", "TensorIterator") else []


def all_bodies(model: ov.Model) -> Iterator[ov.Model]:
    """The networks within operations of a model, and those within them."""
    for node in model.get_ordered_ops():
        for body in bodies_of(node):
            yield body
            yield from all_bodies(body)
