"""A plan as plain data, with what follows from it: what a command prints, and a file can keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import openvino as ov

from openvino.tools.pot.data_loaders.layout import image_input
from openvino.tools.pot.graph.model import SubModel
from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.plan import ActivationQuantizer, Plan, QuantizedLayer, WeightQuantizer
from openvino.tools.pot.placement.selecting import Selected, is_layer
from openvino.tools.pot.placement.work import multiplications
from openvino.tools.pot.report.estimate import (
    activation_bytes,
    quantized_bytes,
    seconds_per_sample,
    stored_bytes,
)
from openvino.tools.pot.utils.errors import PotError


def described_plan(
    sub: SubModel,
    view: GraphView,
    plan: Plan,
    unmatched: Mapping[str, str] | None = None,
    decided: Mapping[str, Sequence[Any]] | None = None,
    matched: Sequence[Selected] = (),
) -> dict[str, Any]:
    """All that is known of quantizing a model before there is data, and who decided what once there was.

    Args:
        sub: the model.
        view: of its graph, made ready for quantizing.
        plan: for that.
        unmatched: names of an ignored scope that match no node -> the nearest that is there, or nothing.
        decided: of the same network after quantization, as ``SubModel.decided``; quantizers then have it, too.
        matched: what entries of an ignored scope mean.

    Returns:
        Plain data. Sizes are in bytes; ``seconds_per_sample`` is measured on this machine's CPU, both it and
        ``activation_bytes`` are None where shapes are dynamic.
    """
    return {
        "model": sub.name,
        "file": str(sub.source or ""),
        "device": plan.device,
        "measured": find_device(plan.device).measured,
        "transformer": plan.transformer,
        "inputs": [_input(parameter) for parameter in sub.model.get_parameters()],
        "layers": [
            {"node": layer.node, "type": layer.type, "quantizers": _quantizers_of(layer, view, plan)}
            for layer in plan.layers
        ],
        "activations": [
            {**_activation(quantizer), **_decided(quantizer.name, decided)} for quantizer in plan.activations
        ],
        "weights": [
            {**_weight(quantizer), **_decided(quantizer.name, decided)} for quantizer in plan.weights
        ],
        "float": [
            {
                "node": layer.node,
                "type": layer.type,
                "reason": layer.reason,
                "costly": layer.costly,
                "layer": is_layer(layer.type),
            }
            for layer in plan.floats
        ],
        "unmatched": [{"name": name, "nearest": near} for name, near in (unmatched or {}).items()],
        "matched": [{"name": each.said, "nodes": len(each.nodes), "layers": each.layers} for each in matched],
        "gain": {"int8_multiplications": _share(view, plan)},
        "size": {
            "float_bytes": stored_bytes(GraphView(sub.model)),
            "int8_bytes": quantized_bytes(view, plan),
        },
        "cost": {
            "seconds_per_sample": seconds_per_sample(sub.model),
            "activation_bytes": activation_bytes(view),
        },
    }


def _share(view: GraphView, plan: Plan) -> float | None:
    """The share of all multiplications that is in layers in integers; None where there are none at all."""
    work = {name: multiplications(view, name) for name in view.nodes}
    total = sum(work.values())
    return sum(work[layer.node] for layer in plan.layers) / total if total else None


def _input(parameter: ov.Node) -> dict[str, Any]:
    shape = parameter.get_partial_shape()
    return {
        "name": parameter.get_friendly_name(),
        "shape": str(shape),
        "type": parameter.get_element_type().get_type_name(),
        "layout": _layout(parameter),
    }


def _layout(parameter: ov.Node) -> str:
    """Of an input that takes images, as the model states it or its sizes tell; empty for others."""
    try:
        return image_input(parameter).layout
    except PotError:
        return ""


def _quantizers_of(layer: QuantizedLayer, view: GraphView, plan: Plan) -> list[str]:
    """The quantizers whose data a layer gets, directly or through operations that only carry it."""
    carried = find_device(plan.device).transparent
    by_reader = {reader: each.name for each in plan.activations for reader in each.readers}
    by_reader |= {reader: each.name for each in plan.weights for reader in each.readers}
    found: dict[str, None] = {}
    pending, seen = [*reversed((*layer.activations, *layer.weights))], set[str]()
    while pending:
        reader = pending.pop()
        source = view.inputs(reader.node)[reader.port].node
        if reader in by_reader:
            found[by_reader[reader]] = None
        elif view.type(source) in carried and source not in seen:
            seen.add(source)
            ports = carried[view.type(source)] or range(len(view.inputs(source)))
            pending.extend(InputId(source, port) for port in ports)
    return list(found)


def _decided(name: str, decided: Mapping[str, Sequence[Any]] | None) -> dict[str, Any]:
    """Who decided about a quantizer, where that is known."""
    return {} if decided is None else {"decided": [asdict(change) for change in decided.get(name, ())]}


def _activation(quantizer: ActivationQuantizer) -> dict[str, Any]:
    return {
        "name": quantizer.name,
        "tensor": quantizer.tensor.node,
        "port": quantizer.tensor.port,
        "granularity": "perchannel" if quantizer.per_channel else "pertensor",
        "bits": quantizer.format.bits,
        "shares_range_with": quantizer.group.node if quantizer.group != quantizer.tensor else "",
        "reason": quantizer.reason,
    }


def _weight(quantizer: WeightQuantizer) -> dict[str, Any]:
    return {
        "name": quantizer.name,
        "tensor": quantizer.tensor.node,
        "granularity": "perchannel" if quantizer.channel_axes else "pertensor",
        "bits": quantizer.format.bits,
        "axes": list(quantizer.channel_axes),
        "reason": quantizer.reason,
    }
