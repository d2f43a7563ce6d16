"""The first convolution behind an input that takes images, with nothing but what is linear between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView, walk

_CHANNELS = range(1, 5)
"""Of an image: grey, with an alpha, in colors, and both."""

_RANKS = (4, 5)
"""Axes of images and volumes, with that of samples."""

_LINEAR = frozenset(
    {"BatchNormInference", "Convert", "DepthToSpace", "Gather", "Interpolate", "Pad", "SpaceToDepth"}
)
"""What is linear but for an offset where all but the data is constant, beyond what ``operations`` says of types."""

_MOVES = frozenset({"reorders", "shuffles", "cuts", "picks"})


@dataclass(frozen=True)
class Stem:
    """Where an input that takes images is first convolved.

    Attributes:
        input: the node of the input.
        channels: the axis of the input's channels.
        layer: the convolution.
        tensor: what it gives, past factors and offsets of constants.
        axis: of the channels of that.
    """

    input: str
    channels: int
    layer: str
    tensor: TensorId
    axis: int


def stems(view: GraphView) -> Iterator[Stem]:
    """The first convolution behind each input that takes images, where nothing but what is linear lies between."""
    linear: dict[str, str] = {}  # node -> the input that it is linear in
    found: set[str] = set()
    for name in view.nodes:
        kind = view.type(name)
        if kind == "Parameter":
            linear |= {name: name} if _channels(view, name) is not None else {}
            continue
        sources = {linear.get(tensor.node, "") for tensor in view.varying(name)}
        if len(sources) != 1 or not (source := sources.pop()):
            continue
        if traits(kind).convolves and view.varying(name) == view.inputs(name)[:1]:
            if source not in found:
                found.add(source)
                yield Stem(source, _channels(view, source) or 0, name, *responding(view, name))
        elif _is_linear(view, name, kind):
            linear[name] = source


def _channels(view: GraphView, name: str) -> int | None:
    """The axis of the channels of an input, if it takes images or volumes."""
    shape = view.shape(TensorId(name)) or ()
    axes = (1, len(shape) - 1) if len(shape) in _RANKS else ()
    return next((axis for axis in axes if shape[axis] in _CHANNELS), None)


def _is_linear(view: GraphView, name: str, kind: str) -> bool:
    own = traits(kind)
    if own.affine:
        return len(view.varying(name)) == 1 and not _divides_by_data(view, name, kind)
    if own.moves == "joins":
        return True
    return view.varying(name) == view.inputs(name)[:1] and (own.moves in _MOVES or kind in _LINEAR)


def _divides_by_data(view: GraphView, name: str, kind: str) -> bool:
    return kind == "Divide" and depends(view, view.inputs(name)[1])


def responding(view: GraphView, name: str) -> tuple[TensorId, int]:
    """What a linear layer gives, past factors and offsets of constants, and the axis of its channels there."""
    tensor = TensorId(name)
    shape = view.shape(tensor)
    axis = 1 if traits(view.type(name)).convolves or shape is None else len(shape) - 1
    while (
        len(readers := [each.node for each in view.consumers(tensor) if not _asks_shape(view, each.node)])
        == 1
    ):
        (node,) = readers
        kind = view.type(node)
        order = view.inputs(node)[1] if kind == "Transpose" else None
        if order is not None and view.is_constant(order):
            axis = view.value(order).reshape(-1).tolist().index(axis)
        elif not _shifts(view, node, kind):
            break
        tensor = TensorId(node)
    return tensor, axis


def _shifts(view: GraphView, name: str, kind: str) -> bool:
    """Whether a node is no more than a factor and an offset, which may have been shaped by what the model computes."""
    if kind == "BatchNormInference":
        return view.varying(name) == view.inputs(name)[:1]
    known = traits(kind).affine and not _divides_by_data(view, name, kind)
    return known and sum(depends(view, each) for each in view.inputs(name)) == 1


def depends(view: GraphView, tensor: TensorId) -> bool:
    """Whether a tensor depends on what inputs hold, not on their shapes alone."""

    def sources(name: str) -> list[str]:
        return [] if _asks_shape(view, name) else [source.node for source in view.varying(name)]

    return any(traits(view.type(name)).varies for name in walk([tensor.node], sources))


def _asks_shape(view: GraphView, name: str) -> bool:
    return traits(view.type(name)).shapes
