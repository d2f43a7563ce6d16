"""Running algorithms over a model: plan, one pass for the statistics of all stages, decisions, edits."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from openvino.tools.pot.algorithms.algorithm import Algorithm, Context, SearchAlgorithm, Stage
from openvino.tools.pot.algorithms.transform import transform
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.config.parameters import MinMaxParameters
from openvino.tools.pot.graph.batch import fixed_batch
from openvino.tools.pot.graph.edits.shapes import fix_known_shapes
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.scope import without_effect
from openvino.tools.pot.samplers.batch_sampler import BatchSampler, choose_subset
from openvino.tools.pot.statistics.layout import Request, Statistics, StatisticsLayout
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError, nearest
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.timing import timed
from openvino.tools.pot.version import __version__

logger = get_logger(__name__)

_FEW_SAMPLES = 30


@dataclass(frozen=True)
class Job:
    """Algorithms on their way through one model.

    Attributes:
        result: the model that will be edited.
        context: what the stages share.
        stages: of all algorithms.
        requests: what they want to be measured.
        sampling: the parameters that choose samples.
    """

    result: CompressedModel
    context: Context
    stages: tuple[Stage, ...]
    requests: tuple[Request, ...]
    sampling: MinMaxParameters

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to quantize."""
        return self.context.plan is None or not self.context.plan.layers

    @property
    def adds_quantizers(self) -> bool:
        """Whether there is a tensor to quantize that isn't yet."""
        plan = self.context.plan
        return plan is not None and bool(plan.activations or plan.weights)


def run_sequence(
    model: CompressedModel,
    algorithms: Sequence[Algorithm],
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
        logger.warning("model %r has nothing to quantize: it is returned as it is", model.name)
        return job.result
    if not job.adds_quantizers:
        logger.warning("model %r comes quantized: no quantizer is added", model.name)
    if statistics is None:
        statistics = measured(model, job, engine)
    else:
        statistics.check(job.requests)
    decide(job, statistics)
    samples = statistics.samples
    del statistics  # the transformed model needs the room
    return finished(job, algorithms, samples)


def decide(job: Job, statistics: Statistics) -> None:
    """Let all stages decide on parameters."""
    for stage in job.stages:
        with timed(type(stage).__name__):
            stage.decide(job.context, statistics)


def finished(job: Job, algorithms: Sequence[Algorithm], samples: int) -> CompressedModel:
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
    model: CompressedModel, algorithms: Sequence[Algorithm], engine: Engine | None
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


def _searching(algorithms: Sequence[Algorithm]) -> SearchAlgorithm | None:
    found = next((algorithm for algorithm in algorithms if isinstance(algorithm, SearchAlgorithm)), None)
    if found is not None and len(algorithms) > 1:
        names = [algorithm.name for algorithm in algorithms]
        raise ConfigError(f"{found.name} stands alone, found algorithms {names}")
    return found


def chosen_sampling(algorithms: Sequence[Algorithm]) -> MinMaxParameters:
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


def planned(model: CompressedModel, algorithms: Sequence[Algorithm]) -> Job:
    """A clone of the model, where quantizers go in it, and what must be measured for them.

    Raises:
        EngineError, ConfigError: as ``run_sequence``.
    """
    if model.is_cascade:
        raise EngineError(f"this is for single models, found the cascade {model.name!r}")
    sampling = chosen_sampling(algorithms)
    result = model.clone()
    if find_device(sampling.target_device).integers is not None:
        fix_known_shapes(result.submodels[0].model)
    context = Context(result.submodels[0], GraphView(result.submodels[0].model))
    stages = tuple(stage for algorithm in algorithms for stage in algorithm.stages)
    with timed("plan"):
        requests = tuple(request for stage in stages for request in stage.requests(context))
    return Job(result, context, stages, requests, sampling)


def measured(model: CompressedModel, job: Job, engine: Engine | None) -> Statistics:
    """What a job asks for, from one pass over the engine's samples.

    Raises:
        EngineError, DataError: as ``run_sequence``.
    """
    sampling = job.sampling
    if engine is not None:
        engine.set_model(model)  # some engines find their samples then
    subset = _chosen(sampling, engine)
    assert engine is not None
    axis, network = int(getattr(engine, "config", {}).get("batch_dim") or 0), job.context.sub.model
    with timed("statistics graph"):
        layout = StatisticsLayout(network, job.requests, fixed_batch(network, axis), axis)
    sampler = BatchSampler(engine.data_loader, sampling.stat_batch_size, subset)
    statistics: Statistics = engine.predict(stats_layout=layout, sampler=sampler, print_progress=True)[1]
    statistics.samples = len(subset)
    return statistics


def chosen_samples(algorithms: Sequence[Algorithm], engine: Engine | None) -> list[int]:
    """The indices of the samples that algorithms take.

    Raises:
        ConfigError: the algorithms don't go together.
        EngineError: there is no data loader.
        DataError: it is empty.
    """
    return _chosen(chosen_sampling(algorithms), engine)


def _chosen(sampling: MinMaxParameters, engine: Engine | None) -> list[int]:
    if engine is None or engine.data_loader is None:
        raise EngineError("quantization needs an engine with a data loader, found none")
    length = len(engine.data_loader)
    if length == 0:
        raise DataError("the data loader is empty, expected at least one sample")
    wanted = sampling.stat_subset_size
    if wanted is not None and wanted > length:
        logger.info("stat_subset_size is %d, the data loader has %d samples: all are used", wanted, length)
    if min(wanted or length, length) < _FEW_SAMPLES:
        logger.warning(
            "statistics come from %d samples, expected at least %d for good accuracy",
            min(wanted or length, length), _FEW_SAMPLES,
        )  # fmt: skip
    return choose_subset(length, wanted, sampling.shuffle_data, sampling.seed)


def check_models(algorithms: Sequence[Algorithm], model: CompressedModel) -> None:
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
    found = without_effect(view, find_device(parameters.target_device), matched, sub.renamed)
    for name, kind in found.items():
        logger.warning("ignored.scope: %r is a %s, which stays in float anyway", name, kind)


def _record(context: Context, algorithms: Sequence[Algorithm], samples: int) -> None:
    """Leave in the model what made it, so that a file found years later explains itself."""
    assert context.plan is not None
    model, root = context.sub.model, "openvino_pot"
    model.set_rt_info(__version__, [root, "version"])
    model.set_rt_info(str(samples), [root, "samples"])
    model.set_rt_info("transformer" if context.plan.transformer else "none", [root, "model_type"])
    for position, algorithm in enumerate(algorithms):
        key = f"algorithm_{position}"
        model.set_rt_info(algorithm.name, [root, key, "name"])
        model.set_rt_info(
            json.dumps(algorithm.config, default=str, sort_keys=True), [root, key, "parameters"]
        )
