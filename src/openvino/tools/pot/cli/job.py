"""From the sections of a configuration to models, engines and pipelines, all checked before any work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openvino.tools.pot.algorithms import ALGORITHMS
from openvino.tools.pot.algorithms.sequence import chosen_sampling
from openvino.tools.pot.config.files import read_mapping
from openvino.tools.pot.config.sections import AccuracyCheckerEngine, AlgorithmEntry, DataFreeEngine, Sections
from openvino.tools.pot.data_loaders.creator import create_data_loader
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.simplified_engine import SimplifiedEngine
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.pipeline.initializer import create_pipeline
from openvino.tools.pot.pipeline.pipeline import Pipeline
from openvino.tools.pot.placement.scope import ignored_nodes
from openvino.tools.pot.utils.errors import ConfigError, PotError, nearest

_PER_MODEL = ("data_source", "layout", "shape", "mean_values", "scale_values")
_SCOPE_KEYS = frozenset({"scope", "operations", "skip_model"})


@dataclass(frozen=True)
class Task:
    """One network, what quantizes it, and its samples."""

    model: CompressedModel
    pipeline: Pipeline
    engine: IEEngine


@dataclass(frozen=True)
class Job:
    """All that a configuration asks for, ready to run.

    Attributes:
        model: as it was read.
        tasks: one for each network of the model.
        name: of the folder of results.
        keeps_intermediate: whether models are kept from before weights become integers, too.
    """

    model: CompressedModel
    tasks: tuple[Task, ...]
    name: str
    keeps_intermediate: bool


def make_job(sections: Sections) -> Job:
    """Read the models, find the samples, build the pipelines, and try each on a sample.

    Raises:
        ConfigError: something is wrong, or doesn't fit together.
    """
    try:
        model = load_model(sections.model.model_dump(exclude_none=True))
        names = [sub.name for sub in model] if model.is_cascade else []
        tasks = tuple(_task(sections, CompressedModel([sub], sub.name), names) for sub in model)
    except ConfigError:
        raise
    except PotError as error:
        raise ConfigError(f"{sections.where}: {error}") from error
    algorithms = "_".join(entry.name for entry in sections.compression.algorithms)
    name = f"{Path(model.name).name}_{algorithms}"
    return Job(model, tasks, name, sections.compression.dump_intermediate_model)


def _task(sections: Sections, model: CompressedModel, cascade: list[str]) -> Task:
    """What is done to one network.

    Args:
        sections: of the configuration.
        model: the network by itself.
        cascade: the names of all networks, if there are several.
    """
    engine = _engine(sections, model, cascade)
    pipeline = Pipeline(engine)
    for position, entry in enumerate(sections.compression.algorithms):
        path = f"compression.algorithms[{position}]"
        params = {**sections.compression.shared, **_params(sections, entry, path, model.name, cascade)}
        for algorithm in _created(sections, entry, params, engine, path):
            pipeline.add_algo(algorithm)
    _check(sections, model, pipeline, engine)
    return Task(model, pipeline, engine)


def _created(
    sections: Sections, entry: AlgorithmEntry, params: Mapping[str, Any], engine: IEEngine, path: str
) -> list[Any]:
    if entry.name not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise ConfigError(
            f"{sections.where}: {path}.name: expected one of {known}, found {entry.name!r}"
            f"{nearest(entry.name, ALGORITHMS)}"
        )
    try:
        return create_pipeline([{"name": entry.name, "params": params}], engine).algo_seq
    except ConfigError as error:
        message = (
            str(error).removeprefix(f"{entry.name} params: ").removeprefix("DefaultQuantization params: ")
        )
        raise ConfigError(f"{sections.where}: {path}.params: {message}") from error


def _params(
    sections: Sections, entry: AlgorithmEntry, path: str, name: str, cascade: list[str]
) -> dict[str, Any]:
    """The parameters of an algorithm for one network: in a cascade, ignored scopes stand by its name."""
    ignored = entry.params.get("ignored")
    if not cascade or not isinstance(ignored, Mapping):
        return entry.params
    for key in ignored:
        if key not in cascade:
            hint = nearest(str(key), cascade)
            found = f"{key!r}, which is none of them" if key not in _SCOPE_KEYS else repr(key)
            raise ConfigError(
                f"{sections.where}: {path}.params.ignored: expected a mapping of the cascade's names {cascade} to "
                f"ignored scopes, found {found}{hint}"
            )
    return {**entry.params, "ignored": ignored.get(name, {})}


def _engine(sections: Sections, model: CompressedModel, cascade: list[str]) -> IEEngine:
    section, where = sections.engine, f"{sections.where}: engine"
    if isinstance(section, AccuracyCheckerEngine):
        from openvino.tools.pot.engines.ac_engine import ACEngine

        if cascade:
            raise ConfigError(f"{where}.type: accuracy_checker runs one model, found the cascade {cascade}")
        values, folder, file = section.inline, Path(), where
        if section.config is not None:
            values, folder, file = read_mapping(section.config), Path(section.config).parent, section.config
        given = {key: value for key, value in section.runtime.items() if value is not None}
        return ACEngine({**values, **given}, folder, file)
    own = {option: _of_model(getattr(section, option), model.name, cascade) for option in _PER_MODEL}
    if cascade and isinstance(section, DataFreeEngine) and own["data_source"] is section.data_source:
        own["data_source"] = [str(Path(section.data_source[0], model.name))]
    section = section.model_copy(update=own)
    sizes = [entry.params.get("stat_subset_size") for entry in sections.compression.algorithms]
    samples = max((size for size in sizes if isinstance(size, int)), default=None)
    return SimplifiedEngine(section.runtime, create_data_loader(section, model, where, samples))


def _of_model(value: Any, name: str, cascade: list[str]) -> Any:
    """An option of one network of a cascade: that under its name, if the option is a mapping of names."""
    if cascade and isinstance(value, Mapping) and set(value) <= set(cascade):
        return value.get(name)
    return value


def _check(sections: Sections, model: CompressedModel, pipeline: Pipeline, engine: IEEngine) -> None:
    """What can be known before the work: the order of algorithms, ignored scopes, metrics, and one sample."""
    where = f"{sections.where}: compression.algorithms"
    try:
        chosen_sampling(pipeline.algo_seq)
        sub = model.submodels[0]
        for algorithm in pipeline.algo_seq:
            if algorithm.sampling is not None:
                ignored_nodes(GraphView(sub.model), algorithm.sampling.ignored, sub.renamed)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    for position, algorithm in enumerate(pipeline.algo_seq):
        free = algorithm.config.get("annotation_free")
        if algorithm.name == "AccuracyAwareQuantization" and engine.metric is None and not free:
            raise ConfigError(
                f"{where}[{position}]: {algorithm.name} needs a metric, which engine {sections.engine.type} does not "
                "have: set annotation_free to true to take the float model's predictions for labels, or use "
                "accuracy_checker"
            )
    if len(engine.data_loader) == 0:
        raise ConfigError(f"{sections.where}: engine: it has no samples")
    try:
        next(engine.feeds(model, [0]))
    except PotError as error:
        raise ConfigError(f"{sections.where}: engine: {error}") from error
