"""What POT's scripts ask of nodes, on those that ``get_nodes_by_type`` and ``get_node_by_name`` give."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.graph.model_utils import Node
from openvino.tools.pot.graph.special_operations import OPERATIONS_WITH_WEIGHTS
from openvino.tools.pot.paths import offer
from openvino.tools.pot.utils.errors import ModelError

_CONVOLUTIONS = ("Convolution", "GroupConvolution")
_WEIGHTED = frozenset(operation["type"] for operation in OPERATIONS_WITH_WEIGHTS)
_STORED = frozenset({"Convert", "FakeQuantize", "Multiply", "Subtract", "Reshape"})
_WEIGHTS = {"LSTMSequence": 4, "GRUSequence": 3}


def get_node_inputs(node: Node) -> list[Node]:
    """The nodes that a node reads, by input port."""
    return [_beside(node, port.get_source_output().get_node()) for port in node.node.inputs()]


def get_node_input(node: Node, in_port: int) -> Node:
    """The node that a node reads at a port; raises ModelError where there is no such port."""
    return _beside(node, _port(node, in_port, "input").get_source_output().get_node())


def get_node_output(node: Node, out_port: int) -> list[Node]:
    """The nodes that read an output of a node."""
    readers = _port(node, out_port, "output").get_target_inputs()
    found = sorted((each.get_node() for each in readers), key=lambda reader: str(reader.get_friendly_name()))
    return [_beside(node, reader) for reader in found]


def get_all_node_outputs(node: Node) -> list[Node]:
    """The nodes that read any output of a node."""
    return [reader for port in range(node.node.get_output_size()) for reader in get_node_output(node, port)]


def get_node_input_ports(node: Node) -> list[ov.Input]:
    """The inputs of a node."""
    return list(node.node.inputs())


def get_node_output_ports(node: Node) -> list[ov.Output]:
    """The outputs of a node."""
    return list(node.node.outputs())


def get_input_shape(node: Node, in_port: int) -> NDArray[np.int64]:
    """The shape that a node reads at a port, -1 for sizes that are not fixed."""
    return _shape(node, _port(node, in_port, "input").get_partial_shape())


def get_output_shape(node: Node, out_port: int) -> NDArray[np.int64]:
    """The shape of an output of a node, -1 for sizes that are not fixed."""
    return _shape(node, _port(node, out_port, "output").get_partial_shape())


def get_node_data_type(node: Node, port_id: int = 0) -> np.dtype[Any]:
    """The type of elements of an output of a node, as NumPy's."""
    found: np.dtype[Any] = _port(node, port_id, "output").get_element_type().to_dtype()
    return found


def get_node_value(node: Node) -> NDArray[Any]:
    """A copy of the value of a constant; raises ModelError for other nodes."""
    if node.type == "Convert" and get_node_input(node, 0).type == "Constant":  # stored in half precision
        return get_node_value(get_node_input(node, 0)).astype(get_node_data_type(node))
    if node.type != "Constant":
        raise ModelError(f"node {node.fullname!r} has no value, as it is no Constant but a {node.type}")
    return np.array(node.node.data)


def get_input_data_value(node: Node, port: int) -> NDArray[Any]:
    """The value of the constant that a node reads at a port; raises ModelError where it reads something else."""
    return get_node_value(get_node_input(node, port))


def get_weights_for_node(node: Node) -> Node:
    """The node that gives the weights of a convolution, matrix product or sequence: a constant, or its quantizer."""
    if node.type not in _WEIGHTED and node.type not in _WEIGHTS:
        raise ModelError(f"node {node.fullname!r} has no weights, as it is a {node.type}")
    first, second = get_node_input(node, 0), get_node_input(node, _WEIGHTS.get(node.type, 1))
    return first if _is_constant(first) and not _is_constant(second) else second


def get_bias_for_node(node: Node) -> Node | None:
    """The constant that is added to the only output of a node, None if nothing is."""
    readers = get_all_node_outputs(node)
    if len(readers) != 1 or readers[0].type != "Add":
        return None
    others = [each for each in get_node_inputs(readers[0]) if each.name != node.name]
    return others[0] if len(others) == 1 and _is_constant(others[0]) else None


def get_quantized_input_key(quantized_node: Node) -> str:
    """The full name of the node that a layer reads at its first port, its quantizer if it has one."""
    return get_node_input(quantized_node, 0).fullname


def get_first_convolutions(parameter_nodes: Iterable[Node]) -> list[Node]:
    """The first convolutions on the ways that begin at nodes."""
    found: dict[str, Node] = {}
    seen: set[str] = set()
    waiting = list(parameter_nodes)
    while waiting:
        for reader in get_all_node_outputs(waiting.pop(0)):
            if reader.type in _CONVOLUTIONS:
                found.setdefault(reader.name, reader)
            elif reader.name not in seen:
                seen.add(reader.name)
                waiting.append(reader)
    return list(found.values())


def check_const_input(node: Node) -> bool:
    """Whether a node reads a constant."""
    return any(_is_constant(each) for each in get_node_inputs(node))


def check_input_data_is_const(node: Node, port_id: int = 1) -> bool:
    """Whether a node reads a constant, or one that is quantized, at a port."""
    return _is_constant(get_node_input(node, port_id))


def node_with_quantized_weights(node: Node) -> bool:
    """Whether a layer has weights that are rounded by a quantizer, or stored as integers."""
    return any(_is_constant(each) and _is_quantized(each) for each in get_node_inputs(node))


def node_with_quantized_input_and_bias(node: Node) -> bool:
    """Whether the first input of a layer is quantized, and a bias added to its output."""
    quantized = get_node_input(node, 0).type == "FakeQuantize"
    return quantized and get_bias_for_node(node) is not None


def _beside(node: Node, other: ov.Node) -> Node:
    """Another node of the same model, named as it is."""
    name = other.get_friendly_name()
    return Node(name, node.fullname.removesuffix(node.name) + name, other.get_type_name(), other)


def _port(node: Node, port: int, what: str) -> Any:
    """An ``input`` or an ``output`` of a node."""
    ports = getattr(node.node, f"{what}s")()
    if not 0 <= port < len(ports):
        raise ModelError(f"node {node.fullname!r} has {len(ports)} {what}s, expected one with index {port}")
    return ports[port]


def _shape(node: Node, shape: ov.PartialShape) -> NDArray[np.int64]:
    if shape.rank.is_dynamic:
        raise ModelError(f"a shape at node {node.fullname!r} is not known, not even its rank")
    return np.array([-1 if size.is_dynamic else size.get_length() for size in shape], np.int64)


def _is_quantized(node: Node) -> bool:
    """Whether a float constant is rounded, or made of integers."""
    if node.type == "Convert":
        return bool(_port(node, 0, "input").get_element_type().is_integral())
    return node.type == "FakeQuantize" or (node.type in _STORED and _is_quantized(get_node_input(node, 0)))


def _is_constant(node: Node) -> bool:
    """Whether a node is a constant, or made of constants alone as quantized and compressed weights are."""
    if node.type in _STORED:
        return all(_is_constant(each) for each in get_node_inputs(node))
    return node.type == "Constant"


offer(globals())
