"""Layers tuned one behind the other on the quantized network: weights, their scales, and biases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedLayer
from openvino.tools.pot.algorithms.interfaces import Passes, Refinement
from openvino.tools.pot.algorithms.quantization.biases import is_too_large
from openvino.tools.pot.algorithms.quantization.tuned import HELD_OUT, Pair, TunedLayer, tuned_layer
from openvino.tools.pot.algorithms.rehearsal import Rehearsal, is_one_of_each
from openvino.tools.pot.arithmetic.bias import is_closer_mostly
from openvino.tools.pot.configs.parameters import FastBiasCorrectionParameters
from openvino.tools.pot.graph.beside import SECOND
from openvino.tools.pot.graph.edits.bias import bias_input
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights
from openvino.tools.pot.graph.succession import befores, feeding, groups, levels
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.samplers.batch_sampler import mixed
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.reducers import Drift
from openvino.tools.pot.statistics.requests import Request, many_inputs_request
from openvino.tools.pot.utils.errors import DataError, ModelError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

Doubles = NDArray[np.float64]

_WIDEST = 2304
"""Inputs of a layer: moments of more would take more memory and time than the rest of a run."""

_KEPT = "long stack"

_Step = tuple[Sequence[PlannedLayer], Sequence[PlannedLayer]]
"""Layers that make up for what arrives at them, and layers that don't."""

_STAY = "layers stay as they are"


@dataclass(frozen=True)
class TuningBudget:
    """How much a refinement may take.

    Attributes:
        measured: samples that each cut is measured on, a fifth of them held out.
        cuts: of layers, at most.
        judged: samples on which outputs are compared, before and after.
    """

    measured: int
    cuts: int
    judged: int


FEW_CUTS, MANY_CUTS = TuningBudget(80, 5, 60), TuningBudget(140, 8, 160)
"""For six plain passes, and for twenty."""


class TuningRefinement:
    """Tunes layers so that each gives what it does in float, for the inputs that it gets in the quantized network.

    Both networks run side by side. Layers are taken in cuts, one behind the other; those of a cut get what comes from
    those before, tuned already. Where more layers stand behind each other than there can be cuts, those that feed
    others of their cut make up for what they add themselves alone, and not for what arrives, which the others do: an
    error that each of them made up for would come back with the other sign. Levels of weights, their scales and biases
    change together. Every output channel keeps what has the least error on samples that are held out, be it what it
    had, and all of it counts only if it brings the network's outputs closer to those of the float one, on samples that
    nothing was measured on as far as there are any.

    Sources: see ``arithmetic.tuning``.

    Args:
        parameters: which biases may change.
        budget: how much it may take.
        fits_scales: whether scales of weights may change.
        instead: what is done where nothing is kept; None: nothing.
    """

    otherwise = _STAY

    def __init__(
        self,
        parameters: FastBiasCorrectionParameters,
        budget: TuningBudget,
        fits_scales: bool = True,
        instead: Refinement | None = None,
    ) -> None:
        self._parameters, self._budget, self._fits_scales = parameters, budget, fits_scales
        self._instead = instead

    def refine(self, decisions: Decisions, passes: Passes) -> Decisions:
        """Tune by what is measured on both networks."""
        tuned = self._refined(decisions, passes)
        return (
            tuned if tuned is not decisions or not self._instead else self._instead.refine(decisions, passes)
        )

    def _refined(self, decisions: Decisions, passes: Passes) -> Decisions:
        layers = {
            each[1].node: each for each in decisions.network.linear_layers if _is_tunable(decisions, each)
        }
        if not layers or passes.samples < 2:
            return decisions
        before = befores(decisions.network.view, layers)
        count = min(max(levels(before).values()), self._budget.cuts)
        cuts = [[layers[node] for node in cut] for cut in groups(before, count)]
        within = [[layers[node] for node in cut] for cut in feeding(before, count)]
        steps = zip([[], *cuts], [*within, []], strict=True)
        try:
            return self._along(decisions, _Trials(passes, *_chosen(passes.samples, self._budget)), steps)
        except (DataError, ModelError) as error:  # sizes may depend on data, which is rounded in one of them
            logger.warning("model %r: %s; %s", decisions.network.sub.name, error, _STAY)
            return decisions

    def _along(self, decisions: Decisions, trials: _Trials, steps: Iterable[_Step]) -> Decisions:
        """Tune step by step, and keep what came of it if it brings outputs closer."""
        least, tuned = trials.errors(decisions), decisions
        if least is None:
            return decisions
        for ends, others in steps:
            tuned = self._tuned(tuned, trials, ends, others)
        errors = trials.errors(tuned)
        kept = errors is not None and is_closer_mostly(errors, least)
        logger.debug("layers tuned: outputs are %s", "closer" if kept else "no closer, all stay")
        return tuned if kept else decisions

    def _tuned(
        self,
        decisions: Decisions,
        trials: _Trials,
        ends: Sequence[PlannedLayer],
        others: Sequence[PlannedLayer],
    ) -> Decisions:
        """What was decided, with layers tuned: the ends of a cut, and those that feed others of the next one."""
        if not ends and not others:
            return decisions
        rehearsal = Rehearsal.of(decisions)
        pairs = [self._pair(decisions, rehearsal, each) for each in ends]
        pairs += [self._pair(decisions, None, each) for each in others]
        statistics = trials.measured(rehearsal, pairs)
        if statistics is None:
            return decisions
        found: list[tuple[PlannedLayer, TunedLayer]] = []
        for each, pair in zip([*ends, *others], pairs, strict=True):
            own = tuned_layer(decisions, statistics, each, pair, self._fits_scales)
            if (
                own is not None
                and own.shift is not None
                and self._is_too_large(decisions, each[1], own.shift)
            ):
                fixed = pair._replace(drift=None, has_bias=False)
                own = tuned_layer(decisions, statistics, each, fixed, self._fits_scales)
            if own is not None:
                found.append((each, own))
        return _decided(self, decisions, found, len(trials.units)) if found else decisions

    def _is_too_large(self, decisions: Decisions, layer: LinearLayer, shift: Doubles) -> bool:
        return is_too_large(self._parameters, decisions.network.view, layer, shift)

    def _pair(self, decisions: Decisions, rehearsal: Rehearsal | None, each: PlannedLayer) -> Pair:
        """What is measured of a layer; without a rehearsal, of its input in float alone."""
        view, layer = decisions.network.view, each[1]
        plain, shape = many_inputs_request(view, layer, _KEPT), view.stored_shape(TensorId(layer.node))
        assert plain is not None
        known = shape is not None and shape[layer.output_axis] is not None
        has_bias = known and (self._parameters.apply_for_all_nodes or bias_input(view, layer) is not None)
        if rehearsal is None:
            return Pair(plain, None, None, has_bias)
        source = GraphView(rehearsal.model).source(InputId(SECOND + layer.node, layer.activation))
        axis = layer.output_axis % len(shape or ())
        drift = Request(rehearsal.outputs[layer.node], Drift(axis, TensorId(layer.node)), "mean")
        return Pair(plain, replace(plain, tensor=source), drift if has_bias else None, has_bias)


def _is_tunable(decisions: Decisions, each: PlannedLayer) -> bool:
    """Whether a layer has weights of its own, of 8 bits without zero points, and inputs that can be sampled."""
    _, layer, quantizer = each
    view, wide = decisions.network.view, quantizer.format.wide or len(quantizer.readers) > 1
    if wide or not decisions.weights[quantizer].is_symmetric or many_inputs_request(view, layer) is None:
        return False
    inputs = canonical_weights(view, layer, decisions.weight_values(quantizer)).shape[2:]
    return prod(inputs) <= _WIDEST


def _decided(
    stage: object, decisions: Decisions, found: Sequence[tuple[PlannedLayer, TunedLayer]], samples: int
) -> Decisions:
    evidence = f"least error of the layer's output in the quantized network on {samples} samples"
    shifts = {each[1].node: own.shift for each, own in found if own.shift is not None}
    weights = {each[2]: own.range for each, own in found}
    levels_of = {each[2]: own.levels for each, own in found}
    return decisions.decided(stage, evidence, levels=levels_of, weights=weights, bias_shifts=shifts)


def _chosen(samples: int, budget: TuningBudget) -> tuple[list[int], list[int]]:
    """Which samples layers are measured on, and on which outputs are judged: others, as far as there are any.

    Args:
        samples: how many there are, at least two.
        budget: of them.
    """
    order = mixed(range(samples), samples)
    measured, others = order[: budget.measured], order[budget.measured :]
    held_out = [unit for number, unit in enumerate(measured) if number % HELD_OUT == 1]
    return measured, (others + held_out)[: budget.judged]


@dataclass(frozen=True)
class _Trials:
    """Passes of both networks.

    Attributes:
        passes: over samples.
        units: that layers are measured on.
        judged: that outputs are compared on.
    """

    passes: Passes
    units: Sequence[int]
    judged: Sequence[int]

    def measured(self, rehearsal: Rehearsal, pairs: Iterable[Pair]) -> Statistics | None:
        """What is asked of layers; None where it is not finite, or inferences are not one of each sample."""
        requests = [request for pair in pairs for request in pair.requests]
        counted = _Counted(())
        found = rehearsal.measured(self.passes, requests, counted, self.units)
        return found if found.is_finite and len(counted.seen) == len(self.units) else None

    def errors(self, decisions: Decisions) -> Doubles | None:
        """Mean squares of what outputs differ by, ``[samples, outputs]``; None where they can't be compared."""
        rehearsal, name = Rehearsal.of(decisions), decisions.network.sub.name
        judged = rehearsal.departures
        if not judged:
            logger.warning("model %r has no outputs to compare: %s", name, _STAY)
            return None
        counted = _Counted(judged)
        rehearsal.measured(self.passes, judged, counted, self.judged)
        if not is_one_of_each(name, len(counted.seen), len(self.judged), _STAY):
            return None
        return np.array(counted.seen)


@dataclass
class _Counted:
    """Inferences with some of what they show.

    Attributes:
        kept: figures that are kept of each.
        seen: these, inference by inference.
    """

    kept: Sequence[Request]
    seen: list[list[float]] = field(default_factory=list)

    def begin(self, expected: int) -> None:
        """Nothing is fed that depends on others."""

    def awaits(self, position: int) -> bool:
        """Whether an inference waits for others."""
        return False

    def fed(self, position: int) -> Mapping[str, NDArray[Any]]:
        """Nothing."""
        return {}

    def take(self, figures: Mapping[Request, NDArray[np.float32]]) -> None:
        """Keep figures."""
        self.seen.append([float(figures[each][0]) for each in self.kept])
