"""Spreading: the inputs that shall read quantized data, from the layers up to where values are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import Device
from openvino.tools.pot.placement.cost import Quantized
from openvino.tools.pot.placement.layers import Layer

_PARTS = frozenset({"cuts", "picks"})
"""How operations move values that take only some of them."""


@dataclass
class Requests:
    """The inputs that shall read quantized data, and the tensors bound to one range."""

    view: GraphView
    device: Device
    ignored: Mapping[str, str]
    layers: Mapping[str, Layer]
    transformer: bool
    blocked: frozenset[str]
    reasons: dict[InputId, str] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)
    joined: set[InputId] = field(default_factory=set)
    parents: dict[TensorId, TensorId] = field(default_factory=dict)
    behind: dict[TensorId, tuple[InputId, ...]] = field(default_factory=dict)

    def spread(self) -> None:
        """Start at the layers and move up through the operations that keep data in INT8."""
        for name in reversed(self.view.nodes):
            layer = self.layers.get(name)
            if layer is not None:
                self._start(layer)
            elif name not in self.ignored and any(r in self.reasons for r in self.view.readers(name)):
                self._move_up(name)

    def _start(self, layer: Layer) -> None:
        for reader in layer.activations:
            self.reasons[reader] = f"activation of {layer.type} {layer.node!r}"
        if layer.operation.shared_activations:
            self._bind([self.view.source(reader) for reader in layer.activations])

    def _move_up(self, name: str) -> None:
        averaging = data_ports(self.device.averaging, self.view, name)
        ports = data_ports(self.device.transparent, self.view, name)
        if averaging is not None:
            self._request(name, averaging, f"keeps {self.view.type(name)} {name!r} in INT8")
        elif ports is not None and _copies_values(self.view, name) and self._passes(name, ports):
            self.passed.add(name)
            self._request(name, ports, self._reason_behind(name))
            self._bind([*self.view.outputs(name), *(self.view.inputs(name)[port] for port in ports)])

    def _passes(self, name: str, ports: tuple[int, ...]) -> bool:
        """Whether a request may move from the outputs of a transparent node to its inputs."""
        if name in self.blocked:
            return False
        if traits(self.view.type(name)).moves in _PARTS and self._feeds_products_only(name):
            return False  # queries, keys and values cut from one tensor differ too much to share a range
        others = (reader for reader in self.view.readers(name) if reader not in self.reasons)
        if not all(self._may_join(self.view.source(reader), reader) for reader in others):
            return False  # somebody needs the float values
        sources = [self.view.inputs(name)[port] for port in ports]
        return all(not self.view.is_constant(s) and self.view.is_float(s) for s in sources)

    def partial(self) -> frozenset[str]:
        """Nodes that a request passed though they take only a part of what would be quantized.

        What they leave out, a cell state beside a hidden one, may be far larger, and would widen the range.
        """
        return frozenset(
            name
            for name in self.passed
            if traits(self.view.type(name)).moves in _PARTS
            and not self._is_used_whole(self.view.inputs(name)[0])
        )

    def _is_used_whole(self, tensor: TensorId) -> bool:
        """Whether all readers of a tensor read it quantized, and gathers leave nothing out between them."""
        readers = [r for r in self.view.consumers(tensor) if not traits(self.view.type(r.node)).shapes]
        if any(reader not in self.reasons for reader in readers):
            return False
        if any(self.view.type(reader.node) != "Gather" for reader in readers):
            return True
        return _take_all(self.view, tensor, [reader.node for reader in readers])

    def _feeds_products_only(self, name: str) -> bool:
        layers = [layer for output in self.view.outputs(name) for layer in self.layers_behind(output)]
        return all(traits(layer.type).product for layer in layers)

    def _request(self, name: str, ports: tuple[int, ...], reason: str) -> None:
        for port in ports:
            source = self.view.inputs(name)[port]
            if not self.view.is_constant(source) and self.view.is_float(source):
                self.reasons[InputId(name, port)] = reason

    def _reason_behind(self, name: str) -> str:
        first = next(reader for reader in self.view.readers(name) if reader in self.reasons)
        inner = self.reasons[first].split(", carried by ")[0]
        return f"{inner}, carried by {self.view.type(name)} {name!r}"

    def join(self) -> None:
        """Let elementwise operations read quantized data beside a layer, where the device fuses them."""
        for name in self.view.nodes:
            for tensor in self.view.outputs(name):
                readers = self.view.consumers(tensor)
                if any(reader in self.reasons for reader in readers):
                    found = [r for r in readers if r not in self.reasons and self._may_join(tensor, r)]
                    self.joined.update(found)
        for reader in self.joined:
            self.reasons[reader] = f"residual input of {self.view.type(reader.node)} {reader.node!r}"

    def _may_join(self, tensor: TensorId, reader: InputId) -> bool:
        return (
            not self.transformer
            and reader.node not in self.ignored
            and any(
                self.view.type(reader.node) in layer.operation.joining for layer in self.layers_behind(tensor)
            )
            and self.view.varying(reader.node) == self.view.inputs(reader.node)
        )

    def layers_behind(self, tensor: TensorId) -> tuple[Layer, ...]:
        """The layers that read a tensor, directly or through transparent nodes."""
        names = dict.fromkeys(reader.node for reader in self.inputs_behind(tensor))
        return tuple(self.layers[name] for name in names)

    def inputs_behind(self, tensor: TensorId) -> tuple[InputId, ...]:
        """The inputs at which layers read a tensor, directly or through transparent nodes.

        Asked only once all that lies behind the tensor is decided, so that answers stay true.
        """
        if tensor not in self.behind:
            found: dict[InputId, None] = {}
            for reader in self.view.consumers(tensor):
                if reader in self.reasons and reader.node in self.layers:
                    found[reader] = None
                elif reader in self.reasons and reader.node in self.passed:
                    for output in self.view.outputs(reader.node):
                        found.update(dict.fromkeys(self.inputs_behind(output)))
            self.behind[tensor] = tuple(found)
        return self.behind[tensor]

    def ends(self, tensor: TensorId) -> Iterator[InputId]:
        """Where the quantized form of a tensor is read by more than transparent nodes, once all have joined."""
        for reader in self.view.consumers(tensor):
            if reader in self.reasons and reader.node in self.passed:
                for output in self.view.outputs(reader.node):
                    yield from self.ends(output)
            elif reader in self.reasons:
                yield reader

    @cached_property
    def _quantized_before(self) -> frozenset[TensorId]:
        """Tensors that the model itself quantized: a FakeQuantize's, and those that only carry them on."""
        found: set[TensorId] = set()
        for name in self.view.nodes:
            ports = data_ports(self.device.transparent, self.view, name)
            carried = ports is not None and _copies_values(self.view, name)
            inputs = self.view.inputs(name)
            if self.view.type(name) == "FakeQuantize" or (
                carried and ports and all(inputs[port] in found for port in ports)
            ):
                found.update(self.view.outputs(name))
        return frozenset(found)

    def _bind(self, tensors: list[TensorId]) -> None:
        for tensor in tensors[1:]:
            first, second = sorted((self.group(tensors[0]), self.group(tensor)))
            if first != second:
                self.parents[second] = first

    def group(self, tensor: TensorId) -> TensorId:
        """The representative of all tensors bound to one range with this one."""
        while tensor in self.parents:
            tensor = self.parents[tensor]
        return tensor

    def quantized_tensors(self) -> list[TensorId]:
        """Tensors that get a quantizer of their own, in topological order."""
        return [
            tensor
            for name in self.view.nodes
            if name not in self.passed
            for tensor in self.view.outputs(name)
            if tensor not in self._quantized_before
            and any(reader in self.reasons for reader in self.view.consumers(tensor))
        ]

    def quantized(self) -> list[Quantized]:
        """The tensors that get a quantizer of their own, for an estimate of what that costs."""
        return [
            Quantized(
                tensor,
                tuple(layer.node for layer in self.layers_behind(tensor)),
                all(reader in self.reasons for reader in self.view.consumers(tensor)),
            )
            for tensor in self.quantized_tensors()
        ]

    @cached_property
    def members(self) -> dict[TensorId, list[TensorId]]:
        """Representative of a group -> its tensors that get a quantizer, in topological order."""
        found: dict[TensorId, list[TensorId]] = {}
        for tensor in self.quantized_tensors():
            found.setdefault(self.group(tensor), []).append(tensor)
        return found

    def groups_of(self, layer: Layer) -> tuple[tuple[TensorId, ...], ...]:
        """For each activation the first quantized tensor of its group, none where the model came quantized."""
        groups = (self.group(self.view.source(reader)) for reader in layer.activations)
        return tuple(tuple(self.members.get(group, [])[:1]) for group in groups)


def data_ports(table: Mapping[str, tuple[int, ...]], view: GraphView, name: str) -> tuple[int, ...] | None:
    """The data ports that a table names for the node's type, None where it doesn't name the type."""
    ports = table.get(view.type(name))
    return tuple(range(len(view.inputs(name)))) if ports == () else ports


def _copies_values(view: GraphView, name: str) -> bool:
    """Whether an operation of the transparent table makes no values of its own.

    Interpolation does unless it repeats the nearest; a Pad does unless it inserts copies or zeros: zero is on
    every grid, other values need not be.
    """
    kind = view.type(name)
    attributes = view.nodes[name].get_attributes() if kind in ("Interpolate", "Pad") else {}
    if kind == "Interpolate":
        return bool(attributes["mode"] == "nearest")
    if kind == "Pad" and attributes["pad_mode"] == "constant":
        inputs = view.inputs(name)
        return len(inputs) < 4 or (view.is_constant(inputs[3]) and not np.any(view.value(inputs[3])))
    return True


def _take_all(view: GraphView, tensor: TensorId, gathers: Sequence[str]) -> bool:
    """Whether gathers of a tensor, along one axis, read each index of it."""
    shape, axes, taken = view.shape(tensor), set(), set()
    for name in gathers:
        _, indices, axis = view.inputs(name)
        if shape is None or not view.is_constant(indices) or not view.is_constant(axis):
            return False
        axes.add(int(view.value(axis).reshape(-1)[0]) % len(shape))
        taken.update(view.value(indices).reshape(-1).tolist())
    if shape is None or len(axes) != 1:
        return False
    size = shape[axes.pop()]
    return size is not None and len({int(index) % size for index in taken}) == size
