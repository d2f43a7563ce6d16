"""What a device asks of a whole model, looked at before any work; what that is, its table says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import Device

_MIDDLES = {"i8": 0, "u8": 128, "i4": 0, "u4": 8}
"""Integers that stand for zero where there is no zero point."""

_NEAR = 0.51
"""Of a level: half of one lies between the middle of an even number of levels and the nearest."""


@dataclass(frozen=True)
class Refusal:
    """Why a device takes no model like this.

    Attributes:
        sentence: what was expected and found.
        remedy: what helps on a command line.
    """

    sentence: str
    remedy: str


def refusals(view: GraphView, device: Device) -> Iterator[Refusal]:
    """All that a device asks of a model and does not find, one of a kind.

    Args:
        view: the model as it is stored.
        device: that will run it.
    """
    requires = device.requires
    if requires.static_shapes:
        yield from _open_inputs(view, device)
    if requires.ranks:
        yield from _large_ranks(view, device)
    if requires.symmetric_weights:
        yield from _zero_points(view, device)


def _open_inputs(view: GraphView, device: Device) -> Iterator[Refusal]:
    for port in view.model.inputs:
        shape = port.get_partial_shape()
        if shape.is_dynamic:
            yield Refusal(
                f"input {input_name(port)!r} has shape {shape}, expected fixed sizes, as {device.name} runs no others",
                "fix them with --shape, or with --static where there are samples",
            )
            return


def _large_ranks(view: GraphView, device: Device) -> Iterator[Refusal]:
    for name in view.nodes:
        kind = view.type(name)
        most, found = device.requires.ranks.get(kind), _rank(view, name)
        if most is not None and found > most:
            yield Refusal(
                f"{kind} {name!r} works on {found} axes, expected {most} at most, which is what {device.name} runs",
                "quantize for another --target-device",
            )
            return


def _rank(view: GraphView, name: str) -> int:
    """The axes that an operation works on: of a window that leaves the first of positions alone, one less."""
    inputs, attributes = view.inputs(name), view.nodes[name].get_attributes()
    rank = len(view.stored_shape(inputs[0]) or ()) if inputs else 0
    first = [attributes[key][0] for key in ("kernel", "strides") if attributes.get(key)]
    pads = [attributes[key][0] for key in ("pads_begin", "pads_end") if attributes.get(key)]
    alone = len(first) == 2 and first == [1, 1] and not any(pads)
    return rank - alone


def _zero_points(view: GraphView, device: Device) -> Iterator[Refusal]:
    for name in view.nodes:
        operation = device.operations.get(view.type(name))
        ports = operation.weights if operation else ()
        tensors = [view.inputs(name)[port] for port in ports]
        if any(view.is_constant(tensor) and has_zero_point(view, tensor) for tensor in tensors):
            yield Refusal(
                f"weights of {view.type(name)} {name!r} come with zero points, expected symmetric ones, as "
                f"{device.name} takes no others",
                "quantize the float model, with --preset performance or mixed",
            )
            return


def has_zero_point(view: GraphView, tensor: TensorId) -> bool:
    """Whether a constant expression is quantized with zero anywhere but in the middle of its levels."""
    kind, inputs = view.type(tensor.node), view.inputs(tensor.node)
    if kind == "FakeQuantize":
        return _is_aside(view, tensor.node)
    middle = _middle(view, inputs[0]) if kind == "Subtract" else None
    if middle is not None:
        return bool(np.any(np.abs(np.asarray(view.value(inputs[1]), np.float64) - middle) > _NEAR))
    return any(has_zero_point(view, source) for source in inputs)


def _is_aside(view: GraphView, name: str) -> bool:
    """Whether zero is not in the middle of what a FakeQuantize gives."""
    low, high = (np.asarray(view.value(tensor), np.float64) for tensor in view.inputs(name)[3:])
    last = int(view.nodes[name].get_attributes()["levels"]) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        aside = np.abs(-low * last / (high - low) - last / 2)
    return bool(np.any(aside > _NEAR))


def _middle(view: GraphView, tensor: TensorId) -> int | None:
    """The integer that stands for zero without a zero point, None where a tensor holds no integers."""
    while view.type(tensor.node) == "Convert":
        tensor = view.inputs(tensor.node)[0]
    return _MIDDLES.get(view.output(tensor).get_element_type().get_type_name())
