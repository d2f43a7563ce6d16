"""Whether a network is a transformer: attention blocks, and matrix products that do most of the work."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView, walk
from openvino.tools.pot.placement.work import ATTENTION, multiplications

# What may lie between the products of an attention block and its softmax: scales, masks, changes of shape.
_BETWEEN = frozenset(
    {
        *("Add", "Subtract", "Multiply", "Divide", "Select", "Maximum", "Minimum", "Clamp", "Convert"),
        *("Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice", "StridedSlice", "Pad", "Concat", "Tanh"),
    }
)
_SQUARES = frozenset({"Power", "SquaredDifference", "Multiply"})
_ROOTS = frozenset({"Sqrt", "Power"})


def why_transformer(view: GraphView) -> str:
    """What makes the network a transformer, in words; an empty string where it is none.

    Convolutional networks may hold an attention block too: whatever does most of the multiplications decides.
    """
    blocks = sum(_is_attention(view, name) for name in view.nodes)
    if blocks == 0 or not has_normalization(view):
        return ""
    products, all_layers = _work(view)
    share = products / max(all_layers, 1)
    if share <= 0.5:
        return ""
    return (
        f"{blocks} attention block{'s' * (blocks > 1)}, {share:.0%} of the multiplications in matrix products"
    )


def has_normalization(view: GraphView) -> bool:
    """Whether the network brings rows to one size somewhere."""
    return any(_is_normalization(view, name) for name in view.nodes)


def _is_attention(view: GraphView, name: str) -> bool:
    """The operation itself, or a softmax between two products of activations."""
    if view.type(name) == ATTENTION:
        return True
    return (
        view.type(name) == "Softmax"
        and not view.is_constant(TensorId(name))
        and _reaches_product(view, name, _sources)
        and _reaches_product(view, name, _readers)
    )


def _reaches_product(view: GraphView, name: str, step: Callable[[GraphView, str], Iterable[str]]) -> bool:
    """Whether steps through masks and shapes lead from a softmax to a product of two activations."""
    reached = walk(step(view, name), lambda node: step(view, node) if view.type(node) in _BETWEEN else ())
    products = (node for node in reached if view.type(node) == "MatMul")
    return any(len(view.varying(node)) == len(view.inputs(node)) for node in products)


def _sources(view: GraphView, name: str) -> list[str]:
    return [tensor.node for tensor in view.varying(name)]


def _readers(view: GraphView, name: str) -> list[str]:
    return [reader.node for reader in view.readers(name)]


def _is_normalization(view: GraphView, name: str) -> bool:
    """MVN, or the mean of squares under a root: LayerNorm in parts, with or without the mean taken off."""
    if view.type(name) == "MVN":
        return True
    if view.type(name) != "ReduceMean" or not any(_is_square(view, node) for node in _sources(view, name)):
        return False
    behind = _readers(view, name)
    behind += [further for node in behind if view.type(node) == "Add" for further in _readers(view, node)]
    return any(view.type(node) in _ROOTS for node in behind)


def _is_square(view: GraphView, name: str) -> bool:
    kind, inputs = view.type(name), view.inputs(name)
    return kind in _SQUARES and (kind != "Multiply" or inputs[0] == inputs[1])


def _work(view: GraphView) -> tuple[int, int]:
    """Multiplications in matrix products, and in all layers."""
    work = {name: multiplications(view, name) for name in view.nodes}
    return sum(own for name, own in work.items() if traits(view.type(name)).product), sum(work.values())
