"""FastBiasCorrection: makes the mean of every layer's output what it was in float, in closed form."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.algorithm import Algorithm, Context, Stage
from openvino.tools.pot.config.parameters import FastBiasCorrectionParameters, MinMaxParameters
from openvino.tools.pot.config.validation import validate
from openvino.tools.pot.graph.edits.bias import bias_input
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.plan import QuantizedLayer, WeightQuantizer
from openvino.tools.pot.quantization.bias import output_shift, without_chance
from openvino.tools.pot.quantization.fake_quantize import fake_quantize
from openvino.tools.pot.quantization.repetition import sample_means
from openvino.tools.pot.statistics.layout import Request, Statistics
from openvino.tools.pot.statistics.reducers import Extreme
from openvino.tools.pot.statistics.sampling import rows_request


class FastBiasCorrection(Algorithm):
    """Corrects biases; stands behind MinMaxQuantization in the same list of algorithms."""

    name = "FastBiasCorrection"

    @property
    def sampling(self) -> MinMaxParameters | None:
        """None: the samples are those of MinMaxQuantization."""
        return None

    def _make_stages(self) -> tuple[Stage, ...]:
        known = {key: value for key, value in self.config.items() if key not in MinMaxParameters.model_fields}
        shared = {key: value for key, value in self.config.items() if key in MinMaxParameters.model_fields}
        validate(MinMaxParameters, shared, f"{self.name} params")
        return (BiasStage(validate(FastBiasCorrectionParameters, known, f"{self.name} params")),)


class BiasStage:
    """Shifts each bias by the difference that rounding makes to the mean output of its layer.

    Both parts count: the weights' rounding, with the mean input over all samples, and the input's own
    rounding and clipping, with rows gathered from a part of the samples. Rows that repeat within a sample count as
    often as they do, squared. A channel whose shift is no larger than
    its standard error over these samples is left alone.

    Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019,
    section 4.2, with measured means in place of derived ones.
    """

    def __init__(self, parameters: FastBiasCorrectionParameters) -> None:
        self._parameters = parameters

    def requests(self, context: Context) -> Iterator[Request]:
        """Ask for the mean of each layer's input and for rows of it."""
        for _, layer, _ in self._layers(context):
            yield from _input_requests(context.view, layer)

    def decide(self, context: Context, statistics: Statistics) -> None:
        """Compute the shift of each layer's bias."""
        for planned, layer, quantizer in self._layers(context):
            shift = _shift(context, statistics, planned, layer, quantizer)
            if not self._too_large(context.view, layer, shift):
                context.outcome.bias_shifts[layer.node] = shift

    def _layers(self, context: Context) -> Iterator[tuple[QuantizedLayer, LinearLayer, WeightQuantizer]]:
        """The layers to correct: those with inputs of a known number of channels."""
        for planned, layer, quantizer in context.linear_layers:
            corrected = self._parameters.apply_for_all_nodes or bias_input(context.view, layer) is not None
            if corrected and _input_requests(context.view, layer):
                yield planned, layer, quantizer

    def _too_large(self, view: GraphView, layer: LinearLayer, shift: NDArray[np.float64]) -> bool:
        threshold, bias = self._parameters.threshold, bias_input(view, layer)
        if threshold is None or bias is None:
            return False
        old = view.value(view.inputs(bias.node)[bias.port]).astype(np.float64).reshape(-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return bool(np.nanmax(np.abs(shift) / np.abs(old)) >= threshold)


def _input_requests(view: GraphView, layer: LinearLayer) -> list[Request]:
    """Rows of the layer's input, and its mean unless that would count the padding of sentences.

    Empty where the number of channels is dynamic.
    """
    tensor = layer.source(view)
    rank = len(view.shape(tensor) or ())
    axis = layer.input_axis % rank
    rows = rows_request(view, tensor, axis)
    if rows is None:
        return []
    requests = [rows]
    if axis != rank - 1 or rank < 3:
        requests.append(Request(tensor, Extreme("mean", axis), "mean"))
    return requests


def _shift(
    context: Context,
    statistics: Statistics,
    planned: QuantizedLayer,
    layer: LinearLayer,
    quantizer: WeightQuantizer,
) -> NDArray[np.float64]:
    view, outcome = context.view, context.outcome
    of_rows, *of_mean = _input_requests(view, layer)
    divisor, grid = context.input_divisor(quantizer), context.input_range(planned, layer)
    samples = len(statistics.value(of_rows))
    rows = np.asarray(statistics.rows(of_rows) / divisor, np.float32)
    counts = context.row_counts(layer, rows, samples)
    means = sample_means(rows, counts, samples)
    mean = means.mean(axis=0)
    if of_mean:  # rows only say how far repetitions move the mean over all positions
        mean += statistics.value(of_mean[0]) / divisor - rows.mean(axis=0, dtype=np.float64)
    errors = np.zeros_like(rows) if grid is None else fake_quantize(rows, grid) - rows
    weights = context.weight_values(quantizer)
    quantized = outcome.rounded.get(quantizer)
    if quantized is None:
        quantized = np.asarray(fake_quantize(weights, outcome.weights[quantizer]), np.float32)
    plain, rounded = (canonical_weights(view, layer, values) for values in (weights, quantized))

    def shift(mean: NDArray[np.float64], error: NDArray[np.float64]) -> NDArray[np.float64]:
        exact, noisy = (v.reshape(*v.shape[:-1], layer.groups, -1) for v in (mean, mean + error))
        return output_shift(plain, rounded, layer.tap_share, exact, noisy)

    of_errors = sample_means(errors, counts, samples)
    return without_chance(shift(mean, of_errors.mean(axis=0)), shift(means, of_errors))
