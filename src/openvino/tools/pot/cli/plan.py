"""``pot plan``: what would be quantized, how and why, with no data."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

from openvino.tools.pot.algorithms.job import planned
from openvino.tools.pot.algorithms.parameters import check_models
from openvino.tools.pot.algorithms.quantization.default import DefaultQuantization
from openvino.tools.pot.cli.job import check_device, shaped
from openvino.tools.pot.cli.output import SCHEMA, Log, writing_out
from openvino.tools.pot.configs.sections import parse_shape
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.scope import unmatched_names
from openvino.tools.pot.placement.transformers import why_transformer
from openvino.tools.pot.report.plan import described_plan
from openvino.tools.pot.utils.errors import ConfigError, ModelError, placed
from openvino.tools.pot.utils.terminal import is_terminal


def show_plan(options: argparse.Namespace) -> int:
    """Print the plan of a model as a table or as JSON; returns the exit code.

    Raises:
        ConfigError: the model can't be read, or an option is wrong.
    """
    Log(options.log_level)
    try:
        model = load_model(
            {"model": options.model, "weights": options.weights or None}, options.target_device
        )
        with placed("--shape"):
            model = shaped(model, _shape_of(options.shape))
    except ModelError as error:
        raise ConfigError(str(error)) from error
    found = make_description(model, options.ignored or [], options.target_device, options.model_type)
    if options.format == "json":
        with writing_out():
            print(json.dumps({"schema_version": SCHEMA, **found}, indent=2))
    else:
        _print_tables(found)
    return 0


def _shape_of(text: str | None) -> Any:
    try:
        return parse_shape(text)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def make_description(
    model: CompressedModel, ignored: list[str], target_device: str = "ANY", model_type: str | None = None
) -> dict[str, Any]:
    """The plan that DefaultQuantization makes for a model, as plain data."""
    sub = model.submodels[0]
    view = GraphView(sub.model)
    unmatched = unmatched_names(view, ignored, sub.renamed)
    scope = {"scope": [name for name in ignored if name not in unmatched]}
    params = {"target_device": target_device, "ignored": scope}
    algorithm = DefaultQuantization(params if model_type is None else {**params, "model_type": model_type})
    check_device(model, algorithm.recipe)
    check_models([algorithm], model)
    plan = planned(model, [algorithm]).plan
    description = described_plan(sub, view, plan, unmatched)
    if plan.transformer and model_type is None:
        description["why_transformer"] = why_transformer(view)
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
