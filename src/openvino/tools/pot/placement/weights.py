"""Which constants of a network are stored in few bits, and which stay as they are, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod

from openvino.tools.pot.graph.geometry import summed_axis
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView, bodies_of, walk
from openvino.tools.pot.placement.layers import is_quantized

_FEWEST = 1024
"""Weights of which storing them in fewer bits saves next to nothing."""

_FEWEST_OF_ROW = 16
"""Weights that a scale must at least be for."""

_MATRIX = 2
_PASSING = ("Convert", "Transpose")
"""Operations between a constant and the layers that read it, which stay where they are."""

_SLICES = ("Slice", "StridedSlice")
"""Several of a tensor become one operation of several outputs."""
_SCALING = ("Add", "Subtract", "Multiply", "Divide", "Convert")
_SHAPING = ("Reshape", "Transpose", "Squeeze", "Unsqueeze")
_TO_FRONT, _TO_END = [0, 3, 1, 2], [0, 2, 3, 1]
"""Orders of axes that move channels alone."""


@dataclass(frozen=True)
class StoredWeights:
    """A constant that layers multiply with their data, or look rows up in.

    Attributes:
        tensor: the Constant, or an expression of constants that becomes one.
        readers: inputs that read it, past conversions; they will read what the integers stand for.
        layers: the nodes that compute with it, with their types.
        shape: of the tensor.
        summed: axes that share a scale, but for groups: those that layers sum over.
        whole: why it has 8 bits and a scale for each row whatever else is asked for; empty where it may have fewer.
        left: why it stays as it is; empty where it does not.
    """

    tensor: TensorId
    readers: tuple[InputId, ...]
    layers: Mapping[str, str]
    shape: tuple[int, ...]
    summed: tuple[int, ...]
    whole: str = ""
    left: str = ""

    @property
    def size(self) -> int:
        """How many weights it is."""
        return prod(self.shape)

    @property
    def row(self) -> int:
        """How many of them are summed up for one result."""
        return prod(self.shape[axis] for axis in self.summed)


def find_weights(view: GraphView, ignored: Mapping[str, str]) -> list[StoredWeights]:
    """All weights of the layers of a network, in the order of the first layer that reads each.

    Args:
        view: the network.
        ignored: node -> why the user wants it left as it is.
    """
    found: dict[TensorId, StoredWeights] = {}
    for name in view.nodes:
        if view.is_constant(TensorId(name)):
            continue
        for weights in _of_layer(view, name, ignored):
            known = found.get(weights.tensor)
            found[weights.tensor] = weights if known is None else _together(known, weights)
    last = _last_layers(view, {name for each in found.values() for name in each.layers})
    return [_with_role(view, each, last) for each in found.values()]


def _of_layer(view: GraphView, name: str, ignored: Mapping[str, str]) -> Iterator[StoredWeights]:
    own, inputs = traits(view.type(name)), view.inputs(name)
    if bodies_of(view.nodes[name]):
        yield from _inside(view, name)
    for port in _weight_ports(view, name):
        tensor, axes = _root(view, inputs[port], _summed(view, name, port))
        shape = tuple(size or 0 for size in view.shape(tensor) or ())
        weights = StoredWeights(tensor, (), {name: view.type(name)}, shape, tuple(sorted(axes)))
        left = ignored.get(name) or _obstacle(view, weights, port)
        if not left and own.recurrent:
            left = "recurrent layers read their weights as floats"
        yield replace(weights, readers=_readers(view, tensor), left=left)


def _weight_ports(view: GraphView, name: str) -> list[int]:
    """Input ports of a node with constant floats that it multiplies or looks up."""
    own, inputs = traits(view.type(name)), view.inputs(name)
    ports: tuple[int, ...] = ()
    if own.linear == "matrix":
        ports = (0, 1)
    elif own.linear:
        ports = (own.weights,)
    elif own.lookup:
        ports = (0,)
    elif own.recurrent:
        ports = tuple(range(len(inputs)))
    found = [port for port in ports if view.is_constant(inputs[port]) and view.is_float(inputs[port])]
    return [port for port in found if len(view.shape(inputs[port]) or ()) > 1]


def _summed(view: GraphView, name: str, port: int) -> tuple[int, ...]:
    """The axes of the weights at a port that share a scale."""
    own, rank = traits(view.type(name)), len(view.shape(view.inputs(name)[port]) or ())
    if own.linear == "matrix":
        return (rank + summed_axis(view, name, port),)
    if own.convolves:
        return tuple(axis for axis in range(rank) if own.axes[axis : axis + 1] not in ("g", "o"))
    return (rank - 1,)


def _root(view: GraphView, tensor: TensorId, axes: tuple[int, ...]) -> tuple[TensorId, tuple[int, ...]]:
    """The constant behind what a layer reads, and where axes lie in it."""
    while view.type(tensor.node) in _PASSING:
        inputs = view.inputs(tensor.node)
        if not view.is_float(inputs[0]):
            break
        if view.type(tensor.node) == "Transpose":
            order = [int(axis) for axis in view.value(inputs[1])] or list(
                range(len(view.shape(tensor) or ()))
            )[::-1]
            axes = tuple(order[axis] for axis in axes)
        tensor = inputs[0]
    return tensor, axes


def _readers(view: GraphView, tensor: TensorId) -> tuple[InputId, ...]:
    """The inputs that read a constant, past conversions; those that ask for its shape alone are none."""
    found: list[InputId] = []
    for reader in view.consumers(tensor):
        if view.type(reader.node) == "Convert" and view.is_float(TensorId(reader.node)):
            found += _readers(view, TensorId(reader.node))
        else:
            found.append(reader)
    return tuple(found)


def _ends(view: GraphView, readers: tuple[InputId, ...]) -> set[str]:
    """The nodes that compute with what readers read, past transpositions."""

    def further(reader: InputId) -> tuple[InputId, ...]:
        return view.readers(reader.node) if view.type(reader.node) in _PASSING else ()

    nodes = {reader.node for reader in walk(readers, further)}
    return {name for name in nodes if view.type(name) not in _PASSING and not traits(view.type(name)).shapes}


def _obstacle(view: GraphView, weights: StoredWeights, port: int) -> str:
    """Why weights of a layer stay as they are, an empty string where nothing is in the way."""
    ((name, kind),) = weights.layers.items()
    if is_quantized(view, weights.tensor):
        return "its weights are quantized already"
    if weights.size < _FEWEST:
        return f"{weights.size} weights are too few to save anything"
    if weights.row < _FEWEST_OF_ROW:
        return f"only {weights.row} weights would share a scale"
    if view.output(weights.tensor).get_element_type().get_type_name() == "f64":
        return "its weights are in double precision"
    if traits(kind).lookup and not _looks_up_rows(view, name, weights):
        return "it looks up something else than rows of a table"
    if traits(kind).linear == "matrix" and port == 0:
        return "its weights are the left factor, which devices would unpack at each inference"
    return _fault_of_points(view, name)


def _fault_of_points(view: GraphView, name: str) -> str:
    """What the CPU plugin gets wrong of a 1x1 convolution of packed weights, which it takes for a matrix product."""
    kernel = (view.shape(view.inputs(name)[1]) or ())[2:] if view.type(name) == "Convolution" else ()
    if set(kernel) != {1}:
        return ""
    if _is_not_compiled(view, name):
        return "of a part of a tensor, in front of a Reshape, the CPU plugin (2026.4) doesn't compile packed weights"
    if len(kernel) == _MATRIX and not _is_laid_out(view, name):
        return "beside a Transpose that does not move channels alone the CPU plugin (2026.4) miscomputes packed weights"
    return ""


def _is_laid_out(view: GraphView, name: str) -> bool:
    """Whether what is transposed beside a convolution, past scaling, is channels to their place or to the end."""
    tensor = view.inputs(name)[0]
    while view.type(tensor.node) in _SCALING and len(view.varying(tensor.node)) == 1:
        (tensor,) = view.varying(tensor.node)
    if view.type(tensor.node) == "Transpose" and _order(view, tensor.node) != _TO_FRONT:
        return False
    behind = {reader.node for reader in _past_scaling(view, name)}
    return all(_order(view, each) == _TO_END for each in behind if view.type(each) == "Transpose")


def _order(view: GraphView, name: str) -> list[int]:
    axes = view.inputs(name)[1]
    return [int(axis) for axis in view.value(axes)] if view.is_constant(axes) else []


def _is_not_compiled(view: GraphView, name: str) -> bool:
    """Whether a convolution is of one of several outputs, or a slice, and its result gets another shape."""
    source = view.inputs(name)[0].node
    if view.type(source) not in _SLICES and len(view.nodes[source].outputs()) == 1:
        return False
    return any(view.type(reader.node) in _SHAPING for reader in _past_scaling(view, name))


def _past_scaling(view: GraphView, name: str) -> Iterator[InputId]:
    """What reads a result, and what reads that once it was scaled."""

    def further(reader: InputId) -> tuple[InputId, ...]:
        return view.readers(reader.node) if view.type(reader.node) in _SCALING else ()

    return walk(view.readers(name), further)


def _looks_up_rows(view: GraphView, name: str, weights: StoredWeights) -> bool:
    axis = view.inputs(name)[2]
    rows = view.is_constant(axis) and int(view.value(axis).reshape(-1)[0]) in (0, -len(weights.shape))
    return rows and len(weights.shape) == _MATRIX


def _together(one: StoredWeights, other: StoredWeights) -> StoredWeights:
    """The weights that several layers share."""
    left = one.left or other.left
    if not left and one.summed != other.summed:
        left = "the layers that share it sum over different axes"
    return replace(one, layers={**one.layers, **other.layers}, left=left)


def _with_role(view: GraphView, weights: StoredWeights, last: set[str]) -> StoredWeights:
    """The same with what depends on all layers: whether others read it, and why it must have 8 bits."""
    kinds = [traits(kind) for kind in weights.layers.values()]
    others = _ends(view, weights.readers) - set(weights.layers)
    if not weights.left and others:
        weights = replace(weights, left=f"{sorted(others)[0]!r} reads it too, which computes in float")
    if any(kind.lookup for kind in kinds):
        return replace(weights, whole="a table of embeddings")
    if any(kind.convolves for kind in kinds):
        return replace(weights, whole="a convolution, whose weights devices unpack when they compile")
    if last & set(weights.layers):
        return replace(weights, whole="the last layer")
    odd = "rows of an odd number of weights the CPU (2026.4) computes wrongly in 4 bits"
    return replace(weights, whole=odd) if weights.row % 2 else weights


def _last_layers(view: GraphView, layers: set[str]) -> set[str]:
    """Those layers with none of them behind."""
    reached: dict[str, bool] = {}
    for name in reversed(view.nodes):
        reached[name] = any(
            reader.node in layers or reached.get(reader.node, False) for reader in view.readers(name)
        )
    products = {name for name in layers & view.nodes.keys() if traits(view.type(name)).linear}
    return {name for name in products if not reached[name]}


def _inside(view: GraphView, name: str) -> Iterator[StoredWeights]:
    """The weights in bodies of a loop or of branches, which stay as they are."""
    said = f"it is inside of {view.type(name)} {name!r}"
    for body in bodies_of(view.nodes[name]):
        for each in find_weights(GraphView(body), {}):
            place = TensorId(f"{name}/{each.tensor.node}", each.tensor.port)
            layers = {f"{name}/{layer}": kind for layer, kind in each.layers.items()}
            yield replace(each, tensor=place, readers=(), layers=layers, left=each.left or said)
