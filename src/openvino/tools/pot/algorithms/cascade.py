"""Running algorithms over the models of a cascade together: one pass of the user's engine, statistics of each model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import openvino as ov

from openvino.tools.pot.algorithms.context import Configured, Search
from openvino.tools.pot.algorithms.sequence import (
    Job,
    as_it_is,
    check_models,
    checked,
    chosen_samples,
    decide,
    finished,
    planned,
    run_sequence,
)
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.passes import fed_shapes
from openvino.tools.pot.engines.passes import measure as measured
from openvino.tools.pot.graph.batch import fixed_batch
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.samplers.batch_sampler import BatchSampler
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.utils.errors import ConfigError, EngineError
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.timing import timed

logger = get_logger(__name__)


def run_algorithms(
    model: CompressedModel,
    algorithms: Sequence[Configured],
    engine: Engine | None,
    statistics: Statistics | None = None,
) -> CompressedModel:
    """Apply algorithms to a model or to those of a cascade; the given one is left as it is.

    Args:
        model: in float.
        algorithms: in their order.
        engine: what measures.
        statistics: of a single model, from ``collect_statistics``.

    Raises:
        EngineError, ConfigError, DataError: as ``run_sequence`` and ``run_cascade``.
    """
    if not model.is_cascade:
        return run_sequence(model, algorithms, engine, statistics)
    if statistics is not None:
        raise EngineError(f"statistics of before are for single models, found the cascade {model.name!r}")
    return run_cascade(model, algorithms, engine)


def run_cascade(
    model: CompressedModel, algorithms: Sequence[Configured], engine: Engine | None
) -> CompressedModel:
    """Apply algorithms to all models of a cascade, which an override of the engine's ``_predict`` runs.

    A first pass over one sample shows in which sizes each model is fed; the second is for statistics.

    Args:
        model: in float; it is left as it is.
        algorithms: in their order, the same for all models but for ``ignored`` and ``by_model``.
        engine: an IEEngine whose ``_predict`` or ``predict`` is overridden.

    Raises:
        EngineError: the engine can't run a cascade, has no data loader, or a model is never run.
        ConfigError: the algorithms don't go together, or search, which takes single models.
        DataError: the data loader is empty.
    """
    if not isinstance(engine, IEEngine):
        raise EngineError(f"a cascade needs an IEEngine, found {type(engine).__name__}")
    if any(isinstance(algorithm, Search) for algorithm in algorithms):
        raise ConfigError(f"{algorithms[0].name} takes single models, found the cascade {model.name!r}")
    check_models(algorithms, model)
    engine.set_model(model)
    samples = chosen_samples(algorithms, engine)
    shapes = fed_shapes(engine, BatchSampler(engine.data_loader, 1, samples[:1]))
    own = {sub.name: [algorithm.of(sub.name) for algorithm in algorithms] for sub in model}
    singles = {sub.name: _single(sub, shapes[sub.name]) for sub in model}
    jobs = {name: planned(single, own[name]) for name, single in singles.items()}
    wanted = {name: job for name, job in jobs.items() if not job.is_empty}
    for name in jobs.keys() - wanted.keys():
        as_it_is(jobs[name])

    def measure(some: Mapping[str, Job]) -> Mapping[str, Statistics]:
        with timed("statistics graph"):
            layouts = {name: _layout(job) for name, job in some.items()}
        return measured(engine, layouts, BatchSampler(engine.data_loader, 1, samples))

    found = measure(wanted)
    results = [
        _finished(
            sub, singles[sub.name], jobs[sub.name], found.get(sub.name), own[sub.name], measure, engine.device
        )
        for sub in model
    ]
    return CompressedModel(results, model.name, is_cascade=True)


def _layout(job: Job) -> StatisticsLayout:
    model = job.context.sub.model
    return StatisticsLayout(model, job.requests, fixed_batch(model), watches=job.sampling.self_check)


def _single(sub: SubModel, shapes: Mapping[str, ov.PartialShape]) -> CompressedModel:
    """One model by itself, with inputs of the sizes that it is fed in."""
    network = sub.model.clone()
    if shapes:
        network.reshape(dict(shapes))
        logger.info("model %r is fed in several sizes: %s", sub.name, ", ".join(map(str, shapes.values())))
    return CompressedModel([replace(sub, model=network)], sub.name)


def _finished(
    sub: SubModel,
    single: CompressedModel,
    job: Job,
    statistics: Statistics | None,
    algorithms: Sequence[Configured],
    measure: Callable[[Mapping[str, Job]], Mapping[str, Statistics]],
    device: str,
) -> SubModel:
    """The quantized model, with inputs as they were.

    Args:
        sub: in float.
        single: the same by itself, in the sizes that it is fed in.
        job: of that.
        statistics: of it, None: there is nothing to quantize.
        algorithms: that quantize it.
        measure: takes what jobs ask for from the samples.
        device: where the model is run.
    """
    model = job.result
    if statistics is not None:
        decide(job, statistics)
        finished(job, algorithms, statistics.samples)
        model = checked(
            job, single, algorithms, lambda other: measure({sub.name: other})[sub.name], statistics, device
        )
    result = model.submodels[0]
    own = {input_name(port): port.get_partial_shape() for port in sub.model.inputs}
    if [port.get_partial_shape() for port in result.model.inputs] != list(own.values()):
        result.model.reshape(own)
    return result
