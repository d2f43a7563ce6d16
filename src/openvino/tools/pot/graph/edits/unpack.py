"""Weights that are stored as integers, written out as the floats that they stand for.

Constant(i8) ── Convert ── Multiply ── layer    ──▶    Constant(f32) ── layer

With several requests at a time the CPU (2026.4) can compute products of such weights wrongly. Recurrent layers don't
compile with them once their model has further outputs, nor do layers in double precision once anything is quantized.
"""

from __future__ import annotations

from collections.abc import Callable

import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.graph.edits.replace import is_constant, rewire
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView, all_bodies


def unpacked_weights(model: ov.Model) -> ov.Model:
    """The model itself if it has no such weights or is quantized, else a clone with floats."""
    nodes = model.get_ops()
    if any(node.get_type_name() == "FakeQuantize" for node in nodes) or not any(map(_unpacks, nodes)):
        return model
    clone = model.clone()
    write_out(clone, lambda *_: True)
    return clone


def unpack_unreadable_weights(model: ov.Model, doubles: bool = True) -> None:
    """Write out what recurrent layers read, and in double precision all, which they must if anything is quantized.

    Edits the model and its bodies in place; without ``doubles`` for recurrent layers alone.
    """
    wide = (ov.Type.f64,) if doubles else ()
    for network in (model, *all_bodies(model)):
        if any(map(_unpacks, network.get_ops())):
            write_out(network, lambda node, kind: traits(node.get_type_name()).recurrent or kind in wide)


def write_out(model: ov.Model, is_meant: Callable[[ov.Node, ov.Type], bool]) -> None:
    """Give constants to the readers of such integers where reader and type of numbers are meant; edits in place."""
    view = GraphView(model)
    packed: set[str] = set()  # nodes that compute with such integers alone
    for name, node in view.nodes.items():
        if _unpacks(node) or any(source.node in packed for source in view.inputs(name)):
            packed.update([name] if view.is_constant(TensorId(name, 0)) else [])
    for tensor in (tensor for name in packed for tensor in view.outputs(name) if view.is_float(tensor)):
        kind = view.output(tensor).get_element_type()
        others = [reader for reader in view.consumers(tensor) if reader.node not in packed]
        ports = [view.port(reader) for reader in others if is_meant(view.nodes[reader.node], kind)]
        if ports:
            rewire(ports, op.constant(view.value(tensor), kind, name=f"{tensor.node}/floats"))


def _unpacks(node: ov.Node) -> bool:
    """Whether a node makes floats of stored integers."""
    return bool(
        node.get_type_name() == "Convert"
        and is_constant(node.input_value(0))
        and node.get_input_element_type(0).is_integral()
        and node.get_output_element_type(0).is_real()
    )
