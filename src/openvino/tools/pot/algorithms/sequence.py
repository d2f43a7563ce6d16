"""Running algorithms over a model: plan, one pass for the statistics of all stages, decisions, edits."""

from __future__ import annotations

import json
from collections.abc import Sequence

from openvino.tools.pot.algorithms.algorithm import Algorithm, Context
from openvino.tools.pot.algorithms.transform import transform
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.config.parameters import MinMaxParameters
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.samplers.batch_sampler import BatchSampler, choose_subset
from openvino.tools.pot.statistics.layout import Request, Statistics, StatisticsLayout
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.timing import timed
from openvino.tools.pot.version import __version__

logger = get_logger(__name__)

_FEW_SAMPLES = 30


def run_sequence(
    model: CompressedModel, algorithms: Sequence[Algorithm], engine: Engine | None
) -> CompressedModel:
    """Apply algorithms that share one statistics pass; the given model is left as it is.

    Raises:
        EngineError: there is no engine or data loader, or the model is a cascade, which isn't supported yet.
        ConfigError: no algorithm of the sequence places quantizers.
        DataError: the data loader is empty, or a sample doesn't fit the model.
    """
    if model.is_cascade:
        raise EngineError(
            f"quantizing the cascade {model.name!r} at once is not supported yet: quantize its models one by one"
        )
    sampling = next((a.sampling for a in algorithms if a.sampling is not None), None)
    if sampling is None:
        names = [algorithm.name for algorithm in algorithms]
        raise ConfigError(f"algorithms {names} place no quantizers: put MinMaxQuantization before them")
    result = model.clone()
    context = Context(result.submodels[0], GraphView(result.submodels[0].model))
    stages = [stage for algorithm in algorithms for stage in algorithm.stages]
    if algorithms[0].sampling is None:
        raise ConfigError(f"{algorithms[0].name} stands first: put MinMaxQuantization before it")
    with timed("plan"):
        requests = [request for stage in stages for request in stage.requests(context)]
    if context.plan is None or not context.plan.layers:
        logger.warning("model %r has nothing to quantize: it is returned as it is", model.name)
        return result
    statistics = _measure(model, context, requests, sampling, engine)
    for stage in stages:
        with timed(type(stage).__name__):
            stage.decide(context, statistics)
    with timed("transform"):
        transform(context)
    _record(context, algorithms, statistics.samples)
    return result


def _measure(
    model: CompressedModel,
    context: Context,
    requests: Sequence[Request],
    sampling: MinMaxParameters,
    engine: Engine | None,
) -> Statistics:
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
    subset = choose_subset(length, wanted, sampling.shuffle_data, sampling.seed)
    batch_axis = (
        int(getattr(engine, "config", {}).get("batch_dim") or 0) if sampling.stat_batch_size > 1 else None
    )
    with timed("statistics graph"):
        layout = StatisticsLayout(context.sub.model, requests, batch_axis)
    engine.set_model(model)
    sampler = BatchSampler(engine.data_loader, sampling.stat_batch_size, subset)
    statistics: Statistics = engine.predict(stats_layout=layout, sampler=sampler, print_progress=True)[1]
    statistics.samples = len(subset)
    return statistics


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
