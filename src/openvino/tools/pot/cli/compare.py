"""``pot compare``: several models side by side."""

from __future__ import annotations

import argparse

from openvino.tools.pot.cli.given import samples_in, task_of
from openvino.tools.pot.cli.output import Log, print_facts
from openvino.tools.pot.diagnosis.comparing import Entry, compared, entries, fitting, samples_of
from openvino.tools.pot.diagnosis.side_by_side import comparison_as_markdown, comparison_as_text
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.graph.sizes import with_shapes
from openvino.tools.pot.utils.errors import ConfigError, PotError


def show_comparison(options: argparse.Namespace) -> int:
    """Compare and print; returns the exit code.

    Raises:
        ConfigError: a model can't be read, models don't go together, or an option is wrong.
        PotError: the work failed.
    """
    Log(options.log_level)
    if len(options.models) < 2:
        raise ConfigError(f"compare needs two models at least, found {options.models[0]!r} alone")
    task = task_of(options, options.models[0])
    try:
        models = _read(task.model, options.models[1:], options.static)
    except PotError as error:
        raise ConfigError(str(error)) from error
    samples = samples_of(task.model, task.engine, samples_in(task))
    found = compared(models, samples, task.engine.device, options.float32)
    print_facts(found, options.format, comparison_as_text, comparison_as_markdown)
    return 0


def _read(first: CompressedModel, others: list[str], static: bool) -> list[Entry]:
    """All models; with ``static``, all of them in the sizes of the first."""
    models = [load_model({"model": path}) for path in others]
    if static:
        shapes = {
            input_name(port): port.get_shape()
            for port in first.submodels[0].model.inputs
            if port.get_partial_shape().is_static
        }
        models = [
            with_shapes(model, {name: list(shape) for name, shape in shapes.items()}) for model in models
        ]
    return fitting(entries([first, *models]))
