"""Quantization that an input of the model switches on and off, layer by layer.

x ── layer(W) ── next      ──▶      f ? Q(x) : x ─┬─ layer(W) ─────────── + ── next
                                                  └─ layer(Wq - W) ── f * ┘
"""

from __future__ import annotations

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op
from openvino.utils.node_factory import NodeFactory

from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.graph.edits.replace import constant_like, rewire, typed
from openvino.tools.pot.graph.edits.rounding import rounded
from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.graph.view import GraphView

FLAGS = "quantized_layers"


class Switches:
    """Edits a model so that each of some layers can be quantized or not at each inference.

    Args:
        model: edited in place.
        count: number of layers.

    The model gets an input called ``quantized_layers``, float32 of shape ``[count]``: one for a layer that is
    quantized, zero for one that isn't.
    """

    def __init__(self, model: ov.Model, count: int) -> None:
        self._view = GraphView(model)
        flags = op.parameter([count], ov.Type.f32, name=FLAGS)
        flags.output(0).set_names({FLAGS})
        model.add_parameters([flags])
        axis = op.constant(0)
        # One output each: some passes of the CPU's compilation refuse nodes with several, such as Split.
        self._flags = [op.gather(flags, op.constant([number]), axis) for number in range(count)]
        self._chosen: dict[int, ov.Node] = {}

    def activation(
        self,
        number: int,
        reader: InputId,
        span: QuantizerRange,
        divisor: NDArray[np.floating] | None = None,
    ) -> None:
        """Let a layer's input be rounded to a range, whose borders broadcast against it, divided meanwhile."""
        port = self._view.port(reader)
        source = port.get_source_output()
        if divisor is None:
            value = rounded(source, span)
        else:
            factor = constant_like(source, np.asarray(divisor))
            value = op.multiply(rounded(op.divide(source, factor).output(0), span), factor).output(0)
        if number not in self._chosen:
            self._chosen[number] = op.convert(self._flags[number], "boolean")
        rewire([port], op.select(self._chosen[number], value, source))

    def weights(
        self,
        number: int,
        reader: InputId,
        error: NDArray[np.float32],
        shift: NDArray[np.floating] | None = None,
    ) -> None:
        """Let weights be off by an error, and outputs be shifted.

        Args:
            number: of the layer's flag.
            reader: the input of a node that is linear in its weights; the call comes behind that for its activation.
            error: in the shape of the weights.
            shift: broadcasts against the output, or None.
        """
        node = self._view.node(reader.node)
        output, readers = node.output(0), node.output(0).get_target_inputs()
        sources: list[ov.Node | ov.Output] = [port.get_source_output() for port in node.inputs()]
        sources[reader.port] = constant_like(output, error)
        extra = NodeFactory("opset13").create(node.get_type_name(), sources, node.get_attributes())
        if shift is not None:
            extra = op.add(extra, constant_like(output, shift))
        rewire(readers, op.add(output, op.multiply(extra, self._flag(number, output))))

    def shift(self, number: int, node: str, shift: NDArray[np.floating]) -> None:
        """Let what a node gives be moved by what broadcasts against it."""
        output = self._view.node(node).output(0)
        readers = output.get_target_inputs()
        moved = op.multiply(constant_like(output, np.asarray(shift)), self._flag(number, output))
        rewire(readers, op.add(output, moved))

    def _flag(self, number: int, source: ov.Output) -> ov.Output:
        return typed(self._flags[number].output(0), source.get_element_type())
