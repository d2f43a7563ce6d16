"""Rounding of weights by the error it makes at the layer's output."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedLayer, PlannedNetwork, Reading
from openvino.tools.pot.algorithms.quantization.inputs import Inputs, known_by, sampled_inputs
from openvino.tools.pot.arithmetic.bias import InputMeans
from openvino.tools.pot.arithmetic.rounding import InputMoments, least_error_rounding
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights, from_canonical
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.plan import WeightQuantizer
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.reducers import Patches
from openvino.tools.pot.statistics.requests import Request, patches_request, rows_request


class RoundingStage:
    """Rounds the weights of linear layers so that their outputs, not the weights, stay closest.

    Weights with a zero point keep the nearest levels, and so do weights of 16 bits, for which they are as good.

    Args:
        hands_on: whether means of inputs, which take memory, are kept for the correction of biases.
    """

    def __init__(self, hands_on: bool = True) -> None:
        self._hands_on = hands_on

    def requests(self, network: PlannedNetwork) -> Iterator[Request]:
        """Ask for what each layer multiplies with its weights, at a few places."""
        requests = (_request(network.view, layer) for _, layer, _ in _layers(network))
        yield from (request for request in requests if request is not None)

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """Round; layers that read the same rows share what is computed of them, and biases what they need of it."""
        levels: dict[WeightQuantizer, NDArray[np.integer]] = {}
        means: dict[Reading, InputMeans] = {}
        network, request = decisions.network, partial(_request, decisions.network.view)
        roundable = (each for each in _layers(network) if decisions.weights[each[2]].is_symmetric)
        for reading, layers in network.by_inputs(roundable, request).items():
            taken = _Taken(decisions, statistics, reading, layers[0][2])
            if self._hands_on and not isinstance(reading.request.reducer, Patches):
                means[reading] = taken.means
            for _, linear, quantizer in layers:
                levels[quantizer] = taken.levels(linear, quantizer)
        evidence = f"least error of the layer's output on its inputs in {statistics.samples} samples"
        return replace(decisions.decided(self, evidence, levels=levels), input_means=means)


def _layers(network: PlannedNetwork) -> Iterator[PlannedLayer]:
    """Linear layers with weights of their own."""
    for planned, layer, quantizer in network.layers_with_weights:
        if len(quantizer.readers) == 1 and not quantizer.format.wide:
            yield planned, layer, quantizer


def _request(view: GraphView, layer: LinearLayer) -> Request | None:
    if layer.tap_share.size > 1:  # for transposed convolutions None: each output sees a part of the kernel
        return patches_request(view, layer.node)
    return rows_request(view, layer.source(view), layer.input_axis)


@dataclass(frozen=True)
class _Taken:
    """What layers take in, computed only where what follows from it is not known yet.

    Attributes:
        decisions, statistics: of the network.
        reading: of the layers.
        quantizer: of the weights of one of them.
    """

    decisions: Decisions
    statistics: Statistics
    reading: Reading
    quantizer: WeightQuantizer

    @cached_property
    def _key(self) -> Hashable:
        return known_by(self.decisions, self.reading, self.quantizer)

    @cached_property
    def _inputs(self) -> Inputs:
        return sampled_inputs(self.decisions, self.statistics, self.reading, self.quantizer)

    @cached_property
    def _moments(self) -> InputMoments:
        return self.statistics.once(("moments", self._key), self._computed_moments, spare=True)

    def _computed_moments(self) -> InputMoments:
        inputs, groups = self._inputs, self.reading.groups
        plain, rounded = (v.reshape(len(v), groups, -1) for v in (inputs.plain, inputs.quantized))
        return InputMoments.of(plain, rounded, inputs.counts)

    @property
    def means(self) -> InputMeans:
        """Those of each sample, for rows of a single tap."""
        return self.statistics.once(("means", self._key), lambda: self._inputs.means())

    def levels(self, layer: LinearLayer, quantizer: WeightQuantizer) -> NDArray[np.integer]:
        """Of the weights of a layer that takes these inputs."""
        key = "levels", self._key, quantizer, self.decisions.weights[quantizer].key
        return self.statistics.once(key, lambda: _levels(self.decisions, layer, quantizer, self._moments))


def _levels(
    decisions: Decisions, layer: LinearLayer, quantizer: WeightQuantizer, moments: InputMoments
) -> NDArray[np.integer]:
    view, own = decisions.network.view, decisions.weights[quantizer]
    weights = decisions.weight_values(quantizer)
    canonical = canonical_weights(view, layer, weights)
    scale = canonical_weights(view, layer, np.broadcast_to(own.scale.astype(np.float32), weights.shape))
    flat = least_error_rounding(
        canonical.reshape(*canonical.shape[:2], -1), scale[:, :, :1, 0], own.levels // 2, moments
    )
    return from_canonical(view, layer, flat, weights.shape)
