"""The plan for a device that computes in integers from its inputs to its outputs, as GNA does.

Every tensor that an operation reads is quantized where it is made: with 16 bits, or with the 32 of the
accumulator where only functions read what a linear operation has summed up, a bias included.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from openvino.tools.pot.arithmetic.formats import BYTE, FORMATS, Format
from openvino.tools.pot.graph.channels import CHANNEL_AXIS
from openvino.tools.pot.graph.edits.bias import bias_input
from openvino.tools.pot.graph.geometry import linear_layer
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import Device, Integers, Operation, Preset, Scheme
from openvino.tools.pot.placement.layers import channel_axes, is_quantized
from openvino.tools.pot.placement.plan import (
    ActivationQuantizer,
    FloatLayer,
    Plan,
    QuantizedLayer,
    WeightQuantizer,
)
from openvino.tools.pot.utils.errors import ModelError


def make_integer_plan(
    view: GraphView,
    device: Device,
    ignored: Mapping[str, str],
    preset: Preset,
    weight_bits: Literal[8, 16] | None = None,
    per_channel: bool = False,
) -> Plan:
    """Decide every quantizer of a model.

    Args:
        view: the float model.
        device: a hardware table with ``integers``.
        ignored: node name -> reason for the nodes that another device will run, in float.
        preset: how weights are stored.
        weight_bits: of all weights, in place of what the preset says.
        per_channel: whether weights of 16 bits have a range for each output channel, too.

    Returns:
        The plan; the same model gives the same plan.

    Raises:
        ModelError: the device can't run an operation, which isn't ignored.
    """
    network = _Network(view, device, ignored, preset, weight_bits, per_channel)
    network.check()
    return Plan(
        device=device.name,
        transformer=False,
        activations=network.activations,
        weights=tuple(network.weights()),
        layers=tuple(network.quantized_layers()),
        floats=tuple(network.floats()),
    )


@dataclass
class _Network:
    """A model as the device sees it."""

    view: GraphView
    device: Device
    ignored: Mapping[str, str]
    preset: Preset
    weight_bits: Literal[8, 16] | None
    per_channel: bool

    @property
    def integers(self) -> Integers:
        assert self.device.integers is not None
        return self.device.integers

    def check(self) -> None:
        """Raise an error if the device can't run an operation."""
        known = {*self.integers.functions, *self.integers.passive, *self.integers.ends}
        known |= {*self.device.operations, *self.device.transparent}
        for name in self.view.nodes:
            kind = self.view.type(name)
            if name in self.ignored or self._is_silent(name):
                continue
            if kind not in known:
                raise ModelError(
                    f"{self.device.name} can't run {kind} {name!r}, expected one of {', '.join(sorted(known))}; in the "
                    "ignored scope it is left in float, for another device"
                )
            if any(self.view.shape(output) is None for output in self.view.outputs(name)):
                raise ModelError(
                    f"{self.device.name} can't run {kind} {name!r}: expected a fixed rank, found a dynamic one"
                )
            if traits(kind).convolves and not self.view.is_constant(self.view.inputs(name)[1]):
                raise ModelError(f"{self.device.name} can't run {kind} {name!r}: its weights are computed")

    def _is_silent(self, name: str) -> bool:
        """Whether a node has nothing to do with data: constants, shapes and indices."""
        outputs = self.view.outputs(name)
        return bool(outputs) and (
            self.view.is_constant(outputs[0]) or not any(self.view.is_float(each) for each in outputs)
        )

    @cached_property
    def layers(self) -> dict[str, Operation]:
        """Linear operations that the device runs, but for biases, which belong to what they are added to."""
        return {
            name: self.device.operations[self.view.type(name)]
            for name in self.view.nodes
            if self.view.type(name) in self.device.operations
            and name not in self.ignored
            and not self._is_silent(name)
            and name not in self.biases
            and not self._prepares_input(name)
        }

    @cached_property
    def biases(self) -> dict[str, str]:
        """Add of a constant right behind a layer -> that layer."""
        adds = [
            name for name in self.view.nodes if self.view.type(name) == "Add" and name not in self.ignored
        ]
        return {name: layer for name in adds if (layer := self._biased(name)) is not None}

    def _biased(self, name: str) -> str | None:
        """The layer that an Add is the bias of."""
        for source in self.view.inputs(name):
            if not self.view.is_constant(source) and source.node not in self.ignored:
                layer = linear_layer(self.view, source.node)
                bias = None if layer is None else bias_input(self.view, layer)
                if bias is not None and bias.node == name:
                    return source.node
        return None

    def _prepares_input(self, name: str) -> bool:
        """Whether a node scales or shifts an input by a constant, which is done before data reach the device."""
        sources = self.view.inputs(name)
        data = [source for source in sources if not self.view.is_constant(source)]
        if not traits(self.view.type(name)).affine or len(data) != 1 or len(sources) != 2:
            return False
        before, kind = data[0].node, self.view.type(data[0].node)
        scaled = self.view.type(name) == "Add" and kind == "Multiply" and self._prepares_input(before)
        return kind == "Parameter" or scaled

    @cached_property
    def activations(self) -> tuple[ActivationQuantizer, ...]:
        """One quantizer for each tensor that somebody reads as integers."""
        tensors = [tensor for name in self.view.nodes for tensor in self.view.outputs(name)]
        return tuple(found for tensor in tensors if (found := self._quantizer(tensor)) is not None)

    def _quantizer(self, tensor: TensorId) -> ActivationQuantizer | None:
        readers = tuple(reader for reader in self.view.consumers(tensor) if self._reads(tensor, reader))
        if not readers or not self._is_made(tensor):
            return None
        rank = len(self.view.shape(tensor) or ())
        ends = {end.node for reader in readers for end in self._ends(reader)}
        kinds = {end: self.view.type(end) for end in sorted(ends, key=self.view.order.__getitem__)}
        return ActivationQuantizer(
            tensor=tensor,
            readers=readers,
            group=tensor,
            channel_axis=CHANNEL_AXIS if rank > CHANNEL_AXIS + 1 else max(rank - 1, 0),
            per_channel=False,
            attention=False,
            symmetric=True,
            feeds=tuple(sorted({kind for kind in kinds.values() if kind in self.device.operations})),
            covers=0.0,
            reason="read by " + ", ".join(f"{kind} {end!r}" for end, kind in kinds.items()),
            format=(stored := self._format(tensor, readers, kinds)),
            narrow=stored == BYTE,
            signed=True,
        )

    def _reads(self, tensor: TensorId, reader: InputId) -> bool:
        """Whether a reader takes integers; what another device makes may leave the model as it is."""
        if self.view.type(tensor.node) == "Parameter" and self.view.type(reader.node) == "Result":
            return False  # nothing on the device stands between the two
        kinds = {self.view.type(end.node) for end in self._ends(reader)}
        return bool(kinds - set(self.integers.ends if tensor.node in self.ignored else ()))

    def _is_made(self, tensor: TensorId) -> bool:
        """Whether a node makes the values of a tensor, as floats, so that they can be quantized here."""
        name, kind = tensor.node, self.view.type(tensor.node)
        if self.view.is_constant(tensor) or not self.view.is_float(tensor) or kind == "FakeQuantize":
            return False
        if name not in self.ignored and kind in self.device.transparent:
            return False
        return name not in self.biases.values()

    def _format(self, tensor: TensorId, readers: tuple[InputId, ...], ends: Collection[str]) -> Format:
        sums_up = tensor.node in self.layers or tensor.node in self.biases
        kinds = {self.view.type(end) for end in ends}
        data = [each for each in self.view.consumers(tensor) if not self._is_silent(each.node)]
        if sums_up and len(readers) == len(data) and kinds <= set(self.integers.functions):
            return FORMATS[self.integers.sums]
        # What an operation has not summed up keeps its bits on the way through others.
        near = ends if sums_up else {reader.node for reader in readers}
        layers = [self.layers[end] for end in ends if end in self.layers]
        wanted = [
            self.layers[end] for end in near if end in self.layers and self._is_narrow(self.layers[end])
        ]
        leaves = not kinds.isdisjoint(self.integers.ends)
        if wanted and not leaves and all(layer.follows or self._is_narrow(layer) for layer in layers):
            return BYTE
        return FORMATS[self.integers.format]

    def _is_narrow(self, layer: Operation) -> bool:
        return self.preset in layer.narrow

    def _ends(self, reader: InputId) -> list[InputId]:
        """The inputs of operations that read what an input is given, through those that only move data."""
        name, kind = reader.node, self.view.type(reader.node)
        if name in self.ignored or name in self.biases:
            return []
        if name in self.layers:
            return [reader] if reader.port in self.layers[name].activations else []
        if reader.port in self.integers.functions.get(kind, ()) or kind in self.integers.ends:
            return [reader]
        ports = self.device.transparent.get(kind)
        if ports is None or (ports and reader.port not in ports):
            return []
        return [
            end
            for output in self.view.outputs(name)
            for behind in self.view.consumers(output)
            for end in self._ends(behind)
        ]

    def weights(self) -> Iterator[WeightQuantizer]:
        """One quantizer for the constant inputs of each layer; layers that share a constant share it."""
        readers: dict[tuple[TensorId, tuple[int, ...], str], list[InputId]] = {}
        for name, operation in self.layers.items():
            scheme = self._scheme(operation)
            divided = scheme.per_channel or self.per_channel
            for port in operation.weights:
                source = self.view.inputs(name)[port]
                if self.view.is_constant(source) and not is_quantized(self.view, source):
                    axes = channel_axes(self.view, name, port, self.device) if divided else ()
                    readers.setdefault((source, axes, scheme.format), []).append(InputId(name, port))
        for (source, axes, name), inputs in readers.items():
            named = ", ".join(f"{self.view.type(each.node)} {each.node!r}" for each in inputs)
            reason, stored = f"weights of {named}", FORMATS[name]
            yield WeightQuantizer(source, tuple(inputs), axes, source, False, reason, stored)

    def _scheme(self, operation: Operation) -> Scheme:
        if self.weight_bits is not None:
            return Scheme(format=f"i{self.weight_bits}", per_channel=self.weight_bits == BYTE.bits)
        return operation.schemes.get(self.preset, operation.scheme)

    def quantized_layers(self) -> Iterator[QuantizedLayer]:
        """The linear operations, with what they read."""
        for name, operation in self.layers.items():
            sources = self.view.inputs(name)
            activations = [p for p in operation.activations if not self.view.is_constant(sources[p])]
            weights = [
                p
                for p in operation.weights
                if self.view.is_constant(sources[p]) and not is_quantized(self.view, sources[p])
            ]
            joined = tuple(self._groups(sources[port]) for port in activations)
            yield QuantizedLayer(
                name,
                self.view.type(name),
                tuple(InputId(name, port) for port in activations),
                tuple(groups[0] if len(groups) == 1 else None for groups in joined),
                tuple(InputId(name, port) for port in weights),
                joined,
            )

    @cached_property
    def _quantized(self) -> frozenset[TensorId]:
        return frozenset(quantizer.tensor for quantizer in self.activations)

    def _groups(self, tensor: TensorId) -> tuple[TensorId, ...]:
        """The quantized tensors that a tensor is, or is moved or joined from; none where one of them is unknown."""
        if tensor in self._quantized:
            return (tensor,)
        ports = self.device.transparent.get(self.view.type(tensor.node))
        if ports is None:
            return ()
        sources = self.view.inputs(tensor.node)
        moved = [self._groups(sources[port]) for port in ports or range(len(sources))]
        return tuple(dict.fromkeys(each for groups in moved for each in groups)) if all(moved) else ()

    def floats(self) -> Iterator[FloatLayer]:
        """What another device runs, or nobody needs to."""
        for name in self.view.nodes:
            kind = self.view.type(name)
            if self._is_silent(name) or traits(kind).source or traits(kind).sink:
                continue
            if name in self.ignored:
                yield FloatLayer(name, kind, self.ignored[name])
            elif self._prepares_input(name):
                yield FloatLayer(name, kind, "it scales or shifts an input, before that reaches the device")
