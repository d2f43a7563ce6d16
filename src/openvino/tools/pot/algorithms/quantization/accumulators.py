"""Ranges widened so that the sums of linear operations fit the device's accumulator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedLayer, PlannedNetwork
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.arithmetic.saturation import accumulator_limit, fitting_factor, steps
from openvino.tools.pot.graph.edits.bias import bias_input
from openvino.tools.pot.graph.geometry import LinearLayer
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.plan import WeightQuantizer
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.reducers import Extreme
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

Array = NDArray[np.float64]

_MARGIN = 1.25
"""Data that was not seen may sum up to more than the largest that was."""

_ROUNDS = 10
_ENOUGH = 1 + 1e-6
_STEP_BITS = 16

Source = TensorId | WeightQuantizer
"""What an operation reads: a quantized activation, or a constant."""


class AccumulatorStage:
    """Widens ranges where an accumulator could overflow.

    A layer counts its result, bias included, in products of a step of its input and a step of its weights. Weights of
    16 bits are widened; those of 8 have no levels to spare, and the input is widened in their place. An Add or
    Subtract brings both of its inputs to the finer one's steps with a factor of 16 bits; where that is too little,
    the range of the finer one is widened.

    For devices that compute in integers throughout.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._device, self._bits = recipe.device, recipe.sum_bits

    def requests(self, network: PlannedNetwork) -> Iterator[Request]:
        """Ask for the largest result of each layer, with its bias and without.

        Raises:
            ConfigError: the plan is for another device.
        """
        if network.plan.device != self._device.name:
            raise ConfigError(
                f"target_device is {self._device.name}, expected {network.plan.device} as for the quantizers",
                "OverflowCorrection params",
            )
        for _, layer, _ in _layers(network):
            yield from _results(network.view, layer)

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """Widen the ranges that need it, those of inputs first."""
        network = decisions.network
        ranges = _Ranges(dict([*decisions.activations.items(), *decisions.weights.items()]))
        layers = [(each, _counted(network.view, statistics, each[1])) for each in _layers(network)]
        layers.sort(key=lambda each: each[0][2].format.bits)  # inputs are widened for weights of 8 bits
        widened = 0
        for _ in range(_ROUNDS):  # one range wider may make another too fine
            factors = [ranges.bring_closer(pair) for pair in _pairs(network, ranges)]
            factors += [ranges.fit(own, largest, self._bits) for own, largest in layers]
            wider = sum(factor > _ENOUGH for factor in factors)
            widened += wider
            if not wider:
                break
        logger.info("%d ranges are wider, so that %d-bit sums can't overflow", widened, self._bits)
        evidence = f"sums of {self._bits} bits, of the largest results in {statistics.samples} samples"
        activations, weights = ranges.changed(decisions.activations), ranges.changed(decisions.weights)
        return decisions.decided(self, evidence, activations=activations, weights=weights)


@dataclass(frozen=True)
class _Ranges:
    """Ranges on their way, each of which may be widened several times."""

    now: dict[Source, QuantizerRange]

    def changed(self, before: Mapping[Any, QuantizerRange]) -> dict[Any, QuantizerRange]:
        """The ranges that are others now."""
        return {key: self.now[key] for key, own in before.items() if self.now[key] is not own}

    def widen(self, source: Source, factor: NDArray[np.float64] | float) -> None:
        self.now[source] = self.now[source].widened(factor)

    def step(self, source: Source) -> float:
        """The largest step of any channel."""
        return float(np.max(self.now[source].scale))

    def coarsest(self, groups: Sequence[TensorId]) -> TensorId:
        """Of tensors that are joined, the one with the largest step, to which all are brought."""
        return max(groups, key=self.step)

    def bring_closer(self, pair: tuple[Source, Source]) -> float:
        """Widen the finer of two ranges, so that one's step is so many of the other's as 16 bits can tell."""
        steps_of = [self.step(source) for source in pair]
        finer = int(steps_of[0] > steps_of[1])
        factor = max(1.0, steps_of[1 - finer] / (steps_of[finer] * accumulator_limit(_STEP_BITS)))
        if factor > 1:
            self.widen(pair[finer], factor)
        return factor

    def fit(self, of_layer: PlannedLayer, largest: Array, bits: int) -> float:
        """Widen a layer's range so that its sums fit; gives how much wider it becomes."""
        planned, layer, quantizer = of_layer
        weights, coarsest = self.now[quantizer], self.coarsest(planned.groups_at(layer.activation))
        if weights.scale.size == 1:
            largest = np.max(largest, keepdims=True)
        factor = fitting_factor(steps(largest, self.step(coarsest), weights.scale.reshape(-1)), bits)
        widest = float(np.max(factor))
        if widest > 1 and quantizer.format.wide:
            self.widen(quantizer, factor.reshape(weights.low.shape))
        elif widest > 1:
            self.widen(coarsest, widest)
        return widest


def _layers(network: PlannedNetwork) -> Iterator[PlannedLayer]:
    return (each for each in network.linear_layers if each[0].groups_at(each[1].activation))


def _counted(view: GraphView, statistics: Statistics, layer: LinearLayer) -> Array:
    """The largest magnitude of each output channel, with room."""
    found = [statistics.value(each) for each in _results(view, layer)]
    return np.asarray(np.max(found, axis=0) * _MARGIN, np.float64)


def _results(view: GraphView, layer: LinearLayer) -> list[Request]:
    """The largest magnitude of each output channel, of what a layer sums up and of that with its bias."""
    tensors = [TensorId(layer.node)]
    bias = bias_input(view, layer)
    if bias is not None:
        tensors.append(TensorId(bias.node))
    rank = len(view.shape(tensors[0]) or ())
    return [Request(tensor, Extreme("abs_max", layer.output_axis % rank), "max") for tensor in tensors]


def _pairs(network: PlannedNetwork, ranges: _Ranges) -> Iterator[tuple[Source, Source]]:
    """What each Add or Subtract of the plan reads, where both of it is quantized; of joined tensors, the coarsest."""
    for planned in network.plan.layers:
        if planned.type in ("Add", "Subtract"):
            joined = [planned.groups_at(each.port) for each in planned.activations]
            sources: list[Source] = [ranges.coarsest(groups) for groups in joined if groups]
            sources += [network.weights_at[reader] for reader in planned.weights]
            if len(sources) == 2:
                yield sources[0], sources[1]
