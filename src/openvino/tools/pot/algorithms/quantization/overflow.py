"""OverflowCorrection: ranges widened so that the sums of linear operations fit the device's accumulator."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.algorithm import Algorithm, Context, PlannedLayer, Stage
from openvino.tools.pot.config.parameters import MinMaxParameters
from openvino.tools.pot.config.validation import validate
from openvino.tools.pot.graph.edits.bias import bias_input
from openvino.tools.pot.graph.geometry import LinearLayer
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.plan import QuantizedLayer, WeightQuantizer
from openvino.tools.pot.quantization.overflow import fitting_factor, steps
from openvino.tools.pot.statistics.layout import Request, Statistics
from openvino.tools.pot.statistics.reducers import Extreme
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

Array = NDArray[np.float64]

_MARGIN = 1.25
"""Data that was not seen may sum up to more than the largest that was."""


class OverflowCorrection(Algorithm):
    """Widens ranges that could overflow; stands behind MinMaxQuantization in the same list of algorithms."""

    name = "OverflowCorrection"

    @property
    def sampling(self) -> MinMaxParameters | None:
        """None: the samples are those of MinMaxQuantization."""
        return None

    def _make_stages(self) -> tuple[Stage, ...]:
        parameters = validate(MinMaxParameters, self.config, f"{self.name} params")
        if find_device(parameters.target_device).integers is None:
            raise ConfigError(
                f"{self.name} is for devices with 32-bit sums of 16-bit numbers, expected target_device GNA or GNA3, "
                f"found {parameters.target_device!r}"
            )
        return (OverflowStage(parameters),)


_FEW_LEVELS = 256


class OverflowStage:
    """Widens ranges where an accumulator could overflow.

    A layer counts its result, bias included, in products of a step of its input and a step of its weights. Weights of
    16 bits are widened; those of 8 have no levels to spare, and the input is widened in their place. An Add or
    Subtract of a constant holds that in steps of its input, whose range is widened.

    Active on devices that compute in integers throughout.

    Args:
        parameters: of the algorithm.

    Raises:
        ConfigError: the target device is unknown.
    """

    def __init__(self, parameters: MinMaxParameters) -> None:
        integers = find_device(parameters.target_device).integers
        self._bits = 0 if integers is None else integers.sum_bits

    def requests(self, context: Context) -> Iterator[Request]:
        """Ask for the largest result of each layer, with its bias and without."""
        for _, layer, _ in self._layers(context):
            yield from _results(context, layer)

    def decide(self, context: Context, statistics: Statistics) -> None:
        """Widen the ranges that need it, those of inputs first."""
        factors: list[float] = []
        for planned, constant in _constant_sums(context) if self._bits else ():
            factors.append(self._for_constant(context, planned, constant))
        layers = [(each, self._counted(context, statistics, each[1])) for each in self._layers(context)]
        layers.sort(key=lambda each: each[0][2].levels)  # inputs are widened for weights of 8 bits
        for (planned, layer, quantizer), largest in layers:
            factors.append(self._for_layer(context, planned, layer, quantizer, largest))
        if self._bits:
            count = sum(factor > 1 for factor in factors)
            logger.info("%d ranges are wider, so that %d-bit sums can't overflow", count, self._bits)

    def _layers(self, context: Context) -> Iterator[PlannedLayer]:
        for planned, layer, quantizer in context.linear_layers if self._bits else ():
            if planned.group_at(layer.activation) is not None:
                yield planned, layer, quantizer

    def _counted(self, context: Context, statistics: Statistics, layer: LinearLayer) -> Array:
        """The largest magnitude of each output channel, with room."""
        found = [statistics.value(each) for each in _results(context, layer)]
        return np.asarray(np.max(found, axis=0) * _MARGIN, np.float64)

    def _for_layer(
        self,
        context: Context,
        planned: QuantizedLayer,
        layer: LinearLayer,
        quantizer: WeightQuantizer,
        largest: Array,
    ) -> float:
        """How much wider a range becomes so that a layer's sums fit."""
        weights, group = context.outcome.weights[quantizer], planned.group_at(layer.activation)
        assert group is not None
        source = context.outcome.activations[group]
        if weights.scale.size == 1:
            largest = np.max(largest, keepdims=True)
        counted = steps(largest, source.scale.reshape(-1), weights.scale.reshape(-1))
        factor = fitting_factor(counted, self._bits)
        if quantizer.levels <= _FEW_LEVELS:
            context.outcome.activations[group] = source.widened(float(np.max(factor)))
        else:
            context.outcome.weights[quantizer] = weights.widened(factor.reshape(weights.low.shape))
        return float(np.max(factor))

    def _for_constant(self, context: Context, planned: QuantizedLayer, constant: TensorId) -> float:
        """How much wider the range of an input becomes so that a constant in its steps fits."""
        group = planned.groups[0]
        assert group is not None
        grid = context.outcome.activations[group]
        largest = np.max(np.abs(context.view.value(constant)), keepdims=True).astype(np.float64).reshape(-1)
        factor = float(fitting_factor(steps(largest, grid.scale.reshape(-1), 1.0), self._bits)[0])
        context.outcome.activations[group] = grid.widened(factor)
        return factor


def _results(context: Context, layer: LinearLayer) -> list[Request]:
    """The largest magnitude of each output channel, of what a layer sums up and of that with its bias."""
    view, tensors = context.view, [TensorId(layer.node)]
    bias = bias_input(view, layer)
    if bias is not None:
        tensors.append(TensorId(bias.node))
    rank = len(view.shape(tensors[0]) or ())
    return [Request(tensor, Extreme("abs_max", layer.output_axis % rank), "max") for tensor in tensors]


def _constant_sums(context: Context) -> Iterator[tuple[QuantizedLayer, TensorId]]:
    """Add and Subtract of one quantized tensor and a constant, with that."""
    assert context.plan is not None
    for planned in context.plan.layers:
        one_of_each = len(planned.activations) == len(planned.weights) == 1
        if planned.type in ("Add", "Subtract") and one_of_each and planned.groups[0] is not None:
            yield planned, context.view.inputs(planned.node)[planned.weights[0].port]
