"""What the stages of a run share: the model on its way, what was decided, and the interface of a stage."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.arithmetic.bias import InputMeans
from openvino.tools.pot.arithmetic.fake_quantize import fake_quantize
from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.arithmetic.repetition import repetitions
from openvino.tools.pot.configs.parameters import MinMaxParameters
from openvino.tools.pot.graph.averaging import averaged
from openvino.tools.pot.graph.geometry import LinearLayer, along_inputs, linear_layer
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.avoided import NOTHING, Avoided
from openvino.tools.pot.placement.plan import Plan, QuantizedLayer, WeightQuantizer
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import Request

PlannedLayer = tuple[QuantizedLayer, LinearLayer, WeightQuantizer]
"""A layer of the plan, its linear form, and the quantizer of its weights."""


@dataclass
class Outcome:
    """What the stages decided, before any edit.

    Attributes:
        activations: range by quantized tensor.
        weights: range by weight quantizer.
        divisors: quantized tensor -> what each of its channels, or all of them, are divided by before rounding.
        weight_scales: weight quantizer -> factor of each input channel, or of all, which makes up for the division.
        levels: weight quantizer -> the levels of its symmetric range that weights move to, counted from zero,
            where these are not simply the nearest.
        bias_shifts: layer -> what is added to each output channel.
    """

    activations: dict[TensorId, QuantizerRange] = field(default_factory=dict)
    weights: dict[WeightQuantizer, QuantizerRange] = field(default_factory=dict)
    divisors: dict[TensorId, NDArray[np.float64]] = field(default_factory=dict)
    weight_scales: dict[WeightQuantizer, NDArray[np.float64]] = field(default_factory=dict)
    levels: dict[WeightQuantizer, NDArray[np.integer]] = field(default_factory=dict)
    bias_shifts: dict[str, NDArray[np.float64]] = field(default_factory=dict)


@dataclass
class Context:
    """One float model on its way to a quantized one.

    Attributes:
        sub: the model and the user's names in it.
        view: the float model, looked at.
        avoided: what the plan must do without.
        plan: where quantizers go; set by the stage that places them.
        outcome: filled by the stages in their order.
        input_means: those that a stage computed on its way, by the key of ``by_inputs``; whoever uses them takes
            them out, since of all layers together they are large.
    """

    sub: SubModel
    view: GraphView
    avoided: Avoided = NOTHING
    plan: Plan | None = None
    outcome: Outcome = field(default_factory=Outcome)
    input_means: dict[Hashable, InputMeans] = field(default_factory=dict)

    @cached_property
    def linear_layers(self) -> tuple[PlannedLayer, ...]:
        """The layers of the plan that are linear, with quantized weights and a quantized activation."""
        return tuple(self._linear_layers())

    def _linear_layers(self) -> Iterator[PlannedLayer]:
        assert self.plan is not None
        by_reader = {reader: quantizer for quantizer in self.plan.weights for reader in quantizer.readers}
        for planned in self.plan.layers:
            layer = linear_layer(self.view, planned.node)
            if layer is not None and planned.activations:
                quantizer = by_reader.get(InputId(layer.node, layer.weights))
                if quantizer is not None:
                    yield planned, layer, quantizer

    @cached_property
    def _averaged(self) -> frozenset[str]:
        return averaged(self.view)

    def by_inputs(
        self, layers: Iterable[PlannedLayer], request: Callable[[LinearLayer], Request | None]
    ) -> dict[Hashable, list[PlannedLayer]]:
        """Layers by the rows they take and how: what is computed of these serves all of a group."""
        groups: dict[Hashable, list[PlannedLayer]] = {}
        for planned, layer, quantizer in layers:
            read = (request(layer), planned.group_at(layer.activation), layer.groups)
            key = (*read, layer.node in self._averaged)
            groups.setdefault(key, []).append((planned, layer, quantizer))
        return groups

    def row_counts(self, layer: LinearLayer, rows: NDArray[np.float32], samples: int) -> NDArray[np.float64]:
        """How often each of a layer's gathered inputs counts: as often as it repeats within its sample.

        Once where outputs average over all positions: then errors of rows that differ add up just as well.
        """
        return np.ones(len(rows)) if layer.node in self._averaged else repetitions(rows, samples)

    def own_weights(self, axis: int) -> dict[InputId, tuple[LinearLayer, WeightQuantizer]]:
        """The inputs that linear layers sum over along an axis, for layers whose weights nobody else reads."""
        return {
            InputId(layer.node, layer.activation): (layer, weights)
            for _, layer, weights in self.linear_layers
            if layer.input_axis == axis and len(weights.readers) == 1
        }

    def input_divisor(self, quantizer: WeightQuantizer) -> NDArray[np.float64]:
        """What each input channel of a layer with these weights is divided by; a scalar one where nothing is."""
        return self.outcome.weight_scales.get(quantizer, np.ones(()))

    def input_range(self, planned: QuantizedLayer, layer: LinearLayer) -> QuantizerRange | None:
        """The range of a layer's input, borders of one axis; None where the model came quantized."""
        group = planned.group_at(layer.activation)
        return None if group is None else self.outcome.activations[group].reshaped(-1)

    def weight_values(self, quantizer: WeightQuantizer) -> NDArray[np.float32]:
        """The float weights under a quantizer, times the factors that make up for a division."""
        values = np.asarray(self.view.value(quantizer.tensor), np.float32)
        scale = self.outcome.weight_scales.get(quantizer)
        if scale is None or scale.size == 1:
            return values if scale is None else values * scale.astype(np.float32)
        layer = linear_layer(self.view, quantizer.readers[0].node)
        assert layer is not None
        return values * along_inputs(self.view, layer, scale.astype(np.float32), values.ndim)

    def moved_weights(self, quantizer: WeightQuantizer) -> NDArray[np.float32]:
        """The weights under a quantizer as they will be stored in float: moved to levels where stages chose these."""
        levels = self.outcome.levels.get(quantizer)
        if levels is None:
            return self.weight_values(quantizer)
        return np.asarray(np.multiply(levels, self.outcome.weights[quantizer].scale, dtype=np.float32))

    def rounded_weights(self, quantizer: WeightQuantizer) -> NDArray[np.float32]:
        """The weights under a quantizer as they will be rounded: at levels that stages chose, or at the nearest."""
        if quantizer in self.outcome.levels:
            return self.moved_weights(quantizer)
        grid = self.outcome.weights[quantizer]
        return np.asarray(fake_quantize(self.weight_values(quantizer), grid), np.float32)


class Stage(Protocol):
    """A step of quantization: asks for statistics before the pass, decides on parameters after it."""

    def requests(self, context: Context) -> Iterable[Request]:
        """What must be measured on the float model."""
        ...

    def decide(self, context: Context, statistics: Statistics) -> None:
        """Fill in the outcome from the statistics and from what earlier stages decided."""
        ...


class Configured(Protocol):
    """What a run needs of an algorithm."""

    @property
    def name(self) -> str:
        """In lists of algorithms."""

    @property
    def config(self) -> Mapping[str, Any]:
        """The ``params`` of its entry in the list."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """In their order."""

    @property
    def sampling(self) -> MinMaxParameters | None:
        """The parameters that choose samples, None if another algorithm of the list does."""

    def of(self, name: str) -> Configured:
        """The algorithm for one model of a cascade."""


@runtime_checkable
class Search(Protocol):
    """An algorithm that makes and evaluates many models; it stands alone in a list of algorithms."""

    @property
    def name(self) -> str:
        """In lists of algorithms."""

    def search(
        self, model: CompressedModel, engine: Engine | None, statistics: Statistics | None = None
    ) -> CompressedModel:
        """The best model that was found; the given one is left as it is."""

    def collect(self, model: CompressedModel, engine: Engine | None) -> Statistics:
        """What the search wants to be measured, from the engine's samples, for ``search``."""
