"""MinMaxQuantization: places quantizers and finds their ranges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.algorithm import Algorithm, Context, Stage
from openvino.tools.pot.algorithms.quantization.planning import PlanStage
from openvino.tools.pot.config.parameters import MinMaxParameters
from openvino.tools.pot.config.validation import validate
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.hardware import Device, find_device
from openvino.tools.pot.placement.plan import ActivationQuantizer, WeightQuantizer
from openvino.tools.pot.quantization.estimators import array_statistic
from openvino.tools.pot.quantization.migration import Migration
from openvino.tools.pot.quantization.ranges import QuantizerRange
from openvino.tools.pot.quantization.schemes import (
    BorderRule,
    activation_range,
    border_rules,
    halved,
    limited,
    weight_range,
)
from openvino.tools.pot.statistics.layout import Request, Statistics
from openvino.tools.pot.statistics.reducers import Extreme, Quantile, Reducer
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

Array = NDArray[np.float64]
Q = TypeVar("Q", ActivationQuantizer, WeightQuantizer)
_CHANNEL_AXIS = 1


class MinMaxQuantization(Algorithm):
    """Places FakeQuantize nodes and sets their ranges from range estimators."""

    name = "MinMaxQuantization"

    @property
    def sampling(self) -> MinMaxParameters:
        """The parameters that choose samples."""
        return self._parameters

    def _make_stages(self) -> tuple[Stage, ...]:
        self._parameters = validate(MinMaxParameters, self.config, f"{self.name} params")
        return (PlanStage(self._parameters), RangeStage(self._parameters))


class RangeStage:
    """Asks for range statistics of the planned quantizers and turns them into ranges.

    Args:
        parameters: of the algorithm.

    Raises:
        ConfigError: the target device is unknown or not supported.
    """

    def __init__(self, parameters: MinMaxParameters) -> None:
        self._parameters = parameters
        self._device = find_device(parameters.target_device)

    def requests(self, context: Context) -> Iterator[Request]:
        """Ask for the borders of every activation."""
        assert context.plan is not None
        for quantizer in context.plan.activations:
            yield from self._borders(quantizer)

    def decide(self, context: Context, statistics: Statistics) -> None:
        """Set the range of every quantizer."""
        assert context.plan is not None
        plan, view = context.plan, context.view
        ranks = {q.tensor: len(view.shape(q.tensor) or ()) for q in plan.activations}
        for group in _groups(plan.activations):
            grid = self._activation_range(group, context.outcome.migrations, statistics)
            for quantizer in group:
                context.outcome.activations[quantizer.tensor] = _by_channel(grid, ranks[quantizer.tensor])
        for members in _groups(plan.weights):
            self._weight_ranges(context, members)
        logger.info(
            "%d activations and %d weights of %d layers quantized",
            len(plan.activations), len(plan.weights), len(plan.layers),
        )  # fmt: skip

    def _symmetric(self, quantizer: ActivationQuantizer) -> bool | None:
        """Whether the zero point is fixed; None where the data decides."""
        parameters = self._parameters
        if quantizer.attention and parameters.model_type == "transformer":
            return True
        if parameters.activations.mode is not None:
            return parameters.activations.mode == "symmetric"
        if parameters.preset is not None:
            return parameters.preset == "performance"
        # A free zero point costs matrix products a tenth of their speed and convolutions nothing.
        return True if "MatMul" in quantizer.feeds else None

    def _per_channel(self, quantizer: ActivationQuantizer) -> bool:
        return quantizer.per_channel and self._parameters.activations.granularity != "pertensor"

    def _rules(self, quantizer: ActivationQuantizer) -> tuple[BorderRule, BorderRule]:
        estimators = (self._parameters.range_estimator, self._parameters.activations.range_estimator)
        return border_rules(bool(self._symmetric(quantizer)), self._per_channel(quantizer), estimators)

    def _borders(self, quantizer: ActivationQuantizer) -> tuple[Request, Request, Request]:
        """Requests for the lower border, the upper one, and the smallest value of all."""
        axis = _CHANNEL_AXIS if self._per_channel(quantizer) else None
        low, high = self._rules(quantizer)
        return (
            Request(quantizer.tensor, _reducer(low, axis, upper=False), low.aggregator),
            Request(quantizer.tensor, _reducer(high, axis, upper=True), high.aggregator),
            Request(quantizer.tensor, Extreme("min", axis), "min"),
        )

    def _activation_range(
        self,
        group: list[ActivationQuantizer],
        migrations: Mapping[TensorId, Migration],
        statistics: Statistics,
    ) -> QuantizerRange:
        """One range for all quantizers of a group: it covers the borders of each."""
        if group[0].tensor in migrations:
            return migrations[group[0].tensor].grid
        lows, highs, smallest = [], [], []
        for quantizer in group:
            low, high, least = (statistics.value(request) for request in self._borders(quantizer))
            low, high = limited(low, high, self._rules(quantizer))
            lows.append(low)
            highs.append(high)
            smallest.append(least)
        fixed = [self._symmetric(quantizer) for quantizer in group]
        symmetric = True if any(fixed) else (None if None in fixed else False)
        low, high = np.min(lows, axis=0), np.max(highs, axis=0)
        if np.min(smallest) >= 0:
            low = np.zeros_like(low)
        elif symmetric:
            low = np.minimum(low, np.min(smallest, axis=0))
        return activation_range(low, high, symmetric, self._parameters.activations)

    def _weight_ranges(self, context: Context, group: list[WeightQuantizer]) -> None:
        parameters = self._parameters
        symmetric = _symmetric_weights(parameters, self._device)
        rules = border_rules(
            symmetric, True, (parameters.range_estimator, parameters.weights.range_estimator)
        )
        borders = []
        for quantizer in group:
            axes = quantizer.channel_axes if parameters.weights.granularity != "pertensor" else ()
            array = context.weight_values(quantizer)
            low, high = (
                array_statistic(array, rule.kind, rule.probability, upper, axes)
                for rule, upper in zip(rules, (False, True), strict=True)
            )
            borders.append(limited(low, high, rules))
        if len(group) > 1:
            least, most = min(np.min(low) for low, _ in borders), max(np.max(high) for _, high in borders)
            borders = [(np.full_like(low, least), np.full_like(high, most)) for low, high in borders]
        for quantizer, (low, high) in zip(group, borders, strict=True):
            grid = weight_range(low, high, symmetric, parameters.weights)
            context.outcome.weights[quantizer] = halved(grid) if self._saturates(quantizer) else grid

    def _saturates(self, quantizer: WeightQuantizer) -> bool:
        fix = self._parameters.saturation_fix
        return fix == "all" or (fix == "first_layer" and quantizer.first)


def _symmetric_weights(parameters: MinMaxParameters, device: Device) -> bool:
    if parameters.weights.mode is not None:
        return parameters.weights.mode == "symmetric"
    return parameters.preset != "accuracy" or not device.asymmetric_weights


def _reducer(rule: BorderRule, axis: int | None, upper: bool) -> Reducer:
    if rule.kind == "quantile":
        return Quantile(rule.probability, upper, axis=axis)
    if rule.kind == "abs_quantile":
        return Quantile(rule.probability, True, magnitude=True, axis=axis)
    return Extreme(rule.kind, axis)


def _groups(quantizers: Iterable[Q]) -> list[list[Q]]:
    groups: dict[TensorId, list[Q]] = {}
    for quantizer in quantizers:
        groups.setdefault(quantizer.group, []).append(quantizer)
    return list(groups.values())


def _by_channel(grid: QuantizerRange, rank: int) -> QuantizerRange:
    """A range for each channel, shaped to broadcast along axis 1; one for all keeps a scalar's shape."""
    if grid.low.size == 1:
        return QuantizerRange(grid.low.reshape(()), grid.high.reshape(()), grid.levels)
    shape = [1] * rank
    shape[_CHANNEL_AXIS] = grid.low.size
    return QuantizerRange(grid.low.reshape(shape), grid.high.reshape(shape), grid.levels)
