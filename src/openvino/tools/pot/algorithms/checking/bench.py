"""Where quantized models are held against the float one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from math import inf, log10
from typing import Any, Protocol, TypeVar

import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.checking.running import (
    AS_USERS,
    Given,
    Run,
    by_number,
    run,
    run_as_defined,
    run_float,
    run_with_each,
    stored,
)
from openvino.tools.pot.algorithms.checking.verdict import LOSS as LOSS
from openvino.tools.pot.algorithms.job import Job
from openvino.tools.pot.engines.profiling import seconds_in_turns
from openvino.tools.pot.graph.edits.unpack import unpacked_weights
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.sizes import have_sizes
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.runtime import FLOAT32, IN_ONE_THREAD, core

T = TypeVar("T")

_SINGLE_LAYER = 34.0
"""dB that rounding leaves of what a single layer gives; the errors of several add up."""

_STATE = 8.0
"""DB more that recurrent layers may cost."""

_GAP = 3.0
"""dB by which a device may miss what is defined: sums are rounded elsewhere."""

_SMALL = 40
"""Layers of a model that costs next to nothing to compile once more."""

_TIMED = 1e-4
"""Seconds of a request below which its time tells nothing."""

_DOUBTFUL, _REQUESTS = (0.7, 1.5), 40
"""Times as fast, as fastest requests tell it, about which many in turns know better; and how many of each."""

_FLOAT_COMPILATION, _FLOAT_REQUEST = 0.6, 3.0
"""What the float model takes to compile and to run, as shares of what the quantized one takes."""


class Once(Protocol):
    """What is known of the float model by name; made where it is not."""

    def __call__(self, name: str, make: Callable[[], T], /) -> T:
        """What ``make`` gives, which nobody changes, or gave before."""


def _made(name: str, make: Callable[[], T], /) -> T:
    """For whoever keeps nothing."""
    return make()


class _FailedError(Exception):
    """The device could not run the float model."""


@dataclass(frozen=True)
class Before:
    """What is known of the float model from runs of before.

    Attributes:
        once: what it gives, which is kept.
        is_timed: whether it may be run for its time alone: where nothing is measured, it is not run.
    """

    once: Once = _made
    is_timed: bool = True


NOTHING = Before()


@dataclass
class Bench:
    """Where quantized models are held against the float one.

    Attributes:
        witness: inferences of the float model.
        device: where users will run it.
        original: the float model, if it is at hand.
        before: what is known of that.
    """

    witness: Witness
    device: str
    original: ov.Model | None = None
    before: Before = NOTHING
    _plain: Run | None = field(default=None, init=False)

    def run(self, job: Job) -> Run:
        """A model as users run it; where that costs next to nothing, the worse of both precisions of the rest."""
        return worst(self.runs(job))

    def runs(self, job: Job) -> list[Run]:
        """A model as users run it, and where that costs next to nothing in float32 and in one thread too."""
        if not is_small(job):
            return [self.run_with(AS_USERS, job)]
        in_turn = job.recipe.parameters.max_memory is not None
        settings = (AS_USERS, self._exactly(job))
        users, whole = run_with_each(job.network, self.witness, self.device, settings, in_turn)
        return [users] if users.failure else [users, self._unless_alone(whole, job)]

    def run_with(self, settings: Mapping[str, Any], job: Job) -> Run:
        """A model with settings of the device."""
        return run(job.network, self.witness, self.device, settings)

    def _exactly(self, job: Job) -> Mapping[str, Any]:
        """Settings in float32; of a small model for one thread, as each of many streams has it."""
        return IN_ONE_THREAD if is_small(job) and self.device == "CPU" else FLOAT32

    def _unless_alone(self, whole: Run, job: Job) -> Run:
        """A run with these settings, or in several threads where the float model itself does not run in one."""
        return self.run_with(FLOAT32, job) if whole.failure and not self._runs_alone else whole

    @cached_property
    def _runs_alone(self) -> bool:
        """Whether the float model itself runs in one thread, for which the CPU (2026.4) refuses a few."""
        return self.original is None or not self._in_float(IN_ONE_THREAD).failure

    def run_as_defined(self, job: Job) -> Run:
        """A model with its quantizers as plain arithmetic."""
        return run_as_defined(job.network, self.witness)

    @property
    def plain(self) -> Run | None:
        """The float model by itself in float32, run once; None where it is not at hand."""
        if self._plain is None and self.original is not None:
            self._plain = self._of_float("plain", self.original, self.witness)
        return self._plain

    def plain_beside(self, values: list[list[NDArray[Any]]]) -> Run | None:
        """The same run a second time, held against other values."""
        witness = replace(self.witness, values=values)
        return None if self.original is None else self._of_float("plain again", self.original, witness)

    def _of_float(self, name: str, model: ov.Model, witness: Witness) -> Run:
        """A run of the float model, with its times if it is made now."""
        return self._run_once(name, lambda: run_float(model, witness, self.device), witness)

    def _run_once(self, name: str, make: Callable[[], Run], witness: Witness) -> Run:
        made: list[Run] = []

        def given() -> Given:
            made.append(make())
            if made[0].failure:  # which may be of the moment, and so is not kept
                raise _FailedError
            return made[0].given

        with suppress(_FailedError):
            found = self.before.once(name, given)
        return made[0] if made else found.beside(witness)

    def as_fast(self, found: Run, room: float) -> float | None:
        """How many times as fast as in float32 a model is; None where finding out takes more than so many seconds."""
        expected = _FLOAT_COMPILATION * found.compilation + _FLOAT_REQUEST * found.seconds * len(self.witness)
        if not found.seconds or (self._plain is None and (expected > room or not self.before.is_timed)):
            return None
        plain = self.plain
        return plain.seconds / found.seconds if plain is not None and plain.seconds > _TIMED else None

    def as_fast_in_turns(self, job: Job, found: Run, ratio: float, room: float) -> float:
        """The same where that is in doubt and takes no longer than so many seconds, of many requests in turns.

        Args:
            job: whose model it is.
            found: its run.
            ratio: how many times as fast as in float32 its fastest request was.
            room: seconds.
        """
        plain, original, (low, high) = self.plain, self.original, _DOUBTFUL
        if plain is None or original is None or not low < ratio < high:
            return ratio
        feed = self.witness.feeds[0]
        if not (have_sizes(original, feed) and have_sizes(job.network, feed)):  # joined, or of other sizes
            return ratio
        turns = _REQUESTS * (plain.seconds + found.seconds)
        if plain.compilation + found.compilation + turns > room:
            return ratio
        models = (original, FLOAT32), (stored(job.network), AS_USERS)
        compiled = [core().compile_model(model, self.device, dict(settings)) for model, settings in models]
        before, after = seconds_in_turns(compiled, [by_number(compiled[0].inputs, feed)], turns)
        return before / after

    @cached_property
    def own_precision(self) -> float:
        """DB to which the float model itself follows with the device's own settings; minus infinity if it can't run."""
        if self.original is None:
            return inf
        return self._run_once("own precision", partial(self._in_float, AS_USERS), self.witness).decibels

    def _in_float(self, settings: Mapping[str, Any]) -> Run:
        """The float model with settings of the device."""
        assert self.original is not None
        readable = unpacked_weights(self.original)  # loading marks integers so that devices don't fold them
        return run(readable, self.witness, self.device, settings, as_stored=False)

    def is_right(self, job: Job) -> bool:
        """Whether the device computes a model as it is defined, whatever the precision of the rest."""
        whole, defined = self._unless_alone(self.run_with(self._exactly(job), job), job), None
        if whole.decibels < explained(job):
            defined = self.run_as_defined(job)
            if departs(whole, defined.decibels):
                return False
        users = self.run_with(AS_USERS, job)
        if defined is None and users.decibels >= explained(job):
            return True
        return not self.is_wrong(users, whole, defined or self.run_as_defined(job))

    def is_wrong(self, users: Run, whole: Run, defined: Run) -> bool:
        """Whether a run departs from what is defined by more than the precision of the rest explains."""
        if departs(whole, defined.decibels):
            return True
        return departs(users, defined.decibels) and departs(users, both(defined.decibels, self.own_precision))


def is_small(job: Job) -> bool:
    """Whether it costs next to nothing to compile a model once more."""
    return len(job.plan.layers) <= _SMALL


def worst(runs: Sequence[Run]) -> Run:
    """The one that follows worst, with the times and layers of the first: in one thread other operations are fused."""
    worst = min(runs, key=lambda run: run.decibels)
    first = runs[0]
    return replace(worst, seconds=first.seconds, compilation=first.compilation, layers=first.layers)


def departs(found: Run, expected: float) -> bool:
    """Whether a run is further from the float model than dB that were expected."""
    return found.decibels < expected - _GAP


def both(first: float, second: float) -> float:
    """DB that two errors leave together, if they don't know of each other."""
    return -10 * log10(10 ** (-min(first, 300) / 10) + 10 ** (-min(second, 300) / 10))


def explained(job: Job) -> float:
    """DB that rounding may leave of a model: errors of layers, and of weights, that don't know of each other add up.

    The device rounds the state of recurrent layers too, at every step, which their quantizers don't say.
    """
    layers = job.plan.layers
    whole = _SINGLE_LAYER - 10 * log10(max(1, len(layers) + len(job.plan.kept)))
    return max(LOSS, whole - _STATE * any(traits(layer.type).recurrent for layer in layers))
