"""The sections of a configuration file: model, engine, compression and optimizer, with POT's keys and defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from openvino.tools.pot.configs.models import ModelConfig
from openvino.tools.pot.configs.runtime import EngineConfig, Runtime
from openvino.tools.pot.configs.tuning import OptimizerSection
from openvino.tools.pot.configs.validation import Parameters, plain, validate
from openvino.tools.pot.utils.errors import ConfigError, Place, nearest


class ModelSection(ModelConfig):
    """What is quantized.

    Attributes:
        static: whether inputs get fixed sizes: those of the engine's ``shape``, or else those of the first sample.
    """

    static: bool = False


class SimplifiedEngine(Runtime):
    """Samples from files. Where there are several inputs, options may be mappings of input name to value.

    Attributes:
        data_source: folder, pattern, list of files (``.txt``) or single file.
        layout: of inputs that take images, such as ``NCHW``; absent: the model's own, or what its sizes tell.
        shape: of inputs, for those that are dynamic.
        central_fraction: part of an image's height and width that is kept, around its middle.
        mean_values, scale_values: what is taken from, and then divides, the pixels from 0 to 255, one for each
            channel in the order in which they are fed.
        color_order: in which images are fed; absent: BGR, unless ``like`` or the model say something else.
        like: the family that the model is of, which says how its images are fed where the keys above and below don't.
        letterbox: images keep their proportions, in the middle of gray, as Ultralytics' detectors want them.
        keep_aspect: images keep their proportions, left and above, on black.
        anomalies: whether every fourth image gets a patch that doesn't belong there; absent: whether the model says
            that it finds anomalies.
        metadata: whether what the model's file and those beside it say counts where nothing else is said.
    """

    type: Literal["simplified"]
    data_source: Any
    layout: Any = None
    shape: Any = None
    central_fraction: float | None = Field(default=None, gt=0, le=1)
    mean_values: Any = None
    scale_values: Any = None
    color_order: Literal["BGR", "RGB"] | None = None
    like: str | None = None
    letterbox: bool | None = None
    keep_aspect: bool | None = None
    anomalies: bool | None = None
    metadata: bool = True

    @field_validator("color_order", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("data_source")
    @classmethod
    def _paths(cls, value: Any) -> Any:
        if value is None or value == {}:
            raise ValueError(f"expected a path or a list of paths, found {value!r}")
        return _each(value, _path, "a path or a list of paths")

    @field_validator("layout")
    @classmethod
    def _layouts(cls, value: Any) -> Any:
        return _each(value, lambda each: each if isinstance(each, str) else None, "a string such as NCHW")

    @field_validator("shape")
    @classmethod
    def _shapes(cls, value: Any) -> Any:
        return parse_shape(value)

    @field_validator("mean_values", "scale_values")
    @classmethod
    def _numbers(cls, value: Any) -> Any:
        return _each(value, _figures, "a number, or a list of one for each channel")

    @field_validator("scale_values")
    @classmethod
    def _no_zero(cls, value: Any) -> Any:
        figures = value.values() if isinstance(value, Mapping) else [value or []]
        if any(0.0 in each for each in figures):
            raise ValueError(f"it divides, expected no zero, found {value!r}")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> SimplifiedEngine:
        ways = [key for key in ("letterbox", "keep_aspect", "central_fraction") if getattr(self, key)]
        if len(ways) > 1:
            raise ValueError(f"{ways[0]} and {ways[1]} exclude each other")
        return self


class SimplifiedConfig(SimplifiedEngine, EngineConfig):
    """What the class of simplified mode is configured with; beside a loader, no source is needed."""

    type: Literal["simplified"] | None = None  # type: ignore[assignment]
    data_source: Any = None


class DataFreeEngine(SimplifiedEngine):
    """Samples that are made up where there are none.

    Attributes:
        data_source: the folder that images are kept in.
        generate_data: make images even if the folder holds some of an earlier run; false: never make any.
        data_type: what is made.
    """

    type: Literal["data_free"]  # type: ignore[assignment]
    data_source: Any = ["pot_dataset"]
    generate_data: bool | None = None
    data_type: Literal["image"] = "image"

    @field_validator("generate_data", mode="before")
    @classmethod
    def _words(cls, value: Any) -> Any:
        return {"True": True, "False": False}.get(value, value) if isinstance(value, str) else value

    @field_validator("data_source")
    @classmethod
    def _one_folder(cls, value: Any) -> Any:
        folders = value.values() if isinstance(value, Mapping) else [value]
        pattern = next((each[0] for each in folders if any(letter in each[0] for letter in "*?[")), None)
        if pattern is not None and not Path(pattern).exists():
            raise ValueError(f"expected one folder, found the pattern {pattern!r}")
        return _each(value, lambda each: each if len(each) == 1 else None, "one folder")


class AccuracyCheckerEngine(Runtime):
    """Samples, labels and metrics as a configuration of Accuracy Checker describes them.

    Attributes:
        config: path of the configuration; absent: it stands here, under the other keys.
    """

    type: Literal["accuracy_checker"] = "accuracy_checker"
    config: str | None = None
    models: Any = None
    launchers: Any = None
    datasets: Any = None

    @model_validator(mode="after")
    def _one_of_both(self) -> AccuracyCheckerEngine:
        inline = self.models is not None or self.datasets is not None
        if inline == (self.config is not None):
            found = "both" if inline else "neither"
            raise ValueError(f"expected either config, a path, or datasets, found {found}")
        return self

    @property
    def inline(self) -> dict[str, Any]:
        """The configuration that stands in the section itself."""
        return self.given("models", "launchers", "datasets")


class NoEngine(Runtime):
    """No samples, for algorithms that do without."""

    type: Literal["none"]


AnyEngine = SimplifiedEngine | DataFreeEngine | AccuracyCheckerEngine | NoEngine
_ENGINES: dict[str, type[AnyEngine]] = {
    "accuracy_checker": AccuracyCheckerEngine,
    "simplified": SimplifiedEngine,
    "data_free": DataFreeEngine,
    "none": NoEngine,
}
WITHOUT_DATA = frozenset({"WeightCompression"})
"""Algorithms that do without samples."""


class AlgorithmEntry(Parameters):
    """An algorithm and its parameters, which the algorithm itself checks."""

    name: str
    params: dict[str, Any] = {}


class CompressionSection(Parameters):
    """What is done.

    Attributes:
        target_device, model_type, inplace_statistics: parameters of all algorithms.
        dump_intermediate_model: keep the quantized model from before its weights are stored as integers, too.
        algorithms: in their order.
    """

    target_device: str | None = None
    model_type: str | None = None
    inplace_statistics: bool | None = None
    dump_intermediate_model: bool = False
    algorithms: list[AlgorithmEntry] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _misspelt_by_pot(cls, values: Any) -> Any:
        """POT's own sample of a configuration has this key, which was without effect in POT."""
        return {key: each for key, each in values.items() if key != "inplase_statistics"}

    @property
    def shared(self) -> dict[str, Any]:
        """The parameters of all algorithms that are given."""
        return self.given("target_device", "model_type", "inplace_statistics")


@dataclass(frozen=True)
class Sections:
    """A whole configuration, checked as far as that goes without model and data.

    Attributes:
        where: what it is, for messages.
    """

    where: Place
    model: ModelSection
    engine: AnyEngine
    compression: CompressionSection
    optimizer: OptimizerSection | None = None


_KEYS = ("model", "engine", "compression", "optimizer")

_NAMED = r"\s*([^\s\[\],]+)\s*(\[[^\]]*\])\s*"
"""The name of an input, and its sizes in brackets."""


def parse_sections(values: Mapping[str, Any], where: str) -> Sections:
    """Check the sections of a configuration.

    Args:
        values: the configuration.
        where: what it is, for messages.

    Raises:
        ConfigError: a key is unknown, missing or ill-typed; its path is named.
    """
    place = Place(where)
    for key in values:
        if key not in _KEYS:
            raise ConfigError(f"unknown section {key!r}{nearest(str(key), _KEYS)}", place)
    for key in _KEYS:
        if key not in values and key not in ("engine", "optimizer"):
            raise ConfigError(f"section {key!r} is missing", place)
    model = validate(ModelSection, values["model"], place.at("model"))
    compression = validate(CompressionSection, values["compression"], place.at("compression"))
    needing = [each.name for each in compression.algorithms if each.name not in WITHOUT_DATA]
    if needing and "engine" not in values:
        raise ConfigError("section 'engine' is missing", place)
    engine = _parse_engine(values.get("engine", {"type": "none"}), place.at("engine"))
    if needing and isinstance(engine, NoEngine):
        raise ConfigError(
            f"found 'none', expected one that has samples for {needing[0]}", place.at("engine", "type")
        )
    searched = values.get("optimizer")
    optimizer = None if searched is None else validate(OptimizerSection, searched, place.at("optimizer"))
    return Sections(place, model, engine, compression, optimizer)


def _parse_engine(values: Any, place: Place) -> AnyEngine:
    kind = values.get("type") if isinstance(values, Mapping) else None
    if kind is not None and (not isinstance(kind, str) or kind not in _ENGINES):
        known, near = ", ".join(_ENGINES), nearest(str(kind), _ENGINES)
        raise ConfigError(f"expected one of {known}, found {kind!r}{near}", place.at("type"))
    if kind is None and isinstance(values, Mapping) and "data_source" in values:
        raise ConfigError("it is missing, expected 'simplified' beside data_source", place.at("type"))
    found: AnyEngine = validate(_ENGINES[kind or "accuracy_checker"], values, place)
    return found


def _each(value: Any, parse: Any, expected: str) -> Any:
    """A value, or a mapping of input name to value, parsed; ``parse`` gives None for what it doesn't understand."""
    if value is None:
        return None
    if isinstance(value, Mapping) and not any(isinstance(each, Mapping) for each in value.values()):
        return {name: _parsed(each, parse, expected) for name, each in value.items()}
    return _parsed(value, parse, expected)


def _parsed(value: Any, parse: Any, expected: str) -> Any:
    found = parse(value)
    if found is None:
        raise ValueError(f"expected {expected}, or a mapping of input name to that, found {value!r}")
    return found


def _path(value: Any) -> list[str] | None:
    values = value if isinstance(value, list) else [value]
    return values if values and all(isinstance(each, str) and each for each in values) else None


def _figures(value: Any) -> list[float] | None:
    value = _split(value)
    try:
        found = [float(each) for each in (value if isinstance(value, list) else [value])]
    except (OverflowError, TypeError, ValueError):
        return None
    return found if found and all(map(isfinite, found)) else None


def parse_shape(value: Any) -> Any:
    """Sizes of the only input, or a mapping of input name to sizes, with None for those that stay open.

    Args:
        value: such, or text, ``"[1, 3, 224, 224]"`` or ``"ids[1, 128], mask[1, 128]"``; None gives None.

    Raises:
        ValueError: it says something else.
    """
    if isinstance(value, str) and re.fullmatch(f"({_NAMED},)*{_NAMED}", value):
        value = dict(re.findall(_NAMED, value))
    return _each(value, _sizes, "a list of sizes such as [1, 3, 224, 224]")


def _sizes(value: Any) -> list[int | None] | None:
    value = _split(value)
    if not isinstance(value, list) or not value:
        return None
    sizes = [None if each in (None, "None", "?", -1, "-1") else str(each) for each in value]
    if not all(each is None or (each.isdecimal() and 0 < int(each) < 1 << 31) for each in sizes):
        return None
    return [None if each is None else int(each) for each in sizes]


def _split(value: Any) -> Any:
    """The parts of ``"[1, 3, 224, 224]"``, as command lines give lists."""
    if not isinstance(value, str):
        return plain(value)
    return [part.strip() for part in value.strip().strip("[]()").split(",")]
