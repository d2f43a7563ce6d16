"""From a float model to a plan: which tensors are quantized, for whom, and why.

The plan grows from the operations that run in INT8 (layers). A layer asks for its inputs to be quantized; the
request moves up through operations that pass data unchanged, so that a chain between two layers stays in INT8
and the quantizer stands where values are made; never inside a pattern that the device fuses, since those
patterns start behind a layer and end before the next request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from openvino.tools.pot.graph.channels import CHANNEL_AXIS
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import Device
from openvino.tools.pot.placement.cost import Quantized, Region, find_regions, negligible_ends
from openvino.tools.pot.placement.layers import Layer, find_layers, needs_fixed_zero
from openvino.tools.pot.placement.plan import (
    ActivationQuantizer,
    FloatLayer,
    Plan,
    QuantizedLayer,
    WeightQuantizer,
)

_PARTS = frozenset({"Slice", "StridedSlice", "Split", "VariadicSplit", "Gather"})
_PRODUCTS = frozenset({"MatMul", "ScaledDotProductAttention"})
_MATRIX = 2
_WITH_BODIES = frozenset({"If", "Loop", "TensorIterator"})


def make_plan(
    view: GraphView,
    device: Device,
    ignored: Mapping[str, str],
    transformer: bool = False,
    undivided: Mapping[TensorId, str] = MappingProxyType({}),
) -> Plan:
    """Decide every quantizer of a model.

    Args:
        view: the float model.
        device: the hardware table.
        ignored: node name -> reason for the nodes that the user wants in float.
        transformer: leave elementwise operations in float even where they could read quantized data.
        undivided: tensor -> reason for those whose channels must all have one range.

    Returns:
        The plan; the same model gives the same plan.
    """
    layers, floats = find_layers(view, device, ignored)
    requests = _requested(view, device, ignored, layers, transformer)
    costly: dict[str, str] = {}
    while losing := _losing(view, device, requests):
        costly |= losing
        layers = {name: layer for name, layer in layers.items() if name not in losing}
        requests = _requested(view, device, ignored, layers, transformer)
    return Plan(
        device=device.name,
        transformer=transformer,
        activations=tuple(_undivided(each, undivided) for each in requests.activation_quantizers()),
        weights=_weight_quantizers(view, layers),
        layers=tuple(_quantized_layer(layer, requests) for layer in layers.values()),
        floats=_float_layers(view, device, {**ignored, **floats}, costly, requests),
    )


def _undivided(quantizer: ActivationQuantizer, reasons: Mapping[TensorId, str]) -> ActivationQuantizer:
    why = reasons.get(quantizer.tensor)
    if why is None:
        return quantizer
    reason = f"{quantizer.reason}; one range for all channels: {why}"
    return replace(quantizer, per_channel=False, divisible=False, reason=reason)


def estimate(view: GraphView, device: Device, transformer: bool = False) -> tuple[Region, ...]:
    """What INT8 saves and costs if every layer that can is quantized; nothing for a device without rates."""
    layers, _ = find_layers(view, device, {})
    return _regions(view, device, _requested(view, device, {}, layers, transformer))


def _requested(
    view: GraphView,
    device: Device,
    ignored: Mapping[str, str],
    layers: Mapping[str, Layer],
    transformer: bool,
) -> _Requests:
    blocked: frozenset[str] = frozenset()
    while True:
        requests = _Requests(view, device, ignored, layers, transformer, blocked)
        requests.spread()
        partial = requests.partial()
        if not partial:
            break
        blocked |= partial
    requests.join()
    return requests


def _regions(view: GraphView, device: Device, requests: _Requests) -> tuple[Region, ...]:
    if device.cost is None:
        return ()
    return find_regions(view, device.cost, requests.layers, requests.quantized())


def _losing(view: GraphView, device: Device, requests: _Requests) -> dict[str, str]:
    """Layer -> reason, for those that are faster in float, or no slower to speak of."""
    if device.cost is None:
        return {}
    losing = [region for region in _regions(view, device, requests) if region.loses(device.cost)]
    slower = {name: region.reason for region in losing for name in region.layers}
    return slower or negligible_ends(view, device.cost, requests.layers, requests.quantized())


@dataclass
class _Requests:
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
            elif name not in self.ignored and self._wanted(name):
                self._move_up(name)

    def _start(self, layer: Layer) -> None:
        for reader in layer.activations:
            self.reasons[reader] = f"activation of {layer.type} {layer.node!r}"
        if layer.operation.shared_activations:
            self._bind([self._source(reader) for reader in layer.activations])

    def _wanted(self, name: str) -> bool:
        return any(r in self.reasons for out in self.view.outputs(name) for r in self.view.consumers(out))

    def _move_up(self, name: str) -> None:
        averaging = _ports(self.device.averaging, self.view, name)
        ports = _ports(self.device.transparent, self.view, name)
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
        if self.view.type(name) in _PARTS and self._feeds_products_only(name):
            return False  # queries, keys and values cut from one tensor differ too much to share a range
        for output in self.view.outputs(name):
            for reader in self.view.consumers(output):
                if reader not in self.reasons and not self._may_join(output, reader):
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
            if self.view.type(name) in _PARTS and not self._is_used_whole(self.view.inputs(name)[0])
        )

    def _is_used_whole(self, tensor: TensorId) -> bool:
        """Whether all readers of a tensor read it quantized, and gathers leave nothing out between them."""
        readers = [r for r in self.view.consumers(tensor) if self.view.type(r.node) != "ShapeOf"]
        if any(reader not in self.reasons for reader in readers):
            return False
        if any(self.view.type(reader.node) != "Gather" for reader in readers):
            return True
        return _take_all(self.view, tensor, [reader.node for reader in readers])

    def _feeds_products_only(self, name: str) -> bool:
        layers = [layer for output in self.view.outputs(name) for layer in self._layers_behind(output)]
        return all(layer.type in _PRODUCTS for layer in layers)

    def _request(self, name: str, ports: tuple[int, ...], reason: str) -> None:
        for port in ports:
            source = self.view.inputs(name)[port]
            if not self.view.is_constant(source) and self.view.is_float(source):
                self.reasons[InputId(name, port)] = reason

    def _reason_behind(self, name: str) -> str:
        readers = [
            r for out in self.view.outputs(name) for r in self.view.consumers(out) if r in self.reasons
        ]
        inner = self.reasons[readers[0]].split(", carried by ")[0]
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
                self.view.type(reader.node) in layer.operation.joining
                for layer in self._layers_behind(tensor)
            )
            and not any(self.view.is_constant(source) for source in self.view.inputs(reader.node))
        )

    def _layers_behind(self, tensor: TensorId) -> tuple[Layer, ...]:
        """The layers that read a tensor, directly or through transparent nodes."""
        names = dict.fromkeys(reader.node for reader in self._inputs_behind(tensor))
        return tuple(self.layers[name] for name in names)

    def _inputs_behind(self, tensor: TensorId) -> tuple[InputId, ...]:
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
                        found.update(dict.fromkeys(self._inputs_behind(output)))
            self.behind[tensor] = tuple(found)
        return self.behind[tensor]

    def _ends(self, tensor: TensorId) -> Iterator[InputId]:
        """Where the quantized form of a tensor is read by more than transparent nodes, once all have joined."""
        for reader in self.view.consumers(tensor):
            if reader in self.reasons and reader.node in self.passed:
                for output in self.view.outputs(reader.node):
                    yield from self._ends(output)
            elif reader in self.reasons:
                yield reader

    @cached_property
    def _on_grid(self) -> frozenset[TensorId]:
        """Tensors that the model itself quantized: a FakeQuantize's, and those that only carry them on."""
        found: set[TensorId] = set()
        for name in self.view.nodes:
            ports = _ports(self.device.transparent, self.view, name)
            carried = ports is not None and _copies_values(self.view, name)
            inputs = self.view.inputs(name)
            if self.view.type(name) == "FakeQuantize" or (
                carried and ports and all(inputs[port] in found for port in ports)
            ):
                found.update(self.view.outputs(name))
        return frozenset(found)

    def _source(self, reader: InputId) -> TensorId:
        return self.view.inputs(reader.node)[reader.port]

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

    def _quantized_tensors(self) -> list[TensorId]:
        """Tensors that get a quantizer of their own, in topological order."""
        found = []
        for name in self.view.nodes:
            if name in self.passed:
                continue
            for tensor in self.view.outputs(name):
                if tensor not in self._on_grid and any(
                    reader in self.reasons for reader in self.view.consumers(tensor)
                ):
                    found.append(tensor)
        return found

    def quantized(self) -> list[Quantized]:
        """The tensors that get a quantizer of their own, for an estimate of what that costs."""
        return [
            Quantized(
                tensor,
                tuple(layer.node for layer in self._layers_behind(tensor)),
                all(reader in self.reasons for reader in self.view.consumers(tensor)),
            )
            for tensor in self._quantized_tensors()
        ]

    @cached_property
    def members(self) -> dict[TensorId, list[TensorId]]:
        """Representative of a group -> its tensors that get a quantizer, in topological order."""
        found: dict[TensorId, list[TensorId]] = {}
        for tensor in self._quantized_tensors():
            found.setdefault(self.group(tensor), []).append(tensor)
        return found

    def group_of(self, reader: InputId) -> TensorId | None:
        """The first quantized tensor of an input's group, None where the model came quantized."""
        members = self.members.get(self.group(self._source(reader)))
        return members[0] if members else None

    def activation_quantizers(self) -> tuple[ActivationQuantizer, ...]:
        """One quantizer for each tensor that somebody reads quantized and that isn't quantized already."""
        quantizers = []
        for tensor in self._quantized_tensors():
            members = self.members[self.group(tensor)]
            readers = tuple(r for r in self.view.consumers(tensor) if r in self.reasons)
            feeds = tuple(sorted({layer.type for layer in self._layers_behind(tensor)}))
            attention = any(not layer.weights for layer in self._layers_behind(tensor))
            signed, ends = self._must_be_signed(tensor), tuple(dict.fromkeys(self._ends(tensor)))
            quantizers.append(
                ActivationQuantizer(
                    tensor=tensor,
                    readers=readers,
                    group=members[0],
                    channel_axis=_channel_axis(self.view, tensor, feeds),
                    per_channel=len(members) == 1 and self._all_depthwise(readers),
                    attention=attention,
                    symmetric=signed
                    or self._must_be_symmetric(tensor)
                    or any(_counts_padding(self.view, end.node) for end in ends),
                    feeds=feeds,
                    covers=max((layer.operation.state for layer in self._layers_behind(tensor)), default=0.0),
                    reason="; ".join(dict.fromkeys(self.reasons[r] for r in readers)),
                    signed=signed,
                    divisible=self._is_divisible(tensor, feeds),
                    ends=ends,
                )
            )
        return tuple(quantizers)

    def _must_be_symmetric(self, tensor: TensorId) -> bool:
        """Whether a layer behind a tensor leaves integers where the zero point is free."""
        return any(needs_fixed_zero(self.view, layer) for layer in self._layers_behind(tensor))

    def _must_be_signed(self, tensor: TensorId) -> bool:
        """Whether a layer behind a tensor leaves integers where the range starts at zero."""
        readers = self._inputs_behind(tensor)
        return any(reader.port in self.layers[reader.node].operation.signed for reader in readers)

    def _is_divisible(self, tensor: TensorId, feeds: tuple[str, ...]) -> bool:
        """Whether ranges of channels may differ.

        Of single positions beside a batch of any size, as gates have them, the CPU plugin (2026.4) gets them wrong.
        """
        shape = self.view.stored_shape(tensor) or ()
        is_gate = len(shape) > CHANNEL_AXIS + 1 and None in shape and set(shape[CHANNEL_AXIS + 1 :]) == {1}
        if self.view.type(tensor.node) in self.device.undivided or is_gate:
            return False
        if _channel_axis(self.view, tensor, feeds) == CHANNEL_AXIS and "MatMul" not in feeds:
            return True
        return not self._is_fused_by_channel(tensor) and not (None in shape and self._needs_sizes(tensor))

    def _is_fused_by_channel(self, tensor: TensorId) -> bool:
        """Whether a convolution or the like makes a tensor, up to operations that keep its shape."""
        return any(self.view.type(name) in self.device.fusing_by_channel for name in self._makers(tensor))

    def _needs_sizes(self, tensor: TensorId) -> bool:
        """Whether the channels of a tensor of dynamic sizes can't even be divided by a Multiply.

        The CPU plugin (2026.4) makes it a part of matrices' ranges, and of a product of two activations, and then
        refuses them or computes them wrongly.
        """
        if len(self.view.shape(tensor) or ()) <= _MATRIX:
            return True
        return any(
            self.view.type(name) in _PRODUCTS
            and not any(map(self.view.is_constant, self.view.inputs(name)[:2]))
            for name in self._makers(tensor)
        )

    def _makers(self, tensor: TensorId) -> Iterator[str]:
        """The nodes that make a tensor, up to operations that keep its shape."""
        shape, pending, seen = self.view.shape(tensor), [tensor], {tensor}
        while pending:
            name = pending.pop().node
            yield name
            sources = [s for s in self.view.inputs(name) if s not in seen and self.view.shape(s) == shape]
            seen.update(sources)
            pending.extend(sources)

    def _all_depthwise(self, readers: tuple[InputId, ...]) -> bool:
        return all(
            reader in self.joined or (reader.node in self.layers and self.layers[reader.node].per_channel)
            for reader in readers
        )


def _channel_axis(view: GraphView, tensor: TensorId, feeds: tuple[str, ...]) -> int:
    """The last axis for matrix products and where there is no other, else the second."""
    rank = len(view.shape(tensor) or ())
    return max(rank - 1, 0) if rank <= CHANNEL_AXIS or "MatMul" in feeds else CHANNEL_AXIS


def _quantized_layer(layer: Layer, requests: _Requests) -> QuantizedLayer:
    groups = tuple(requests.group_of(reader) for reader in layer.activations)
    return QuantizedLayer(layer.node, layer.type, layer.activations, groups, layer.weights)


def _ports(table: Mapping[str, tuple[int, ...]], view: GraphView, name: str) -> tuple[int, ...] | None:
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


def _counts_padding(view: GraphView, name: str) -> bool:
    """Whether an average counts padding, whose zeros the CPU plugin (2026.4) gets wrong beside a zero point."""
    if view.type(name) != "AvgPool":
        return False
    attributes = view.nodes[name].get_attributes()
    pads = (*attributes["pads_begin"], *attributes["pads_end"])
    return not attributes["exclude-pad"] and (any(pads) or attributes["auto_pad"].startswith("same"))


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


def _first_convolutions(view: GraphView, layers: Mapping[str, Layer]) -> set[str]:
    """Convolutions that an input reaches past other operations, matrix products included, but past no convolution."""
    reached: set[str] = set()
    first: set[str] = set()
    for name in view.nodes:
        kind = view.type(name)
        if kind != "Parameter" and not any(source.node in reached for source in view.inputs(name)):
            continue
        if kind not in ("Convolution", "GroupConvolution"):
            reached.add(name)
        elif name in layers:
            first.add(name)
    return first


def _weight_quantizers(view: GraphView, layers: Mapping[str, Layer]) -> tuple[WeightQuantizer, ...]:
    """One quantizer for each constant and channel layout; layers that share both share the quantizer."""
    first = _first_convolutions(view, layers)
    readers: dict[tuple[TensorId, tuple[int, ...]], list[InputId]] = {}
    groups: dict[tuple[TensorId, tuple[int, ...]], TensorId] = {}
    for layer in layers.values():
        sources = [view.inputs(reader.node)[reader.port] for reader in layer.weights]
        for reader, source in zip(layer.weights, sources, strict=True):
            key = (source, layer.channel_axes[reader.port])
            readers.setdefault(key, []).append(reader)
            groups.setdefault(key, min(sources) if layer.operation.shared_weights else source)
    return tuple(
        WeightQuantizer(
            tensor,
            tuple(inputs),
            axes,
            groups[tensor, axes],
            any(reader.node in first for reader in inputs),
            "weights of " + ", ".join(f"{layers[r.node].type} {r.node!r}" for r in inputs),
        )
        for (tensor, axes), inputs in readers.items()
    )


def _float_layers(
    view: GraphView,
    device: Device,
    forbidden: Mapping[str, str],
    costly: Mapping[str, str],
    requests: _Requests,
) -> tuple[FloatLayer, ...]:
    found = []
    for name, node in view.nodes.items():
        kind = view.type(name)
        if (
            name in requests.layers
            or kind in ("Parameter", "Result", "Constant", "FakeQuantize")
            or view.is_constant(TensorId(name))
            or node.get_output_size() == 0
            or not view.is_float(TensorId(name))
            or any(InputId(name, port) in requests.reasons for port in range(len(view.inputs(name))))
        ):
            continue
        reason = forbidden.get(name) or costly.get(name) or _why_float(device, kind)
        found.append(FloatLayer(name, kind, reason, name in costly))
    return tuple(found)


def _why_float(device: Device, kind: str) -> str:
    if kind in _WITH_BODIES:
        return "quantization does not enter the networks inside it: their layers stay in float"
    if kind in device.transparent or kind in device.averaging:
        return "no operation that runs in INT8 reads its result directly"
    return f"{kind} has no INT8 form worth entering on {device.name}, or is fused with its neighbours"
