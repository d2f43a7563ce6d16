"""The engine of one network that a configuration asks for, and with it its samples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openvino.tools.pot.algorithms.accuracy import AccuracyAwareQuantization
from openvino.tools.pot.configs.files import read_mapping
from openvino.tools.pot.configs.sections import (
    AccuracyCheckerEngine,
    DataFreeEngine,
    NoEngine,
    Sections,
)
from openvino.tools.pot.data_loaders.creator import create_data_loader
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.simplified_engine import SimplifiedEngine
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import ConfigError, Place, nearest

if TYPE_CHECKING:
    from openvino.tools.pot.engines.ac_engine import ACEngine

_PER_MODEL = ("data_source", "layout", "shape", "mean_values", "scale_values")

_WITHOUT_LABELS = "set agreement to 'auto' to control agreement with the float model, which needs no labels"


def engine_of(sections: Sections, model: CompressedModel, cascade: list[str], evaluates: bool) -> IEEngine:
    """The engine that runs one network over its samples.

    Args:
        sections: of the configuration.
        model: the network by itself.
        cascade: the names of all networks, if there are several.
        evaluates: whether the result will be measured.

    Raises:
        ConfigError: it has no samples to measure with, or an option is wrong.
    """
    section, where = sections.engine, sections.where.at("engine")
    if isinstance(section, NoEngine):
        if evaluates:
            raise ConfigError("it is 'none', expected one that has samples to measure with", where.at("type"))
        return IEEngine(section.runtime, None)
    if isinstance(section, AccuracyCheckerEngine):
        if cascade:
            raise ConfigError(
                f"accuracy_checker runs one model, found the cascade {cascade}", where.at("type")
            )
        values, folder, file = section.inline, Path(), str(where)
        if section.config is not None:
            values, folder, file = read_mapping(section.config), Path(section.config).parent, section.config
        engine = _of_checker({**values, **section.runtime}, folder, file, sections)
        if evaluates and engine.metric is None and engine.wants_metrics and not _agrees(sections):
            raise ConfigError(f"{engine.why_unmeasured}; without --evaluate the images alone will do")
        return engine
    own = {
        option: of_model(option, getattr(section, option), model.name, cascade, where)
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


def of_model(option: str, value: Any, name: str, cascade: list[str], where: Place) -> Any:
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


def _of_checker(values: Mapping[str, Any], folder: Path, file: str, sections: Sections) -> ACEngine:
    """The engine of a configuration of Accuracy Checker.

    Raises:
        ConfigError: something in it is not there, or what a search by a metric needs.
    """
    from openvino.tools.pot.accuracy_checker.entries import NotBuiltError
    from openvino.tools.pot.accuracy_checker.settings import parse_settings
    from openvino.tools.pot.engines.ac_engine import ACEngine

    try:
        return ACEngine(values, folder, file, _searches(sections))
    except NotBuiltError as error:
        if not _searches(sections) or sections.optimizer is not None:
            raise
        parse_settings(values, folder, file)  # raises by itself where labels are not all that is amiss
        raise ConfigError(f"{error.sentence}; {_WITHOUT_LABELS}", error.where) from None


def _agrees(sections: Sections) -> bool:
    """Whether agreement with the float model is the metric."""
    return any(entry.params.get("agreement") for entry in sections.compression.algorithms)


def _searches(sections: Sections) -> bool:
    """Whether an algorithm needs labels."""
    entries = sections.compression.algorithms
    return sections.optimizer is not None or any(
        entry.name == AccuracyAwareQuantization.name
        and not (entry.params.get("annotation_free") or entry.params.get("agreement"))
        for entry in entries
    )
