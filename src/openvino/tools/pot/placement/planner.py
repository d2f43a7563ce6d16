"""From a float model to a plan: which tensors are quantized, for whom, and why.

The plan grows from the operations that run in INT8 (layers). A layer asks for its inputs to be quantized; the
request moves up through operations that pass data unchanged, so that a chain between two layers stays in INT8
and the quantizer stands where values are made; never inside a pattern that the device fuses, since those
patterns start behind a layer and end before the next request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import Device
from openvino.tools.pot.placement.cost import Region, find_regions, negligible_ends
from openvino.tools.pot.placement.layers import Layer, find_layers
from openvino.tools.pot.placement.plan import ActivationQuantizer, FloatLayer, Plan, QuantizedLayer
from openvino.tools.pot.placement.quantizers import (
    activation_quantizers,
    first_convolutions,
    weight_quantizers,
)
from openvino.tools.pot.placement.spreading import Requests


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
        activations=tuple(_undivided(each, undivided) for each in activation_quantizers(requests)),
        weights=weight_quantizers(view, layers, first_convolutions(view, layers)),
        layers=tuple(
            QuantizedLayer(name, layer.type, layer.activations, requests.groups_of(layer), layer.weights)
            for name, layer in layers.items()
        ),
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
) -> Requests:
    blocked: frozenset[str] = frozenset()
    while True:
        requests = Requests(view, device, ignored, layers, transformer, blocked)
        requests.spread()
        partial = requests.partial()
        if not partial:
            break
        blocked |= partial
    requests.join()
    return requests


def _regions(view: GraphView, device: Device, requests: Requests) -> tuple[Region, ...]:
    if device.cost is None:
        return ()
    return find_regions(view, device.cost, requests.layers, requests.quantized())


def _losing(view: GraphView, device: Device, requests: Requests) -> dict[str, str]:
    """Layer -> reason, for those that are faster in float, or no slower to speak of."""
    if device.cost is None:
        return {}
    losing = [region for region in _regions(view, device, requests) if region.loses(device.cost)]
    slower = {name: region.reason for region in losing for name in region.layers}
    return slower or negligible_ends(view, device.cost, requests.layers, requests.quantized())


def _float_layers(
    view: GraphView,
    device: Device,
    forbidden: Mapping[str, str],
    costly: Mapping[str, str],
    requests: Requests,
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
    if traits(kind).bodies:
        return "quantization does not enter the networks inside it: their layers stay in float"
    if kind in device.transparent or kind in device.averaging:
        return "no operation that runs in INT8 reads its result directly"
    if kind in device.floats:
        return device.floats[kind]
    return f"{kind} has no INT8 form worth entering on {device.name}, or is fused with its neighbours"
