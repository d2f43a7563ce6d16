"""Which rows of a tensor an inference gives: a few, at places that move from sample to sample.

Sentences are padded to one length, and what a network computes at the padding is noise that nobody reads: where
the model has a mask of its tokens as an input, rows of token tensors come from the valid ones alone.

Which of several equal ways is fast depends on how the device lays tensors out in memory. That is guessed, and a wrong
guess costs time and never a figure: convolutions of the CPU keep the channels of a position together, what follows
them element by element leaves it so, and operations that move data put tensors back in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.graph.edits.replace import typed
from openvino.tools.pot.graph.geometry import Window
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.phases import (
    COVERED,
    PHASE,
    PLACES,
    TOKEN_MASKS,
    Group,
    Phases,
    Spread,
    Taps,
)

_FARTHEST = 32
_SHARED = 16
"""Readers of a constant: compiling takes a time that grows with the square of their number, and with each constant."""


class Places:
    """The indices at which rows are gathered, and what must be fed to choose them.

    A tensor of ``n`` rows gives one from each of ``count`` equal parts, moved by a phase that the golden
    ratio's multiples spread evenly, so that in time every place has its turn. The host computes all indices and
    feeds them as one vector: many small nodes would cost more than the gathering.

    Args:
        view: the model that is measured.

    Attributes:
        parameters: the inputs that were made.
        phases: what they are fed; both as soon as they are connected.
    """

    def __init__(self, view: GraphView) -> None:
        self._view, self._tokens = view, _token_mask(view)
        self._groups: dict[Group, ov.Output] = {}
        self._covered: dict[Taps, ov.Output] = {}
        self._phase: ov.Node | None = None
        self._constants: dict[tuple[int, ...] | int, list[ov.Node]] = {}
        self._matrices: dict[tuple[str, int, int], ov.Output] = {}
        self.parameters: list[ov.Node] = []
        self.phases = Phases((), (), False, None)

    def constant(self, values: Sequence[int] | int) -> ov.Node:
        """An int64 constant, made once for several who need it."""
        key = values if isinstance(values, int) else tuple(values)
        turns = self._constants.setdefault(key, [])
        if not turns:
            turns.extend([op.constant(np.array(values, np.int64))] * _SHARED)
        return turns.pop()

    def rows(self, source: ov.Output, axis: int, count: int) -> ov.Output:
        """``count`` vectors along an axis of a tensor, shape ``[count, channels]``."""
        shape = source.get_partial_shape()
        others = [dimension for position, dimension in enumerate(shape) if position != axis % len(shape)]
        if any(dimension.is_dynamic for dimension in others):
            rows = self.matrix(source, axis)
            return op.gather(rows, self._spread_later(rows, count), self.constant(0)).output(0)
        are_tokens = self.token_count(source, axis) > 0
        size = None if are_tokens else prod(dimension.get_length() for dimension in others)
        return self._gathered(source, axis, self._indices(Spread(size, count)))

    def output(self, tensor: TensorId) -> ov.Output:
        """Another tensor of the model that is measured."""
        return self._view.output(tensor)

    def token_count(self, source: ov.Output, axis: int) -> int:
        """How many rows along an axis a tensor has, if these are the model's tokens, and zero otherwise."""
        shape = source.get_partial_shape()
        others = [dimension for position, dimension in enumerate(shape) if position != axis % len(shape)]
        if self._tokens is None or any(dimension.is_dynamic for dimension in others):
            return 0
        size = prod(dimension.get_length() for dimension in others)
        return size if size == self._tokens[1] else 0

    def patches(self, source: ov.Output, window: Window, count: int) -> ov.Output:
        """What ``count`` windows read, padding as zeros, float32 of shape ``[count * taps, channels]``."""
        group = Taps(window, count)
        taken = typed(self._gathered(source, 1, self._indices(group)))
        if window.is_inside:
            return taken
        if group not in self._covered:
            self._covered[group] = op.parameter([group.length, 1], ov.Type.f32).output(0)
        return op.multiply(taken, self._covered[group]).output(0)

    def _indices(self, group: Group) -> ov.Output:
        """A stand-in for the group's part of the vector, which is as long as all of them."""
        if group not in self._groups:
            self._groups[group] = op.parameter([group.length], ov.Type.i32).output(0)
        return self._groups[group]

    def _gathered(self, source: ov.Output, axis: int, indices: ov.Output) -> ov.Output:
        shape = source.get_partial_shape()
        if channels_lead(source, axis) and len(shape) > 2 and not keeps_channels_together(source):
            flat = self.constant((shape[1].get_length(), -1))
            columns = op.gather(op.reshape(source, flat, False), indices, self.constant(1))
            return op.transpose(columns, self.constant((1, 0))).output(0)
        return op.gather(self.matrix(source, axis), indices, self.constant(0)).output(0)

    def matrix(self, source: ov.Output, axis: int) -> ov.Output:
        """The tensor as ``[positions, channels]``, made once for all who gather from it."""
        key = (source.get_node().get_friendly_name(), source.get_index(), axis)
        if key not in self._matrices:
            shape = source.get_partial_shape()
            rank, axis = len(shape), axis % len(shape)
            moved = source
            if axis != rank - 1:
                order = [*(position for position in range(rank) if position != axis), axis]
                moved = op.transpose(owned(source), self.constant(order)).output(0)
            if rank != 2:
                moved = op.reshape(moved, self.constant((-1, shape[axis].get_length())), False).output(0)
            self._matrices[key] = moved
        return self._matrices[key]

    def _spread_later(self, rows: ov.Output, count: int) -> ov.Output:
        """Places in a tensor whose size only the inference knows."""
        if self._phase is None:
            self._phase = op.parameter([], ov.Type.f32, name=PHASE)
        length = op.gather(op.shape_of(rows), self.constant(0), self.constant(0))
        width = op.divide(op.convert(length, "f32"), op.constant(np.float32(count)))
        starts = op.add(op.constant(np.arange(count, dtype=np.float32)), self._phase)
        places: ov.Output = op.convert(op.floor(op.multiply(starts, width)), "i32").output(0)
        return places

    def connect(self) -> None:
        """Make the inputs, once all reductions are there, and put them in the place of the stand-ins."""
        self.parameters = [] if self._phase is None else [self._phase]
        self._join(PLACES, self._groups)
        self._join(COVERED, self._covered)
        self.phases = Phases(tuple(self._groups), tuple(self._covered), self._phase is not None, self._tokens)

    def _join(self, name: str, stand_ins: Mapping[Any, ov.Output]) -> None:
        if not stand_ins:
            return
        lengths = [group.length for group in stand_ins]
        first = next(iter(stand_ins.values()))
        shape = [sum(lengths), *list(first.get_shape())[1:]]
        whole = op.parameter(shape, first.get_element_type(), name=name)
        parts = op.variadic_split(whole, self.constant(0), self.constant(lengths))
        for number, stand_in in enumerate(stand_ins.values()):
            for reader in stand_in.get_target_inputs():
                reader.replace_source_output(parts.output(number))
        self.parameters.append(whole)


def _token_mask(view: GraphView) -> tuple[set[str], int] | None:
    """The names of the input that says which tokens are valid, and how many there are; None without one.

    It is told by the name that exporters give it; a mask of any other name may mean anything.
    """
    for node in view.model.get_parameters():
        output = node.output(0)
        names = {node.get_friendly_name(), *output.get_names()}
        shape = output.get_partial_shape()
        if names & TOKEN_MASKS and shape.is_static and len(shape) == 2:
            return names, int(np.prod(list(shape.to_shape())))
    return None


def channels_lead(output: ov.Output, axis: int) -> bool:
    """Whether a tensor is one row for each index of ``axis`` as it stands: that of the channels of one sample."""
    shape = output.get_partial_shape()
    return axis % len(shape) == 1 and bool(shape[0].is_static and shape[0].get_length() == 1)


def keeps_channels_together(output: ov.Output) -> bool:
    """Whether a tensor comes from a convolution, with nothing but element by element operations in between."""
    rank = output.get_partial_shape().rank
    for _ in range(_FARTHEST):
        node = output.get_node()
        own = traits(node.get_type_name())
        if own.convolves:
            return True
        sources = [port.get_source_output() for port in node.inputs()]
        data = [s for s in sources if s.get_node().get_type_name() != "Constant"]
        data = [s for s in data if s.get_partial_shape().rank == rank]
        if not own.layout or not data:
            return False
        output = data[0]
    return False


def owned(output: ov.Output) -> ov.Output:
    """A tensor, or its copy where it is a sum that a convolution writes over one of its summands.

    Turning such a tensor costs many times as much as a copy. Pooling of single values is a copy that keeps channels
    together.
    """
    if not (_is_sum_in_place(output) and keeps_channels_together(output)):
        return output
    axes = len(output.get_partial_shape()) - 2
    ones, zeros = [1] * axes, [0] * axes
    return op.max_pool(output, ones, ones, zeros, zeros, ones).output(0)


def _is_sum_in_place(output: ov.Output) -> bool:
    """Whether a tensor is a sum, perhaps behind an activation, of two tensors that nobody else reads."""
    node = output.get_node()
    if node.get_input_size() == 1:
        node = node.input_value(0).get_node()
    summands = [port.get_source_output() for port in node.inputs()]
    return node.get_type_name() == "Add" and all(
        summand.get_node().get_type_name() != "Constant" and len(summand.get_target_inputs()) == 1
        for summand in summands
    )
