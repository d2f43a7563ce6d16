"""Ranges of activations made wider or narrower, where that brings the network's outputs closer to the float one's."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions
from openvino.tools.pot.algorithms.interfaces import Passes
from openvino.tools.pot.algorithms.rehearsal import Rehearsal, is_one_of_each
from openvino.tools.pot.arithmetic.bias import is_closer, relative_changes
from openvino.tools.pot.configs.refining import RangeOptimizationParameters
from openvino.tools.pot.hardware import device_as_seen
from openvino.tools.pot.placement.exact import counted
from openvino.tools.pot.placement.plan import ActivationQuantizer, by_group
from openvino.tools.pot.samplers.batch_sampler import mixed
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.errors import ConfigError, DataError, nearest
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

Doubles = NDArray[np.float64]
Group = list[ActivationQuantizer]

_JUDGED, _HELD_OUT = 60, 5
"""Samples that are held out at most, and one of how many."""

_FIRST = 0.5
"""The first step, as a share of how far factors may go."""


class RangeRefinement:
    """Multiplies the ranges of activations with factors that bring outputs closer to those of the float network.

    Both networks run side by side, factors are an input. In each round every range is tried narrower and wider than it
    is by then, on samples of that round; what brings outputs closer by more than the standard error stays. After a
    round, samples that are held out tell whether all of it counts; if nothing did, the next steps are half as large.

    Source: Hooke and Jeeves, "'Direct Search' Solution of Numerical and Statistical Problems", 1961 (pattern search,
    without its second move); ranges by the error of outputs as in Nagel et al., "A White Paper on Neural Network
    Quantization", 2021, section 3.1, of the network's in place of the layer's.
    """

    otherwise = "ranges stay as they are"

    def __init__(self, parameters: RangeOptimizationParameters) -> None:
        self._parameters = parameters

    def refine(self, decisions: Decisions, passes: Passes) -> Decisions:
        """Change ranges by what is measured on the quantized network."""
        network, groups = decisions.network, self._groups(decisions)
        if not groups or passes.samples < 2:
            return decisions
        rehearsal = Rehearsal.of(decisions, scaled=groups)
        judged = rehearsal.departures
        if not judged:
            logger.warning("model %r has no outputs to compare: %s", network.sub.name, self.otherwise)
            return decisions
        course = _Course(self._parameters, len(groups), passes.samples, judged, rehearsal.factors)
        try:
            rehearsal.measured(passes, judged, course, course.order)
        except DataError as error:
            logger.warning("model %r: %s; %s", network.sub.name, error, self.otherwise)
            return decisions
        if not is_one_of_each(network.sub.name, course.taken, len(course.order), self.otherwise):
            return decisions
        return self._changed(decisions, groups, course)

    def _changed(self, decisions: Decisions, groups: Sequence[Group], course: _Course) -> Decisions:
        """The ranges times the factors that were kept."""
        changed = {
            each.tensor: decisions.activations[each.tensor].widened(factor)
            for group, factor in zip(groups, course.kept, strict=True)
            for each in group
            if factor != 1
        }
        logger.info(
            "%d of %d ranges changed, error of outputs on samples held out: %.4g of what it was",
            int(np.sum(course.kept != 1)),
            len(groups),
            course.gain,
        )
        return decisions.decided(self, "error of outputs in the quantized network", activations=changed)

    def _groups(self, decisions: Decisions) -> list[Group]:
        """The quantizers whose ranges may change, those of one range together.

        Raises:
            ConfigError: the device computes in integers, whose sums ranges keep from overflowing, or the scope has a
                name that is none of a quantized activation.
        """
        plan, scope = decisions.network.plan, self._parameters.optimization_scope
        if device_as_seen(plan.device).integers is not None:
            raise ConfigError(
                f"RangeOptimization: ranges on {plan.device} keep sums from overflowing, expected CPU"
            )
        known, exact = {each.tensor.node for each in plan.activations}, counted(decisions.network.view)
        for name in scope:
            if name not in known:
                where = "RangeOptimization params: optimization_scope"
                raise ConfigError(f"{where}: no activation {name!r} is quantized{nearest(name, known)}")
        return [
            group
            for group in by_group(plan.activations)
            # Where devices round further values, nobody sees these here; levels of an exact input lose by any factor.
            if not any(each.covers or each.tensor in exact for each in group)
            and (not scope or any(each.tensor.node in scope for each in group))
        ]


@dataclass(frozen=True)
class Phase:
    """Inferences with the same factors.

    Attributes:
        units: which samples, by their numbers.
        start: the inference before which all that decides on the factors must be known.
        group: whose range is tried; None where the factors are those found so far.
        wider: whether it is tried wider.
        counts: whether the samples are held out, and the errors tell whether the factors count.
    """

    units: tuple[int, ...]
    start: int
    group: int | None = None
    wider: bool = False
    counts: bool = False


def schedule(groups: int, samples: int, trials: int, measured: int) -> list[Phase]:
    """What is tried, on which samples: every range narrower and wider in its turn, round by round.

    Args:
        groups: how many ranges there are.
        samples: how many there are, at least two.
        trials: sets of factors that may be tried.
        measured: samples that each is tried on.
    """
    held_out = max(1, min(_JUDGED, samples // _HELD_OUT))
    judged = tuple(number * samples // held_out for number in range(held_out))
    rest = [unit for unit in range(samples) if unit not in judged]
    measured = min(measured, len(rest))
    moves = [number % groups for number in range(max(1, trials // 2))]
    rounds = [moves[first : first + groups] for first in range(0, len(moves), groups)]
    drawn = mixed(rest, measured * len(rounds))
    phases, start = [Phase(judged, 0, counts=True)], held_out
    for number, own in enumerate(rounds):
        units = tuple(drawn[number * measured : (number + 1) * measured])
        phases.append(Phase(units, start))
        start += measured
        for group in own:
            phases += [Phase(units, start, group, wider) for wider in (False, True)]
            start += 2 * measured
        phases.append(Phase(judged, start, counts=True))
        start += held_out
    return phases


class _Course:
    """Factors as they become known.

    Args:
        parameters: how far and how often.
        groups: how many ranges there are.
        samples: how many there are to measure on.
        judged: the errors of outputs.
        name: of the model's input for the factors.

    Attributes:
        order: which samples are run.
        kept: the factors that count so far.
        taken: inferences.
        gain: the error with these on samples that are held out, as a share of that with the ranges as they were.
    """

    def __init__(
        self,
        parameters: RangeOptimizationParameters,
        groups: int,
        samples: int,
        judged: Sequence[Request],
        name: str,
    ) -> None:
        self._phases = schedule(groups, samples, parameters.maxiter, parameters.optimization_subset_size)
        self._ends = list(accumulate(len(phase.units) for phase in self._phases))
        self.order = [unit for phase in self._phases for unit in phase.units]
        self._judged, self._name = judged, name
        self._least, self._most = 1 - parameters.lower_boxsize, 1 + parameters.upper_boxsize
        self._share = _FIRST
        self.kept: Doubles = np.ones(groups)
        self._found: Doubles = self.kept
        self.taken, self.gain = 0, 1.0
        self._seen: list[Doubles] = []
        self._before, self._narrower, self._held = (np.empty(0),) * 3

    def begin(self, expected: int) -> None:
        """The phases are known."""

    def awaits(self, position: int) -> bool:
        """Whether what decides on the factors of an inference is not known yet."""
        return position < self._ends[-1] and self.taken < self._phase(position).start

    def fed(self, position: int) -> Mapping[str, NDArray[Any]]:
        """The factors for an inference."""
        phase = self._phase(min(position, self._ends[-1] - 1))
        return {self._name: self._tried(phase).astype(np.float32)}

    def take(self, figures: Mapping[Request, NDArray[np.float32]]) -> None:
        """Take the errors of an inference, and conclude from them at the end of a phase."""
        if self.taken < self._ends[-1]:
            self._seen.append(np.array([float(figures[each][0]) for each in self._judged]))
            phase = self._phase(self.taken)
            if len(self._seen) == len(phase.units):
                self._conclude(phase, np.stack(self._seen))
                self._seen = []
        self.taken += 1

    def _phase(self, position: int) -> Phase:
        return self._phases[bisect_right(self._ends, position)]

    def _tried(self, phase: Phase) -> Doubles:
        """The factors of a phase, no further than they may go."""
        if phase.group is None:
            return self._found
        factors = self._found.copy()
        step = (self._most - 1) if phase.wider else (self._least - 1)
        factors[phase.group] = np.clip(factors[phase.group] + self._share * step, self._least, self._most)
        return factors

    def _conclude(self, phase: Phase, errors: Doubles) -> None:
        if phase.counts:
            self._judge(errors)
        elif phase.group is None:
            self._before = errors
        elif not phase.wider:
            self._narrower = errors
        else:
            sides = [(errors, phase), (self._narrower, replace(phase, wider=False))]
            best, where = min(sides, key=lambda side: _relative(side[0], self._before))
            if is_closer(best, self._before):
                self._found, self._before = self._tried(where), best

    def _judge(self, errors: Doubles) -> None:
        """Keep what was found where it brings outputs closer by more than chance; else go back, to smaller steps."""
        if not self._held.size:
            self._held = self._first = errors
        elif is_closer(errors, self._held):
            self.kept, self._held = self._found, errors
            self.gain = 1 + _relative(errors, self._first)
        else:
            self._found, self._share = self.kept, self._share / 2


def _relative(errors: Doubles, before: Doubles) -> float:
    """How much larger errors have become, each output's in units of what it had before."""
    change = float(relative_changes(errors, before).mean())
    return change if np.isfinite(change) else np.inf
