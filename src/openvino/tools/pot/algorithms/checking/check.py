"""From a quantized model to one that does what the float one does, or to a sentence that says what departs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, log10

import openvino as ov
from openvino.op import Constant

from openvino.tools.pot.algorithms.checking.culprits import culprits
from openvino.tools.pot.algorithms.checking.ranking import worst_layers
from openvino.tools.pot.algorithms.checking.report import CheckReport, describe
from openvino.tools.pot.algorithms.checking.running import (
    AS_USERS,
    IN_FLOAT32,
    Run,
    run,
    run_as_defined,
    run_float,
)
from openvino.tools.pot.algorithms.job import Job
from openvino.tools.pot.graph.edits.unpack import unpacked_weights
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.avoided import Avoided
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

LOSS = 10.0
"""dB: an output that follows the float model's less is lost."""

_SINGLE_LAYER = 34.0
"""dB that rounding leaves of what a single layer gives; the errors of several add up."""

_STATE = 8.0
"""DB more that recurrent layers may cost."""

_GAP = 3.0
"""dB by which a device may miss what is defined: sums are rounded elsewhere."""

_FEW = 0.1
"""Share of the layers that may go back to float for what quantization loses."""

_SMALL = 40
"""Layers of a model that costs next to nothing to compile once more."""

_LIGHT = 4 << 20
"""Bytes of constants of such a model in float."""

_BESIDE = 10.0
"""dB by which what was witnessed must be closer to the float model than an INT8 one is, to judge that by it."""

_QUICK, _SHARE = 0.4, 0.03
"""Seconds that a check may take with timing, and the share of the whole run that timing may take beyond it."""

_TIMED = 1e-4
"""Seconds of a request below which its time tells nothing."""

_FLOAT_COMPILATION, _FLOAT_REQUEST = 0.6, 3.0
"""What the float model takes to compile and to run, as shares of what the quantized one takes."""


@dataclass(frozen=True)
class Maker:
    """Makes further models of the same statistics.

    Attributes:
        decided: without some forms, with all decisions made and no edit.
        finish: carries the decisions out.
    """

    decided: Callable[[Avoided], Job]
    finish: Callable[[Job], None]

    def finished(self, avoided: Avoided) -> Job:
        """The job of a quantized model that does without some forms."""
        job = self.decided(avoided)
        self.finish(job)
        return job


@dataclass(frozen=True)
class Bench:
    """Where quantized models are held against the float one.

    Attributes:
        witness: inferences of the float model.
        device: where users will run it.
        original: the float model, if it is at hand.
    """

    witness: Witness
    device: str
    original: ov.Model | None = None

    def run(self, job: Job) -> Run:
        """A model as users run it; where that costs next to nothing, the worse of both precisions of the rest."""
        return _worst(self.runs(job))

    def runs(self, job: Job) -> list[Run]:
        """A model as users run it, and where that costs next to nothing in float32 too."""
        users = self.run_as_users(job)
        if users.failure or not _is_small(job):
            return [users]
        return [users, self.run_in_float32(job)]

    def run_as_users(self, job: Job) -> Run:
        """A model with the device's own settings."""
        return run(job.network, self.witness, self.device, AS_USERS)

    def run_in_float32(self, job: Job) -> Run:
        """The same with full precision of what is not quantized."""
        return run(job.network, self.witness, self.device, IN_FLOAT32)

    def run_as_defined(self, job: Job) -> Run:
        """A model with its quantizers as plain arithmetic."""
        return run_as_defined(job.network, self.witness)

    @cached_property
    def plain(self) -> Run | None:
        """The float model by itself, in float32; None where it is not at hand."""
        if self.original is None:
            return None
        return run_float(self.original, self.witness, self.device)

    @cached_property
    def own_precision(self) -> float:
        """DB to which the float model itself follows with the device's own settings; minus infinity if it can't run."""
        if self.original is None:
            return inf
        readable = unpacked_weights(self.original)  # loading marks integers so that devices don't fold them
        return run(readable, self.witness, self.device, AS_USERS, as_stored=False).decibels

    def is_right(self, job: Job) -> bool:
        """Whether the device computes a model as it is defined, whatever the precision of the rest."""
        users, whole = self.run_as_users(job), self.run_in_float32(job)
        return min(users.decibels, whole.decibels) >= explained(job) or not self.is_wrong(
            users, whole, self.run_as_defined(job)
        )

    def is_wrong(self, users: Run, whole: Run, defined: Run) -> bool:
        """Whether a run departs from what is defined by more than the precision of the rest explains."""
        if _departs(whole, defined.decibels):
            return True
        return _departs(users, defined.decibels) and _departs(
            users, _both(defined.decibels, self.own_precision)
        )


def check(
    job: Job,
    witness: Witness,
    device: str,
    original: ov.Model | None = None,
    maker: Maker | None = None,
    least: float = LOSS,
) -> tuple[Job, CheckReport]:
    """Hold a quantized model against the float one, and mend it where it departs.

    Args:
        job: finished.
        witness: inferences of the float model; put right where the float model by itself gives others.
        device: where users will run it.
        original: the float model.
        maker: of further models of the same statistics; None: nothing is mended.
        least: dB below which an output is lost by quantization; minus infinity leaves that to be judged elsewhere.

    Returns:
        The job whose model was chosen, and what was seen of it.
    """
    began = time.perf_counter()
    bench = Bench(witness, device, original)
    if find_device(job.plan.device).integers is not None:  # no device is left that runs it
        return job, describe(job, bench.run_as_defined(job), witness, (), least)
    chosen, found, notes = _judged(job, bench, maker, least)
    spent = time.perf_counter()
    room = max(_QUICK - (spent - began), _SHARE * (spent - job.begun))
    return chosen, describe(chosen, found, witness, notes, least, _as_fast(bench, found, room))


def _judged(job: Job, bench: Bench, maker: Maker | None, least: float) -> tuple[Job, Run, list[str]]:
    """The job whose model was chosen, its run, and what was done about it."""
    light = bench.original is not None and _is_small(job) and _weight(bench.original) <= _LIGHT
    if light:
        _put_right(bench, explained(job) + _BESIDE)
    runs = bench.runs(job)
    notes: list[str] = []
    if not light and _worst(runs).decibels < explained(job) and _put_right(bench, explained(job) + _BESIDE):
        runs = bench.runs(job)
    found = _worst(runs)
    if found.decibels >= explained(job):
        return job, found, notes
    users, *others = runs
    whole, defined = others[0] if others else bench.run_in_float32(job), bench.run_as_defined(job)
    if bench.is_wrong(users, whole, defined):
        if maker is None:
            notes.append(
                f"{bench.device} computes it otherwise than it is defined ({defined.decibels:.1f} dB)"
            )
        else:
            job = without_faults(job, bench, maker, runs=not users.failure)
            found = bench.run(job)
            notes += _sentences(job)
    elif users.failure:
        found = whole
        notes.append(
            f"{bench.device} can't run the float model itself unless INFERENCE_PRECISION_HINT is f32"
        )
    elif _departs(users, defined.decibels):
        notes.append(
            f"in float32 it follows to {whole.decibels:.1f} dB: {bench.device} computes what stays in float in half "
            "precision, unless INFERENCE_PRECISION_HINT is f32"
        )
    if found.decibels < least and not found.failure and not notes and maker is not None:
        job, found, note = _without_losses(job, found, bench, maker)
        notes.append(note)
    return job, found, notes


def _put_right(bench: Bench, least: float) -> bool:
    """Replace what was witnessed where the float model by itself gives something else.

    Measuring gives it further outputs, so that devices fuse other operations, and some of that they compute wrongly.

    Args:
        bench: where models are run.
        least: dB to which both must agree.

    Returns:
        Whether anything was replaced.
    """
    plain, witness = bench.plain, bench.witness
    if plain is None or plain.failure or plain.decibels >= least:
        return False
    again = replace(bench, witness=replace(witness, values=plain.values)).plain
    if again is None or again.decibels < least:
        witness.remarks[:] = ["the float model gives other values for the same samples each time"]
        return False
    witness.values = plain.values
    witness.remarks.append(
        f"{bench.device} computes the float model otherwise while it is measured ({plain.decibels:.1f} dB), so that "
        "ranges may be wrong; it was held against what the float model gives by itself"
    )
    return True


def _as_fast(bench: Bench, found: Run, room: float) -> float | None:
    """How many times as fast as the float model in float32; None where finding out takes more than so many seconds."""
    expected = _FLOAT_COMPILATION * found.compilation + _FLOAT_REQUEST * found.seconds * len(bench.witness)
    if not found.seconds or ("plain" not in vars(bench) and expected > room):
        return None
    plain = bench.plain
    return plain.seconds / found.seconds if plain is not None and plain.seconds > _TIMED else None


def _is_small(job: Job) -> bool:
    return len(job.plan.layers) <= _SMALL


def _weight(model: ov.Model) -> int:
    """Bytes of all constants."""
    return sum(node.get_byte_size() for node in model.get_ops() if isinstance(node, Constant))


def explained(job: Job) -> float:
    """DB that rounding may leave of a model: errors of layers that don't know of each other add up.

    The device rounds the state of recurrent layers too, at every step, which their quantizers don't say.
    """
    layers = job.plan.layers
    whole = _SINGLE_LAYER - 10 * log10(max(1, len(layers)))
    return max(LOSS, whole - _STATE * any(traits(layer.type).recurrent for layer in layers))


def without_faults(job: Job, bench: Bench, maker: Maker, runs: bool = True) -> Job:
    """The model without what the device computes wrongly, found by halving.

    Args:
        job: finished, and wrong on the device.
        bench: where models are run.
        maker: of the same model.
        runs: whether the device runs it at all.
    """
    fault = (
        "computes the quantized model otherwise than it is defined"
        if runs
        else "can't run the quantized model"
    )
    logger.warning("%s %s: looking for where", bench.device, fault)
    avoided = _undivided(job, bench, maker, runs)
    if not bench.is_right(maker.finished(avoided)):
        layers = [layer.node for layer in job.plan.layers]
        reason = f"{bench.device} {'computes it wrongly' if runs else 'runs no model with it'} in INT8"

        def right(nodes: Sequence[str]) -> bool:
            return bench.is_right(maker.finished(avoided.and_float(dict.fromkeys(nodes, reason))))

        avoided = avoided.and_float(dict.fromkeys(culprits(layers, right), reason))
    return maker.finished(avoided)


def _undivided(job: Job, bench: Bench, maker: Maker, runs: bool) -> Avoided:
    """What is avoided, with one range in place of one for each channel where that helps."""
    avoided, tensors = job.context.avoided, job.divided
    wrong = (
        "computes ranges for each channel wrongly there"
        if runs
        else "doesn't run with ranges for each channel there"
    )
    reason = f"{bench.device} {wrong}"

    def right(some: Sequence[TensorId]) -> bool:
        return bench.is_right(maker.finished(avoided.and_undivided(dict.fromkeys(some, reason))))

    if not tensors or not right(tensors):
        return avoided
    return avoided.and_undivided(dict.fromkeys(culprits(tensors, right), reason))


def _without_losses(job: Job, found: Run, bench: Bench, maker: Maker) -> tuple[Job, Run, str]:
    """The model with the few layers in float that cost most, if that brings it back."""
    avoided = job.context.avoided
    worst = worst_layers(maker.decided(avoided), bench.witness)
    most = max(1, int(_FEW * len(worst)))
    reason = "rounding it costs the outputs too much"
    for count in dict.fromkeys((1, max(1, most // 2), most)):
        other = maker.finished(avoided.and_float(dict.fromkeys(worst[:count], reason)))
        again = bench.run(other)
        if again.decibels >= LOSS:
            return other, again, "; ".join(_sentences(other))
    names = ", ".join(map(repr, worst[:3]))
    return job, found, f"quantization loses it, most of all at {names}: try them in the ignored scope"


def _worst(runs: Sequence[Run]) -> Run:
    """The one that follows worst, with the times of the first."""
    worst = min(runs, key=lambda run: run.decibels)
    return replace(worst, seconds=runs[0].seconds, compilation=runs[0].compilation)


def _departs(found: Run, expected: float) -> bool:
    return found.decibels < expected - _GAP


def _both(first: float, second: float) -> float:
    """DB that two errors leave together, if they don't know of each other."""
    return -10 * log10(10 ** (-min(first, 300) / 10) + 10 ** (-min(second, 300) / 10))


def _sentences(job: Job) -> list[str]:
    avoided = job.context.avoided
    one_range = (
        f"{str(tensor)!r} has one range for all channels: {why}" for tensor, why in avoided.divided.items()
    )
    in_float = (f"{node!r} stays in float: {why}" for node, why in avoided.floats.items())
    return [*one_range, *in_float]
