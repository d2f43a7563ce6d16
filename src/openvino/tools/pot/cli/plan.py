"""``pot plan``: what would be quantized, how and why, with no data."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.job import planned
from openvino.tools.pot.algorithms.parameters import check_models
from openvino.tools.pot.algorithms.quantization.default import DefaultQuantization
from openvino.tools.pot.cli.job import check_device, created, entries_of, shaped
from openvino.tools.pot.cli.output import SCHEMA, Log, writing_out
from openvino.tools.pot.configs.files import read_mapping
from openvino.tools.pot.configs.sections import SimplifiedEngine, parse_sections, parse_shape
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.scope import unmatched_names
from openvino.tools.pot.placement.transformers import why_transformer
from openvino.tools.pot.report.plan import described_plan
from openvino.tools.pot.utils.errors import ConfigError, ModelError, placed
from openvino.tools.pot.utils.terminal import is_terminal

_NOT_WITH_CONFIG = ("weights", "shape", "ignored", "target_device", "model_type")


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
        _print_tables(found)
    return 0


def _of_flags(options: argparse.Namespace) -> dict[str, Any]:
    """The plan of a model for which flags say all."""
    device = options.target_device or "ANY"
    model = load_model({"model": options.model, "weights": options.weights or None}, device)
    with placed("--shape"):
        model = shaped(model, _shape_of(options.shape))
    return make_description(model, options.ignored or [], device, options.model_type)


def make_description(
    model: CompressedModel, ignored: list[str], target_device: str = "ANY", model_type: str | None = None
) -> dict[str, Any]:
    """The plan that DefaultQuantization makes for a model, as plain data."""
    sub = model.submodels[0]
    unmatched = unmatched_names(GraphView(sub.model), ignored, sub.renamed)
    scope = {"scope": [name for name in ignored if name not in unmatched]}
    params = {"target_device": target_device, "ignored": scope, "model_type": model_type}
    return _described(model, DefaultQuantization(params), unmatched)


def _of_configuration(options: argparse.Namespace) -> dict[str, Any]:
    """The plan of what ``pot -c`` would do; samples are not looked at.

    Raises:
        ConfigError: the configuration is wrong, has several networks, or places no quantizers.
    """
    for name in _NOT_WITH_CONFIG:
        if getattr(options, name) is not None:
            raise ConfigError(f"--{name.replace('_', '-')} does not go with --config: write it into the file")
    sections = parse_sections(read_mapping(options.config), options.config)
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
    model: CompressedModel, algorithm: Algorithm, unmatched: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The plan that an algorithm makes for a model, as plain data."""
    sub = model.submodels[0]
    check_device(model, algorithm.recipe)
    check_models([algorithm], model)
    job = planned(model, [algorithm])
    description = described_plan(sub, job.decisions.network.view, job.plan, unmatched)
    if job.plan.transformer and algorithm.recipe.parameters.model_type is None:
        description["why_transformer"] = why_transformer(GraphView(sub.model))
    return description


def _print_tables(found: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console(highlight=False, width=None if is_terminal(sys.stdout) else 160)
    with writing_out():
        with console.capture() as page:
            _show(found, console.print)
        print(page.get(), end="")  # the console itself would end the process where a reader has enough


def _show(found: dict[str, Any], show: Callable[..., None]) -> None:
    from rich.markup import escape

    size, cost = found["size"], found["cost"]
    kind = ", a transformer" if found["transformer"] else ""
    show(
        f"[bold]{found['file'] or found['model']}[/bold] on {found['device']}{kind}: {_counts(found)}\n",
        soft_wrap=True,
    )
    if not found["measured"]:
        text = f"not measured: no {found['device']} was at hand, and what it runs is said by documents and source"
        show(f"[yellow]{text}[/yellow]\n", soft_wrap=True)
    show(_table("inputs", ("name", "shape", "type", "layout"), found["inputs"]))
    for entry in found["unmatched"]:
        near = f", the nearest name is {entry['nearest']!r}" if entry["nearest"] else ""
        text = escape(f"ignored: the model has no node {entry['name']!r}{near}")
        show(f"[yellow]{text}[/yellow]\n", soft_wrap=True)
    weights = {each["name"]: f"{each['granularity']}, {each['bits']} bits" for each in found["weights"]}
    for layer in found["layers"]:
        layer["weights"] = [weights[name] for name in layer["quantizers"] if name in weights]
    show(_table("in integers", ("node", "type", "weights"), found["layers"]))
    columns = ("tensor", "granularity", "bits", "reason")
    show(_table("quantized activations", columns, found["activations"]))
    show(_table("stays in float", ("node", "type", "reason"), found["float"]))
    ratio = size["float_bytes"] / max(size["int8_bytes"], 1)
    show(
        f"size: {size['float_bytes'] / 1e6:.2f} MB now, about {size['int8_bytes'] / 1e6:.2f} MB quantized "
        f"({ratio:.1f} times smaller)",
        soft_wrap=True,
    )
    show(f"calibration: {_calibration(cost)}", soft_wrap=True)


def _counts(found: dict[str, Any]) -> str:
    costly = sum(layer["costly"] for layer in found["float"])
    slower = f" ({costly} of them would be no faster in INT8)" if costly else ""
    return (
        f"{len(found['layers'])} layers in integers, {len(found['activations'])} activations and "
        f"{len(found['weights'])} weights quantized, {len(found['float'])} operations stay in float{slower}"
    )


def _calibration(cost: dict[str, Any]) -> str:
    seconds, memory = cost["seconds_per_sample"], cost["activation_bytes"]
    time = "unknown (dynamic shapes)" if seconds is None else f"about {seconds * 1000:.2f} ms"
    room = "unknown (dynamic shapes)" if memory is None else f"about {memory / 1e6:.1f} MB"
    return f"{time} a sample on one request, {room} of activations for each request"


def _table(title: str, columns: Iterable[str], rows: list[dict[str, Any]]) -> Any:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"{title} ({len(rows)})", title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        cells = (row[column] for column in columns)
        table.add_row(*(escape(", ".join(cell) if isinstance(cell, list) else str(cell)) for cell in cells))
    return table
