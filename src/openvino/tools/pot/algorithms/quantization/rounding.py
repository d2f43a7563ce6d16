"""Rounding of weights by the error it makes at the layer's output."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.algorithm import Context, PlannedLayer
from openvino.tools.pot.config.parameters import DefaultQuantizationParameters
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights, from_canonical
from openvino.tools.pot.placement.plan import QuantizedLayer, WeightQuantizer
from openvino.tools.pot.quantization.fake_quantize import fake_quantize
from openvino.tools.pot.quantization.rounding import InputMoments, least_error_rounding
from openvino.tools.pot.statistics.layout import Request, Statistics
from openvino.tools.pot.statistics.reducers import Patches
from openvino.tools.pot.statistics.sampling import patches_request, rows_request

Floats = NDArray[np.float32]


class RoundingStage:
    """Rounds the weights of linear layers so that their outputs, not the weights, stay closest.

    Weights with a zero point keep the nearest levels.

    Args:
        parameters: of the algorithm; the stage is active where ``weight_rounding`` is ``least_error``, or
            absent with no preset named.
    """

    def __init__(self, parameters: DefaultQuantizationParameters) -> None:
        silent = parameters.weight_rounding is None and parameters.preset is None
        self._active = parameters.weight_rounding == "least_error" or silent

    def requests(self, context: Context) -> Iterator[Request]:
        """Ask for what each layer multiplies with its weights, at a few places."""
        for _, layer, _ in self._layers(context):
            request = _inputs(context, layer)
            if request is not None:
                yield request

    def decide(self, context: Context, statistics: Statistics) -> None:
        """Round; layers that read the same rows share what is computed of them."""
        for layers in context.by_inputs(self._roundable(context), partial(_inputs, context)):
            moments = _moments(context, statistics, *layers[0])
            for _, linear, quantizer in layers:
                context.outcome.levels[quantizer] = _levels(context, linear, quantizer, moments)

    def _roundable(self, context: Context) -> Iterator[PlannedLayer]:
        """Those that can be: their inputs are known, and their weights have no zero point."""
        for planned, layer, quantizer in self._layers(context):
            if _inputs(context, layer) is not None and context.outcome.weights[quantizer].is_symmetric:
                yield planned, layer, quantizer

    def _layers(self, context: Context) -> Iterator[PlannedLayer]:
        """Linear layers with weights of their own."""
        for planned, layer, quantizer in context.linear_layers if self._active else ():
            if len(quantizer.readers) == 1:
                yield planned, layer, quantizer


def _inputs(context: Context, layer: LinearLayer) -> Request | None:
    if layer.tap_share.size > 1:  # for transposed convolutions None: each output sees a part of the kernel
        return patches_request(context.view, layer.node)
    return rows_request(context.view, layer.source(context.view), layer.input_axis)


def _gathered(statistics: Statistics, request: Request) -> Floats:
    """Rows of a layer's input, shape ``[rows, channels, taps]``."""
    if isinstance(request.reducer, Patches):
        return statistics.patches(request)
    return statistics.rows(request)[:, :, None]


def _moments(
    context: Context,
    statistics: Statistics,
    planned: QuantizedLayer,
    layer: LinearLayer,
    quantizer: WeightQuantizer,
) -> InputMoments:
    request = _inputs(context, layer)
    assert request is not None
    divisor, grid = context.input_divisor(quantizer), context.input_range(planned, layer)
    inputs = np.divide(_gathered(statistics, request), divisor.reshape(-1, 1), dtype=np.float32)
    quantized = inputs
    if grid is not None:
        quantized = np.asarray(fake_quantize(inputs, grid.reshaped(-1, 1)), np.float32)
    counts = context.row_counts(layer, quantized, statistics.kept(request))
    plain, rounded = (values.reshape(len(values), layer.groups, -1) for values in (inputs, quantized))
    return InputMoments.of(plain, rounded, counts)


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
