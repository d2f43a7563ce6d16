"""``pot plan``: what would be quantized, how and why, with no data."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.job import planned
from openvino.tools.pot.algorithms.parameters import check_models
from openvino.tools.pot.algorithms.quantization.default import DefaultQuantization
from openvino.tools.pot.cli.checking import check_device
from openvino.tools.pot.cli.ignoring import matched, scope_of
from openvino.tools.pot.cli.job import created, entries_of, shaped
from openvino.tools.pot.cli.output import SCHEMA, Log, writing_out
from openvino.tools.pot.cli.plan_tables import show_summary, show_tables
from openvino.tools.pot.cli.request import mapping_of_pot
from openvino.tools.pot.configs.sections import SimplifiedEngine, parse_sections, parse_shape
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.scope import unmatched_names
from openvino.tools.pot.placement.selecting import Selected
from openvino.tools.pot.placement.transformers import why_transformer
from openvino.tools.pot.report.plan import described_plan
from openvino.tools.pot.utils.errors import ConfigError, ModelError, placed
from openvino.tools.pot.utils.terminal import is_terminal

_NOT_WITH_CONFIG = ("weights", "shape", "ignored", "ignored_types", "target_device", "model_type")


def show_plan(options: argparse.Namespace) -> int:
    """Print the plan of a model as a table or as JSON; returns the exit code.

    Raises:
        ConfigError: the model can't be read, or an option or the configuration is wrong.
    """
    Log(options.log_level)
    try:
        found = _of_configuration(options) if options.config else _of_flags(options)
    except ModelError as error:
        raise ConfigError(str(error)) from error
    if options.format == "json":
        with writing_out():
            print(json.dumps({"schema_version": SCHEMA, **found}, indent=2))
    else:
        _print(found, show_tables if options.all else show_summary)
    return 0


def _of_flags(options: argparse.Namespace) -> dict[str, Any]:
    """The plan of a model for which flags say all."""
    device = options.target_device or "ANY"
    model = load_model({"model": options.model, "weights": options.weights or None}, device)
    with placed("--shape"):
        model = shaped(model, _shape_of(options.shape))
    return make_description(model, options.ignored or [], device, options.model_type, options.ignored_types)


def make_description(
    model: CompressedModel,
    ignored: list[str],
    target_device: str = "ANY",
    model_type: str | None = None,
    types: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The plan that DefaultQuantization makes for a model, as plain data.

    Args:
        model: in float.
        ignored: names, patterns and places that stay in float; those that match nothing are told of.
        target_device, model_type: as parameters.
        types: of operations that stay in float.

    Raises:
        ConfigError: a pattern can't be read, or there is no operation of a type.
    """
    sub = model.submodels[0]
    with placed("--ignored"):
        unmatched = unmatched_names(GraphView(sub.model), ignored, sub)
    found = matched([name for name in ignored if name not in unmatched], types, sub)
    scope = scope_of([each for each in ignored if each not in unmatched], types) or {}
    params = {"target_device": target_device, "ignored": scope, "model_type": model_type}
    return _described(model, DefaultQuantization(params), unmatched, found)


def _of_configuration(options: argparse.Namespace) -> dict[str, Any]:
    """The plan of what ``pot -c`` would do; samples are not looked at.

    Raises:
        ConfigError: the configuration is wrong, has several networks, or places no quantizers.
    """
    for name in _NOT_WITH_CONFIG:
        if getattr(options, name) is not None:
            raise ConfigError(f"--{name.replace('_', '-')} does not go with --config: write it into the file")
    sections = parse_sections(mapping_of_pot(options.config), options.config)
    model = load_model(sections.model)
    if model.is_cascade:
        raise ConfigError(f"plan is for single models, found the cascade {model.name!r}", sections.where)
    if sections.model.static and isinstance(sections.engine, SimplifiedEngine):
        model = shaped(model, sections.engine.shape)
    for entry, where in entries_of(sections, model, []):
        algorithm = created(entry, None, where)
        if algorithm.places and not algorithm.rewrites and algorithm.stages:
            with placed(where.at("params"), ConfigError):
                return _described(model, algorithm)
    raise ConfigError("its algorithms place no quantizers", sections.where)


def _shape_of(text: str | None) -> Any:
    try:
        return parse_shape(text)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _described(
    model: CompressedModel,
    algorithm: Algorithm,
    unmatched: Mapping[str, str] | None = None,
    matched: Sequence[Selected] = (),
) -> dict[str, Any]:
    """The plan that an algorithm makes for a model, as plain data."""
    sub = model.submodels[0]
    check_device(model, algorithm.recipe)
    check_models([algorithm], model)
    job = planned(model, [algorithm])
    description = described_plan(sub, job.decisions.network.view, job.plan, unmatched, matched=matched)
    if job.plan.transformer and algorithm.recipe.parameters.model_type is None:
        description["why_transformer"] = why_transformer(GraphView(sub.model))
    return description


def _print(found: dict[str, Any], shown: Callable[[dict[str, Any], Callable[..., None]], None]) -> None:
    from rich.console import Console

    console = Console(highlight=False, width=None if is_terminal(sys.stdout) else 160)
    with writing_out():
        with console.capture() as page:
            shown(found, console.print)
        print(page.get(), end="")  # the console itself would end the process where a reader has enough
