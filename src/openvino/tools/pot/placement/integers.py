"""The plan for a device that computes in integers from its inputs to its outputs, as GNA does.

Every tensor that an operation reads is quantized where it is made: with 16 bits, or with the 32 of the
accumulator where only functions read what a linear operation has summed up, a bias included.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from openvino.tools.pot.arithmetic.formats import BYTE, FORMATS, Format
from openvino.tools.pot.configs.parameters import NOTHING_SAID, QuantizerParameters
from openvino.tools.pot.graph.channels import CHANNEL_AXIS
from openvino.tools.pot.graph.edits.bias import bias_input
from openvino.tools.pot.graph.geometry import linear_layer
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import Device, Integers, Operation, Preset, Scheme
from openvino.tools.pot.placement.layers import Layer, make_layer
from openvino.tools.pot.placement.plan import ActivationQuantizer, FloatLayer, Plan, QuantizedLayer
from openvino.tools.pot.placement.quantizers import weight_quantizers
from openvino.tools.pot.placement.spreading import data_ports
from openvino.tools.pot.utils.errors import ModelError


def make_integer_plan(
    view: GraphView,
    device: Device,
    ignored: Mapping[str, str],
    preset: Preset,
    weights: QuantizerParameters = NOTHING_SAID,
    own_weights: Mapping[str, QuantizerParameters] = MappingProxyType({}),
) -> Plan:
    """Decide every quantizer of a model.

    Args:
        view: the float model.
        device: a hardware table with ``integers``.
        ignored: node name -> reason for the nodes that another device will run, in float.
        preset: how weights are stored.
        weights: what users say of all weights: bits in place of what the preset says, and whether those of 16 bits have
            a range for each output channel, too.
        own_weights: layer -> what stands in place of that.

    Returns:
        The plan; the same model gives the same plan.

    Raises:
        ModelError: the device can't run an operation, which isn't ignored.
    """
    network = _Network(view, device, ignored, preset, weights, own_weights)
    network.check()
    return Plan(
        device=device.name,
        transformer=False,
        activations=network.activations,
        weights=weight_quantizers(view, network.layers),
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
    weights: QuantizerParameters
    own_weights: Mapping[str, QuantizerParameters]

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
    def layers(self) -> dict[str, Layer]:
        """Linear operations that the device runs, but for biases, which belong to what they are added to."""
        return {
            name: make_layer(self.view, name, self._operation(name), self.device)
            for name in self.view.nodes
            if self.view.type(name) in self.device.operations
            and name not in self.ignored
            and not self._is_silent(name)
            and name not in self.biases
            and not self._prepares_input(name)
        }

    def _operation(self, name: str) -> Operation:
        """What the table says of a node, with weights stored as the preset and the parameters want it."""
        own = self.device.operations[self.view.type(name)]
        said = self.own_weights.get(name, NOTHING_SAID).over(self.weights)
        scheme = own.schemes.get(self.preset, own.scheme)
        if said.bits is not None:
            scheme = Scheme(format=f"i{said.bits}", per_channel=said.bits == BYTE.bits)
        divided = scheme.per_channel or said.granularity == "perchannel"
        return own.model_copy(update={"scheme": Scheme(format=scheme.format, per_channel=divided)})

    @cached_property
    def biases(self) -> dict[str, str]:
        """Add of a constant right behind a layer -> that layer."""
        adds = (name for name in self.view.nodes if self.view.type(name) == "Add")
        found = {name: self._biased(name) for name in adds if name not in self.ignored}
        return {name: layer for name, layer in found.items() if layer is not None}

    def _biased(self, name: str) -> str | None:
        """The layer that an Add is the bias of."""
        for source in self.view.varying(name):
            if source.node not in self.ignored:
                layer = linear_layer(self.view, source.node)
                bias = None if layer is None else bias_input(self.view, layer)
                if bias is not None and bias.node == name:
                    return source.node
        return None

    def _prepares_input(self, name: str) -> bool:
        """Whether a node scales or shifts an input by a constant, which is done before data reach the device."""
        data = self.view.varying(name)
        if not traits(self.view.type(name)).affine or len(data) != 1 or len(self.view.inputs(name)) != 2:
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
        ends = tuple(dict.fromkeys(end for reader in readers for end in self._ends(reader)))
        nodes = sorted({end.node for end in ends}, key=self.view.order.__getitem__)
        kinds = {name: self.view.type(name) for name in nodes}
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
            ends=ends,
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
        operations = {end: self.layers[end].operation for end in {*ends, *near} if end in self.layers}
        narrow = {end for end, operation in operations.items() if self.preset in operation.narrow}
        others = {end for end in ends if end in operations and not operations[end].follows} - narrow
        if narrow.isdisjoint(near) or others or not kinds.isdisjoint(self.integers.ends):
            return FORMATS[self.integers.format]
        return BYTE

    def _ends(self, reader: InputId) -> list[InputId]:
        """The inputs of operations that read what an input is given, through those that only move data."""
        name, kind = reader.node, self.view.type(reader.node)
        if name in self.ignored or name in self.biases:
            return []
        if name in self.layers:
            return [reader] if reader in self.layers[name].activations else []
        if reader.port in self.integers.functions.get(kind, ()) or kind in self.integers.ends:
            return [reader]
        if reader.port not in (data_ports(self.device.transparent, self.view, name) or ()):
            return []
        return [end for behind in self.view.readers(name) for end in self._ends(behind)]

    def quantized_layers(self) -> Iterator[QuantizedLayer]:
        """The linear operations, with what they read."""
        for name, layer in self.layers.items():
            groups = tuple(self._groups(self.view.source(reader)) for reader in layer.activations)
            yield QuantizedLayer(name, layer.type, layer.activations, groups, layer.weights)

    @cached_property
    def _quantized(self) -> frozenset[TensorId]:
        return frozenset(quantizer.tensor for quantizer in self.activations)

    def _groups(self, tensor: TensorId) -> tuple[TensorId, ...]:
        """The quantized tensors that a tensor is, or is moved or joined from; none where one of them is unknown."""
        if tensor in self._quantized:
            return (tensor,)
        sources = self.view.inputs(tensor.node)
        ports = data_ports(self.device.transparent, self.view, tensor.node) or ()
        moved = [self._groups(sources[port]) for port in ports]
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
