"""Ranges of all quantizers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork
from openvino.tools.pot.algorithms.quantization.activation_ranges import ActivationRanges
from openvino.tools.pot.algorithms.recipe import Recipe, sections_of
from openvino.tools.pot.arithmetic.estimators import array_statistic
from openvino.tools.pot.arithmetic.ranges import SMALLEST_HIGH, QuantizerRange
from openvino.tools.pot.arithmetic.schemes import BorderRule, border_rules, halved, limited, weight_range
from openvino.tools.pot.graph.geometry import axis_shape
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.plan import ActivationQuantizer, WeightQuantizer, by_group
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.errors import DataError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

Borders = tuple[NDArray[np.float64], NDArray[np.float64]]


class RangeStage:
    """Asks for range statistics of the planned quantizers and turns them into ranges.

    Ranges of activations that an earlier stage found together with a division stay as they are.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._activations = ActivationRanges(recipe)
        parameters, device = recipe.parameters, recipe.device
        if device.integers is not None and parameters.saturation_fix in ("first_layer", "all"):
            logger.warning(
                "saturation_fix: %s changes nothing on %s, whose sums have %d bits",
                parameters.saturation_fix, device.name, device.integers.sum_bits,
            )  # fmt: skip
        if parameters.activations.granularity == "perchannel":
            logger.warning(
                "activations.granularity: perchannel acts on the inputs of depthwise convolutions only: %s takes "
                "one range for each other tensor",
                device.name,
            )
        for key, own in sections_of(parameters):
            if key.endswith("weights") and own.mode == "asymmetric" and not device.asymmetric_weights:
                logger.warning(
                    "%s.mode: asymmetric: %s runs layers whose weights have zero points in float",
                    key,
                    device.name,
                )

    def requests(self, network: PlannedNetwork) -> Iterator[Request]:
        """Ask for the borders of every activation."""
        for quantizer in network.plan.activations:
            yield from self._activations.requests(network.view, quantizer)

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """Set the range of every quantizer."""
        plan, view = decisions.network.plan, decisions.network.view
        ranges: dict[TensorId, QuantizerRange] = {}
        evidence: dict[TensorId, str] = {}
        for group in by_group(plan.activations):
            if group[0].tensor not in decisions.activations:
                own = self._activation_ranges(decisions, group, statistics)
                ranges.update(own)
                said = self._activations.evidence(view, group[0], statistics.samples)
                evidence.update(dict.fromkeys(own, said))
        decisions = decisions.decided(self, evidence, activations=ranges)
        found: dict[WeightQuantizer, QuantizerRange] = {}
        for members in by_group(plan.weights):
            found.update(self._weight_ranges(decisions, members))
        logger.info(
            "%d activations and %d weights of %d layers quantized",
            len(plan.activations), len(plan.weights), len(plan.layers),
        )  # fmt: skip
        rules = {each: self._weight_rules(each) for each in found}
        kinds = {each: f"{low.kind} and {high.kind} of the weights" for each, (low, high) in rules.items()}
        return _fit_storage(decisions.decided(self, kinds, weights=found), self)

    def _activation_ranges(
        self, decisions: Decisions, group: Sequence[ActivationQuantizer], statistics: Statistics
    ) -> dict[TensorId, QuantizerRange]:
        view = decisions.network.view
        common = self._activations.range(decisions, group, statistics)
        if self._recipe.device.integers is not None:
            _check_state(view, group[0].tensor, common)
        return {each.tensor: _by_channel(view, common, each) for each in group}

    def _weight_rules(self, quantizer: WeightQuantizer) -> tuple[BorderRule, BorderRule]:
        recipe = self._recipe
        return border_rules(recipe.has_symmetric(quantizer), True, recipe.estimators_of(quantizer))

    def _weight_ranges(
        self, decisions: Decisions, group: Sequence[WeightQuantizer]
    ) -> dict[WeightQuantizer, QuantizerRange]:
        own, halves = self._recipe.said_of(group[0]), self._recipe.halves
        symmetric = self._recipe.has_symmetric(group[0])
        borders = [self._weight_borders(decisions, quantizer) for quantizer in group]
        if len(group) > 1:
            least, most = min(np.min(low) for low, _ in borders), max(np.max(high) for _, high in borders)
            borders = [(np.full_like(low, least), np.full_like(high, most)) for low, high in borders]
        found = {}
        for quantizer, (low, high) in zip(group, borders, strict=True):
            wide = weight_range(low, high, symmetric, own, quantizer.format)
            found[quantizer] = halved(wide) if halves == "all" or (halves and quantizer.first) else wide
        return found

    def _weight_borders(self, decisions: Decisions, quantizer: WeightQuantizer) -> Borders:
        per_channel = self._recipe.said_of(quantizer).granularity != "pertensor"
        axes = quantizer.channel_axes if per_channel else ()
        array, rules = decisions.weight_values(quantizer), self._weight_rules(quantizer)
        low, high = (
            array_statistic(array, rule.kind, rule.probability, upper, axes)
            for rule, upper in zip(rules, (False, True), strict=True)
        )
        return limited(low, high, rules)


def _fit_storage(decisions: Decisions, stage: RangeStage) -> Decisions:
    """Widen ranges that half precision could not store, in networks that are in it."""
    plan, view = decisions.network.plan, decisions.network.view
    activations = {
        quantizer.tensor: decisions.activations[quantizer.tensor].at_least(SMALLEST_HIGH)
        for quantizer in plan.activations
        if _is_half(view, quantizer.tensor)
    }
    weights = {
        quantizer: decisions.weights[quantizer].at_least(SMALLEST_HIGH)
        for quantizer in plan.weights
        if _is_half(view, quantizer.tensor)
    }
    if not activations and not weights:
        return decisions
    return decisions.decided(stage, "what half precision stores", activations=activations, weights=weights)


def _is_half(view: GraphView, tensor: TensorId) -> bool:
    return bool(view.output(tensor).get_element_type() == ov.Type.f16)


def _check_state(view: GraphView, tensor: TensorId, found: QuantizerRange) -> None:
    """Raise an error for a state that never left zero, since its range would let nothing else through."""
    if view.type(tensor.node) == "ReadValue" and float(np.max(found.high)) == np.float32(SMALLEST_HIGH):
        raise DataError(
            f"state {tensor.node!r} was zero at all times of the statistics, expected samples of several steps: an "
            "engine whose _predict feeds them one after the other, and resets the state between samples"
        )


def _by_channel(view: GraphView, found: QuantizerRange, quantizer: ActivationQuantizer) -> QuantizerRange:
    """A range for each channel, shaped to broadcast along its axis; one for all keeps a scalar's shape."""
    size, rank = found.low.size, len(view.shape(quantizer.tensor) or ())
    return found.reshaped(*(axis_shape(size, quantizer.channel_axis, rank) if size > 1 else ()))
