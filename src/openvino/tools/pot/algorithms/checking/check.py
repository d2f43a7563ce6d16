"""From a quantized model to one that does what the float one does, or to a sentence that says what departs."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from functools import partial
from math import inf

import openvino as ov

from openvino.tools.pot.algorithms.checking.bench import (
    LOSS,
    NOTHING,
    Before,
    Bench,
    departs,
    explained,
    is_small,
    worst,
)
from openvino.tools.pot.algorithms.checking.buying import bought
from openvino.tools.pot.algorithms.checking.feeding import odd_feeding
from openvino.tools.pot.algorithms.checking.halves import of_halves
from openvino.tools.pot.algorithms.checking.mending import (
    Maker,
    counted_once,
    sentences,
    without_faults,
    without_losses,
)
from openvino.tools.pot.algorithms.checking.report import CheckReport, describe
from openvino.tools.pot.algorithms.checking.running import Run, weight_of
from openvino.tools.pot.algorithms.checking.verdict import WORSE
from openvino.tools.pot.algorithms.job import Job
from openvino.tools.pot.algorithms.transform import ROOT
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.runtime import FLOAT32
from openvino.tools.pot.utils.timing import timed

logger = get_logger(__name__)

_LIGHT = 4 << 20
"""Bytes of constants of such a model in float."""

_BESIDE = 10.0
"""dB by which what was witnessed must be closer to the float model than an INT8 one is, to judge that by it."""

_QUICK, _SHARE = 0.4, 0.03
"""Seconds that a check may take with timing, and the share of the whole run that timing may take beyond it."""


def checked(
    job: Job,
    witness: Witness,
    device: str,
    original: ov.Model,
    maker: Maker | None = None,
    least: float = LOSS,
    before: Before = NOTHING,
) -> CompressedModel:
    """The quantized model of a job, or a better one, with what was seen of it; see ``check`` for the arguments."""
    with timed("check"):
        chosen, report = check(job, witness, device, original, maker, least, before)
    with timed("feeding"):
        look = partial(odd_feeding, original, witness, light=job.frugal.lets_go)
        report = replace(report, warnings=before.once("feeding", look))
    for warning in report.warnings:
        logger.warning("%s: %s", chosen.result.name, warning)
    level = logging.WARNING if report.is_lost or report.notes else logging.INFO
    logger.log(level, "%s: %s", chosen.result.name, report.line)
    chosen.network.set_rt_info(report.as_json(), [ROOT, "check"])
    report = replace(report, float_bytes=weight_of(original), calibration=chosen.samples)
    chosen.result.submodels[0].check = report
    return chosen.result


def tell_of_change(job: Job, witness: Witness, device: str, original: ov.Model) -> CompressedModel:
    """The float model of a job that was made of another one, with how far it follows that; nothing is mended.

    Args:
        job: finished.
        witness: inferences of the model that it was made of.
        device: where users will run it.
        original: what it was made of.
    """
    found = Bench(witness, device).run_with(FLOAT32, job)
    logger.log(
        logging.WARNING if found.decibels < LOSS else logging.INFO,
        "%s: behind %s it follows the model of before to %.1f dB on %d samples",
        job.result.name, job.algorithms[0].name, found.decibels, witness.samples,
    )  # fmt: skip
    # How much may be lost of a float model is up to whoever asked for the change.
    report = describe(job, found, witness, (), least=-inf, is_counted=False)
    job.result.submodels[0].check = replace(report, float_bytes=weight_of(original))
    return job.result


def check(
    job: Job,
    witness: Witness,
    device: str,
    original: ov.Model | None = None,
    maker: Maker | None = None,
    least: float = LOSS,
    before: Before = NOTHING,
) -> tuple[Job, CheckReport]:
    """Hold a quantized model against the float one, and mend it where it departs.

    Args:
        job: finished.
        witness: inferences of the float model; put right where the float model by itself gives others.
        device: where users will run it.
        original: the float model.
        maker: of further models; None: nothing is mended.
        least: dB below which an output is lost by quantization; minus infinity leaves that to be judged elsewhere.
        before: what is known of the float model, which is not run for that again.

    Returns:
        The job whose model was chosen, and what was seen of it.
    """
    began = time.perf_counter()
    bench = Bench(witness, device, original, before)
    if job.recipe.device.integers is not None:  # no device is left that runs it
        return job, describe(job, bench.run_as_defined(job), witness, (), least, is_counted=False)
    chosen, found, notes = _judged(job, bench, maker, least)
    slower = job.recipe.parameters.max_slowdown
    if slower is not None and original is not None and maker is not None and not found.failure:
        chosen, found = bought(chosen, found, bench, original, maker, slower)
    notes += of_halves(chosen, witness)
    spent = time.perf_counter()
    room = max(_QUICK - (spent - began), _SHARE * (spent - job.begun))
    faster = None if job.frugal.lets_go else bench.as_fast(found, room)
    if faster is not None:
        faster = bench.as_fast_in_turns(chosen, found, faster, room - (time.perf_counter() - spent))
    return chosen, describe(chosen, found, witness, notes, least, faster)


def _judged(job: Job, bench: Bench, maker: Maker | None, least: float) -> tuple[Job, Run, list[str]]:
    """The job whose model was chosen, its run, and what was done about it."""
    light = bench.original is not None and is_small(job) and weight_of(bench.original) <= _LIGHT
    if light:
        _put_right(bench, explained(job) + _BESIDE)
    runs = bench.runs(job)
    notes: list[str] = []
    if not light and worst(runs).decibels < explained(job) and _put_right(bench, explained(job) + _BESIDE):
        runs = bench.runs(job)
    found = worst(runs)
    if found.decibels >= explained(job):
        return job, found, notes
    users, *others = runs
    whole, defined = others[0] if others else bench.run_with(FLOAT32, job), bench.run_as_defined(job)
    if bench.is_wrong(users, whole, defined):
        if maker is None:
            notes.append(
                f"{bench.device} computes it otherwise than it is defined ({defined.decibels:.1f} dB)"
            )
        else:
            job = without_faults(job, bench, maker, runs=not users.failure)
            found = bench.run(job)
            notes += sentences(job)
    elif users.failure:
        found = whole
        notes.append(
            f"{bench.device} can't run the float model itself unless INFERENCE_PRECISION_HINT is f32"
        )
    elif departs(users, defined.decibels):
        notes.append(
            f"in float32 it follows to {whole.decibels:.1f} dB: {bench.device} computes what stays in float in half "
            "precision, unless INFERENCE_PRECISION_HINT is f32"
        )
    if found.decibels < WORSE and maker is not None and least > -inf and not (found.failure or notes):
        job, found = counted_once(job, found, bench, maker)
        if found.decibels < least:
            job, found, note = without_losses(job, found, bench, maker)
            notes.append(note)
        else:
            notes += sentences(job)
    return job, found, notes


def _put_right(bench: Bench, least: float) -> bool:
    """Replace what was witnessed where the float model by itself gives something else; whether anything was.

    Measuring gives it further outputs, so that devices fuse other operations, and some of that they compute wrongly.
    Both must agree to ``least`` dB.
    """
    plain, witness = bench.plain, bench.witness
    if plain is None or plain.failure or plain.decibels >= least:
        return False
    again = bench.plain_beside(plain.values)
    if again is None or again.decibels < least:
        witness.remarks[:] = ["the float model gives other values for the same samples each time"]
        return False
    witness.values = plain.values
    witness.remarks.append(
        f"{bench.device} computes the float model otherwise while it is measured ({plain.decibels:.1f} dB), so that "
        "ranges may be wrong; it was held against what the float model gives by itself"
    )
    return True
