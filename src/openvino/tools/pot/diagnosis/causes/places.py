"""Where a layer stands in the float graph, and causes as finders make them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from openvino.tools.pot.diagnosis.facts import Cause, Layer
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView

_FAR = 16
"""Operations that a way from a layer may lead past."""


def cause(name: str, node: str, evidence: str, strength: float) -> Cause:
    """A cause whose strength is brought within 0 and 1."""
    return Cause(name=name, node=node, evidence=evidence, strength=float(min(max(strength, 0.0), 1.0)))


def reads(view: GraphView, node: str, kind: str) -> bool:
    """Whether an operation of a type made what a node reads, past what moves data."""
    return _meets(view, node, kind, lambda name: [tensor.node for tensor in view.varying(name)], _is_moved)


def is_read_by(view: GraphView, node: str, kind: str) -> bool:
    """Whether an operation of a type reads what a node gives, past what moves data or is a factor or a shift."""
    return _meets(view, node, kind, lambda name: [reader.node for reader in view.readers(name)], _is_like)


def _is_moved(kind: str) -> bool:
    return traits(kind).moves in ("reorders", "cuts", "picks")


def _is_like(kind: str) -> bool:
    return traits(kind).moves == "reorders" or traits(kind).affine


def _meets(
    view: GraphView, node: str, kind: str, near: Callable[[str], Iterable[str]], passes: Callable[[str], bool]
) -> bool:
    pending = list(near(node))
    for _ in range(_FAR):
        if not pending:
            return False
        name = pending.pop()
        if view.type(name) == kind:
            return True
        if passes(view.type(name)):
            pending += near(name)
    return False


def gate_behind(view: GraphView, node: str) -> str:
    """A product of two branches that what a node gives goes into, past what works element by element."""
    tensor = TensorId(node)
    for _ in range(4):
        readers = view.consumers(tensor)
        if len(readers) != 1:
            return ""
        name = readers[0].node
        if view.type(name) == "Multiply" and len(view.varying(name)) == 2:
            gates = (view.type(each.node) in ("Sigmoid", "HSigmoid") for each in view.varying(name))
            return name if any(gates) else ""
        if not traits(view.type(name)).elementwise:
            return ""
        tensor = TensorId(name)
    return ""


def stands_first(view: GraphView, node: str) -> bool:
    """Whether no layer lies between a node and the inputs."""
    return _is_alone(view, node, lambda name: [tensor.node for tensor in view.varying(name)])


def stands_last(view: GraphView, node: str) -> bool:
    """Whether no layer lies between a node and the outputs."""
    return _is_alone(view, node, lambda name: [reader.node for reader in view.readers(name)])


def _is_alone(view: GraphView, node: str, near: Callable[[str], Iterable[str]]) -> bool:
    pending, seen = [node], {node}
    while pending:
        for other in near(pending.pop()):
            own = traits(view.type(other))
            if own.linear or own.product or own.recurrent:
                return False
            if other not in seen:
                seen.add(other)
                pending.append(other)
    return True


EXPLAINED = 30.0
"""dB from which there is nothing to explain: 256 levels over a bell curve make some 40 at a layer's output."""


def loses(layer: Layer) -> bool:
    """Whether a layer's own error is worth explaining: at its output, or by what it does to those of the model."""
    return min(own for own in (layer.own, layer.fidelity, EXPLAINED) if own is not None) < EXPLAINED


def of_data(layer: Layer) -> float:
    """The share of a layer's own error that is not of its weights."""
    return 1 - (layer.from_weights or 0.0)


def stands_out(layer: Layer, layers: Iterable[Layer]) -> bool:
    """Whether a layer makes more of the error than layers do on average."""
    losing = sum(each.quantized for each in layers)
    return losing > 0 and layer.share > 1 / losing
