"""Eight-bit weights that no processor can overflow: ranges widened exactly where a sum could."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedLayer, PlannedNetwork
from openvino.tools.pot.arithmetic.fake_quantize import level_indices
from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.arithmetic.saturation import saturation_free
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights, neighbours
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.layers import is_depthwise
from openvino.tools.pot.placement.plan import WeightQuantizer
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.reducers import Extreme
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_MARGIN = 2.0
"""Data that was not seen may be larger than the largest that was; indices end at 255 all the same."""


class SaturationStage:
    """Widens the weight ranges of the output channels whose sums of two products could overflow int16.

    A depthwise convolution sums nothing over channels and is left; so are products of two activations and
    recurrent layers.
    """

    def requests(self, network: PlannedNetwork) -> Iterator[Request]:
        """Ask for the largest value of each input channel of the layers."""
        for _, layer, _ in _layers(network):
            yield _largest(network.view, layer)

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """Widen the ranges that need it."""
        factors: dict[WeightQuantizer, NDArray[np.float64]] = {}
        for planned, layer, quantizer in _layers(decisions.network):
            own = decisions.input_range(planned, layer)
            if own is None or not decisions.weights[quantizer].is_symmetric:
                continue
            view = decisions.network.view
            largest = statistics.value(_largest(view, layer)) / decisions.input_divisor(quantizer)
            # Padding reads as the level of zero, whatever the data.
            indices = np.asarray(level_indices(np.maximum(largest, 0) * _MARGIN, own), np.float64)
            factor = _factor(decisions, layer, quantizer, indices.reshape(layer.groups, -1))
            factors[quantizer] = np.maximum(factor, factors.get(quantizer, 1.0))
        touched = {quantizer: int(np.sum(factor > 1)) for quantizer, factor in factors.items()}
        total = sum(factor.size for factor in factors.values())
        logger.info(
            "%d of %d output channels got a wider range, so that int16 sums can't overflow",
            sum(touched.values()), total,
        )  # fmt: skip
        wider = {
            each: decisions.weights[each].widened(factors[each]) for each, count in touched.items() if count
        }
        evidence = {each: f"{touched[each]} channels could overflow sums of 16 bits" for each in wider}
        return decisions.decided(self, evidence, weights=wider)


def _layers(network: PlannedNetwork) -> Iterator[PlannedLayer]:
    view = network.view
    for planned, layer, quantizer in network.linear_layers:
        shape = view.shape(layer.source(view))
        known = shape is not None and shape[layer.input_axis] is not None
        if known and not is_depthwise(view, layer.node):
            yield planned, layer, quantizer


def _largest(view: GraphView, layer: LinearLayer) -> Request:
    tensor = layer.source(view)
    axis = layer.input_axis % len(view.shape(tensor) or ())
    return Request(tensor, Extreme("max", axis), "max")


def _factor(
    decisions: Decisions, layer: LinearLayer, quantizer: WeightQuantizer, largest: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The factor in the shape of the quantizer's borders."""
    own, weights = decisions.weights[quantizer], decisions.weight_values(quantizer)
    view = decisions.network.view
    low, high = (
        canonical_weights(view, layer, np.broadcast_to(border, weights.shape))[:, :, :1, :1]
        for border in (own.low, own.high)
    )
    canonical = QuantizerRange(low.astype(np.float32), high.astype(np.float32), own.levels)
    values = neighbours(view, layer, canonical_weights(view, layer, weights))
    # Of a single channel all taps meet what is largest in it.
    factor = saturation_free(values, canonical, np.broadcast_to(largest, (len(values), values.shape[2])))
    return factor.reshape(own.low.shape) if factor.size == own.low.size else np.full((), np.max(factor))
