"""What the quantizers of a plan look like, once it is known which inputs read quantized data."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from openvino.tools.pot.arithmetic.formats import FORMATS
from openvino.tools.pot.graph.channels import CHANNEL_AXIS
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.faults import counts_padding, makers, open_division, open_gate
from openvino.tools.pot.placement.layers import Layer, needs_fixed_zero
from openvino.tools.pot.placement.plan import ActivationQuantizer, WeightQuantizer
from openvino.tools.pot.placement.spreading import Requests


def activation_quantizers(spread: Requests) -> tuple[ActivationQuantizer, ...]:
    """One quantizer for each tensor that somebody reads quantized and that isn't quantized already."""
    quantizers = []
    for tensor in spread.quantized_tensors():
        members = spread.members[spread.group(tensor)]
        readers = tuple(r for r in spread.view.consumers(tensor) if r in spread.reasons)
        layers, ends = spread.layers_behind(tensor), tuple(dict.fromkeys(spread.ends(tensor)))
        feeds = tuple(sorted({layer.type for layer in layers}))
        inputs = spread.inputs_behind(tensor)
        signed = any(each.port in spread.layers[each.node].operation.signed for each in inputs)
        quantizers.append(
            ActivationQuantizer(
                tensor=tensor,
                readers=readers,
                group=members[0],
                channel_axis=_channel_axis(spread.view, tensor, feeds),
                per_channel=len(members) == 1 and _all_depthwise(spread, readers),
                attention=any(not layer.weights for layer in layers),
                symmetric=signed
                or any(needs_fixed_zero(spread.view, layer) for layer in layers)
                or any(counts_padding(spread.view, end.node, spread.device) for end in ends),
                feeds=feeds,
                covers=max((layer.operation.state for layer in layers), default=0.0),
                reason="; ".join(dict.fromkeys(spread.reasons[r] for r in readers)),
                signed=signed,
                divisible=_is_divisible(spread, tensor, feeds),
                ends=ends,
            )
        )
    return tuple(quantizers)


def _is_divisible(spread: Requests, tensor: TensorId, feeds: tuple[str, ...]) -> bool:
    """Whether ranges of channels may differ."""
    view, device = spread.view, spread.device
    if view.type(tensor.node) in device.undivided or open_gate(view, tensor, device):
        return False
    if _channel_axis(view, tensor, feeds) == CHANNEL_AXIS and not _feeds_matrix(feeds):
        return True
    fused = any(view.type(name) in device.fusing_by_channel for name in makers(view, tensor))
    return not fused and not open_division(view, tensor, device)


def _all_depthwise(spread: Requests, readers: tuple[InputId, ...]) -> bool:
    return all(
        reader in spread.joined or (reader.node in spread.layers and spread.layers[reader.node].per_channel)
        for reader in readers
    )


def _channel_axis(view: GraphView, tensor: TensorId, feeds: tuple[str, ...]) -> int:
    """The last axis for matrix products and where there is no other, else the second."""
    rank = len(view.shape(tensor) or ())
    return max(rank - 1, 0) if rank <= CHANNEL_AXIS or _feeds_matrix(feeds) else CHANNEL_AXIS


def _feeds_matrix(feeds: tuple[str, ...]) -> bool:
    return any(traits(kind).linear == "matrix" for kind in feeds)


def first_convolutions(view: GraphView, layers: Mapping[str, Layer]) -> set[str]:
    """Convolutions that an input reaches past other operations, matrix products included, but past no convolution."""
    reached: set[str] = set()
    first: set[str] = set()
    for name in view.nodes:
        kind = view.type(name)
        if kind != "Parameter" and not any(source.node in reached for source in view.inputs(name)):
            continue
        if traits(kind).linear != "sliding":
            reached.add(name)
        elif name in layers:
            first.add(name)
    return first


def weight_quantizers(
    view: GraphView, layers: Mapping[str, Layer], first: Collection[str] = ()
) -> tuple[WeightQuantizer, ...]:
    """One quantizer for each constant and channel layout; layers that share both share the quantizer.

    Args:
        view: the float model.
        layers: that run in integers, by name.
        first: convolutions that an input reaches past no other.
    """
    readers: dict[tuple[TensorId, tuple[int, ...], str], list[InputId]] = {}
    groups: dict[tuple[TensorId, tuple[int, ...], str], TensorId] = {}
    for layer in layers.values():
        sources = [view.source(reader) for reader in layer.weights]
        for reader, source in zip(layer.weights, sources, strict=True):
            key = (source, layer.channel_axes[reader.port], layer.operation.scheme.format)
            readers.setdefault(key, []).append(reader)
            groups.setdefault(key, min(sources) if layer.operation.shared_weights else source)
    return tuple(
        WeightQuantizer(
            tensor,
            tuple(inputs),
            axes,
            groups[tensor, axes, name],
            any(reader.node in first for reader in inputs),
            "weights of " + ", ".join(f"{layers[r.node].type} {r.node!r}" for r in inputs),
            FORMATS[name],
        )
        for (tensor, axes, name), inputs in readers.items()
    )
