"""Eight-bit weights that no processor can overflow: ranges widened exactly where a sum could."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.context import Context, PlannedLayer
from openvino.tools.pot.arithmetic.fake_quantize import level_indices
from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.arithmetic.saturation import saturation_free
from openvino.tools.pot.configs.parameters import MinMaxParameters
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.layers import is_depthwise
from openvino.tools.pot.placement.plan import WeightQuantizer
from openvino.tools.pot.statistics.layout import Request, Statistics
from openvino.tools.pot.statistics.reducers import Extreme
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_MARGIN = 2.0
"""Data that was not seen may be larger than the largest that was; indices end at 255 all the same."""


def protects(parameters: MinMaxParameters) -> bool:
    """Whether weights must be kept from overflowing: the device can, and the parameters leave it to us.

    Raises:
        ConfigError: the target device is unknown or not supported.
    """
    return parameters.saturation_fix is None and find_device(parameters.target_device).int16_sums


class SaturationStage:
    """Widens the weight ranges of the output channels whose sums of two products could overflow int16.

    Active where ``saturation_fix`` is absent and the device has such sums. A depthwise convolution sums nothing
    over channels and is left; so are products of two activations and recurrent layers.

    Args:
        parameters: of the algorithm.

    Raises:
        ConfigError: the target device is unknown or not supported.
    """

    def __init__(self, parameters: MinMaxParameters) -> None:
        self._active = protects(parameters)

    def requests(self, context: Context) -> Iterator[Request]:
        """Ask for the largest value of each input channel of the layers."""
        for _, layer, _ in self._layers(context):
            yield _largest(context, layer)

    def decide(self, context: Context, statistics: Statistics) -> None:
        """Widen the ranges that need it."""
        factors: dict[WeightQuantizer, NDArray[np.float64]] = {}
        for planned, layer, quantizer in self._layers(context):
            grid = context.input_range(planned, layer)
            if grid is None or not context.outcome.weights[quantizer].is_symmetric:
                continue
            largest = statistics.value(_largest(context, layer)) / context.input_divisor(quantizer)
            indices = _top_levels(largest, grid)
            factor = _factor(context, layer, quantizer, indices.reshape(layer.groups, -1))
            factors[quantizer] = np.maximum(factor, factors.get(quantizer, 1.0))
        for quantizer, factor in factors.items():
            context.outcome.weights[quantizer] = context.outcome.weights[quantizer].widened(factor)
        touched = sum(int(np.sum(factor > 1)) for factor in factors.values())
        total = sum(factor.size for factor in factors.values())
        logger.info(
            "%d of %d output channels got a wider range, so that int16 sums can't overflow", touched, total
        )

    def _layers(self, context: Context) -> Iterator[PlannedLayer]:
        for planned, layer, quantizer in context.linear_layers if self._active else ():
            shape = context.view.shape(layer.source(context.view))
            known = shape is not None and shape[layer.input_axis] is not None
            if known and not is_depthwise(context.view, layer.node):
                yield planned, layer, quantizer


def _largest(context: Context, layer: LinearLayer) -> Request:
    tensor = layer.source(context.view)
    axis = layer.input_axis % len(context.view.shape(tensor) or ())
    return Request(tensor, Extreme("max", axis), "max")


def _top_levels(largest: NDArray[np.float64], grid: QuantizerRange) -> NDArray[np.float64]:
    # Padding reads as the level of zero, whatever the data.
    top = np.maximum(largest, 0) * _MARGIN
    return np.asarray(level_indices(top, grid), np.float64)


def _factor(
    context: Context, layer: LinearLayer, quantizer: WeightQuantizer, largest: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The factor in the shape of the quantizer's borders."""
    grid, weights = context.outcome.weights[quantizer], context.weight_values(quantizer)
    low, high = (
        canonical_weights(context.view, layer, np.broadcast_to(border, weights.shape))[:, :, :1, :1]
        for border in (grid.low, grid.high)
    )
    canonical = QuantizerRange(low.astype(np.float32), high.astype(np.float32), grid.levels)
    factor = saturation_free(canonical_weights(context.view, layer, weights), canonical, largest)
    return factor.reshape(grid.low.shape) if factor.size == grid.low.size else np.full((), np.max(factor))
