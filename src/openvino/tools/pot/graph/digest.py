"""Digests of networks: what they are, whatever their nodes are called and in whichever file or process they are.

Nodes are counted from the results back, in the order of inputs, so that names don't matter. Sizes of inputs, and what
follows from them, are no part of it: a network whose open sizes were fixed is the same one, unless OpenVINO
rewrote it for that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from openvino.op import Constant

from openvino.tools.pot import version
from openvino.tools.pot.graph.view import bodies_of

_LETTERS, _FEW = 16, 8
"""Of a digest that stands alone, and of one of many constants."""


@dataclass(frozen=True)
class Digest:
    """What tells a network from others.

    Attributes:
        graph: of operations, their attributes and how they are joined.
        constants: of the values of each constant, in the order in which the graph reaches them.
    """

    graph: str
    constants: tuple[str, ...]

    @property
    def weights(self) -> str:
        """Of all constants."""
        return short_digest([" ".join(self.constants).encode()])


def digest_of(model: ov.Model) -> Digest:
    """The digest of a network; its names and the sizes of its inputs are no part of it."""
    lines, constants = [], []
    for body in _bodies(model):
        nodes = list(_reached(body))
        numbers = {node.get_name(): number for number, node in enumerate(nodes)}
        lines += [_line(node, numbers) for node in nodes]
        constants += [_of_values(node) for node in nodes if isinstance(node, Constant)]
    return Digest(short_digest(line.encode() for line in lines), tuple(constants))


def readers_of_constants(model: ov.Model) -> list[str]:
    """For each constant of ``digest_of`` the name of the layer that computes with it, past conversions and scales."""
    found = []
    for body in _bodies(model):
        nodes = list(_reached(body))
        fixed: set[str] = set()  # nodes that give the same whatever the inputs are
        for node in nodes:
            sources = [port.get_node().get_name() for port in node.input_values()]
            if isinstance(node, Constant) or (sources and fixed.issuperset(sources)):
                fixed.add(node.get_name())
        found += [_reader(node, fixed) for node in nodes if isinstance(node, Constant)]
    return found


def short_digest(parts: Iterable[Any], letters: int = _LETTERS) -> str:
    """So many hexadecimal letters of the SHA-256 of parts, bytes or arrays, one after the other."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
        found.update(b"\n")
    return found.hexdigest()[:letters]


@cache
def sources_digest() -> str:
    """Of the sources of this package: what a version under development computes changes from day to day."""
    files = sorted(Path(version.__file__).parent.rglob("*.py"))
    return short_digest(file.read_bytes() for file in files)


def _bodies(model: ov.Model) -> Iterator[ov.Model]:
    """The network, and those within its operations in the order in which they are reached."""
    yield model
    for node in _reached(model):
        for body in bodies_of(node):
            yield from _bodies(body)


def _reached(model: ov.Model) -> Iterator[ov.Node]:
    """Nodes behind those whose data they read, from the first result's on, and parameters that nothing reads."""
    done: set[str] = set()
    stack: list[tuple[ov.Node, bool]] = [
        (node, False)
        for node in reversed([*model.get_results(), *model.get_sinks(), *model.get_parameters()])
    ]
    while stack:
        node, complete = stack.pop()
        name = node.get_name()
        if complete:
            yield node
        elif name not in done:
            done.add(name)
            stack.append((node, True))
            stack += [(port.get_node(), False) for port in reversed(node.input_values())]


def _line(node: ov.Node, numbers: Mapping[str, int]) -> str:
    """All that a node is but for values of constants."""
    sources = [f"{numbers[port.get_node().get_name()]}:{port.get_index()}" for port in node.input_values()]
    types = [port.get_element_type().get_type_name() for port in node.outputs()]
    kind = node.get_type_name()
    if isinstance(node, Constant):
        return f"{kind} {types} {list(node.get_output_shape(0))}"
    return f"{kind} {types} {sources} {_wiring(node) if bodies_of(node) else _attributes(node)}"


def _wiring(node: Any) -> str:
    """How the networks within an operation are fed, and which of their values it gives."""
    bodies = bodies_of(node)
    which: list[tuple[int, ...]] = [()] if len(bodies) == 1 else [(number,) for number in range(len(bodies))]
    found = [
        each
        for own in which
        for each in (*node.get_input_descriptions(*own), *node.get_output_descriptions(*own))
    ]
    if node.get_type_name() == "Loop":
        found.append(node.get_special_body_ports())
    return str(sorted(_fields(each) for each in found))  # files have them in another order


def _fields(described: Any) -> tuple[str, list[tuple[str, Any]]]:
    """The kind of a description, and all numbers in it."""
    numbers = ((name, getattr(described, name)) for name in dir(described) if not name.startswith("_"))
    return type(described).__name__, [(name, value) for name, value in numbers if isinstance(value, int)]


def _attributes(node: ov.Node) -> str:
    found = node.get_attributes()
    if node.get_type_name() == "Parameter":
        found.pop("shape", None)
    if str(found.get("auto_pad", "")).startswith("same"):  # padding follows from sizes
        found = {key: value for key, value in found.items() if not key.startswith("pads_")}
    return str(sorted((key, str(value)) for key, value in found.items()))


def _of_values(node: Constant) -> str:
    values = np.ascontiguousarray(node.data)
    if values.dtype.kind in "OSU":  # texts, which hold no bytes of their own
        return short_digest((str(each).encode() for each in values.reshape(-1)), _FEW)
    return short_digest([values], _FEW)


def _reader(node: ov.Node, fixed: Container[str]) -> str:
    """The first node on the way from a constant that is not among the fixed ones, or the last one there is."""
    while node.get_name() in fixed:
        readers = {port.get_node().get_friendly_name(): port.get_node() for port in _readers(node)}
        if not readers:
            break
        node = readers[min(readers)]
    return str(node.get_friendly_name())


def _readers(node: ov.Node) -> Iterator[ov.Input]:
    for port in node.outputs():
        yield from port.get_target_inputs()
