"""From the sections of a configuration to models, engines and pipelines, all checked before any work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import openvino as ov

from openvino.tools.pot.algorithms import ALGORITHMS
from openvino.tools.pot.algorithms.accuracy import AccuracyAwareQuantization
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.job import planned
from openvino.tools.pot.algorithms.parameters import device_refusals
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.cli.cascades import for_model
from openvino.tools.pot.cli.feeding import check_feeding
from openvino.tools.pot.cli.output import check_writable
from openvino.tools.pot.configs.files import read_mapping
from openvino.tools.pot.configs.sections import (
    WITHOUT_DATA,
    AccuracyCheckerEngine,
    AlgorithmEntry,
    DataFreeEngine,
    NoEngine,
    Sections,
)
from openvino.tools.pot.configs.sections import SimplifiedEngine as SimplifiedSection
from openvino.tools.pot.configs.tuning import TpeParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.data_loaders.creator import create_data_loader
from openvino.tools.pot.data_loaders.layout import image_and_info
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.probes import fixed_by_sample
from openvino.tools.pot.engines.simplified_engine import SimplifiedEngine
from openvino.tools.pot.graph.batch import fixed_batch
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.graph.sizes import is_static, with_shapes
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.pipeline.initializer import create_algorithm
from openvino.tools.pot.pipeline.pipeline import Pipeline, steps_of
from openvino.tools.pot.pipeline.tuning import TpeOptimizer
from openvino.tools.pot.placement.scope import ignored_nodes
from openvino.tools.pot.samplers.batch_sampler import count_samples
from openvino.tools.pot.utils.errors import ConfigError, Place, PotError, nearest, placed
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.runtime import core

logger = get_logger(__name__)

_PER_MODEL = ("data_source", "layout", "shape", "mean_values", "scale_values")
_COMBINED = frozenset({"AUTO", "MULTI", "HETERO", "BATCH"})


@dataclass(frozen=True)
class Task:
    """One network, what quantizes it, and its samples.

    Attributes:
        optimizer: the parameters of the search for others; None: there is none.
    """

    model: CompressedModel
    pipeline: Pipeline
    engine: IEEngine
    optimizer: TpeParameters | None = None

    @property
    def is_for_no_device(self) -> bool:
        """Whether OpenVINO has no device left that runs what is made."""
        names = (each.config.get("target_device", "ANY") for each in self.pipeline.algo_seq)
        return any(find_device(name).integers is not None for name in names)

    def run(self, folder: Path) -> CompressedModel:
        """The quantized network; the folder keeps what a search finds."""
        if self.optimizer is None:
            return self.pipeline.run(self.model)
        return TpeOptimizer(self.optimizer, self.pipeline, self.engine, folder).run(self.model)


@dataclass(frozen=True)
class Job:
    """All that a configuration asks for, ready to run.

    Attributes:
        model: as it was read.
        tasks: one for each network of the model.
        name: of the folder of results.
        keeps_intermediate: whether models are kept from before weights become integers, too.
        found: folder that keeps what a search finds; None: one beside the models.
    """

    model: CompressedModel
    tasks: tuple[Task, ...]
    name: str
    keeps_intermediate: bool
    found: Path | None = None


def make_job(sections: Sections, evaluates: bool = False) -> Job:
    """Read the models, find the samples, build the pipelines, and try each on a sample.

    Args:
        sections: of a configuration.
        evaluates: whether the result will be measured.

    Raises:
        ConfigError: something is wrong, or doesn't fit together.
    """
    try:
        whole = any(entry.name not in WITHOUT_DATA for entry in sections.compression.algorithms)
        model = load_model(sections.model, fused=whole)
        names = [sub.name for sub in model] if model.is_cascade else []
        tasks = tuple(_task(sections, CompressedModel([sub], sub.name), names, evaluates) for sub in model)
    except ConfigError:
        raise
    except PotError as error:
        raise ConfigError(error.sentence, sections.where.around(error.where)) from error
    algorithms = "_".join(entry.name for entry in sections.compression.algorithms)
    name = f"{Path(model.name).name}_{algorithms}"
    return Job(model, tasks, name, sections.compression.dump_intermediate_model)


def _task(sections: Sections, model: CompressedModel, cascade: list[str], evaluates: bool) -> Task:
    """What is done to one network.

    Args:
        sections: of the configuration.
        model: the network by itself.
        cascade: the names of all networks, if there are several.
        evaluates: whether the result will be measured.
    """
    entries = entries_of(sections, model, cascade)
    algorithms = [created(entry, None, where) for entry, where in entries]
    recipes = [each.recipe for each in algorithms if each.places and not each.rewrites]
    if sections.model.static or _takes_shape(sections, model, recipes):
        sections = replace(sections, model=sections.model.model_copy(update={"static": True}))
        model = _static(sections, model, cascade, evaluates)
    with placed(sections.where, ConfigError):
        for recipe in recipes:
            check_device(model, recipe)
    engine = _engine(sections, model, cascade, evaluates)
    pipeline = Pipeline(engine)
    for entry, where in entries:
        pipeline.add_algo(created(entry, engine, where))
    _check(sections, model, pipeline, engine)
    if sections.optimizer is None:
        return Task(model, pipeline, engine)
    found = validate(TpeParameters, sections.optimizer.params, sections.where.at("optimizer", "params"))
    if found.state_dir:
        check_writable(Path(found.state_dir), "optimizer: params.state_dir")
    with placed(sections.where, ConfigError):
        TpeOptimizer(found, pipeline, engine)  # which checks the rest
    return Task(model, pipeline, engine, found)


def entries_of(
    sections: Sections, model: CompressedModel, cascade: list[str]
) -> list[tuple[AlgorithmEntry, Place]]:
    """The algorithms with their parameters for one network, and where they stand."""
    found = []
    for position, entry in enumerate(sections.compression.algorithms):
        where = sections.where.at("compression", "algorithms", position)
        params = for_model(entry.params, model.name, cascade or [model.name], where.at("params"))
        kind = ALGORITHMS.get(entry.name)
        known = {} if kind is None else kind.parameters.model_fields
        shared = {key: value for key, value in sections.compression.shared.items() if key in known}
        found.append((entry.model_copy(update={"params": {**shared, **params}}), where))
    return found


def _takes_shape(sections: Sections, model: CompressedModel, recipes: Sequence[Recipe]) -> bool:
    """Whether there is a shape that an open model must be fixed to, as the device runs no other."""
    required = any(recipe.device.requires.static_shapes for recipe in recipes)
    given = isinstance(sections.engine, SimplifiedSection) and sections.engine.shape is not None
    return required and given and not is_static(model)


def created(entry: AlgorithmEntry, engine: IEEngine | None, where: Place) -> Algorithm:
    """The algorithm that an entry of a configuration makes.

    Raises:
        ConfigError: the algorithm or a parameter is not as it must be; the place in the configuration is named.
    """
    try:
        return create_algorithm(entry, engine, where)
    except ConfigError as error:
        if error.where.what == where.what:
            raise
        raise ConfigError(error.sentence, where.at("params").over(error.where)) from error


def _static(
    sections: Sections, model: CompressedModel, cascade: list[str], evaluates: bool
) -> CompressedModel:
    """A network with inputs of the sizes that the engine's shape says or, where it is silent, the first sample has."""
    where = sections.where.at("engine")
    if isinstance(sections.engine, SimplifiedSection):
        shape = _of_model("shape", sections.engine.shape, model.name, cascade, where)
        with placed(where.at("shape"), ConfigError):
            model = shaped(model, shape)
    if not is_static(model):
        with placed(where, ConfigError):
            model = fixed_by_sample(model, _engine(sections, model, cascade, evaluates))
    for port in model.submodels[0].model.inputs:
        logger.info("%s: input %r is fixed to %s", model.name, input_name(port), port.get_partial_shape())
    return model


def shaped(model: CompressedModel, shape: Any) -> CompressedModel:
    """A network with inputs of a shape, or of a mapping of input name to shape; without any, as it is.

    A shape is that of the only input, or of the only image beside three numbers about it.

    Raises:
        ConfigError: it has no such input, or it can't have such sizes.
        ModelError: the rest of the model doesn't go with them.
    """
    known = image_and_info(model.submodels[0].model.get_parameters())
    if known is not None and isinstance(shape, list):
        shape = {input_name(model.submodels[0].model.input(known.image)): shape}
    return model if shape is None else with_shapes(model, shape)


def _searches(sections: Sections) -> bool:
    """Whether an algorithm needs labels."""
    entries = sections.compression.algorithms
    return sections.optimizer is not None or any(
        entry.name == AccuracyAwareQuantization.name
        and not (entry.params.get("annotation_free") or entry.params.get("agreement"))
        for entry in entries
    )


def _engine(sections: Sections, model: CompressedModel, cascade: list[str], evaluates: bool) -> IEEngine:
    section, where = sections.engine, sections.where.at("engine")
    if isinstance(section, NoEngine):
        if evaluates:
            raise ConfigError("it is 'none', expected one that has samples to measure with", where.at("type"))
        return IEEngine(section.runtime, None)
    if isinstance(section, AccuracyCheckerEngine):
        from openvino.tools.pot.engines.ac_engine import ACEngine

        if cascade:
            raise ConfigError(
                f"accuracy_checker runs one model, found the cascade {cascade}", where.at("type")
            )
        values, folder, file = section.inline, Path(), str(where)
        if section.config is not None:
            values, folder, file = read_mapping(section.config), Path(section.config).parent, section.config
        engine = ACEngine({**values, **section.runtime}, folder, file, _searches(sections))
        if evaluates and engine.metric is None and engine.wants_metrics:
            raise ConfigError(engine.why_unmeasured)
        return engine
    own = {
        option: _of_model(option, getattr(section, option), model.name, cascade, where)
        for option in _PER_MODEL
    }
    if cascade and isinstance(section, DataFreeEngine) and own["data_source"] is section.data_source:
        own["data_source"] = [str(Path(section.data_source[0], model.name))]
    if sections.model.static:  # which has given the model that shape
        own["shape"] = None
    section = section.model_copy(update=own)
    sizes = [entry.params.get("stat_subset_size") for entry in sections.compression.algorithms]
    samples = max((size for size in sizes if isinstance(size, int)), default=None)
    return SimplifiedEngine(section.runtime, create_data_loader(section, model, str(where), samples))


def _of_model(option: str, value: Any, name: str, cascade: list[str], where: Place) -> Any:
    """An option of one network of a cascade: that under its name, if the option is a mapping of such names."""
    if not isinstance(value, Mapping) or not set(value) & set(cascade):
        return value
    for key in value:
        if key not in cascade:
            raise ConfigError(
                f"the cascade has no model {key!r}{nearest(str(key), cascade)}", where.at(option)
            )
    if option == "data_source" and name not in value:
        raise ConfigError(f"nothing for model {name!r} of the cascade {cascade}", where.at(option))
    return value.get(name)


def _check(sections: Sections, model: CompressedModel, pipeline: Pipeline, engine: IEEngine) -> None:
    """What can be known before the work: the order of algorithms, ignored scopes, metrics, and one sample."""
    where = sections.where.at("compression", "algorithms")
    with placed(where, ConfigError):
        steps_of(pipeline.algo_seq)
    sub = model.submodels[0]
    for position, algorithm in enumerate(pipeline.algo_seq):
        with placed(where.at(position, "params"), ConfigError):
            if algorithm.places:
                ignored_nodes(GraphView(sub.model), algorithm.recipe.parameters.ignored, sub)
                if algorithm.recipe.parameters.rules:
                    planned(model, [algorithm])  # which finds what they match
            if isinstance(algorithm, AccuracyAwareQuantization):
                _check_search(algorithm.config, sub.model, engine, sections.engine.type)
    where = sections.where.at("engine")
    _check_device(engine.device, where.at("device"))
    if isinstance(sections.engine, NoEngine):
        return
    if count_samples(engine.data_loader) == 0:
        raise ConfigError("it has no samples", where)
    with placed(where, ConfigError):
        next(probes.feeds(engine, model, [0]))
        check_feeding(model, engine)


def check_device(model: CompressedModel, recipe: Recipe) -> None:
    """Make sure that the device of a recipe takes a network, as far as its table says.

    Raises:
        ConfigError: it doesn't; what helps is named.
    """
    for refusal in device_refusals(model.submodels[0], recipe):
        raise ConfigError(f"{refusal.sentence}: {refusal.remedy}")


def _check_search(params: Mapping[str, Any], model: ov.Model, engine: IEEngine, kind: str) -> None:
    """What a search needs: a metric that it knows the names of, or none, and a folder for its state."""
    if params.get("agreement"):
        if kind == "accuracy_checker":
            raise ConfigError("agreement is for samples without labels, accuracy_checker brings metrics")
    elif params.get("annotation_free"):
        _check_classifier(model)
    elif engine.metric is None:
        raise ConfigError(
            f"a search needs a metric, which engine {kind} does not have: set agreement to 'auto' to control "
            "agreement with the float model, or use accuracy_checker"
        )
    else:
        known = list(engine.get_metrics_attributes())
        for entry in params.get("metrics") or ():
            if entry["name"] not in known:
                raise ConfigError(
                    f"metrics: expected one of {', '.join(known)}, found {entry['name']!r}"
                    f"{nearest(entry['name'], known)}"
                )
    if params.get("state_dir"):
        check_writable(Path(params["state_dir"]), "state_dir")


def _check_classifier(model: ov.Model) -> None:
    shapes = [port.get_partial_shape() for port in model.outputs]
    sizes = [size.get_length() for size in shapes[0]] if shapes[0].is_static else []
    if sizes and sizes[0] == fixed_batch(model):
        sizes[0] = 1
    if len(shapes) != 1 or (sizes and prod(sizes) != max(sizes)):
        raise ConfigError(
            "without labels, what the float model predicts is taken for right (annotation_free), which takes a "
            f"classifier with one output: the model has outputs of shapes {', '.join(map(str, shapes))}; "
            "agreement: 'auto' takes any model"
        )


def _check_device(device: str, where: Place) -> None:
    known = {name.partition(".")[0] for name in core().available_devices} | _COMBINED
    base = device.partition(":")[0].partition(".")[0]
    if base not in known:
        raise ConfigError(
            f"expected one of {', '.join(sorted(known))}, found {device!r}{nearest(base, known)}", where
        )
