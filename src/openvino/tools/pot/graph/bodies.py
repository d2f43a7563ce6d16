"""Networks within operations: of loops, of both branches."""

from __future__ import annotations

from collections.abc import Iterator

import openvino as ov

from openvino.tools.pot.graph.operations import traits


def bodies_of(node: ov.Node) -> list[ov.Model]:
    """The networks within an operation."""
    count = traits(node.get_type_name()).bodies
    return [node.get_function()] if count == 1 else [node.get_function(number) for number in range(count)]


def all_bodies(model: ov.Model) -> Iterator[ov.Model]:
    """The networks within operations of a model, and those within them."""
    for node in model.get_ordered_ops():
        for body in bodies_of(node):
            yield body
            yield from all_bodies(body)
