"""From the sections of a configuration to models, engines and pipelines, all checked before any work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openvino.tools.pot.algorithms import ALGORITHMS
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.cli.cascades import for_model
from openvino.tools.pot.cli.checking import check_device, check_task
from openvino.tools.pot.cli.engine import engine_of, of_model
from openvino.tools.pot.cli.output import check_writable
from openvino.tools.pot.configs.sections import (
    WITHOUT_DATA,
    AlgorithmEntry,
    Sections,
)
from openvino.tools.pot.configs.sections import SimplifiedEngine as SimplifiedSection
from openvino.tools.pot.configs.tuning import TpeParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.data_loaders.layout import image_and_info
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.probes import fixed_by_sample
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.graph.sizes import is_static, with_shapes
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.pipeline.initializer import create_algorithm
from openvino.tools.pot.pipeline.pipeline import Pipeline
from openvino.tools.pot.pipeline.tuning import TpeOptimizer
from openvino.tools.pot.utils.errors import ConfigError, Place, PotError, placed
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


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
    engine = engine_of(sections, model, cascade, evaluates)
    pipeline = Pipeline(engine)
    for entry, where in entries:
        pipeline.add_algo(created(entry, engine, where))
    check_task(sections, model, pipeline, engine)
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
        shape = of_model("shape", sections.engine.shape, model.name, cascade, where)
        with placed(where.at("shape"), ConfigError):
            model = shaped(model, shape)
    if not is_static(model):
        with placed(where, ConfigError):
            model = fixed_by_sample(model, engine_of(sections, model, cascade, evaluates))
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
