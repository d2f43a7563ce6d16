"""Biases shifted so that the mean of every layer's output is what it was in float, in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import (
    Decisions,
    PlannedLayer,
    PlannedNetwork,
    Reading,
)
from openvino.tools.pot.algorithms.quantization.inputs import known_by, sampled_inputs
from openvino.tools.pot.arithmetic.bias import InputMeans, output_shift, without_chance
from openvino.tools.pot.configs.parameters import FastBiasCorrectionParameters
from openvino.tools.pot.graph.edits.bias import bias_input
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.plan import WeightQuantizer
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import Request, rows_request


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

    def requests(self, network: PlannedNetwork) -> Iterator[Request]:
        """Ask for rows of each layer's input."""
        requests = (_rows(network.view, layer) for _, layer, _ in self._layers(network))
        yield from (request for request in requests if request is not None)

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """Compute the shift of each layer's bias; layers that read the same rows share what is computed of them."""
        network, shifts = decisions.network, {}
        readings = network.by_inputs(self._layers(network), partial(_rows, network.view))
        for reading, layers in readings.items():
            means = decisions.input_means.get(reading)
            if means is None:
                means = _means(decisions, statistics, reading, layers[0][2])
            for _, linear, quantizer in layers:
                shift = _shift(decisions, means, linear, quantizer)
                if not is_too_large(self._parameters, network.view, linear, shift):
                    shifts[linear.node] = shift
        evidence = f"mean error of the layer's output on rows of {statistics.samples} samples"
        return replace(decisions.decided(self, evidence, bias_shifts=shifts), input_means={})

    def _layers(self, network: PlannedNetwork) -> Iterator[PlannedLayer]:
        """The layers to correct, as far as the number of channels of their inputs is known."""
        for each in network.layers_with_weights:
            if self._parameters.apply_for_all_nodes or bias_input(network.view, each[1]) is not None:
                yield each


def is_too_large(
    parameters: FastBiasCorrectionParameters, view: GraphView, layer: LinearLayer, shift: NDArray[np.float64]
) -> bool:
    """Whether a layer is to be left alone since its bias would change by more than the threshold allows."""
    threshold, bias = parameters.threshold, bias_input(view, layer)
    if threshold is None or bias is None:
        return False
    old = view.value(view.inputs(bias.node)[bias.port]).astype(np.float64).reshape(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return bool(np.nanmax(np.abs(shift) / np.abs(old)) >= threshold)


def _rows(view: GraphView, layer: LinearLayer) -> Request | None:
    """Rows of the layer's input; None where the number of channels is dynamic."""
    return rows_request(view, layer.source(view), layer.input_axis)


def _means(
    decisions: Decisions, statistics: Statistics, reading: Reading, quantizer: WeightQuantizer
) -> InputMeans:
    key = "means", known_by(decisions, reading, quantizer)
    return statistics.once(key, lambda: sampled_inputs(decisions, statistics, reading, quantizer).means())


def _shift(
    decisions: Decisions, inputs: InputMeans, layer: LinearLayer, quantizer: WeightQuantizer
) -> NDArray[np.float64]:
    weights, quantized = decisions.weight_values(quantizer), decisions.rounded_weights(quantizer)
    plain, rounded = (
        canonical_weights(decisions.network.view, layer, values) for values in (weights, quantized)
    )

    def shift(*means: NDArray[np.float64]) -> NDArray[np.float64]:
        by_group = (values.reshape(*values.shape[:-1], layer.groups, -1) for values in means)
        return output_shift(plain, rounded, layer.tap_share, *by_group)

    overall = shift(inputs.means.mean(axis=0), inputs.errors.mean(axis=0))
    return without_chance(overall, shift(inputs.means, inputs.errors))
