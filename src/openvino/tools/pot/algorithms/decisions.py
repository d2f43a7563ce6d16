"""What the stages of a run decide, before any edit: frozen, replaced and never changed, so that it says who decided."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.bias import InputMeans
from openvino.tools.pot.arithmetic.fake_quantize import fake_quantize
from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.graph.geometry import LinearLayer, along_inputs, linear_layer
from openvino.tools.pot.graph.model import SubModel
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.values import averaged
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.avoided import NOTHING, Avoided
from openvino.tools.pot.placement.plan import ActivationQuantizer, Plan, QuantizedLayer, WeightQuantizer
from openvino.tools.pot.statistics.requests import Request

PlannedLayer = tuple[QuantizedLayer, LinearLayer, WeightQuantizer]
"""A layer of the plan, its linear form, and the quantizer of its weights."""


class Reading(NamedTuple):
    """The rows that a layer takes, and how: what is computed of these serves all layers of which it is the same.

    Attributes:
        request: for the rows.
        tensor: whose range they are rounded to; None where the model came quantized.
        groups: of the layer.
        averaged: whether outputs average over all positions.
    """

    request: Request
    tensor: TensorId | None
    groups: int
    averaged: bool


@dataclass(frozen=True)
class PlannedNetwork:
    """A float network, and where quantizers go in it.

    Attributes:
        sub: the network and the user's names in it.
        view: the network, looked at.
        plan: where quantizers go.
        avoided: what the plan had to do without.
    """

    sub: SubModel
    view: GraphView
    plan: Plan
    avoided: Avoided = NOTHING

    @cached_property
    def linear_layers(self) -> tuple[PlannedLayer, ...]:
        """The layers of the plan that are linear, with quantized weights and a quantized activation."""
        return tuple(self._linear(layer for layer in self.plan.layers if layer.activations))

    @cached_property
    def layers_with_weights(self) -> tuple[PlannedLayer, ...]:
        """The same, and those in float whose weights are quantized alone."""
        return (*self.linear_layers, *self._linear(self.plan.kept))

    def _linear(self, layers: Iterable[QuantizedLayer]) -> Iterator[PlannedLayer]:
        for planned in layers:
            layer = linear_layer(self.view, planned.node)
            quantizer = None if layer is None else self.weights_at.get(InputId(layer.node, layer.weights))
            if layer is not None and quantizer is not None:
                yield planned, layer, quantizer

    @cached_property
    def weights_at(self) -> Mapping[InputId, WeightQuantizer]:
        """The quantizer of the weights that an input reads."""
        return {reader: quantizer for quantizer in self.plan.weights for reader in quantizer.readers}

    @cached_property
    def _averaged(self) -> frozenset[str]:
        return averaged(self.view)

    def by_inputs(
        self, layers: Iterable[PlannedLayer], request: Callable[[LinearLayer], Request | None]
    ) -> dict[Reading, list[PlannedLayer]]:
        """Layers by what they take, those left out for which there is no request."""
        found: dict[Reading, list[PlannedLayer]] = {}
        for each in layers:
            planned, layer, _ = each
            asked, tensor = request(layer), planned.group_at(layer.activation)
            if asked is not None:
                reading = Reading(asked, tensor, layer.groups, layer.node in self._averaged)
                found.setdefault(reading, []).append(each)
        return found

    def own_weights(self, axis: int) -> dict[InputId, tuple[LinearLayer, WeightQuantizer]]:
        """The inputs that linear layers sum over along an axis, for layers whose weights nobody else reads."""
        return {
            InputId(layer.node, layer.activation): (layer, weights)
            for _, layer, weights in self.linear_layers
            if layer.input_axis == axis and len(weights.readers) == 1
        }


@dataclass(frozen=True)
class Change:
    """One decision about one quantizer or bias.

    Attributes:
        stage: who decided.
        what: the field of ``Decisions``.
        evidence: on what, in words.
    """

    stage: str
    what: str
    evidence: str


class Repetition(NamedTuple):
    """Input channels that a layer has more than once.

    Attributes:
        channels: those that come once more, behind all others, int64.
        weights: of the layer, float32, with a part for each channel.
    """

    channels: NDArray[np.int64]
    weights: NDArray[np.float32]


@dataclass(frozen=True)
class Beyond:
    """What is known of a tensor that stays in float, on a device where that is half precision, which can't hold it.

    Attributes:
        size: its largest magnitude.
        factor: by which OpenVINO is to divide what layers in float read, so that it fits; 1 where none helps.
    """

    size: float
    factor: float


@dataclass(frozen=True)
class Decisions:
    """What the stages decided about a network so far.

    Attributes:
        network: what it is about.
        activations: range by quantized tensor.
        weights: range by weight quantizer.
        divisors: quantized tensor -> what each of its channels, or all of them, are divided by before rounding.
        weight_scales: weight quantizer -> factor of each input channel, or of all, which makes up for the division.
        levels: weight quantizer -> the levels of its symmetric range that weights move to, counted from zero,
            where these are not simply the nearest.
        replaced: place of weights -> what becomes of them in float, where nothing is quantized.
        repeated: place of weights -> the input channels that are made and read once more, in topological order.
        bounds: tensor -> the smallest and the largest value that it is to have.
        bias_shifts: layer -> what is added to each output channel.
        input_means: those that a stage computed on its way, as ``by_inputs`` tells them apart; whoever uses them
            takes them out, since of all layers together they are large.
        beyond_half: tensors that can leave half precision, where that is what float means.
        changes: tensor, weight quantizer or layer -> who decided about it, in order.
    """

    network: PlannedNetwork
    activations: Mapping[TensorId, QuantizerRange] = field(default_factory=dict)
    weights: Mapping[WeightQuantizer, QuantizerRange] = field(default_factory=dict)
    divisors: Mapping[TensorId, NDArray[np.float64]] = field(default_factory=dict)
    weight_scales: Mapping[WeightQuantizer, NDArray[np.float64]] = field(default_factory=dict)
    levels: Mapping[WeightQuantizer, NDArray[np.integer]] = field(default_factory=dict)
    replaced: Mapping[WeightQuantizer, NDArray[np.float32]] = field(default_factory=dict)
    repeated: Mapping[WeightQuantizer, Repetition] = field(default_factory=dict)
    bounds: Mapping[TensorId, tuple[float, float]] = field(default_factory=dict)
    bias_shifts: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    input_means: Mapping[Reading, InputMeans] = field(default_factory=dict)
    beyond_half: Mapping[TensorId, Beyond] = field(default_factory=dict)
    changes: Mapping[Hashable, tuple[Change, ...]] = field(default_factory=dict)

    def decided(
        self, stage: object, evidence: str | Mapping[Any, str], **values: Mapping[Any, Any]
    ) -> Decisions:
        """The same with values decided, anew or otherwise than before.

        Args:
            stage: who decides.
            evidence: on what, for all or for each key.
            values: field -> what it holds more.
        """
        changes = dict(self.changes)
        for what, found in values.items():
            for key in found:
                said = evidence if isinstance(evidence, str) else evidence[key]
                changes[key] = (*changes.get(key, ()), Change(type(stage).__name__, what, said))
        merged: dict[str, Any] = {what: {**getattr(self, what), **more} for what, more in values.items()}
        return replace(self, changes=changes, **merged)

    def history(self, quantizer: ActivationQuantizer | WeightQuantizer) -> tuple[Change, ...]:
        """Who decided the range of a quantizer and on what evidence, and who changed it afterwards, in order."""
        key = quantizer if isinstance(quantizer, WeightQuantizer) else quantizer.tensor
        return self.changes.get(key, ())

    def histories(self) -> dict[str, tuple[Change, ...]]:
        """The same of every quantizer, by the name of its FakeQuantize, and of every bias, by its layer."""
        plan = self.network.plan
        ranged = (each for each in plan.weights if each in self.weights)
        quantizers: list[ActivationQuantizer | WeightQuantizer] = [*plan.activations, *ranged]
        found = {quantizer.name: self.history(quantizer) for quantizer in quantizers}
        found |= {tensor.node: self.changes[tensor] for tensor in self.bounds}
        return {**found, **{layer: self.changes[layer] for layer in self.bias_shifts}}

    @property
    def scale_factor(self) -> float:
        """By which OpenVINO is to divide what layers in float read; 1: by nothing."""
        return max((each.factor for each in self.beyond_half.values()), default=1.0)

    def input_divisor(self, quantizer: WeightQuantizer) -> NDArray[np.float64]:
        """What each input channel of a layer with these weights is divided by; a scalar one where nothing is."""
        return self.weight_scales.get(quantizer, np.ones(()))

    def input_range(self, planned: QuantizedLayer, layer: LinearLayer) -> QuantizerRange | None:
        """The range of a layer's input, borders of one axis; None where the model came quantized."""
        group = planned.group_at(layer.activation)
        return None if group is None else self.activations[group].reshaped(-1)

    def weight_values(self, quantizer: WeightQuantizer) -> NDArray[np.float32]:
        """The float weights under a quantizer, times the factors that make up for a division."""
        view = self.network.view
        values = np.asarray(view.value(quantizer.tensor), np.float32)
        scale = self.weight_scales.get(quantizer)
        if scale is None or scale.size == 1:
            return values if scale is None else values * scale.astype(np.float32)
        layer = linear_layer(view, quantizer.readers[0].node)
        assert layer is not None
        return values * along_inputs(view, layer, scale.astype(np.float32), values.ndim)

    def moved_weights(self, quantizer: WeightQuantizer) -> NDArray[np.float32]:
        """The weights under a quantizer as they will be stored in float: moved to levels where stages chose these."""
        if quantizer in self.replaced:
            return self.replaced[quantizer]
        levels = self.levels.get(quantizer)
        if levels is None:
            return self.weight_values(quantizer)
        return np.asarray(np.multiply(levels, self.weights[quantizer].scale, dtype=np.float32))

    def rounded_weights(self, quantizer: WeightQuantizer) -> NDArray[np.float32]:
        """The weights under a quantizer as they will be rounded: at levels that stages chose, or at the nearest."""
        if quantizer in self.levels or quantizer not in self.weights:
            return self.moved_weights(quantizer)
        return np.asarray(fake_quantize(self.weight_values(quantizer), self.weights[quantizer]), np.float32)

    @property
    def divided(self) -> tuple[TensorId, ...]:
        """Tensors whose channels have ranges of their own."""
        return tuple(
            quantizer.tensor
            for quantizer in self.network.plan.activations
            if self.activations[quantizer.tensor].low.size > 1
            or (quantizer.tensor in self.divisors and self.divisors[quantizer.tensor].size > 1)
        )
