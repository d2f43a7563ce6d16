"""Rounding of weights by the error it makes at the layer's output."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.context import Context, PlannedLayer
from openvino.tools.pot.algorithms.quantization.activation_ranges import is_wide
from openvino.tools.pot.algorithms.quantization.inputs import sampled_inputs
from openvino.tools.pot.arithmetic.rounding import InputMoments, least_error_rounding
from openvino.tools.pot.configs.parameters import DefaultQuantizationParameters
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights, from_canonical
from openvino.tools.pot.placement.plan import WeightQuantizer
from openvino.tools.pot.statistics.layout import Request, Statistics
from openvino.tools.pot.statistics.reducers import Rows
from openvino.tools.pot.statistics.sampling import patches_request, rows_request


def rounding_of(parameters: DefaultQuantizationParameters) -> Literal["nearest", "least_error"]:
    """What is said, or meant by saying nothing."""
    is_pots = is_wide(parameters) and parameters.preset is not None
    return parameters.weight_rounding or ("nearest" if is_pots else "least_error")


class RoundingStage:
    """Rounds the weights of linear layers so that their outputs, not the weights, stay closest.

    Weights with a zero point keep the nearest levels, and so do weights of 16 bits, for which they are as good.

    Args:
        parameters: of the algorithm; the stage is active where ``weight_rounding`` is ``least_error``, or
            absent, but for presets of 16 bits.
    """

    def __init__(self, parameters: DefaultQuantizationParameters) -> None:
        self._active = rounding_of(parameters) == "least_error"

    def requests(self, context: Context) -> Iterator[Request]:
        """Ask for what each layer multiplies with its weights, at a few places."""
        for _, layer, _ in self._layers(context):
            request = _request(context, layer)
            if request is not None:
                yield request

    def decide(self, context: Context, statistics: Statistics) -> None:
        """Round; layers that read the same rows share what is computed of them."""
        for key, layers in context.by_inputs(self._roundable(context), partial(_request, context)).items():
            moments = _moments(context, statistics, key, layers[0])
            for _, linear, quantizer in layers:
                context.outcome.levels[quantizer] = _levels(context, linear, quantizer, moments)

    def _roundable(self, context: Context) -> Iterator[PlannedLayer]:
        """Those that can be: their inputs are known, and their weights have no zero point."""
        for planned, layer, quantizer in self._layers(context):
            if _request(context, layer) is not None and context.outcome.weights[quantizer].is_symmetric:
                yield planned, layer, quantizer

    def _layers(self, context: Context) -> Iterator[PlannedLayer]:
        """Linear layers with weights of their own."""
        for planned, layer, quantizer in context.linear_layers if self._active else ():
            if len(quantizer.readers) == 1 and not quantizer.format.wide:
                yield planned, layer, quantizer


def _request(context: Context, layer: LinearLayer) -> Request | None:
    if layer.tap_share.size > 1:  # for transposed convolutions None: each output sees a part of the kernel
        return patches_request(context.view, layer.node)
    return rows_request(context.view, layer.source(context.view), layer.input_axis)


def _moments(
    context: Context, statistics: Statistics, key: Hashable, planned_layer: PlannedLayer
) -> InputMoments:
    """What rounding needs of a layer's inputs; what biases need of them is kept, the inputs are not."""
    layer = planned_layer[1]
    request = _request(context, layer)
    assert request is not None
    inputs = sampled_inputs(context, statistics, request, planned_layer)
    if isinstance(request.reducer, Rows):
        context.input_means[key] = inputs.means()
    plain, quantized = (v.reshape(len(v), layer.groups, -1) for v in (inputs.plain, inputs.quantized))
    return InputMoments.of(plain, quantized, inputs.counts)


def _levels(
    context: Context, layer: LinearLayer, quantizer: WeightQuantizer, moments: InputMoments
) -> NDArray[np.integer]:
    view, grid = context.view, context.outcome.weights[quantizer]
    weights = context.weight_values(quantizer)
    canonical = canonical_weights(view, layer, weights)
    scale = canonical_weights(view, layer, np.broadcast_to(grid.scale.astype(np.float32), weights.shape))
    flat = least_error_rounding(
        canonical.reshape(*canonical.shape[:2], -1), scale[:, :, :1, 0], grid.levels // 2, moments
    )
    return from_canonical(view, layer, flat, weights.shape)
