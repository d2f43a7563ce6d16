"""Biases corrected on the quantized network itself, layer by layer, in one pass over the samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork
from openvino.tools.pot.algorithms.interfaces import Passes
from openvino.tools.pot.algorithms.quantization.biases import is_too_large
from openvino.tools.pot.algorithms.rehearsal import Rehearsal
from openvino.tools.pot.arithmetic.bias import without_chance
from openvino.tools.pot.configs.parameters import FastBiasCorrectionParameters
from openvino.tools.pot.graph.edits.bias import bias_input
from openvino.tools.pot.graph.geometry import LinearLayer
from openvino.tools.pot.graph.sizes import with_sizes
from openvino.tools.pot.graph.succession import Befores, befores, groups, levels
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.reducers import Drift
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.statistics.steered import SteeredLayout
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

Doubles = NDArray[np.float64]

_FEWEST = 12
"""Samples that the shifts of one cut are found on."""

_MOST = 1.25
"""Passes over the samples that all cuts may take together."""


class DriftRefinement:
    """Shifts biases so that the mean of each layer's output in the quantized network is what it is in the float one.

    Both networks run side by side. The layers are taken in cuts, one behind the other: those of a cut are measured on
    some samples with all biases before them corrected already, and are corrected by what is left then, which comes from
    before as well as from themselves. Where more layers stand behind each other than samples suffice for, those within
    a cut that feed others in it keep what the closed form says of them alone: nothing is corrected twice. So do the
    first ones, which nothing comes to, and channels whose shift differs from it by no more than the standard error over
    these samples.

    Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019, appendix D,
    on samples in place of batch normalisation, and with several layers between two cuts.
    """

    def __init__(self, parameters: FastBiasCorrectionParameters) -> None:
        self._parameters = parameters

    def refine(self, decisions: Decisions, passes: Passes) -> Decisions:
        """Shift biases by what is measured on the quantized network."""
        network = decisions.network
        layers = {layer.node: layer for layer in self._layers(network)}
        before = befores(network.view, layers)
        first = [node for node, sources in before.items() if not sources and node in decisions.bias_shifts]
        layers = {node: layer for node, layer in layers.items() if node not in first}
        if not layers:
            return decisions
        before = befores(network.view, layers)
        depth = max(levels(before).values())
        count = int(min(max(passes.samples, _FEWEST * depth), _MOST * passes.samples))
        rehearsal = Rehearsal.of(decisions, layers.values())
        requests = {node: _drift(network.view, rehearsal, layer) for node, layer in layers.items()}
        course = _Course(before, requests, _shifts(decisions, layers.values()), rehearsal.shifts)
        seen = with_sizes(rehearsal.model, passes.sizes)
        layout = SteeredLayout(network.sub.model, rehearsal.model, requests.values(), course, seen)
        passes.measure(layout, count)
        shifts = {
            node: shift
            for node, shift in course.found.items()
            if not is_too_large(self._parameters, network.view, layers[node], shift)
        }
        logger.debug("biases of %d of %d layers corrected in %d cuts", len(shifts), len(layers), course.cuts)
        return decisions.decided(
            self, f"mean error in the quantized network on {count} samples", bias_shifts=shifts
        )

    def _layers(self, network: PlannedNetwork) -> Iterator[LinearLayer]:
        """The layers to correct, as far as the number of their channels is known."""
        view = network.view
        for _, layer, _ in network.linear_layers:
            shape = view.stored_shape(TensorId(layer.node))
            known = shape is not None and shape[layer.output_axis] is not None
            if known and (self._parameters.apply_for_all_nodes or bias_input(view, layer) is not None):
                yield layer


def _drift(view: GraphView, rehearsal: Rehearsal, layer: LinearLayer) -> Request:
    rank = view.output(TensorId(layer.node)).get_partial_shape().rank.get_length()
    return Request(
        rehearsal.outputs[layer.node], Drift(layer.output_axis % rank, TensorId(layer.node)), "mean"
    )


def _shifts(decisions: Decisions, layers: Iterable[LinearLayer]) -> dict[str, Doubles]:
    """What biases are shifted by so far."""
    view, found = decisions.network.view, {}
    for layer in layers:
        size = (view.stored_shape(TensorId(layer.node)) or ())[layer.output_axis] or 0
        found[layer.node] = decisions.bias_shifts.get(layer.node, np.zeros(size))
    return found


@dataclass
class _Course:
    """The shifts of biases as they become known.

    Attributes:
        before: layer -> those directly before it.
        requests: layer -> the drift of its output without its bias.
        shifts: layer -> what its bias is shifted by for now.
        name: of the model's input for these.
        found: layer -> what its bias has to be shifted by.
        cuts: how many there are.
    """

    before: Befores
    requests: Mapping[str, Request]
    shifts: dict[str, Doubles]
    name: str
    found: dict[str, Doubles] = field(default_factory=dict)
    cuts: int = 0
    _ends: list[int] = field(default_factory=list)
    _groups: list[list[str]] = field(default_factory=list)
    _taken: int = 0
    _drifts: dict[str, list[Doubles]] = field(default_factory=dict)
    _fed: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def begin(self, expected: int) -> None:
        """Choose the cuts."""
        self.cuts = min(max(levels(self.before).values()), max(1, expected // _FEWEST))
        self._ends = [expected * (number + 1) // self.cuts for number in range(self.cuts)]
        self._groups = groups(self.before, self.cuts)

    def awaits(self, position: int) -> bool:
        """Whether the shifts of a cut must be known before this inference."""
        return position in self._ends and self._taken < position

    def fed(self) -> Mapping[str, NDArray[Any]]:
        """The shifts that are known by now."""
        if not self._fed:
            parts = [self.shifts[node] for node in self.requests]
            self._fed = {self.name: np.concatenate(parts, dtype=np.float32)}
        return self._fed

    def take(self, figures: Mapping[Request, NDArray[np.float32]]) -> None:
        """Take what an inference shows of the layers of this cut, and correct them once there is enough."""
        if not self._ends:
            return
        for node in self._groups[0]:
            self._drifts.setdefault(node, []).append(figures[self.requests[node]].astype(np.float64))
        self._taken += 1
        if self._taken == self._ends[0]:
            for node in self._groups.pop(0):
                self._correct(node, np.stack(self._drifts.pop(node)))
            self._ends.pop(0)
            self._fed = {}

    def _correct(self, node: str, drifts: Doubles) -> None:
        """Make up for the drift of a layer's output, where it is more than chance, against the shift it has."""
        old = self.shifts[node]
        away = -drifts - old
        change = without_chance(away.mean(axis=0), away)
        self.found[node] = self.shifts[node] = old + np.where(np.isfinite(change), change, 0.0)
