"""What a command line asks for, as the sections of a configuration."""

from __future__ import annotations

import argparse
from typing import Any

from openvino.tools.pot.cli.ignoring import scope_of
from openvino.tools.pot.configs.files import read_mapping
from openvino.tools.pot.configs.sections import Sections, parse_sections
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_ALGORITHMS = {
    "default": "DefaultQuantization",
    "data_free": "DefaultQuantization",
    "accuracy_aware": "AccuracyAwareQuantization",
    "weights": "WeightCompression",
}
_OF_WEIGHTS = ("mode", "group_size", "ratio", "backup")
_NOT_OF_WEIGHTS = ("preset", "max_drop", "stat_cache", "max_memory")
_FOR_IMAGES = (
    *("layout", "shape", "mean_values", "scale_values", "color_order", "central_fraction"),
    *("like", "letterbox", "keep_aspect", "anomalies", "metadata"),
)
_NOT_WITH_CONFIG = (
    *(
        "quantize",
        "model",
        "weights",
        "name",
        "target_device",
        "model_type",
        "preset",
        "max_drop",
        "agreement",
    ),
    *("subset_size", "ac_config", "ignored", "ignored_types", "stat_cache", "max_memory"),
    *_OF_WEIGHTS,
    *_FOR_IMAGES,
)
_OF_ACCURACY_CHECKER = {"models", "datasets", "evaluations"}
"""Its sections."""
SUBSET_SIZE = 300


def sections_of(options: argparse.Namespace) -> Sections:
    """The checked sections of the configuration file, or of the flags in its place.

    Raises:
        ConfigError: the file or a flag is wrong, or flags don't go together.
    """
    if options.config:
        return parse_sections(_from_file(options), options.config)
    return parse_sections(_from_flags(options), "command line")


def mapping_of_pot(path: str) -> dict[str, Any]:
    """The content of a configuration file of POT.

    Raises:
        ConfigError: it can't be read, or is one of Accuracy Checker.
    """
    values = read_mapping(path)
    if "model" not in values and _OF_ACCURACY_CHECKER & values.keys():
        raise ConfigError(
            f"{path} is a configuration of Accuracy Checker, expected one of POT: "
            f"pot -q default -m MODEL --ac-config {path} runs without one"
        )
    return values


def _from_file(options: argparse.Namespace) -> dict[str, Any]:
    for name in _NOT_WITH_CONFIG:
        if getattr(options, name) is not None:
            raise ConfigError(f"{_flag(name)} does not go with --config: write it into the file")
    values = mapping_of_pot(options.config)
    if options.static and isinstance(values.get("model"), dict):
        values["model"]["static"] = True
    engine = values.get("engine")
    if isinstance(engine, dict):
        if options.engine:
            engine["type"] = options.engine
        given = {name: getattr(options, name) for name in ("data_source", "generate_data", "data_type")}
        for name, value in given.items():
            if value and name in engine:
                raise ConfigError(f"--{name.replace('_', '-')}: {options.config} says engine.{name} already")
            if value:
                engine[name] = value
    return values


def _from_flags(options: argparse.Namespace) -> dict[str, Any]:
    if not options.model:
        raise ConfigError("--quantize needs --model")
    model = {"model_name": options.name, "model": options.model, "weights": options.weights}
    model["static"] = options.static or None
    size = SUBSET_SIZE if options.subset_size is None else options.subset_size
    params: dict[str, Any] = {
        "preset": options.preset,
        "stat_subset_size": size,
        "stat_cache": options.stat_cache,
        "max_memory": options.max_memory,
    }
    params["ignored"] = scope_of(options.ignored, options.ignored_types)
    params |= _of_weights(options)
    if options.quantize == "accuracy_aware":
        params["maximal_drop"] = 0.01 if options.max_drop is None else options.max_drop
    elif options.max_drop is not None:
        raise ConfigError(f"--max-drop is for --quantize accuracy_aware, found {options.quantize}")
    engine = _engine(options)
    params["agreement"] = _agreement(options, engine["type"])
    compression = {"target_device": options.target_device, "model_type": options.model_type}
    algorithm = {"name": _ALGORITHMS[options.quantize], "params": _given(params)}
    return {
        "model": _given(model),
        "engine": engine,
        "compression": {**_given(compression), "algorithms": [algorithm]},
    }


def _agreement(options: argparse.Namespace, engine: str) -> str | None:
    """What is compared with the float model: without labels, there is nothing else to control."""
    if options.quantize != "accuracy_aware":
        if options.agreement is not None:
            raise ConfigError(f"--agreement is for --quantize accuracy_aware, found {options.quantize}")
        return None
    # Configurations of Accuracy Checker bring metrics, as a rule.
    return options.agreement or (None if engine == "accuracy_checker" else "auto")


def _of_weights(options: argparse.Namespace) -> dict[str, Any]:
    """The parameters of weights alone."""
    weights = options.quantize == "weights"
    for name in _NOT_OF_WEIGHTS if weights else _OF_WEIGHTS:
        if getattr(options, name) is not None:
            kinds = "other kinds of --quantize than weights" if weights else "--quantize weights"
            raise ConfigError(f"--{name.replace('_', '-')} is for {kinds}, found {options.quantize}")
    return {name: getattr(options, name) for name in _OF_WEIGHTS}


def _engine(options: argparse.Namespace) -> dict[str, Any]:
    kind = options.engine or _implied_engine(options)
    if kind == "none":
        others = ("generate_data", "data_type", "preview")
        unused = [name for name in _FOR_IMAGES if getattr(options, name) is not None]
        unused += [name for name in others if getattr(options, name)]
        if unused:
            raise ConfigError(f"{_flag(unused[0])} is for data, which there is none of")
        return {"type": kind}
    if options.quantize == "data_free" and kind != "data_free":
        raise ConfigError(f"--quantize data_free goes with --engine data_free, found {kind}")
    if kind == "accuracy_checker":
        if not options.ac_config:
            raise ConfigError("--engine accuracy_checker needs --ac-config")
        unused = [name for name in _FOR_IMAGES if getattr(options, name) is not None]
        if unused:
            raise ConfigError(f"{_flag(unused[0])} is for other engines than accuracy_checker")
        if options.data_source:  # command lines of POT's time have it
            logger.warning("--data-source: without effect, samples are those of %s", options.ac_config)
        return {"type": kind, "config": options.ac_config}
    if options.ac_config:
        raise ConfigError(f"--ac-config is for --engine accuracy_checker, found {kind}")
    if kind == "simplified" and not options.data_source:
        raise ConfigError("--engine simplified needs --data-source")
    engine = {name: getattr(options, name) for name in ("data_source", *_FOR_IMAGES)}
    if kind == "data_free":
        engine |= {"generate_data": options.generate_data or None, "data_type": options.data_type}
    elif options.generate_data or options.data_type:
        raise ConfigError("--generate-data and --data-type are for --engine data_free, found simplified")
    return {"type": kind, **_given(engine)}


def _implied_engine(options: argparse.Namespace) -> str:
    if options.quantize == "data_free":
        return "data_free"
    if options.ac_config:
        return "accuracy_checker"
    if options.data_source:
        return "simplified"
    if options.quantize == "weights":
        return "none"
    raise ConfigError(
        "--quantize needs data: --data-source, --ac-config, or --engine data_free to do without"
    )


def _flag(name: str) -> str:
    return "--no-metadata" if name == "metadata" else f"--{name.replace('_', '-')}"


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
