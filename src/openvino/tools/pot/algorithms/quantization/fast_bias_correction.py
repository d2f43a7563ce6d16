"""FastBiasCorrection: makes the mean of every layer's output what it was in float, in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.context import Context, PlannedLayer, Stage
from openvino.tools.pot.algorithms.quantization.inputs import sampled_inputs
from openvino.tools.pot.arithmetic.bias import InputMeans, output_shift, without_chance
from openvino.tools.pot.configs.parameters import FastBiasCorrectionParameters, MinMaxParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.graph.edits.bias import bias_input
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.paths import offer
from openvino.tools.pot.placement.plan import WeightQuantizer
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.statistics.sampling import rows_request

__path__: list[str] = []  # POT had a package here: see openvino.tools.pot.paths


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

    Both parts count: the weights' rounding and the input's own rounding and clipping, with rows of the input
    gathered from a part of the samples. Rows that repeat within a sample count as often as they do, squared. A
    channel whose shift is no larger than its standard error over these samples is left alone.

    Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019,
    section 4.2, with measured means in place of derived ones.
    """

    def __init__(self, parameters: FastBiasCorrectionParameters) -> None:
        self._parameters = parameters

    def requests(self, context: Context) -> Iterator[Request]:
        """Ask for rows of each layer's input."""
        for _, layer, _ in self._layers(context):
            request = _rows(context.view, layer)
            assert request is not None
            yield request

    def decide(self, context: Context, statistics: Statistics) -> None:
        """Compute the shift of each layer's bias; layers that read the same rows share what is computed of them."""
        for key, layers in context.by_inputs(self._layers(context), partial(_rows, context.view)).items():
            means = context.input_means.pop(key, None) or _means(context, statistics, layers[0])
            for _, linear, quantizer in layers:
                shift = _shift(context, means, linear, quantizer)
                if not self._too_large(context.view, linear, shift):
                    context.outcome.bias_shifts[linear.node] = shift

    def _layers(self, context: Context) -> Iterator[PlannedLayer]:
        """The layers to correct: those with inputs of a known number of channels."""
        for planned, layer, quantizer in context.linear_layers:
            corrected = self._parameters.apply_for_all_nodes or bias_input(context.view, layer) is not None
            if corrected and _rows(context.view, layer) is not None:
                yield planned, layer, quantizer

    def _too_large(self, view: GraphView, layer: LinearLayer, shift: NDArray[np.float64]) -> bool:
        threshold, bias = self._parameters.threshold, bias_input(view, layer)
        if threshold is None or bias is None:
            return False
        old = view.value(view.inputs(bias.node)[bias.port]).astype(np.float64).reshape(-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return bool(np.nanmax(np.abs(shift) / np.abs(old)) >= threshold)


def _rows(view: GraphView, layer: LinearLayer) -> Request | None:
    """Rows of the layer's input; None where the number of channels is dynamic."""
    return rows_request(view, layer.source(view), layer.input_axis)


def _means(context: Context, statistics: Statistics, planned_layer: PlannedLayer) -> InputMeans:
    request = _rows(context.view, planned_layer[1])
    assert request is not None
    return sampled_inputs(context, statistics, request, planned_layer).means()


def _shift(
    context: Context, inputs: InputMeans, layer: LinearLayer, quantizer: WeightQuantizer
) -> NDArray[np.float64]:
    weights, quantized = context.weight_values(quantizer), context.rounded_weights(quantizer)
    plain, rounded = (canonical_weights(context.view, layer, values) for values in (weights, quantized))

    def shift(*means: NDArray[np.float64]) -> NDArray[np.float64]:
        by_group = (values.reshape(*values.shape[:-1], layer.groups, -1) for values in means)
        return output_shift(plain, rounded, layer.tap_share, *by_group)

    overall = shift(inputs.means.mean(axis=0), inputs.errors.mean(axis=0))
    return without_chance(overall, shift(inputs.means, inputs.errors))


offer(globals())
