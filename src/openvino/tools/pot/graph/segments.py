"""A network as several that follow one another, each of which needs a part of its memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView

_HANDED_ON = frozenset({"f32", "f16", "i64", "i32", "u8", "i8", "boolean"})
"""Types of tensors that arrays can hold on their way from one part to the next."""

_HANDED = "segment_input"

_NEVER = 1 << 50
"""Bytes that nobody has: there is no place to cut."""


def tensor_bytes(view: GraphView, tensor: TensorId) -> int | None:
    """Of a tensor; None where a dimension is not known."""
    shape = view.shape(tensor)
    if shape is None or None in shape:
        return None
    return prod(int(size or 0) for size in shape) * int(view.output(tensor).get_element_type().bitwidth) // 8


def has_known_sizes(view: GraphView) -> bool:
    """Whether those of all tensors are known."""
    return all(tensor_bytes(view, tensor) is not None for name in view.nodes for tensor in view.outputs(name))


@dataclass(frozen=True)
class Segment:
    """A part of a network.

    Attributes:
        model: the part.
        takes: what it is fed: name of its input -> tensor of a part before, or the name of an input of the network.
        gives: what its outputs are: tensors for parts behind it, or numbers of outputs of the network.
    """

    model: ov.Model
    takes: Mapping[str, TensorId | str]
    gives: Sequence[TensorId | int]


class Layers:
    """A network as a row of operations, with what must be in memory at each of them.

    What was appended to a network stands where all that it needs is there: so no tensor has to wait for its reduction.

    Args:
        model: of known sizes.
        first: names of the operations that were there before others were appended.

    Attributes:
        names: the operations, in a topological order.
        weights: bytes of constants that each reads, for those that nobody before it has read.
        live: bytes of tensors that must be there while each is computed.
        crossing: bytes of tensors made up to each that are read behind it; very many where the row can't be cut, which
            it can in front of layers alone, since devices join what follows on these, and with no state.
    """

    def __init__(self, model: ov.Model, first: Collection[str]) -> None:
        self.view = view = GraphView(model)
        self.names = list(_asap(view, first))
        self._place = {name: place for place, name in enumerate(self.names)}
        self._last = {
            tensor: max(self._place[reader.node] for reader in readers)
            for name in self.names
            for tensor in view.outputs(name)
            if (readers := [each for each in view.consumers(tensor) if each.node in self._place])
        }
        self.weights, self.live, self.crossing = self._measured()

    def _measured(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        count = len(self.names)
        weights, live, crossing = (np.zeros(count + 1, np.int64) for _ in range(3))
        known = set[str]()
        for place, name in enumerate(self.names):
            for constant in _constants_of(self.view, name):
                if constant not in known:
                    known.add(constant)
                    weights[place] += self.view.node(constant).get_byte_size()
        for tensor, last in self._last.items():
            made, size = self._place[tensor.node], tensor_bytes(self.view, tensor) or 0
            live[made] += size
            live[last + 1] -= size
            if last > made and self.view.type(tensor.node) != "Parameter":
                crossing[made] += size
                crossing[last] -= size
        for number, tensor in ((self._place[t.node], t) for t in self._last if not self._can_be_handed_on(t)):
            crossing[number] += _NEVER
            crossing[self._last[tensor]] -= _NEVER
        whole = crossing.cumsum()[:-1]
        whole[[not self._begins_at(place + 1) for place in range(count)]] += _NEVER
        return weights[:-1], live.cumsum()[:-1], whole

    def _begins_at(self, place: int) -> bool:
        """Whether a part may begin with an operation."""
        if place == len(self.names) or self.view.model.get_sinks():
            return place == len(self.names)
        return traits(self.view.type(self.names[place])).linear != ""

    def _can_be_handed_on(self, tensor: TensorId) -> bool:
        kind = self.view.output(tensor).get_element_type().get_type_name()
        return self.view.type(tensor.node) == "Parameter" or kind in _HANDED_ON

    def segments(self, cuts: Sequence[int]) -> Iterator[Segment]:
        """The parts, each made when it is asked for.

        Args:
            cuts: places of the last operation of each part but the last one, in their order.
        """
        ends = [*cuts, len(self.names) - 1]
        for number, end in enumerate(ends):
            yield self.segment(ends[number - 1] + 1 if number else 0, end)

    def segment(self, start: int, end: int) -> Segment:
        """The part from one operation to another, both within."""
        clone = GraphView(self.view.model.clone())
        own = self.names[start : end + 1]
        takes: dict[str, TensorId | str] = {}
        stand_ins: dict[TensorId, ov.Node] = {}
        for name in own:
            for port, tensor in enumerate(clone.inputs(name)):
                if not clone.is_constant(tensor) and self._place[tensor.node] < start:
                    if clone.type(tensor.node) == "Parameter":
                        continue
                    stand_in = self._stand_in(clone, tensor, stand_ins)
                    takes[stand_in.get_friendly_name()] = tensor
                    clone.node(name).input(port).replace_source_output(stand_in.output(0))
        gives, outs = self._outputs(clone, own, end)
        results = [
            op.result(output) if isinstance(kind, TensorId) else output.get_node() for kind, output in outs
        ]
        reached = _parameters(results)
        for parameter in reached:
            if parameter.get_friendly_name() not in takes:
                name = input_name(parameter.output(0))
                takes[name] = name
        return Segment(ov.Model(results, reached), takes, gives)

    @staticmethod
    def _stand_in(view: GraphView, tensor: TensorId, known: dict[TensorId, ov.Node]) -> ov.Node:
        if tensor not in known:
            source = view.output(tensor)
            known[tensor] = op.parameter(
                source.get_partial_shape(), source.get_element_type(), name=f"{_HANDED}_{len(known)}"
            )
        return known[tensor]

    def _outputs(
        self, view: GraphView, own: Sequence[str], end: int
    ) -> tuple[list[TensorId | int], list[tuple[TensorId | int, ov.Output]]]:
        """What a part gives: tensors that are read behind it, and outputs of the network."""
        numbers = {node.get_friendly_name(): at for at, node in enumerate(self.view.model.get_results())}
        found: list[tuple[TensorId | int, ov.Output]] = []
        for name in own:
            if name in numbers:
                found.append((numbers[name], view.node(name).output(0)))
            elif view.type(name) != "Parameter":
                ends = ((tensor, self._last.get(tensor, -1)) for tensor in view.outputs(name))
                found += [(tensor, view.output(tensor)) for tensor, last in ends if last > end]
        return [kind for kind, _ in found], found


def _asap(view: GraphView, first: Collection[str]) -> Iterator[str]:
    """All operations but constants in a topological order: those of the first in theirs, others as soon as they can."""
    missing = {
        name: len({tensor.node for tensor in view.varying(name)})
        for name in view.nodes
        if not _is_constant(view, name)
    }
    waiting = {name: missing[name] for name in missing}
    done = set[str]()

    def ready(name: str) -> Iterator[str]:
        pending = [name]
        while pending:
            own = pending.pop()
            done.add(own)
            yield own
            for reader in dict.fromkeys(each.node for each in view.readers(own)):
                waiting[reader] -= 1
                if not waiting[reader] and reader not in first and reader not in done:
                    pending.append(reader)

    for name in missing:
        if (name in first or not missing[name]) and name not in done:
            yield from ready(name)


def _is_constant(view: GraphView, name: str) -> bool:
    outputs = view.outputs(name)
    return bool(outputs) and view.type(name) != "Result" and view.is_constant(outputs[0])


def _constants_of(view: GraphView, name: str) -> Iterator[str]:
    """The constants that an operation reads, through what only changes their form."""
    pending = [tensor.node for tensor in view.inputs(name) if view.is_constant(tensor)]
    while pending:
        own = pending.pop()
        if view.type(own) == "Constant":
            yield own
        pending += [tensor.node for tensor in view.inputs(own)]


def _parameters(results: Sequence[ov.Node]) -> list[Any]:
    """The inputs that results depend on."""
    pending, seen, found = list(results), set[str](), list[Any]()
    while pending:
        node = pending.pop()
        name = node.get_friendly_name()
        if name not in seen:
            seen.add(name)
            if node.get_type_name() == "Parameter":
                found.append(node)
            pending += [port.get_source_output().get_node() for port in node.inputs()]
    return sorted(found, key=lambda node: str(node.get_friendly_name()))
