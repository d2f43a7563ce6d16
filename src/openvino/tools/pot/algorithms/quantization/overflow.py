"""OverflowCorrection: ranges widened so that the sums of linear operations fit the device's accumulator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.context import Context, PlannedLayer, Stage
from openvino.tools.pot.arithmetic.accumulator import accumulator_limit, fitting_factor, steps
from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.configs.parameters import MinMaxParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.graph.edits.bias import bias_input
from openvino.tools.pot.graph.geometry import LinearLayer
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.plan import QuantizedLayer, WeightQuantizer
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


_ROUNDS = 10
_ENOUGH = 1 + 1e-6
_STEP_BITS = 16

Source = TensorId | WeightQuantizer
"""What an operation reads: a quantized activation, or a constant."""


class OverflowStage:
    """Widens ranges where an accumulator could overflow.

    A layer counts its result, bias included, in products of a step of its input and a step of its weights. Weights of
    16 bits are widened; those of 8 have no levels to spare, and the input is widened in their place. An Add or
    Subtract brings both of its inputs to the finer one's steps with a factor of 16 bits; where that is too little,
    the range of the finer one is widened.

    Active on devices that compute in integers throughout.

    Args:
        parameters: of the algorithm.

    Raises:
        ConfigError: the target device is unknown.
    """

    def __init__(self, parameters: MinMaxParameters) -> None:
        self._device = find_device(parameters.target_device)
        self._bits = 0 if self._device.integers is None else self._device.integers.sum_bits

    def requests(self, context: Context) -> Iterator[Request]:
        """Ask for the largest result of each layer, with its bias and without.

        Raises:
            ConfigError: the plan is for another device.
        """
        assert context.plan is not None
        if self._bits and context.plan.device != self._device.name:
            raise ConfigError(
                f"OverflowCorrection params: target_device is {self._device.name}, expected {context.plan.device} as "
                "for the quantizers"
            )
        for _, layer, _ in self._layers(context):
            yield from _results(context, layer)

    def decide(self, context: Context, statistics: Statistics) -> None:
        """Widen the ranges that need it, those of inputs first."""
        layers = [(each, self._counted(context, statistics, each[1])) for each in self._layers(context)]
        layers.sort(key=lambda each: each[0][2].format.bits)  # inputs are widened for weights of 8 bits
        widened = 0
        for _ in range(_ROUNDS if self._bits else 0):  # one range wider may make another too fine
            factors = [_brought_closer(context, pair) for pair in _pairs(context)]
            factors += [self._for_layer(context, *own, largest) for own, largest in layers]
            wider = sum(factor > _ENOUGH for factor in factors)
            widened += wider
            if not wider:
                break
        if self._bits:
            logger.info("%d ranges are wider, so that %d-bit sums can't overflow", widened, self._bits)

    def _layers(self, context: Context) -> Iterator[PlannedLayer]:
        for planned, layer, quantizer in context.linear_layers if self._bits else ():
            if planned.groups_at(layer.activation):
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
        weights, groups = context.outcome.weights[quantizer], planned.groups_at(layer.activation)
        ranges = context.outcome.activations
        coarsest = _coarsest(context, groups)
        step = float(np.max(ranges[coarsest].scale))
        if weights.scale.size == 1:
            largest = np.max(largest, keepdims=True)
        factor = fitting_factor(steps(largest, step, weights.scale.reshape(-1)), self._bits)
        if not quantizer.format.wide:
            ranges[coarsest] = ranges[coarsest].widened(float(np.max(factor)))
        else:
            context.outcome.weights[quantizer] = weights.widened(factor.reshape(weights.low.shape))
        return float(np.max(factor))


def _results(context: Context, layer: LinearLayer) -> list[Request]:
    """The largest magnitude of each output channel, of what a layer sums up and of that with its bias."""
    view, tensors = context.view, [TensorId(layer.node)]
    bias = bias_input(view, layer)
    if bias is not None:
        tensors.append(TensorId(bias.node))
    rank = len(view.shape(tensors[0]) or ())
    return [Request(tensor, Extreme("abs_max", layer.output_axis % rank), "max") for tensor in tensors]


def _pairs(context: Context) -> Iterator[tuple[Source, Source]]:
    """What each Add or Subtract of the plan reads, where both of it is quantized; of joined tensors, the coarsest."""
    assert context.plan is not None
    by_reader = {reader: quantizer for quantizer in context.plan.weights for reader in quantizer.readers}
    for planned in context.plan.layers:
        if planned.type in ("Add", "Subtract"):
            joined = [planned.groups_at(each.port) for each in planned.activations]
            sources: list[Source] = [_coarsest(context, groups) for groups in joined if groups]
            sources += [by_reader[reader] for reader in planned.weights]
            if len(sources) == 2:
                yield sources[0], sources[1]


def _coarsest(context: Context, groups: Sequence[TensorId]) -> TensorId:
    """Of tensors that are joined, the one with the largest step, to which all are brought."""
    return max(groups, key=lambda group: float(np.max(context.outcome.activations[group].scale)))


def _brought_closer(context: Context, pair: tuple[Source, Source]) -> float:
    """Widen the finer of two ranges, so that one's step is so many of the other's as 16 bits can tell."""
    steps_of = [float(np.max(_range(context, source).scale)) for source in pair]
    finer = int(steps_of[0] > steps_of[1])
    factor = max(1.0, steps_of[1 - finer] / (steps_of[finer] * accumulator_limit(_STEP_BITS)))
    source = pair[finer]
    if isinstance(source, WeightQuantizer):
        context.outcome.weights[source] = context.outcome.weights[source].widened(factor)
    else:
        context.outcome.activations[source] = context.outcome.activations[source].widened(factor)
    return factor


def _range(context: Context, source: Source) -> QuantizerRange:
    if isinstance(source, WeightQuantizer):
        return context.outcome.weights[source]
    return context.outcome.activations[source]
