"""Attention as a device's plugin fuses it: two products of activations with Softmax between them, or one operation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView, walk
from openvino.tools.pot.hardware import Device

_SQUARE = 32
"""The largest size of square keys and values that are computed wrongly."""

_QUERIES, _KEYS, _VALUES, _MASK = range(4)
_OPERATION, _SOFTMAX = "ScaledDotProductAttention", "Softmax"


@dataclass(frozen=True)
class Attention:
    """What attention reads, as far as the model states it.

    Attributes:
        keys: how many there are.
        depth: values of each of them.
        values: of each result.
        masks: what is added to the scores.
    """

    keys: int | None
    depth: int | None
    values: int | None
    masks: tuple[TensorId, ...]


def is_square_attention(view: GraphView, name: str, device: Device) -> bool:
    """Whether keys and values of attention are, or can be, square matrices of one size up to 32.

    With both inputs of the first product in 8 bits and the rest in bfloat16 outputs are garbage, for any batch and any
    number of queries; in float32 they are right.
    """
    found = attention_at(view, name)
    if found is None:
        return False
    sizes = {found.keys, found.depth, found.values} - {None}
    return len(sizes) <= 1 and all(size <= _SQUARE for size in sizes if size is not None)


def has_mask_of_one_row(view: GraphView, name: str, device: Device) -> bool:
    """Whether scores of attention have a mask added that is, or can be, a single row, and that nothing has computed.

    In 8 bits outputs are garbage in any precision of the rest. What arithmetic makes is right.
    """
    found = attention_at(view, name)
    return found is not None and any(_is_one_row(view, each) for each in found.masks)


def attention_at(view: GraphView, name: str) -> Attention | None:
    """The attention whose scores a layer computes; None where it computes none."""
    inputs = view.inputs(name)
    if view.type(name) == _OPERATION:
        keys, values = (_last_sizes(view, inputs[port]) for port in (_KEYS, _VALUES))
        return Attention(keys[0], keys[1], values[1], inputs[_MASK : _MASK + 1])
    if view.type(name) != "MatMul" or any(map(view.is_constant, inputs)):
        return None
    scores = list(walk([TensorId(name)], lambda tensor: _same_behind(view, tensor)))
    if not any(view.type(tensor.node) == _SOFTMAX for tensor in scores):
        return None
    second = [reader for tensor in scores for reader in view.consumers(tensor) if _takes_scores(view, reader)]
    if not second:
        return None
    depth = _last_sizes(view, inputs[0])[0 if view.attributes(name)["transpose_a"] else 1]
    results = _last_sizes(view, TensorId(second[0].node))[1]
    return Attention(_last_sizes(view, TensorId(name))[1], depth, results, tuple(_masks(view, scores)))


def _last_sizes(view: GraphView, tensor: TensorId) -> tuple[int | None, int | None]:
    shape = (None, None, *(view.stored_shape(tensor) or ()))
    return shape[-2], shape[-1]


def _same_behind(view: GraphView, tensor: TensorId) -> Iterator[TensorId]:
    """What is made of scores one by one, or row by row, up to the weights of the values."""
    for reader in view.consumers(tensor):
        kind = view.type(reader.node)
        if (traits(kind).elementwise or kind == _SOFTMAX) and view.type(tensor.node) != _SOFTMAX:
            yield TensorId(reader.node)


def _takes_scores(view: GraphView, reader: InputId) -> bool:
    """Whether it multiplies scores with values that are no constants."""
    is_product = view.type(reader.node) == "MatMul" and reader.port == 0
    return is_product and not view.is_constant(view.inputs(reader.node)[1])


def _masks(view: GraphView, scores: list[TensorId]) -> Iterator[TensorId]:
    """What is added to them."""
    for tensor in scores:
        if view.type(tensor.node) == "Add":
            yield from (each for each in view.inputs(tensor.node) if each not in scores)


def _is_one_row(view: GraphView, mask: TensorId) -> bool:
    shape = view.stored_shape(mask)
    if shape is not None and (len(shape) < 2 or not set(shape[:-1]) <= {1, None} or shape[-1] == 1):
        return False
    while view.type(mask.node) == "Convert" or traits(view.type(mask.node)).moves != "none":
        mask = view.inputs(mask.node)[0]
    return view.type(mask.node) in ("Parameter", "Constant")
