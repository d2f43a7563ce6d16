"""A model that measures between which borders its tensors lie.

x ── layer ── y      ──▶      x ── layer ── y ─┬─ least of each channel
                                               └─ most of each channel
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.graph.edits.replace import typed
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.utils.errors import ModelError

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Slot:
    """Where figures of one kind stand: in a vector that a model gives.

    Attributes:
        start, size: of the figures.
    """

    start: int
    size: int

    def of(self, figures: NDArray[np.float64]) -> NDArray[np.float64]:
        """The figures, the last axis of which are those of the model."""
        return figures[..., self.start : self.start + self.size]


@dataclass(frozen=True)
class Extremes:
    """What was seen of borders.

    Attributes:
        lows, highs: over all samples, a figure for each channel.
        starts: where slots begin.
        sample_lows, sample_highs: over all channels of each slot, ``[samples, slots]``.
    """

    lows: Doubles
    highs: Doubles
    starts: Sequence[int]
    sample_lows: Doubles
    sample_highs: Doubles

    def of(self, slot: Slot) -> tuple[Doubles, Doubles]:
        """Borders of each channel."""
        return slot.of(self.lows), slot.of(self.highs)

    def by_sample(self, slot: Slot) -> tuple[Doubles, Doubles]:
        """Borders of each sample."""
        place = bisect_left(self.starts, slot.start)
        return self.sample_lows[:, place], self.sample_highs[:, place]


def extremes(found: Iterable[Sequence[NDArray[Any]]], starts: Sequence[int]) -> Extremes:
    """What the lows and highs of samples come to; those of single channels are not kept."""
    lows: Doubles = np.full(1, np.inf)
    highs: Doubles = np.full(1, -np.inf)
    by_sample = []
    for least, most in found:
        lows, highs = np.minimum(lows, least), np.maximum(highs, most)
        by_sample.append((np.minimum.reduceat(least, starts), np.maximum.reduceat(most, starts)))
    sample_lows, sample_highs = (np.asarray(each, np.float64) for each in zip(*by_sample, strict=True))
    return Extremes(lows, highs, starts, sample_lows, sample_highs)


class Axes:
    """Constants that say along which axes figures are taken; those that are alike are one."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], ov.Node] = {}

    def but(self, axis: int | None, value: ov.Output) -> ov.Node:
        """All axes of a tensor but one; where none is to be kept, one of size one, so that a vector is left."""
        shape = value.get_partial_shape()
        rank = shape.rank.get_length()
        kept = axis % rank if axis is not None else 0 if rank and shape[0] == ov.Dimension(1) else None
        axes = tuple(each for each in range(rank) if each != kept)
        if axes not in self._known:
            self._known[axes] = op.constant(np.array(axes, np.int64))
        return self._known[axes]


class Borders:
    """A model whose tensors are measured.

    Args:
        model: stays as it is.

    Raises:
        ModelError: it has states.
    """

    def __init__(self, model: ov.Model) -> None:
        if model.get_sinks():
            raise ModelError("models with states can't be measured side by side")
        self._model = model.clone()
        self.view = GraphView(self._model)
        self._lows: list[ov.Output] = []
        self._highs: list[ov.Output] = []
        self._size = 0
        self._axes = Axes()
        self._known: dict[tuple[TensorId, int | None], Slot] = {}
        self._ends: dict[tuple[TensorId, int | None], tuple[ov.Output, ov.Output]] = {}

    def range(self, tensor: TensorId, axis: int | None) -> Slot:
        """Measure the borders of a tensor.

        Args:
            tensor: of the model.
            axis: of the channels; None: there is one figure for all.
        """
        if (tensor, axis) in self._known:
            return self._known[tensor, axis]
        low, high = self._ends_of(tensor, axis)
        self._lows.append(flat(low))
        self._highs.append(flat(high))
        slot = self._known[tensor, axis] = Slot(self._size, channels_of(self.view.output(tensor), axis))
        self._size += slot.size
        return slot

    def _ends_of(self, tensor: TensorId, axis: int | None) -> tuple[ov.Output, ov.Output]:
        """Borders as they are computed: behind a Relu they are those before it, cut off, which are few."""
        if self.view.type(tensor.node) == "Relu":
            low, high = self._ends_of(self.view.inputs(tensor.node)[0], axis)
            return op.relu(low).output(0), op.relu(high).output(0)
        if (tensor, axis) not in self._ends:
            value = self.view.output(tensor)
            axes = self._axes.but(axis, value)
            ends = op.reduce_min(value, axes, False), op.reduce_max(value, axes, False)
            self._ends[tensor, axis] = ends[0].output(0), ends[1].output(0)
        return self._ends[tensor, axis]

    @property
    def starts(self) -> list[int]:
        """Where each slot begins, in their order; together they are all there is."""
        return [slot.start for slot in self._known.values()]

    def model(self) -> ov.Model:
        """The model; its two outputs are vectors: lows, highs."""
        results = [op.result(op.concat(own, 0)) for own in (self._lows, self._highs)]
        return ov.Model(results, self._model.get_parameters(), f"{self._model.get_friendly_name()}_borders")


def channels_of(value: ov.Output, axis: int | None) -> int:
    """How many figures there are along an axis; one where there is none."""
    return 1 if axis is None else int(value.get_partial_shape()[axis].get_length())


def flat(value: ov.Output) -> ov.Output:
    """A figure, or one for each channel, as a vector of float32."""
    is_vector = value.get_partial_shape().rank.get_length() == 1
    return typed(value if is_vector else op.reshape(value, np.array([1], np.int64), False).output(0))
