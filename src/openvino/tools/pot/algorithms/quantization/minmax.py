"""MinMaxQuantization: places quantizers and finds their ranges."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.context import Context, Stage
from openvino.tools.pot.algorithms.quantization.activation_ranges import activation_ranges
from openvino.tools.pot.algorithms.quantization.planning import PlanStage
from openvino.tools.pot.algorithms.quantization.recurrence import RecurrenceStage
from openvino.tools.pot.algorithms.quantization.saturation import SaturationStage
from openvino.tools.pot.arithmetic.estimators import array_statistic
from openvino.tools.pot.arithmetic.ranges import SMALLEST_HIGH, QuantizerRange
from openvino.tools.pot.arithmetic.schemes import (
    border_rules,
    halved,
    limited,
    weight_range,
)
from openvino.tools.pot.configs.parameters import MinMaxParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.graph.geometry import axis_shape
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.hardware import Device, find_device
from openvino.tools.pot.paths import offer
from openvino.tools.pot.placement.plan import WeightQuantizer, by_group
from openvino.tools.pot.statistics.layout import Request, Statistics
from openvino.tools.pot.utils.errors import DataError
from openvino.tools.pot.utils.logger import get_logger

__path__: list[str] = []  # POT had a package here: see openvino.tools.pot.paths

logger = get_logger(__name__)

Array = NDArray[np.float64]


class MinMaxQuantization(Algorithm):
    """Places FakeQuantize nodes and sets their ranges from range estimators."""

    name = "MinMaxQuantization"

    @property
    def sampling(self) -> MinMaxParameters:
        """The parameters that choose samples."""
        return self._parameters

    def _make_stages(self) -> tuple[Stage, ...]:
        self._parameters = validate(MinMaxParameters, self.config, f"{self.name} params")
        parameters = self._parameters
        return (
            PlanStage(parameters),
            RecurrenceStage(parameters),
            RangeStage(parameters),
            SaturationStage(parameters),
        )


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
        self._activations = activation_ranges(parameters)
        if self._device.integers is not None and parameters.saturation_fix in ("first_layer", "all"):
            logger.warning(
                "saturation_fix: %s changes nothing on %s, whose sums have %d bits",
                parameters.saturation_fix, self._device.name, self._device.integers.sum_bits,
            )  # fmt: skip
        if parameters.activations.granularity == "perchannel":
            logger.warning(
                "activations.granularity: perchannel acts on the inputs of depthwise convolutions only: %s takes "
                "one range for each other tensor",
                self._device.name,
            )

    def requests(self, context: Context) -> Iterator[Request]:
        """Ask for the borders of every activation."""
        assert context.plan is not None
        for quantizer in context.plan.activations:
            yield from self._activations.requests(context.view, quantizer)

    def decide(self, context: Context, statistics: Statistics) -> None:
        """Set the range of every quantizer."""
        assert context.plan is not None
        plan, view = context.plan, context.view
        for group in by_group(plan.activations):
            if group[0].tensor in context.outcome.activations:
                continue  # an earlier stage chose it together with the division
            grid = self._activations.range(context, group, statistics)
            if self._device.integers is not None:
                _check_state(context, group[0].tensor, grid)
            for quantizer in group:
                rank = len(view.shape(quantizer.tensor) or ())
                context.outcome.activations[quantizer.tensor] = _by_channel(
                    grid, quantizer.channel_axis, rank
                )
        for members in by_group(plan.weights):
            self._weight_ranges(context, members)
        _fit_storage(context)
        logger.info(
            "%d activations and %d weights of %d layers quantized",
            len(plan.activations), len(plan.weights), len(plan.layers),
        )  # fmt: skip

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
            grid = weight_range(low, high, symmetric, parameters.weights, quantizer.format)
            context.outcome.weights[quantizer] = halved(grid) if self._saturates(quantizer) else grid

    def _saturates(self, quantizer: WeightQuantizer) -> bool:
        fix = None if self._device.integers is not None else self._parameters.saturation_fix
        return fix == "all" or (fix == "first_layer" and quantizer.first)


def _fit_storage(context: Context) -> None:
    """Widen ranges that half precision could not store, in networks that are in it."""
    assert context.plan is not None
    tensors, weights = context.outcome.activations, context.outcome.weights
    for tensor in [quantizer.tensor for quantizer in context.plan.activations]:
        if _is_half(context, tensor):
            tensors[tensor] = tensors[tensor].at_least(SMALLEST_HIGH)
    for quantizer in context.plan.weights:
        if _is_half(context, quantizer.tensor):
            weights[quantizer] = weights[quantizer].at_least(SMALLEST_HIGH)


def _is_half(context: Context, tensor: TensorId) -> bool:
    return bool(context.view.output(tensor).get_element_type() == ov.Type.f16)


def _check_state(context: Context, tensor: TensorId, grid: QuantizerRange) -> None:
    """Raise an error for a state that never left zero, since its range would let nothing else through."""
    if context.view.type(tensor.node) == "ReadValue" and float(np.max(grid.high)) == np.float32(
        SMALLEST_HIGH
    ):
        raise DataError(
            f"state {tensor.node!r} was zero at all times of the statistics, expected samples of several steps: an "
            "engine whose _predict feeds them one after the other, and resets the state between samples"
        )


def _symmetric_weights(parameters: MinMaxParameters, device: Device) -> bool:
    if parameters.weights.mode is not None:
        return parameters.weights.mode == "symmetric"
    return parameters.preset != "accuracy" or not device.asymmetric_weights


def _by_channel(grid: QuantizerRange, axis: int, rank: int) -> QuantizerRange:
    """A range for each channel, shaped to broadcast along an axis; one for all keeps a scalar's shape."""
    if grid.low.size == 1:
        return grid.reshaped()
    return grid.reshaped(*axis_shape(grid.low.size, axis, rank))


offer(globals())
