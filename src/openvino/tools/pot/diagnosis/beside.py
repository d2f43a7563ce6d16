"""A float model and a quantized one as one model, which measures what they do otherwise.

       ┌─ float ── y ─┐
input ─┤              ├─ means over all but the channels of q - y, (q - y)², y, y²
       └─ INT8 ─── q ─┘

A twin of a layer in the float model makes the error that it makes alone: the layer is linear in its input and in its
weights, so that both parts of it are layers like it.

x ─┬─ layer(W) ──── y          x ── FakeQuantize ── - x ── layer(W) ───┐
   └─ twin                     x ── layer(Wq - W) ──────────────────── + ── error
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op
from openvino.utils.node_factory import NodeFactory

from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.diagnosis.borders import Axes, Slot, channels_of, flat
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.graph.edits.replace import constant_like, rewire
from openvino.tools.pot.graph.edits.rounding import rounded
from openvino.tools.pot.graph.names import by_any_name, input_name
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.utils.errors import ModelError


class Twins:
    """A float model with a twin of some layers: what these lose alone, and what they read.

    Args:
        first: in float; stays as it is.

    Raises:
        ModelError: it has states.
    """

    def __init__(self, first: ov.Model) -> None:
        if first.get_sinks():
            raise ModelError("models with states can't be measured side by side")
        self._first = first.clone()
        self.view = GraphView(self._first)
        self._means: list[ov.Output] = []
        self._size = 0
        self._axes = Axes()
        self._powers: dict[TensorId, Slot] = {}
        self._nothing: dict[ov.Type, ov.Node] = {}

    def powers(self, tensor: TensorId) -> Slot:
        """Measure the mean square of a tensor of the float model."""
        if tensor not in self._powers:
            self._powers[tensor] = self._mean(_square(self.view.output(tensor)), None, 1)
        return self._powers[tensor]

    def cut(self, tensor: TensorId, span: QuantizerRange) -> tuple[Slot, Slot]:
        """Measure what a range cuts off a tensor of the float model: its mean square, and of how many values.

        What lies less than half a step beyond it does not count among these, as rounding moves others as far.
        """
        value = self.view.output(tensor)
        if span.low.size == 1:
            inside = op.clamp(value, float(span.low.reshape(-1)[0]), float(span.high.reshape(-1)[0]))
        else:
            low, high = (constant_like(value, border) for border in (span.low, span.high))
            inside = op.minimum(op.maximum(value, low), high)
        lost = op.subtract(value, inside).output(0)
        half = constant_like(value, np.asarray(span.scale / 2, np.float32))
        return self._mean(_square(lost), None, 1), self._share(op.greater(op.abs(lost), half), value)

    def outer(self, tensor: TensorId, span: QuantizerRange, inner: float) -> tuple[Slot, Slot]:
        """Measure which share of a tensor of the float model lies beyond a part of a range, and which isn't zero."""
        value = self.view.output(tensor)
        beyond = op.greater(value, constant_like(value, span.high * np.float32(inner)))
        if np.any(span.low < 0):
            beyond = op.logical_or(op.less(value, constant_like(value, span.low * np.float32(inner))), beyond)
        kind = value.get_element_type()
        if kind not in self._nothing:
            self._nothing[kind] = constant_like(value, np.zeros(1, np.float32))
        return self._share(beyond, value), self._share(op.not_equal(value, self._nothing[kind]), value)

    def twin(
        self,
        node: str,
        spans: Mapping[int, QuantizerRange],
        weights: tuple[int, NDArray[np.float32]] | None,
        shift: NDArray[np.floating] | None,
        axis: int | None,
    ) -> tuple[Slot, Slot, Slot]:
        """Measure the error that a layer makes alone: mean and mean square of all of it, mean square of its weights'.

        Args:
            node: the layer.
            spans: input port -> the range that its data is rounded to.
            weights: their input port and their error, where the layer is linear in them.
            shift: of its output, in a shape that broadcasts against it.
            axis: of the channels.
        """
        layer = self.view.node(node)
        if layer.get_type_name() == "Result":
            return self._lost_at(InputId(node, 0), spans[0], axis)
        exact = layer.output(0)
        channels = channels_of(exact, axis)
        values = {port: rounded(layer.input_value(port), span) for port, span in spans.items()}
        error: ov.Output | None = None
        if values and weights is not None:
            ((port, value),) = list(values.items())[:1]
            lost = op.subtract(value, layer.input_value(port)).output(0)
            error = _again(layer, {port: lost})
        elif values:
            error = op.subtract(_again(layer, values), exact).output(0)
        own = op.subtract(exact, exact).output(0)
        if weights is not None:
            own = _again(layer, {weights[0]: constant_like(exact, weights[1]).output(0)})
        whole = own if error is None else error if weights is None else op.add(error, own).output(0)
        if shift is not None:
            whole = op.add(whole, constant_like(exact, shift)).output(0)
        return (
            self._mean(whole, axis, channels),
            self._mean(_square(whole), axis, channels),
            self._mean(_square(own), axis, channels),
        )

    def _lost_at(self, reader: InputId, span: QuantizerRange, axis: int | None) -> tuple[Slot, Slot, Slot]:
        """What rounding alone makes."""
        exact = self.view.port(reader).get_source_output()
        lost, channels = (
            op.subtract(rounded(exact, span), exact).output(0),
            channels_of(exact, axis),
        )
        nothing = op.subtract(exact, exact).output(0)
        squares = self._mean(_square(lost), axis, channels)
        return self._mean(lost, axis, channels), squares, self._mean(nothing, axis, channels)

    def model(self) -> ov.Model:
        """The model; its output is a vector of means."""
        result = op.result(op.concat(self._means, 0))
        return ov.Model([result], self._first.get_parameters(), f"{self._first.get_friendly_name()}_beside")

    def _mean(self, value: ov.Output, axis: int | None, channels: int) -> Slot:
        self._means.append(flat(op.reduce_mean(value, self._axes.but(axis, value), False).output(0)))
        slot = Slot(self._size, channels)
        self._size += channels
        return slot

    def _share(self, holds: ov.Node, value: ov.Output) -> Slot:
        """Of how many values something holds."""
        return self._mean(op.convert(holds, value.get_element_type()).output(0), None, 1)


class Beside(Twins):
    """A float model and a quantized one with the same inputs.

    Args:
        first: in float; stays as it is.
        second: quantized; stays as it is.

    Raises:
        ModelError: their inputs are not the same, or they have states.
    """

    def __init__(self, first: ov.Model, second: ov.Model) -> None:
        super().__init__(first)
        if second.get_sinks():
            raise ModelError("models with states can't be measured side by side")
        self._second = _that_compiles(second)
        self.other = GraphView(self._second)
        self._share_inputs()

    def outputs(self, tensor: TensorId, other: TensorId, axis: int | None) -> tuple[Slot, Slot, Slot, Slot]:
        """Compare a tensor of both models: means of the error, of its square, of the value, of its square.

        Args:
            tensor, other: of the float model and of the quantized one.
            axis: of the channels; None: there is one figure for all.
        """
        value, found = self.view.output(tensor), self.other.output(other)
        if found.get_element_type() != value.get_element_type():
            found = op.convert(found, value.get_element_type()).output(0)
        error = op.subtract(found, value).output(0)
        channels = channels_of(value, axis)
        return (
            self._mean(error, axis, channels),
            self._mean(_square(error), axis, channels),
            self._mean(value, axis, channels),
            self._mean(_square(value), axis, channels),
        )

    def _share_inputs(self) -> None:
        known = by_any_name(self._first.inputs)
        ports, others = self._first.inputs, self._second.inputs
        if len(ports) != len(others):
            raise ModelError(f"the float model has {len(ports)} inputs, the quantized one {len(others)}")
        for position, port in enumerate(others):
            own = known.get(input_name(port), ports[position])
            source = own.get_node()
            if own.get_element_type() != port.get_element_type():
                source = op.convert(own, port.get_element_type())
            rewire(port.get_target_inputs(), source)


def _that_compiles(model: ov.Model) -> ov.Model:
    """A copy without quantizers by another axis than the second, which the CPU can't run where it fuses nothing."""
    plain = emulated(model, narrow=True, meant=_is_by_another_axis)
    return model.clone() if plain is model else plain


def _is_by_another_axis(node: ov.Node) -> bool:
    """Whether ranges of a quantizer differ along another axis than the second; by the first lie those of weights."""
    shape = tuple(node.get_input_shape(1))
    return max(shape, default=1) > max((*shape[:2], 1) if len(shape) > 1 else (1,))


def _again(layer: ov.Node, changed: Mapping[int, ov.Output]) -> ov.Output:
    """The first output of a layer like another one with some inputs of its own."""
    sources: Sequence[ov.Output] = [
        changed.get(number, source) for number, source in enumerate(layer.input_values())
    ]
    twin: ov.Node = NodeFactory("opset13").create(
        layer.get_type_name(), list(sources), layer.get_attributes()
    )
    return twin.output(0)


def _square(value: ov.Output) -> ov.Output:
    return op.multiply(value, value).output(0)
