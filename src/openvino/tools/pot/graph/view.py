"""A read-only index over an ``openvino.Model``: nodes by name, consumers in a stable order, constants."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.utils.bfloat import values_of
from openvino.tools.pot.utils.errors import ModelError, nearest, reason
from openvino.tools.pot.utils.runtime import FLOAT32, core

Place = TypeVar("Place", bound=Hashable)


def walk(starts: Iterable[Place], further: Callable[[Place], Iterable[Place]]) -> Iterator[Place]:
    """Some places, and all to which steps lead from them, each once; ``further`` gives the steps from one."""
    pending = list(starts)
    seen = set[Place]()
    while pending:
        place = pending.pop()
        if place not in seen:
            seen.add(place)
            yield place
            pending.extend(further(place))


class GraphView:
    """An index over a model whose node names are unique; made anew after an edit.

    Args:
        model: the model to look at; it is never changed through the view.
        seen: the same with inputs of the sizes that samples have, where the model leaves sizes open.

    Raises:
        ModelError: it is no model, or two nodes share a name.
    """

    def __init__(self, model: ov.Model, seen: ov.Model | None = None) -> None:
        if not isinstance(model, ov.Model):
            raise ModelError(f"model is a {type(model).__name__}, expected an openvino.Model")
        self.model, self.seen = model, model if seen is None else seen
        self.nodes: dict[str, ov.Node] = {node.get_friendly_name(): node for node in model.get_ordered_ops()}
        if len(self.nodes) != len(model.get_ops()):
            raise ModelError(f"model {model.get_friendly_name()!r} has two nodes of the same name")
        self._shapes: dict[TensorId, tuple[int | None, ...] | None] = {}
        self.order: dict[str, int] = {name: position for position, name in enumerate(self.nodes)}

    def node(self, name: str) -> ov.Node:
        """The node called ``name``; raises ModelError with the nearest name where there is none."""
        if name not in self.nodes:
            raise ModelError(f"the model has no node {name!r}{nearest(name, self.nodes)}")
        return self.nodes[name]

    def type(self, name: str) -> str:
        """The operation type of the node called ``name``."""
        return self._types[name]

    def output(self, tensor: TensorId) -> ov.Output:
        """The ``openvino.Output`` behind a tensor id."""
        return self.node(tensor.node).output(tensor.port)

    def inputs(self, name: str) -> tuple[TensorId, ...]:
        """The tensors that the node reads, by input port."""
        return self._inputs[name]

    def source(self, reader: InputId) -> TensorId:
        """The tensor that an input reads."""
        return self._inputs[reader.node][reader.port]

    def varying(self, name: str) -> tuple[TensorId, ...]:
        """The tensors that the node reads, but for constant ones."""
        return tuple(tensor for tensor in self._inputs[name] if not self.is_constant(tensor))

    def consumers(self, tensor: TensorId) -> tuple[InputId, ...]:
        """The inputs that read a tensor, in topological order."""
        return self._consumers.get(tensor, ())

    def readers(self, name: str) -> tuple[InputId, ...]:
        """The inputs that read an output of the node."""
        return tuple(reader for output in self.outputs(name) for reader in self.consumers(output))

    def port(self, reader: InputId) -> ov.Input:
        """The ``openvino.Input`` behind the id of an input."""
        return self.node(reader.node).input(reader.port)

    def outputs(self, name: str) -> tuple[TensorId, ...]:
        """The tensors that leave the node."""
        return tuple(TensorId(name, port) for port in range(self.nodes[name].get_output_size()))

    def is_constant(self, tensor: TensorId) -> bool:
        """Whether the tensor depends on constants only."""
        return tensor.node in self._constants

    def is_float(self, tensor: TensorId) -> bool:
        """Whether the tensor holds floating-point data."""
        return bool(self.output(tensor).get_element_type().is_real())

    def shape(self, tensor: TensorId) -> tuple[int | None, ...] | None:
        """The shape that samples show, with None for dimensions that stay dynamic, or for a rank that does."""
        if tensor not in self._shapes:
            output = self._seen_nodes[tensor.node].output(tensor.port)
            self._shapes[tensor] = _shape(output.get_partial_shape())
        return self._shapes[tensor]

    def stored_shape(self, tensor: TensorId) -> tuple[int | None, ...] | None:
        """The shape that the device will know, whatever samples show: None for all that the model leaves open."""
        return _shape(self.output(tensor).get_partial_shape())

    def attributes(self, name: str) -> dict[str, Any]:
        """The attributes of the node called ``name``; paddings that follow from sizes are those of samples."""
        attributes: dict[str, Any] = self._seen_nodes[name].get_attributes()
        return attributes

    def value(self, tensor: TensorId) -> NDArray[np.generic]:
        """The value of a constant tensor; a view of the model's memory where it is a Constant itself."""
        node, kind = self.node(tensor.node), self.type(tensor.node)
        if kind == "Constant":
            return values_of(node)
        if kind == "Convert" and _widens_halves(node):
            return self.value(self._inputs[tensor.node][0]).astype(np.float32)
        return _evaluated(node.output(tensor.port))

    def stored(self, tensor: TensorId) -> NDArray[np.generic]:
        """The value of a constant tensor, in half precision where it is stored so and read as single."""
        if self.type(tensor.node) == "Convert" and _widens_halves(self.node(tensor.node)):
            return self.value(self._inputs[tensor.node][0])
        return self.value(tensor)

    @cached_property
    def _seen_nodes(self) -> dict[str, ov.Node]:
        """Nodes as samples show them; what fixing sizes has folded into constants is as it was."""
        if self.seen is self.model:
            return self.nodes
        return {**self.nodes, **{node.get_friendly_name(): node for node in self.seen.get_ops()}}

    @cached_property
    def _types(self) -> dict[str, str]:
        return {name: node.get_type_name() for name, node in self.nodes.items()}

    @cached_property
    def _inputs(self) -> dict[str, tuple[TensorId, ...]]:
        return {
            name: tuple(
                TensorId(source.get_node().get_friendly_name(), source.get_index())
                for source in (port.get_source_output() for port in node.inputs())
            )
            for name, node in self.nodes.items()
        }

    @cached_property
    def _consumers(self) -> dict[TensorId, tuple[InputId, ...]]:
        consumers: dict[TensorId, list[InputId]] = {}
        for name, tensors in self._inputs.items():
            for port, tensor in enumerate(tensors):
                consumers.setdefault(tensor, []).append(InputId(name, port))
        return {tensor: tuple(readers) for tensor, readers in consumers.items()}

    @cached_property
    def _constants(self) -> frozenset[str]:
        constants: set[str] = set()
        for name, tensors in self._inputs.items():
            kind = self._types[name]
            if kind == "Constant" or (
                tensors and not traits(kind).varies and all(tensor.node in constants for tensor in tensors)
            ):
                constants.add(name)
        return frozenset(constants)


def bodies_of(node: ov.Node) -> list[ov.Model]:
    """The networks within an operation."""
    count = traits(node.get_type_name()).bodies
    return [node.get_function()] if count == 1 else [node.get_function(number) for number in range(count)]


def all_bodies(model: ov.Model) -> Iterator[ov.Model]:
    """The networks within operations of a model, and those within them."""
    for node in model.get_ordered_ops():
        for body in bodies_of(node):
            yield body
            yield from all_bodies(body)


def _shape(shape: ov.PartialShape) -> tuple[int | None, ...] | None:
    if shape.is_static:
        return tuple(shape.to_shape())
    if shape.rank.is_dynamic:
        return None
    return tuple(None if d.is_dynamic else d.get_length() for d in shape)


def _widens_halves(node: ov.Node) -> bool:
    """As of the weights of a compressed model, which are asked for so often that evaluating takes long."""
    source, target = node.get_input_element_type(0), node.get_output_element_type(0)
    return bool(source == ov.Type.f16 and target == ov.Type.f32)


def _evaluated(output: ov.Output) -> NDArray[np.generic]:
    """The value of a constant expression."""
    expression = ov.Model([output], [])
    result = ov.Tensor(output.get_element_type(), ov.Shape())
    try:
        if expression.evaluate([result], []):
            return values_of(result)
    except RuntimeError:
        pass  # operations such as Convolution have no reference to evaluate
    try:
        compiled = core().compile_model(expression, "CPU", FLOAT32)
        request = compiled.create_infer_request()
        request.infer([])
        return np.array(values_of(request.get_output_tensor(0)))
    except RuntimeError as error:
        name = output.get_node().get_friendly_name()
        raise ModelError(
            f"the constant expression at node {name!r} can't be evaluated: {reason(error)}"
        ) from error
