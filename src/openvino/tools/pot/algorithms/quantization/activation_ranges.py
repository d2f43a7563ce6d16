"""Two ways to the range of activations: POT's estimators, and the range of least error.

POT's stand for whatever a configuration names; where it is silent, the range of least error is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.context import Context
from openvino.tools.pot.arithmetic.ranges import QuantizerRange, room_beyond
from openvino.tools.pot.arithmetic.schemes import (
    LARGEST,
    BorderRule,
    activation_range,
    border_rules,
    limited,
)
from openvino.tools.pot.arithmetic.search import least_error_range
from openvino.tools.pot.configs.parameters import MinMaxParameters
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.plan import ActivationQuantizer
from openvino.tools.pot.statistics.layout import Request, Statistics
from openvino.tools.pot.statistics.reducers import Extreme, Quantile, Reducer
from openvino.tools.pot.statistics.sampling import has_many_rows, rows_request

Array = NDArray[np.float64]


class ActivationRanges(Protocol):
    """Asks for statistics of a quantizer's tensor and finds the one range of a group of quantizers."""

    def requests(self, view: GraphView, quantizer: ActivationQuantizer) -> list[Request]:
        """What must be measured."""
        ...

    def range(
        self, context: Context, group: Sequence[ActivationQuantizer], statistics: Statistics
    ) -> QuantizerRange:
        """The range, with borders for each channel or one of each."""
        ...


def activation_ranges(parameters: MinMaxParameters) -> ActivationRanges:
    """POT's estimators where the parameters name one, else least error.

    Ranges of 16 bits are the extremes over all data, since there is nothing to win by clipping, unless a preset is
    named: that means POT's formulas there.
    """
    if says_estimators(parameters):
        return Estimators(parameters)
    if is_wide(parameters):
        return Estimators(parameters, extremes=parameters.preset is None)
    return LeastError(parameters)


def says_estimators(parameters: MinMaxParameters) -> bool:
    """Whether the parameters name an estimator, which means POT's formulas."""
    return parameters.range_estimator is not None or parameters.activations.range_estimator is not None


def is_wide(parameters: MinMaxParameters) -> bool:
    """Whether the device has integers throughout, most of them of 16 bits."""
    return find_device(parameters.target_device).integers is not None


def says_form(parameters: MinMaxParameters) -> bool:
    """Whether the parameters say how the quantizers of activations look, so that nothing else may shape them."""
    said = parameters.activations
    form = (said.mode, said.granularity, said.level_low)
    return says_estimators(parameters) or any(word is not None for word in form)


def may_divide(parameters: MinMaxParameters) -> bool:
    """Whether channels may be divided before they are rounded: on a device that can, unless the form is said."""
    return not says_form(parameters) and not is_wide(parameters)


def is_symmetric(parameters: MinMaxParameters, quantizer: ActivationQuantizer) -> bool | None:
    """Whether the zero point is fixed; None where the data decides."""
    if quantizer.symmetric:
        return True
    if parameters.activations.mode is not None:
        return parameters.activations.mode == "symmetric"
    if parameters.preset is not None:
        return parameters.preset == "performance"
    # A free zero point costs matrix products a tenth of their speed and convolutions nothing.
    return True if quantizer.attention or "MatMul" in quantizer.feeds else None


def _is_per_channel(parameters: MinMaxParameters, view: GraphView, quantizer: ActivationQuantizer) -> bool:
    """Whether each channel has its own range: planned so, not forbidden, and of a known number of channels."""
    if not quantizer.per_channel or parameters.activations.granularity == "pertensor":
        return False
    shape = view.shape(quantizer.tensor)
    return shape is not None and shape[quantizer.channel_axis] is not None


def _common_symmetry(parameters: MinMaxParameters, group: Sequence[ActivationQuantizer]) -> bool | None:
    fixed = [is_symmetric(parameters, quantizer) for quantizer in group]
    return True if any(fixed) else (None if None in fixed else False)


def _is_signed(group: Sequence[ActivationQuantizer]) -> bool:
    """Whether the common range has both signs whatever the data."""
    return any(quantizer.signed for quantizer in group)


def both_signs(
    parameters: MinMaxParameters, group: Sequence[ActivationQuantizer], width: float
) -> QuantizerRange:
    """The range of a group that reaches as far below zero as above."""
    border = np.array([width])
    symmetric = _common_symmetry(parameters, group)
    return activation_range(-border, border, symmetric, parameters.activations, signed=True)


class Estimators:
    """POT's range estimators: a statistic of each sample, aggregated.

    Args:
        parameters: of the algorithm.
        extremes: whether ranges reach as far as any sample, where the parameters don't say otherwise.
    """

    def __init__(self, parameters: MinMaxParameters, extremes: bool = False) -> None:
        self._parameters = parameters
        self._extremes = extremes

    def requests(self, view: GraphView, quantizer: ActivationQuantizer) -> list[Request]:
        """The lower border, the upper one, and the smallest value of all."""
        axis = quantizer.channel_axis if _is_per_channel(self._parameters, view, quantizer) else None
        low, high = self._rules(quantizer)
        return [
            Request(quantizer.tensor, _reducer(low, axis, upper=False), low.aggregator),
            Request(quantizer.tensor, _reducer(high, axis, upper=True), high.aggregator),
            Request(quantizer.tensor, Extreme("min", axis), "min"),
        ]

    def range(
        self, context: Context, group: Sequence[ActivationQuantizer], statistics: Statistics
    ) -> QuantizerRange:
        """The range that covers the borders of each member."""
        lows, highs, smallest = [], [], []
        for quantizer in group:
            low, high, least = (
                statistics.value(request) for request in self.requests(context.view, quantizer)
            )
            low, high = limited(low, high, self._rules(quantizer))
            lows.append(low)
            highs.append(high)
            smallest.append(least)
        covers = max(quantizer.covers for quantizer in group)
        low, least = (np.minimum(np.min(border, axis=0), -covers) for border in (lows, smallest))
        high = np.maximum(np.max(highs, axis=0), covers)
        symmetric = _common_symmetry(self._parameters, group)
        if np.all(least >= 0):
            low = np.zeros_like(low)
        elif symmetric:
            low = np.minimum(low, least)
        return activation_range(
            low, high, symmetric, self._parameters.activations, group[0].levels, _is_signed(group)
        )

    def _rules(self, quantizer: ActivationQuantizer) -> tuple[BorderRule, BorderRule]:
        parameters = self._parameters
        return border_rules(
            bool(is_symmetric(parameters, quantizer)),
            self._extremes or (quantizer.per_channel and parameters.activations.granularity != "pertensor"),
            (parameters.range_estimator, parameters.activations.range_estimator),
        )


class LeastError:
    """The range of least rounding and clipping error on sampled rows, within the extremes over all data.

    Ranges for each channel (inputs of depthwise convolutions) are the extremes themselves, and so are those of
    tensors of which a sample gives one row (gates, the input of a classifier): too little is seen of them to clip.
    """

    def __init__(self, parameters: MinMaxParameters) -> None:
        self._parameters = parameters

    def requests(self, view: GraphView, quantizer: ActivationQuantizer) -> list[Request]:
        """The extremes, and rows unless ranges are for each channel."""
        per_channel = _is_per_channel(self._parameters, view, quantizer)
        axis = quantizer.channel_axis if per_channel else None
        extremes = _extremes(quantizer, axis)
        rows = None if per_channel else _rows(view, quantizer)
        return extremes if rows is None else [*extremes, rows]

    def range(
        self, context: Context, group: Sequence[ActivationQuantizer], statistics: Statistics
    ) -> QuantizerRange:
        """One search over the rows of all members, and room for what few samples don't show."""
        found = self._found(context, group, statistics)
        if all(_is_bounded(context.view, quantizer.tensor) for quantizer in group):
            return found
        return found.widened(room_beyond(statistics.samples))

    def _found(
        self, context: Context, group: Sequence[ActivationQuantizer], statistics: Statistics
    ) -> QuantizerRange:
        view, symmetric = context.view, _common_symmetry(self._parameters, group)
        extremes = [self.requests(view, quantizer)[:2] for quantizer in group]
        low: Array = np.stack([statistics.value(pair[0]) for pair in extremes]).min(axis=0)
        high: Array = np.stack([statistics.value(pair[1]) for pair in extremes]).max(axis=0)
        # A part of each member's rows: a group needs no more of them than a single tensor.
        rows = [
            statistics.rows(request)[:: len(group)]
            for quantizer in group
            for request in self.requests(view, quantizer)[2:]
        ]
        if group[0].tensor in context.outcome.divisors:
            divisors = [context.outcome.divisors[quantizer.tensor] for quantizer in group]
            rows, low, high = _divided(group, rows, divisors, statistics)
        covers = max(quantizer.covers for quantizer in group)
        low, high = np.minimum(low, -covers if covers else low), np.maximum(high, covers)
        if covers or low.size > 1 or len(rows) < len(group):
            widest: Array = np.maximum(high, -low) if symmetric else high
            return activation_range(
                low, widest, symmetric, self._parameters.activations, signed=_is_signed(group)
            )
        unsigned = bool(low[0] >= 0) and not _is_signed(group)
        fixed = symmetric or unsigned

        def make(lows: Array, highs: Array) -> QuantizerRange:
            lows = np.zeros_like(lows) if unsigned else (-highs if symmetric else lows)
            return activation_range(lows, highs, symmetric, self._parameters.activations)

        most = min(max(high[0], -low[0]) if symmetric else high[0], LARGEST)
        values = np.clip(np.concatenate([part.reshape(-1) for part in rows]), -LARGEST, LARGEST)
        return least_error_range(values, 0.0 if fixed else max(low[0], -LARGEST), most, make)


def _is_bounded(view: GraphView, tensor: TensorId) -> bool:
    """Whether what makes a tensor keeps it within the same borders whatever the data."""
    while traits(view.type(tensor.node)).moves == "reorders":
        tensor = view.inputs(tensor.node)[0]
    return traits(view.type(tensor.node)).bounded


def _divided(
    group: Sequence[ActivationQuantizer],
    rows: Sequence[NDArray[np.float32]],
    divisors: Sequence[Array],
    statistics: Statistics,
) -> tuple[list[NDArray[np.float32]], Array, Array]:
    """Rows and extremes of aligned channels; the extremes of each channel count as rows, so that few rows warn."""
    found: list[NDArray[np.float32]] = []
    for quantizer, own, divisor in zip(group, rows, divisors, strict=True):
        ends = [statistics.value(request) for request in channel_extremes(quantizer)]
        whole = np.concatenate([own, np.asarray(ends, np.float32)])
        found.append(np.divide(whole, divisor, dtype=np.float32))
    low, high = min(part.min() for part in found), max(part.max() for part in found)
    return found, np.array([low], np.float64), np.array([high], np.float64)


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
