"""Biases corrected on the quantized network itself, layer by layer, in one pass over the samples."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork
from openvino.tools.pot.algorithms.interfaces import Passes
from openvino.tools.pot.algorithms.quantization.biases import is_too_large
from openvino.tools.pot.algorithms.rehearsal import Rehearsal, is_one_of_each
from openvino.tools.pot.arithmetic.bias import is_closer, without_chance
from openvino.tools.pot.configs.parameters import FastBiasCorrectionParameters
from openvino.tools.pot.graph.edits.bias import bias_input
from openvino.tools.pot.graph.geometry import LinearLayer
from openvino.tools.pot.graph.succession import Befores, befores, groups, levels
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.samplers.batch_sampler import mixed
from openvino.tools.pot.statistics.reducers import Drift
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.errors import DataError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Budget:
    """How many inferences a refinement may take.

    Attributes:
        measured: inferences that the shifts of one cut are found on; of the last one, four times as many.
        judged: of samples that are held out, on which a cut shows whether it brings outputs closer.
        passes: over the samples, that all of them may come to together.
    """

    measured: int
    judged: int
    passes: float


_CLOSED = "biases are corrected in closed form"

QUICK, THOROUGH = Budget(20, 40, 1.25), Budget(60, 60, 6.5)
"""For four plain passes, and for twenty."""

_HELD_OUT = 5
"""One of so many samples at most is held out."""


class DriftRefinement:
    """Shifts biases so that the mean of each layer's output in the quantized network is what it is in the float one.

    Both networks run side by side. The layers are taken in cuts, one behind the other: those of a cut are measured on
    some samples with all biases before them corrected already, and are corrected by what is left then, which comes from
    before as well as from themselves. A cut counts if it brings the network's outputs closer to those of the float one
    on samples that are held out. Where more layers stand behind each other than there can be cuts, those within a cut
    that feed others in it keep what the closed form says of them alone: nothing is corrected twice. So do the first
    ones, which nothing comes to, and channels whose shift differs from it by no more than the standard error.

    Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019, appendix D,
    on samples in place of batch normalisation, and with several layers between two cuts.
    """

    otherwise = _CLOSED

    def __init__(self, parameters: FastBiasCorrectionParameters, budget: Budget = QUICK) -> None:
        self._parameters, self._budget = parameters, budget

    def refine(self, decisions: Decisions, passes: Passes) -> Decisions:
        """Shift biases by what is measured on the quantized network."""
        network, before, layers = decisions.network, *self._later(decisions)
        if not layers or passes.samples < 2:
            return decisions
        rehearsal = Rehearsal.of(decisions, layers.values())
        judged = rehearsal.departures
        if not judged:
            logger.warning("model %r has no outputs to compare: %s", network.sub.name, _CLOSED)
            return decisions
        phases = schedule(before, passes.samples, self._budget)
        drifts = {node: _drift(network.view, rehearsal, layer) for node, layer in layers.items()}
        course = _Course(
            phases,
            drifts,
            judged,
            _shifts(decisions, layers.values()),
            rehearsal.shifts,
            self._allowed(decisions, layers),
        )
        order = [unit for phase in phases for unit in phase.units]
        try:
            rehearsal.measured(passes, [*drifts.values(), *judged], course, order)
        except DataError as error:
            logger.warning("model %r: %s; %s", network.sub.name, error, _CLOSED)
            return decisions
        if not is_one_of_each(network.sub.name, course.taken, len(order), _CLOSED):
            return decisions
        shifts = {node: course.shifts[node] for node in course.kept}
        logger.debug("%d cuts of biases, kept: %s", (len(phases) - 1) // 2, ", ".join(course.kept))
        evidence = f"mean error in the quantized network on {passes.samples} samples"
        return decisions.decided(self, evidence, bias_shifts=shifts)

    def _allowed(
        self, decisions: Decisions, layers: Mapping[str, LinearLayer]
    ) -> Callable[[str, Doubles], bool]:
        """Whether the threshold lets a layer have a shift."""
        return lambda node, shift: (
            not is_too_large(self._parameters, decisions.network.view, layers[node], shift)
        )

    def _later(self, decisions: Decisions) -> tuple[Befores, dict[str, LinearLayer]]:
        """Layers that others stand before, and which these are."""
        layers = {layer.node: layer for layer in self._layers(decisions.network)}
        before = befores(decisions.network.view, layers)
        later = {
            node: layer for node, layer in layers.items() if before[node] or node not in decisions.bias_shifts
        }
        return befores(decisions.network.view, later), later

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


@dataclass(frozen=True)
class Phase:
    """Inferences with the same biases.

    Attributes:
        nodes: layers whose drift is measured; none where outputs are compared.
        units: which samples.
    """

    nodes: tuple[str, ...]
    units: tuple[int, ...]


def schedule(before: Befores, samples: int, budget: Budget) -> list[Phase]:
    """What is measured and judged, on which samples: outputs at first, then a cut and outputs by turns.

    Args:
        before: of the layers.
        samples: how many there are, at least two.
        budget: of inferences.
    """
    held_out = max(1, min(budget.judged, samples // _HELD_OUT))
    judged = tuple(number * samples // held_out for number in range(held_out))
    rest = [unit for unit in range(samples) if unit not in judged]
    measured = min(budget.measured, len(rest))
    room = int(budget.passes * samples) - 2 * held_out - 4 * measured
    count = min(max(levels(before).values()), 1 + max(0, room // (measured + held_out)))
    cuts = groups(before, count)
    lengths = [measured] * (count - 1) + [min(4 * measured, len(rest))]
    order = iter(mixed(rest, sum(lengths)))
    phases = [Phase((), judged)]
    for nodes, length in zip(cuts, lengths, strict=True):
        phases += [Phase(tuple(nodes), tuple(islice(order, length))), Phase((), judged)]
    return phases


@dataclass
class _Course:
    """The shifts of biases as they become known.

    Attributes:
        phases: in their order.
        drifts: layer -> the drift of its output without its bias.
        judged: the errors of outputs.
        shifts: layer -> what its bias is shifted by.
        name: of the model's input for these.
        allowed: whether a layer may have a shift.
        kept: layers whose shifts were changed.
        taken: inferences.
    """

    phases: Sequence[Phase]
    drifts: Mapping[str, Request]
    judged: Sequence[Request]
    shifts: dict[str, Doubles]
    name: str
    allowed: Callable[[str, Doubles], bool]
    kept: list[str] = field(default_factory=list)
    taken: int = 0
    _ends: list[int] = field(default_factory=list)
    _seen: list[dict[Request, Doubles]] = field(default_factory=list)
    _least: Doubles | None = None
    _tried: dict[str, Doubles] = field(default_factory=dict)
    _fed: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def begin(self, expected: int) -> None:
        """Know where phases end."""
        self._ends = list(accumulate(len(phase.units) for phase in self.phases))

    def awaits(self, position: int) -> bool:
        """Whether an earlier phase must be over before this inference."""
        return position in self._ends and self.taken < position

    def fed(self, position: int) -> Mapping[str, NDArray[Any]]:
        """The shifts of this phase."""
        if not self._fed:
            parts = [self._tried.get(node, self.shifts[node]) for node in self.drifts]
            self._fed = {self.name: np.concatenate(parts, dtype=np.float32)}
        return self._fed

    def take(self, figures: Mapping[Request, NDArray[np.float32]]) -> None:
        """Take what an inference shows, and conclude from it at the end of a phase."""
        if self.taken < self._ends[-1]:
            nodes = self.phases[bisect_right(self._ends, self.taken)].nodes
            wanted = [self.drifts[node] for node in nodes] or self.judged
            self._seen.append({request: figures[request].astype(np.float64) for request in wanted})
            if self.taken + 1 in self._ends:
                if nodes:
                    self._tried = {node: self._corrected(node) for node in nodes}
                else:
                    self._judge()
                self._seen, self._fed = [], {}
        self.taken += 1

    def _corrected(self, node: str) -> Doubles:
        """What makes up for the drift of a layer, where that differs from the shift it has by more than chance."""
        old = self.shifts[node]
        away = -np.stack([found[self.drifts[node]] for found in self._seen]) - old
        change = without_chance(away.mean(axis=0), away)
        shift = old + np.where(np.isfinite(change), change, 0.0)
        return shift if self.allowed(node, shift) else old

    def _judge(self) -> None:
        """Keep what was tried where it brings outputs closer by more than chance."""
        errors = np.array([[float(found[each][0]) for each in self.judged] for found in self._seen])
        if self._least is None or is_closer(errors, self._least):  # against what is not finite nothing counts
            self._least = errors
            self.shifts |= self._tried
            self.kept += self._tried
        self._tried = {}
