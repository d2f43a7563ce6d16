"""Two ways to the range of activations: POT's estimators, and the range of least error."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.arithmetic.ranges import QuantizerRange, room_beyond
from openvino.tools.pot.arithmetic.schemes import (
    LARGEST,
    BorderRule,
    activation_range,
    border_rules,
    limited,
)
from openvino.tools.pot.arithmetic.search import Histogram, histogram_of, least_error_range
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.plan import ActivationQuantizer
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.reducers import Extreme, Quantile, Reducer
from openvino.tools.pot.statistics.requests import Request, has_many_rows, rows_request

Array = NDArray[np.float64]


def _is_per_channel(recipe: Recipe, view: GraphView, quantizer: ActivationQuantizer) -> bool:
    """Whether each channel has its own range: planned so, not forbidden, and of a known number of channels."""
    if not quantizer.per_channel or recipe.said_of(quantizer).granularity == "pertensor":
        return False
    shape = view.shape(quantizer.tensor)
    return shape is not None and shape[quantizer.channel_axis] is not None


def _is_signed(group: Sequence[ActivationQuantizer]) -> bool:
    """Whether the common range has both signs whatever the data."""
    return any(quantizer.signed for quantizer in group)


def both_signs(recipe: Recipe, group: Sequence[ActivationQuantizer], width: float) -> QuantizerRange:
    """The range of a group that reaches as far below zero as above."""
    border = np.array([width])
    symmetric = recipe.common_symmetry(group)
    return activation_range(-border, border, symmetric, recipe.said_of(group[0]), signed=True)


class Estimators:
    """POT's range estimators: a statistic of each sample, aggregated."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    def requests(self, view: GraphView, quantizer: ActivationQuantizer) -> list[Request]:
        """The lower border, the upper one, and the smallest value of all."""
        axis = quantizer.channel_axis if _is_per_channel(self._recipe, view, quantizer) else None
        low, high = self._rules(quantizer)
        return [
            Request(quantizer.tensor, _reducer(low, axis, upper=False), low.aggregator),
            Request(quantizer.tensor, _reducer(high, axis, upper=True), high.aggregator),
            Request(quantizer.tensor, Extreme("min", axis), "min"),
        ]

    def range(
        self, decisions: Decisions, group: Sequence[ActivationQuantizer], statistics: Statistics
    ) -> QuantizerRange:
        """The range that covers the borders of each member, with borders for each channel or one of each."""
        lows, highs, smallest = [], [], []
        for quantizer in group:
            low, high, least = (
                statistics.value(request) for request in self.requests(decisions.network.view, quantizer)
            )
            low, high = limited(low, high, self._rules(quantizer))
            lows.append(low)
            highs.append(high)
            smallest.append(least)
        covers = max(quantizer.covers for quantizer in group)
        low, least = (np.minimum(np.min(border, axis=0), -covers) for border in (lows, smallest))
        high = np.maximum(np.max(highs, axis=0), covers)
        symmetric = self._recipe.common_symmetry(group)
        if np.all(least >= 0):
            low = np.zeros_like(low)
        elif symmetric:
            low = np.minimum(low, least)
        said = self._recipe.said_of(group[0])
        return activation_range(low, high, symmetric, said, group[0].levels, _is_signed(group))

    def evidence(self, view: GraphView, quantizer: ActivationQuantizer, samples: int) -> str:
        """The statistics and their aggregators."""
        low, high = self._rules(quantizer)
        return f"{low.aggregator} of {low.kind} to {high.aggregator} of {high.kind} over {samples} samples"

    def _rules(self, quantizer: ActivationQuantizer) -> tuple[BorderRule, BorderRule]:
        recipe = self._recipe
        return border_rules(
            bool(recipe.is_symmetric(quantizer)),
            recipe.estimation_of(quantizer) == "extremes"
            or (quantizer.per_channel and recipe.said_of(quantizer).granularity != "pertensor"),
            recipe.estimators_of(quantizer),
        )


class LeastError:
    """The range of least rounding and clipping error on sampled rows, within the extremes over all data.

    Ranges for each channel (inputs of depthwise convolutions) are the extremes themselves, and so are those of
    tensors of which a sample gives one row (gates, the input of a classifier): too little is seen of them to clip.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    def requests(self, view: GraphView, quantizer: ActivationQuantizer) -> list[Request]:
        """The extremes, and rows unless ranges are for each channel."""
        per_channel = _is_per_channel(self._recipe, view, quantizer)
        axis = quantizer.channel_axis if per_channel else None
        extremes = _extremes(quantizer, axis)
        rows = None if per_channel else _rows(view, quantizer)
        return extremes if rows is None else [*extremes, rows]

    def range(
        self, decisions: Decisions, group: Sequence[ActivationQuantizer], statistics: Statistics
    ) -> QuantizerRange:
        """One search over the rows of all members, and room for what few samples don't show."""
        found = self._found(decisions, group, statistics)
        if all(_is_bounded(decisions.network.view, quantizer.tensor) for quantizer in group):
            return found
        return found.widened(room_beyond(statistics.samples))

    def evidence(self, view: GraphView, quantizer: ActivationQuantizer, samples: int) -> str:
        """Whether it was searched for or is what was seen."""
        searched = len(self.requests(view, quantizer)) > 2 and not quantizer.covers
        how = "least error on rows within" if searched else "room around"
        return f"{how} the extremes of {samples} samples"

    def _found(
        self, decisions: Decisions, group: Sequence[ActivationQuantizer], statistics: Statistics
    ) -> QuantizerRange:
        view, symmetric = decisions.network.view, self._recipe.common_symmetry(group)
        said = self._recipe.said_of(group[0])
        requests = tuple(tuple(self.requests(view, quantizer)) for quantizer in group)
        is_divided = group[0].tensor in decisions.divisors
        divisors = tuple(decisions.divisors[each.tensor] for each in group) if is_divided else ()
        seen = _Seen(tuple(group), requests, divisors, statistics)
        low, high = seen.extremes()
        covers = max(quantizer.covers for quantizer in group)
        low, high = np.minimum(low, -covers if covers else low), np.maximum(high, covers)
        if covers or low.size > 1 or not seen.has_rows:
            widest: Array = np.maximum(high, -low) if symmetric else high
            return activation_range(low, widest, symmetric, said, signed=_is_signed(group))
        unsigned = bool(low[0] >= 0) and not _is_signed(group)
        fixed = symmetric or unsigned

        def make(lows: Array, highs: Array) -> QuantizerRange:
            lows = np.zeros_like(lows) if unsigned else (-highs if symmetric else lows)
            return activation_range(lows, highs, symmetric, said)

        most = min(max(high[0], -low[0]) if symmetric else high[0], LARGEST)
        least = 0.0 if fixed else max(low[0], -LARGEST)
        key = "range", seen.key, float(least), float(most), unsigned, symmetric, said.model_dump_json()
        return statistics.once(key, lambda: least_error_range(seen.histogram(), least, most, make))


class ActivationRanges:
    """Asks for statistics of a quantizer's tensor and finds the one range of a group of quantizers, as a recipe says.

    Quantizers of a group are of one estimation, since rules count for all that share a range.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._estimators, self._least_error = Estimators(recipe), LeastError(recipe)

    def _of(self, quantizer: ActivationQuantizer) -> Estimators | LeastError:
        is_searched = self._recipe.estimation_of(quantizer) == "least error"
        return self._least_error if is_searched else self._estimators

    def requests(self, view: GraphView, quantizer: ActivationQuantizer) -> list[Request]:
        """What must be measured of a quantizer's tensor."""
        return self._of(quantizer).requests(view, quantizer)

    def range(
        self, decisions: Decisions, group: Sequence[ActivationQuantizer], statistics: Statistics
    ) -> QuantizerRange:
        """The range of a group."""
        return self._of(group[0]).range(decisions, group, statistics)

    def evidence(self, view: GraphView, quantizer: ActivationQuantizer, samples: int) -> str:
        """On what it was found."""
        return self._of(quantizer).evidence(view, quantizer, samples)


def _is_bounded(view: GraphView, tensor: TensorId) -> bool:
    """Whether what makes a tensor keeps it within the same borders whatever the data."""
    while traits(view.type(tensor.node)).moves == "reorders":
        tensor = view.inputs(tensor.node)[0]
    return traits(view.type(tensor.node)).bounded


@dataclass(frozen=True)
class _Seen:
    """What was seen of the tensors of a group; of rows only what is not known yet is computed.

    Attributes:
        group: their quantizers.
        requests: of each, for both extremes, and for rows where it has any.
        divisors: of each, what its channels are divided by; empty where they are not aligned.
        statistics: of the network.
    """

    group: tuple[ActivationQuantizer, ...]
    requests: tuple[tuple[Request, ...], ...]
    divisors: tuple[Array, ...]
    statistics: Statistics

    @property
    def has_rows(self) -> bool:
        """Whether there are rows of all of them."""
        return all(len(own) > 2 for own in self.requests)

    def extremes(self) -> tuple[Array, Array]:
        """The smallest and the largest value of all, or of each channel."""
        if self.divisors:
            return self.statistics.once(("divided extremes", self.key), self._divided_extremes)
        lows, highs = ([self.statistics.value(own[place]) for own in self.requests] for place in (0, 1))
        return np.stack(lows).min(axis=0), np.stack(highs).max(axis=0)

    def histogram(self) -> Histogram:
        """How the values of the rows are spread."""
        return self.statistics.once(("histogram", self.key), self._histogram)

    @cached_property
    def key(self) -> Hashable:
        """All that it depends on but the statistics."""
        return self.requests, tuple(divisor.tobytes() for divisor in self.divisors)

    def _divided_extremes(self) -> tuple[Array, Array]:
        low, high = min(part.min() for part in self._rows), max(part.max() for part in self._rows)
        return np.array([low], np.float64), np.array([high], np.float64)

    def _histogram(self) -> Histogram:
        values = np.concatenate([part.reshape(-1) for part in self._rows])
        return histogram_of(np.clip(values, -LARGEST, LARGEST))

    @cached_property
    def _rows(self) -> list[NDArray[np.float32]]:
        """A part of each member's rows: a group needs no more of them than a single tensor.

        The extremes of each aligned channel count as rows, so that few rows warn.
        """
        rows = [self.statistics.rows(own[2])[:: len(self.group)] for own in self.requests]
        if not self.divisors:
            return rows
        found = []
        for quantizer, own, divisor in zip(self.group, rows, self.divisors, strict=True):
            ends = [self.statistics.value(request) for request in channel_extremes(quantizer)]
            whole = np.concatenate([own, np.asarray(ends, np.float32)])
            found.append(np.divide(whole, divisor, dtype=np.float32))
        return found


def channel_extremes(quantizer: ActivationQuantizer) -> list[Request]:
    """The smallest and the largest value of each channel over all data."""
    return _extremes(quantizer, quantizer.channel_axis)


def _extremes(quantizer: ActivationQuantizer, axis: int | None) -> list[Request]:
    return [Request(quantizer.tensor, Extreme(kind, axis), kind) for kind in ("min", "max")]


def _rows(view: GraphView, quantizer: ActivationQuantizer) -> Request | None:
    if not has_many_rows(view, quantizer.tensor, quantizer.channel_axis):
        return None
    return rows_request(view, quantizer.tensor, quantizer.channel_axis)


def _reducer(rule: BorderRule, axis: int | None, upper: bool) -> Reducer:
    if rule.kind == "quantile":
        return Quantile(rule.probability, upper, axis=axis)
    if rule.kind == "abs_quantile":
        return Quantile(rule.probability, True, magnitude=True, axis=axis)
    return Extreme(rule.kind, axis)
