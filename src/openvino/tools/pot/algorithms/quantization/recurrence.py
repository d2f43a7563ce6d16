"""Data of recurrent layers, brought to the width of their state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork
from openvino.tools.pot.algorithms.quantization.activation_ranges import ActivationRanges, both_signs
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.arithmetic.recurrence import data_divisor
from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.hardware import Operation
from openvino.tools.pot.placement.plan import ActivationQuantizer, WeightQuantizer, by_group
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import Request


@dataclass(frozen=True)
class _Recurrence:
    """Recurrent layers that read tensors of one range.

    Attributes:
        data, states: the quantizers of what they read, and of the states that they start from.
        inputs, own: the weights of either; nobody else reads those of data.
    """

    data: tuple[ActivationQuantizer, ...]
    states: tuple[ActivationQuantizer, ...]
    inputs: tuple[WeightQuantizer, ...]
    own: tuple[WeightQuantizer, ...]

    @property
    def group(self) -> tuple[ActivationQuantizer, ...]:
        """All quantizers."""
        return (*self.data, *self.states)


class RecurrenceStage:
    """Finds the range of recurrent layers, which the device rounds data and state with alike.

    Of data that is much wider than the state, it would leave nothing of the state. So data is divided on the way in.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._ranges = ActivationRanges(recipe)

    def requests(self, network: PlannedNetwork) -> Iterator[Request]:
        """Ask for the borders of what the layers read."""
        for found in self._recurrences(network):
            for quantizer in found.group:
                yield from self._ranges.requests(network.view, quantizer)

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """Choose the divisors, and the ranges behind them."""
        for found in self._recurrences(decisions.network):
            data = max(self._width(decisions, each, statistics) for each in found.data)
            widths = [self._width(decisions, each, statistics) for each in found.states]
            state = max([quantizer.covers for quantizer in found.group] + widths)
            inputs, own = (
                [decisions.weight_values(each) for each in weights] for weights in (found.inputs, found.own)
            )
            divisor = data_divisor(data, state, inputs, own)
            common = both_signs(self._recipe, found.group, max(state, data / divisor)).reshaped()
            decisions = decisions.decided(
                self,
                f"data is as wide as {data:.4g} where the state is {state:.4g}",
                activations={each.tensor: common for each in found.group},
                divisors={each.tensor: np.array([divisor]) for each in found.data},
                weight_scales={each: np.array([divisor]) for each in found.inputs},
            )
        return decisions

    def _width(self, decisions: Decisions, quantizer: ActivationQuantizer, statistics: Statistics) -> float:
        """The largest magnitude of the range that a tensor would have by itself."""
        alone = self._ranges.range(decisions, [replace(quantizer, covers=0.0)], statistics)
        return float(max(np.max(alone.high), -np.min(alone.low)))

    def _recurrences(self, network: PlannedNetwork) -> Iterator[_Recurrence]:
        for group in by_group(network.plan.activations):
            if any(quantizer.covers for quantizer in group):
                found = self._recurrence(network, group)
                if found is not None:
                    yield found

    def _recurrence(
        self, network: PlannedNetwork, group: Sequence[ActivationQuantizer]
    ) -> _Recurrence | None:
        """What a group of tensors is to recurrent layers; None where others read it, or their weights, too."""
        ends = dict.fromkeys(end for quantizer in group for end in quantizer.ends)
        table = self._recipe.device.operations
        operations = {end: table.get(network.view.type(end.node), Operation()) for end in ends}
        if not all(operation.state for operation in operations.values()):
            return None
        of_data = {end: found for end, found in operations.items() if end.port == found.activations[0]}
        data = [quantizer for quantizer in group if of_data.keys() >= set(quantizer.ends)]
        states = [quantizer for quantizer in group if of_data.keys().isdisjoint(quantizer.ends)]
        places = [[InputId(end.node, found.weights[i]) for end, found in of_data.items()] for i in (0, 1)]
        inputs, own = (list(dict.fromkeys(map(network.weights_at.get, reading))) for reading in places)
        known = [quantizer for quantizer in (*inputs, *own) if quantizer is not None]
        others = {reader for each in inputs if each for reader in each.readers} - set(places[0])
        if not data or others or len(known) < len(inputs + own) or len(data) + len(states) < len(group):
            return None
        return _Recurrence(
            tuple(data), tuple(states), tuple(known[: len(inputs)]), tuple(known[len(inputs) :])
        )
