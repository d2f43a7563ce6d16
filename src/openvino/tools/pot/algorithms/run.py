"""The way of every model: networks, plans, one measurement, decisions, edits, and a look at what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from openvino.tools.pot.algorithms.checking import Before, CheckReport, checked, tell_of_change
from openvino.tools.pot.algorithms.interfaces import Configured
from openvino.tools.pot.algorithms.job import FREE, Job, decided, edited
from openvino.tools.pot.algorithms.measuring import Jobs
from openvino.tools.pot.algorithms.networks import Known, Networks, by_name
from openvino.tools.pot.algorithms.parameters import placing
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.engines.probes import device_of, once
from openvino.tools.pot.graph.digest import Digest
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.statistics.measured import Measured, MeasuredModel, Statistics, unmeasured
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.memory import bounded, hand_back
from openvino.tools.pot.utils.progress import step

logger = get_logger(__name__)

_NOTHING_ADDED = "comes quantized: no quantizer is added"

T = TypeVar("T")


def run(
    model: CompressedModel,
    algorithms: Sequence[Configured],
    engine: Engine | None,
    statistics: MeasuredModel | None = None,
) -> CompressedModel:
    """Apply algorithms that share one pass over the samples; the given model is left as it is.

    Args:
        model: in float, one network or those of a cascade, which an override of the engine's ``_predict`` runs.
        algorithms: in their order, the same for all networks but for ``ignored`` and ``by_model``.
        engine: what measures.
        statistics: what ``collect_statistics`` gave for the same model and algorithms; then nothing is measured.

    Raises:
        EngineError: there is no engine or data loader, it can't run a cascade, a network is never run, or statistics
            are of another model or of other algorithms.
        ConfigError: no algorithm places quantizers, or parameters name networks that are not there.
        DataError: the data loader is empty, or a sample doesn't fit the model.
    """
    known = by_name(model, statistics)
    with bounded(placing(algorithms).recipe.parameters.max_memory):
        with once(engine):
            networks = Networks.of(model, algorithms, engine, known, exact=known is None)
            if known is not None:
                networks.measuring.frugal = FREE  # nothing is measured, nor measured again
            with step("statistics"):
                jobs, found = _measured(networks, algorithms, networks.planned(algorithms), known)
        return networks.assembled({name: _made(networks, name, job, found) for name, job in jobs.items()})


def collect_statistics(
    model: CompressedModel,
    algorithms: Sequence[Configured],
    engine: Engine | None,
    part: tuple[int, int] | None = None,
) -> MeasuredModel:
    """What algorithms want to know of a model, from the engine's samples; of a cascade by the names of its networks.

    Args:
        model, algorithms, engine: as of ``run``.
        part: which of how many equal parts of the samples is measured, counted from zero; None: all.

    Raises:
        EngineError, ConfigError, DataError: as ``run``; or there can't be such a part.
    """
    networks = Networks.of(model, algorithms, engine, exact=False)  # others' samples could show it otherwise
    networks.measuring.part, networks.measuring.remembers = part, False
    found = networks.measuring.measured(networks.planned(algorithms))
    return found if model.is_cascade else found[model.submodels[0].name]


def _measured(
    networks: Networks, algorithms: Sequence[Configured], jobs: Jobs, known: Measured | None
) -> tuple[Jobs, Measured]:
    """What jobs ask for that are not empty, and all jobs, perhaps planned anew for the sizes of samples."""
    wanted = {name: job for name, job in jobs.items() if not job.is_empty}
    if not any(algorithm.needs_data for algorithm in algorithms):
        return jobs, {name: unmeasured() for name in wanted}
    for name, job in wanted.items():
        if _comes_quantized(job):
            logger.warning("model %r %s", networks.alone[name].name, _NOTHING_ADDED)
    if not wanted:
        return jobs, {}
    if known is None:
        plan = partial(networks.planned, algorithms, tuple(wanted))
        sized, found = networks.measuring.measured_in_sizes(wanted, plan)
        return {**jobs, **sized}, found
    for name, job in wanted.items():
        known[name].check(job.requests)
    return jobs, known


def _made(networks: Networks, name: str, job: Job, found: Measured) -> CompressedModel:
    """The quantized network, with what was computed on the way kept where passes are."""
    made = _checked(networks, name, job, found)
    if networks.measuring.pass_of_before is not None:
        networks.measuring.pass_of_before.keep()
    return made


def _checked(networks: Networks, name: str, job: Job, found: Measured) -> CompressedModel:
    """The quantized network; its statistics are taken out of those that were found."""
    if job.is_empty:
        what = "change" if job.algorithms[0].rewrites else "quantize"
        logger.warning("model %r has nothing to %s: it is returned as it is", job.result.name, what)
        job.result.submodels[0].check = CheckReport(
            notes=(f"the model has nothing to {what}",), name=job.result.name, is_unchanged=True
        )
        return job.result
    statistics, frugal = found.pop(name), networks.measuring.frugal
    cached, origin = networks.measuring.pass_of_before, networks.alone[name].submodels[0].origin
    with step("parameters"):
        own = decided(replace(job, frugal=frugal), statistics)
        if cached is not None and (frugal.lets_go or any(each.refinements for each in job.algorithms)):
            cached.keep()  # what follows takes long, or needs the room
        job, witness = networks.refined(name, own), statistics.witness
    del own
    is_checked = job.recipe.parameters.self_check and len(witness)
    known = [] if frugal.lets_go or not is_checked else [{name: statistics}]
    before = Before(partial(_once, statistics, origin), is_timed=cached is None or not cached.knew)
    if frugal.lets_go:
        before, cached, networks.measuring.pass_of_before = Before(is_timed=before.is_timed), None, None
    del statistics  # the transformed model needs the room
    if frugal.lets_go:
        hand_back()
    original, device = networks.alone[name].submodels[0], device_of(networks.measuring.engine)
    maker = Known(networks, known).maker(name, job) if is_checked else None
    with step("parameters"):
        job = edited(job)
    if not is_checked:
        return job.result
    with step("checking"):
        if job.algorithms[0].rewrites:
            return tell_of_change(job, witness, device, original.model)
        made = checked(job, witness, device, original.model, maker, before=before)
    report = made.submodels[0].check
    if report is not None and _comes_quantized(job) and not report.is_lost:
        notes = (f"the model {_NOTHING_ADDED}", *report.notes)
        made.submodels[0].check = replace(report, notes=notes, is_unchanged=True)
    return made


def _comes_quantized(job: Job) -> bool:
    """Whether all that could be quantized of a network is."""
    return not (job.plan.activations or job.plan.weights)


def _once(statistics: Statistics, origin: Digest | None, name: str, make: Callable[[], T], /) -> T:
    """What is known of a float network, kept with the pass over its samples; the pass knows the device."""
    return make() if origin is None else statistics.once((name, origin.graph, origin.weights), make)
