"""Which layer of a quantized model is which of the float one: by name, else by weights, else by place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.graph.geometry import LinearLayer, linear_layer
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView

_ALIKE = 0.8
"""Cosine of the weights of two layers from which they are taken for the same."""


@dataclass(frozen=True)
class Pair:
    """A layer in both models.

    Attributes:
        node, other: in the float model and in the quantized one.
        end, other_end: what it gives, with its bias.
        linear: what kind of linear layer it is, if it is one.
    """

    node: str
    other: str
    end: TensorId
    other_end: TensorId
    linear: LinearLayer | None


def layers_of(view: GraphView) -> list[str]:
    """Convolutions, products of matrices and recurrent layers, in the order in which they are computed."""
    return [name for name in view.nodes if _is_layer(view, name)]


def paired(view: GraphView, other: GraphView) -> list[Pair]:
    """The layers that are found in both models, in the order of the float one."""
    own, others = layers_of(view), layers_of(other)
    found = {name: name for name in own if name in other.nodes and _alike(view, name, other, name)}
    _by_weights(view, other, own, others, found)
    _by_place(view, other, own, others, found)
    return [
        Pair(name, found[name], end_of(view, name), end_of(other, found[name]), linear_layer(view, name))
        for name in own
        if name in found
    ]


def end_of(view: GraphView, name: str) -> TensorId:
    """What a layer gives: behind the addition of a constant, if nobody else reads what it gives before that."""
    readers = view.consumers(TensorId(name))
    if len(readers) == 1 and view.type(readers[0].node) == "Add" and len(view.outputs(name)) == 1:
        added = view.inputs(readers[0].node)[1 - readers[0].port]
        if view.is_constant(added):
            return TensorId(readers[0].node)
    return TensorId(name)


def added_to(view: GraphView, end: TensorId, name: str) -> NDArray[np.generic] | None:
    """The constant that is added to what a layer gives, if ``end_of`` is behind it."""
    if end.node == name:
        return None
    return next(
        np.asarray(view.value(tensor)) for tensor in view.inputs(end.node) if view.is_constant(tensor)
    )


def _is_layer(view: GraphView, name: str) -> bool:
    own = traits(view.type(name))
    if view.is_constant(TensorId(name)):
        return False
    return bool(own.linear) or own.product or own.recurrent


def _alike(view: GraphView, name: str, other: GraphView, candidate: str) -> bool:
    return view.type(name) == other.type(candidate) and _weights_shape(view, name) == _weights_shape(
        other, candidate
    )


def _weights_shape(view: GraphView, name: str) -> tuple[int | None, ...] | None:
    layer = linear_layer(view, name)
    return None if layer is None else view.shape(view.inputs(name)[layer.weights])


def _by_weights(
    view: GraphView, other: GraphView, own: Iterable[str], others: Iterable[str], found: dict[str, str]
) -> None:
    """Find what has next to the same weights."""
    taken = set(found.values())
    free = [name for name in others if name not in taken and _weights_shape(other, name) is not None]
    for name in own:
        if name in found or _weights_shape(view, name) is None:
            continue
        candidates = [each for each in free if _alike(view, name, other, each)]
        cosines = [_cosine(_weights(view, name), _weights(other, each)) for each in candidates]
        if cosines and max(cosines) > _ALIKE:
            found[name] = candidates[int(np.argmax(cosines))]
            free.remove(found[name])


def _weights(view: GraphView, name: str) -> NDArray[np.generic]:
    layer = linear_layer(view, name)
    assert layer is not None
    return view.value(view.source(InputId(name, layer.weights)))


def _cosine(first: NDArray[np.generic], second: NDArray[np.generic]) -> float:
    one, two = (np.asarray(each, np.float64).reshape(-1) for each in (first, second))
    norm = float(np.linalg.norm(one) * np.linalg.norm(two))
    return float(one @ two) / norm if norm else 0.0


def _by_place(
    view: GraphView, other: GraphView, own: Sequence[str], others: Sequence[str], found: dict[str, str]
) -> None:
    """Find what stands at the same place in the order of layers, by types and shapes of weights."""
    known = {name: number for number, name in enumerate(found)}
    reverse = {found[name]: number for name, number in known.items()}
    signs = [(known.get(name), view.type(name), _weights_shape(view, name)) for name in own]
    signs_of_others = [(reverse.get(name), other.type(name), _weights_shape(other, name)) for name in others]
    matcher = SequenceMatcher(None, signs, signs_of_others, autojunk=False)
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            found.setdefault(own[block.a + step], others[block.b + step])
