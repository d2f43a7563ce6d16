"""Running algorithms over a model: plan, one pass for the statistics of all stages, decisions, edits."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from openvino.tools.pot.algorithms.checking import LOSS, CheckReport, Maker, check
from openvino.tools.pot.algorithms.context import Configured, Context, Search
from openvino.tools.pot.algorithms.job import Job as Job
from openvino.tools.pot.algorithms.transform import transform
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.configs.parameters import MinMaxParameters
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.calling import set_model
from openvino.tools.pot.engines.passes import measure
from openvino.tools.pot.graph.batch import fixed_batch
from openvino.tools.pot.graph.edits.inputs import keep_conversions
from openvino.tools.pot.graph.edits.precision import in_float32
from openvino.tools.pot.graph.edits.shapes import fix_known_shapes
from openvino.tools.pot.graph.edits.unpack import unpack_unreadable_weights
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.sizes import Sizes, common_sizes, sizes_of, with_sizes
from openvino.tools.pot.graph.static import is_static
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.avoided import NOTHING, Avoided
from openvino.tools.pot.placement.scope import without_effect
from openvino.tools.pot.samplers.batch_sampler import BatchSampler, choose_subset, count_samples
from openvino.tools.pot.samplers.remembered import Remembered
from openvino.tools.pot.statistics.layout import OtherSizesError, StatisticsLayout
from openvino.tools.pot.statistics.measured import JoinedStatistics, Statistics
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError, nearest
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.timing import timed
from openvino.tools.pot.version import __version__

logger = get_logger(__name__)

_FEW_SAMPLES = 30


def run_sequence(
    model: CompressedModel,
    algorithms: Sequence[Configured],
    engine: Engine | None,
    statistics: Statistics | None = None,
) -> CompressedModel:
    """Apply algorithms that share one statistics pass; the given model is left as it is.

    Args:
        model: in float.
        algorithms: in their order.
        engine: what measures.
        statistics: what ``collect_statistics`` gave for the same model and algorithms; then nothing is measured.

    Raises:
        EngineError: there is no engine or data loader, the statistics are of another model or of other algorithms,
            or the model is a cascade, which isn't supported yet.
        ConfigError: no algorithm of the sequence places quantizers.
        DataError: the data loader is empty, or a sample doesn't fit the model.
    """
    check_models(algorithms, model)
    searching = _searching(algorithms)
    if searching is not None:
        return searching.search(model, engine, statistics)
    job = planned(model, algorithms)
    if job.is_empty:
        return as_it_is(job)
    if not job.adds_quantizers:
        logger.warning("model %r comes quantized: no quantizer is added", model.name)
    if statistics is None:
        job, statistics = measured_in_sizes(
            model, job, lambda sizes: planned(model, algorithms, sizes=sizes), engine
        )
        if job.is_empty:
            return as_it_is(job)
    else:
        statistics.check(job.requests)
    decide(job, statistics)
    if not job.sampling.self_check or not len(statistics.witness):
        samples = statistics.samples
        del statistics  # the transformed model needs the room
        return finished(job, algorithms, samples)
    finished(job, algorithms, statistics.samples)

    def again(other: Job) -> Statistics:
        return measured(model, other, engine, first=False)

    return checked(job, model, algorithms, again, statistics, probes.device_of(engine))


def as_it_is(job: Job) -> CompressedModel:
    """The model of a job that is empty, with a word about it."""
    logger.warning("model %r has nothing to quantize: it is returned as it is", job.result.name)
    job.result.submodels[0].check = CheckReport(notes=("the model has nothing to quantize",))
    return job.result


def checked(
    job: Job,
    model: CompressedModel,
    algorithms: Sequence[Configured],
    measure: Callable[[Job], Statistics],
    statistics: Statistics,
    device: str,
) -> CompressedModel:
    """The quantized model of a job, or another of the same statistics that does what the float model does.

    Args:
        job: finished.
        model: in float.
        algorithms: that quantize it.
        measure: takes what else must be known from the samples, if anything.
        statistics: that all was decided on.
        device: where the model is run.
    """
    passes = [statistics]

    def decided(avoided: Avoided) -> Job:
        other = planned(model, algorithms, avoided, job.sizes)
        missing = [request for request in other.requests if not JoinedStatistics(passes).answers(request)]
        if missing:
            passes.append(measure(replace(other, requests=tuple(missing))))
        decide(other, JoinedStatistics(passes))
        return other

    def finish(other: Job) -> None:
        finished(other, algorithms, statistics.samples)

    return looked_at(job, statistics, device, model, Maker(decided, finish))


def looked_at(
    job: Job,
    statistics: Statistics,
    device: str,
    model: CompressedModel,
    maker: Maker | None = None,
    least: float = LOSS,
) -> CompressedModel:
    """The quantized model of a job, or a better one, with what was seen of it beside the float model.

    Args:
        job: finished.
        statistics: with the inferences of the float model; without any, nothing is looked at.
        device: where the model is run.
        model: in float.
        maker: of further models; None: nothing is mended.
        least: dB below which an output is lost.
    """
    if not len(statistics.witness):
        return job.result
    with timed("check"):
        original = model.submodels[0].model
        chosen, report = check(job, statistics.witness, device, original, maker, least)
    level = logging.WARNING if report.is_lost or report.notes else logging.INFO
    logger.log(level, "%s: %s", chosen.result.name, report.line)
    chosen.network.set_rt_info(report.as_json(), ["openvino_pot", "check"])
    chosen.result.submodels[0].check = report
    return chosen.result


def decide(job: Job, statistics: Statistics) -> None:
    """Let all stages decide on parameters."""
    for stage in job.stages:
        with timed(type(stage).__name__):
            stage.decide(job.context, statistics)


def finished(job: Job, algorithms: Sequence[Configured], samples: int) -> CompressedModel:
    """The edited model, once all is decided.

    Args:
        job: with all decisions.
        algorithms: that made them.
        samples: that the statistics are of.
    """
    with timed("transform"):
        transform(job.context)
    _record(job.context, algorithms, samples)
    return job.result


def collect_statistics(
    model: CompressedModel, algorithms: Sequence[Configured], engine: Engine | None
) -> Statistics:
    """What algorithms want to know of a model, from the engine's samples.

    Raises:
        EngineError, ConfigError, DataError: as ``run_sequence``.
    """
    check_models(algorithms, model)
    searching = _searching(algorithms)
    if searching is not None:
        return searching.collect(model, engine)
    return measured(model, planned(model, algorithms), engine)


def _searching(algorithms: Sequence[Configured]) -> Search | None:
    found = next((algorithm for algorithm in algorithms if isinstance(algorithm, Search)), None)
    if found is not None and len(algorithms) > 1:
        names = [algorithm.name for algorithm in algorithms]
        raise ConfigError(f"{found.name} stands alone, found algorithms {names}")
    return found


def chosen_sampling(algorithms: Sequence[Configured]) -> MinMaxParameters:
    """The parameters that choose samples for a list of algorithms.

    Raises:
        ConfigError: the algorithms don't go together in this order.
    """
    _searching(algorithms)
    sampling = next((a.sampling for a in algorithms if a.sampling is not None), None)
    if sampling is None:
        names = [algorithm.name for algorithm in algorithms]
        raise ConfigError(f"algorithms {names} place no quantizers: put MinMaxQuantization before them")
    if algorithms[0].sampling is None:
        raise ConfigError(f"{algorithms[0].name} stands first: put MinMaxQuantization before it")
    return sampling


def planned(
    model: CompressedModel,
    algorithms: Sequence[Configured],
    avoided: Avoided = NOTHING,
    sizes: Sizes = MappingProxyType({}),
) -> Job:
    """A clone of the model, where quantizers go in it, and what must be measured for them.

    Args:
        model: in float.
        algorithms: in their order.
        avoided: what the plan must do without.
        sizes: of samples, as far as the model leaves them open and they are known.

    Raises:
        EngineError, ConfigError: as ``run_sequence``.
    """
    if model.is_cascade:
        raise EngineError(f"this is for single models, found the cascade {model.name!r}")
    sampling = chosen_sampling(algorithms)
    result = model.clone()
    in_float32(result.submodels[0].model)
    keep_conversions(result.submodels[0].model)
    unpack_unreadable_weights(result.submodels[0].model)
    if find_device(sampling.target_device).integers is not None:
        fix_known_shapes(result.submodels[0].model)
    network = result.submodels[0].model
    context = Context(result.submodels[0], GraphView(network, with_sizes(network, sizes)), avoided)
    stages = tuple(stage for algorithm in algorithms for stage in algorithm.stages)
    with timed("plan"):
        requests = tuple(request for stage in stages for request in stage.requests(context))
    return Job(result, context, stages, requests, sampling, sizes)


def measured_in_sizes(
    model: CompressedModel, job: Job, plan: Callable[[Sizes], Job], engine: Engine | None
) -> tuple[Job, Statistics]:
    """A job planned for the sizes that samples show, where the model leaves sizes open, and its statistics.

    Where samples turn out to differ in size, all begins anew without the sizes that they differ in.

    Args:
        model: in float.
        job: planned without samples.
        plan: plans it for sizes.
        engine: what measures.

    Raises:
        EngineError, DataError: as ``run_sequence``.
    """
    if is_static(model) or job.sampling.stat_batch_size != 1 or not probes.reads_samples(engine):
        return job, measured(model, job, engine)
    set_model(engine, model)  # some engines find their samples then
    first = _chosen(job.sampling, engine)[0]
    with probes.using(engine, Remembered(engine.data_loader), engine.metric):
        sizes = sizes_of(next(probes.feeds(engine, model, [first])))
        while sizes:
            sized = plan(sizes)
            try:
                return sized, measured(model, sized, engine, first=False)
            except OtherSizesError as other:
                agreed = common_sizes(sizes, other.sizes)
                logger.info("model %r: samples differ in size, measuring begins anew: %s", model.name, other)
                sizes = {} if agreed == sizes else agreed
        return plan({}), measured(model, job, engine, first=False)


def measured(model: CompressedModel, job: Job, engine: Engine | None, first: bool = True) -> Statistics:
    """What a job asks for, from one pass over the engine's samples.

    Args:
        model: in float.
        job: of it.
        engine: what measures.
        first: whether what there is to say of the choice of samples has not been said.

    Raises:
        EngineError, DataError: as ``run_sequence``.
    """
    sampling = job.sampling
    if engine is not None:
        set_model(engine, model)  # some engines find their samples then
    subset = _chosen(sampling, engine, first)
    assert engine is not None
    axis, network = probes.batch_axis(engine), job.context.sub.model
    view = job.context.view
    sampler = BatchSampler(engine.data_loader, sampling.stat_batch_size, subset)

    def found(guarded: bool) -> Statistics:
        with timed("statistics graph"):
            batch = fixed_batch(network, axis)
            seen = None if view.seen is network else view.seen
            layout = StatisticsLayout(network, job.requests, batch, axis, sampling.self_check, guarded, seen)
        (statistics,) = measure(engine, {model.name: layout}, sampler).values()
        statistics.sizes = dict(job.sizes)
        return statistics

    statistics = found(guarded=False)
    if statistics.is_finite:
        return statistics
    _check_outputs(statistics.witness, model.name)
    logger.warning(
        "model %r computes NaN or infinite values inside: they are left out of all statistics", model.name
    )
    return found(guarded=True)


def _check_outputs(witness: Witness, name: str) -> None:
    """Make sure that what is not finite inside a model does not reach its outputs everywhere."""
    for position, values in enumerate(witness.values):
        if values and not any(np.any(np.isfinite(value)) for value in values if value.dtype.kind == "f"):
            raise DataError(
                f"sample {position}: no output of model {name!r} is finite, expected data that it can work with"
            )


def chosen_samples(algorithms: Sequence[Configured], engine: Engine | None) -> list[int]:
    """The indices of the samples that algorithms take.

    Raises:
        ConfigError: the algorithms don't go together.
        EngineError: there is no data loader.
        DataError: it is empty.
    """
    return _chosen(chosen_sampling(algorithms), engine)


def _chosen(sampling: MinMaxParameters, engine: Engine | None, tells: bool = True) -> list[int]:
    if engine is None or engine.data_loader is None:
        raise EngineError("quantization needs an engine with a data loader, found none")
    length = count_samples(engine.data_loader)
    if length == 0:
        raise DataError("the data loader is empty, expected at least one sample")
    wanted = sampling.stat_subset_size
    if tells and wanted is not None and wanted > length:
        logger.info("stat_subset_size is %d, the data loader has %d samples: all are used", wanted, length)
    if tells and min(wanted or length, length) < _FEW_SAMPLES:
        logger.warning(
            "statistics come from %d samples, expected at least %d for good accuracy",
            min(wanted or length, length), _FEW_SAMPLES,
        )  # fmt: skip
    return choose_subset(length, wanted, sampling.shuffle_data, sampling.seed)


def check_models(algorithms: Sequence[Configured], model: CompressedModel) -> None:
    """Make sure that parameters by model are of models that there are, and tell of names that change nothing.

    Raises:
        ConfigError: a model is unknown, or it is none of a cascade.
    """
    for algorithm in algorithms:
        by_model = algorithm.config.get("by_model") or {}
        _check_names("by_model", by_model, model)
        if by_model and not model.is_cascade:
            raise ConfigError(f"by_model is for cascades, found the single model {model.name!r}")
        if algorithm.sampling is not None:
            _check_names("ignored", algorithm.sampling.ignored.by_model, model)
            for sub in model:
                own = algorithm.of(sub.name).sampling or algorithm.sampling
                _check_names(f"by_model.{sub.name}.ignored", own.ignored.by_model, model)
                _tell_of_names(sub, own)


def _check_names(key: str, by_model: Iterable[str], model: CompressedModel) -> None:
    names = [sub.name for sub in model]
    for name in by_model:
        if name not in names:
            raise ConfigError(
                f"{key}: expected one of {', '.join(names)}, found {name!r}{nearest(name, names)}"
            )


def _tell_of_names(sub: SubModel, parameters: MinMaxParameters) -> None:
    scope = parameters.ignored.of(sub.name).scope
    if not scope:
        return
    view = GraphView(sub.model)
    matched = [name for name in scope if name in view.nodes or name in sub.renamed]
    found = without_effect(view, find_device(parameters.target_device), matched, sub)
    for name, kind in found.items():
        logger.warning("ignored.scope: %r is a %s, which stays in float anyway", name, kind)


def _record(context: Context, algorithms: Sequence[Configured], samples: int) -> None:
    """Leave in the model what made it, so that a file found years later explains itself."""
    assert context.plan is not None
    model, root = context.sub.model, "openvino_pot"
    model.set_rt_info({}, [root])  # what an earlier run left is of another model
    model.set_rt_info(__version__, [root, "version"])
    model.set_rt_info(str(samples), [root, "samples"])
    model.set_rt_info("transformer" if context.plan.transformer else "none", [root, "model_type"])
    for position, algorithm in enumerate(algorithms):
        key = f"algorithm_{position}"
        model.set_rt_info(algorithm.name, [root, key, "name"])
        model.set_rt_info(
            json.dumps(algorithm.config, default=str, sort_keys=True), [root, key, "parameters"]
        )
