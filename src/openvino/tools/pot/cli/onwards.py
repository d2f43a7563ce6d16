"""The command that a run names to go on with."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from openvino.tools.pot.algorithms.checking import CheckReport
from openvino.tools.pot.cli.arguments import flags_of
from openvino.tools.pot.cli.job import Task
from openvino.tools.pot.configs.models import ModelConfig
from openvino.tools.pot.configs.sections import AccuracyCheckerEngine, DataFreeEngine, NoEngine, Sections

_NOT_OF_DATA = frozenset(
    {
        *("help", "model", "models", "weights", "int8", "report", "format", "log_level"),
        *("apply", "search", "remedies", "workers", "dask", "preview"),
    }
)
"""Flags of the commands that are not about what is fed, and how."""


def next_line(
    check: CheckReport, task: Task, file: str, options: argparse.Namespace, sections: Sections, alone: bool
) -> str:
    """What to run next: what tells where and why, or how it does beside the float model.

    Args:
        check: of the stored model.
        task: that it was.
        file: the stored model.
        options: of the command line.
        sections: of the configuration.
        alone: whether the network is the only one.
    """
    source = task.model.submodels[0].source
    if source is None:
        return ""
    weights = _weights_apart(source, sections.model)
    if check.is_unchanged:
        return _line("plan", "-m", str(source), *weights)
    is_looked_into = bool(weights) or (check.is_counted and check.verdict not in ("good", "unknown"))
    command = "diagnose" if is_looked_into and not task.is_for_no_device else "compare"
    flags = _data(command, options, sections) if alone else None
    if weights and (flags is None or command == "compare"):
        return ""  # other commands read those beside the model
    if flags is None:
        return _line("verify", file, "-m", str(source))
    if command == "compare":
        return _line("compare", str(source), file, *flags)
    return _line("diagnose", "-m", str(source), *weights, "-q", file, *flags)


def _weights_apart(source: Path, model: ModelConfig) -> list[str]:
    """The flag for weights that are not beside the model."""
    said = {each.model: each.weights for each in (model, *(model.cascade or ()))}
    weights = said.get(str(source))
    return [] if weights is None or Path(weights) == source.with_suffix(".bin") else ["-w", weights]


def _line(*words: str) -> str:
    return shlex.join(["pot", *words])


def _data(command: str, options: argparse.Namespace, sections: Sections) -> list[str] | None:
    """The flags that feed a command as this run was; None where flags can't say it."""
    known = {name: action for name, action in flags_of(command).items() if name not in _NOT_OF_DATA}
    values = vars(options) if options.quantize else _of_sections(sections)
    if values is None or isinstance(sections.engine, NoEngine):
        return None
    if isinstance(sections.engine, DataFreeEngine):
        values = {**values, "engine": "data_free"}
    words: list[str] = []
    for name, action in known.items():
        found = _words(action, values.get(name))
        if found is None:
            return None
        words += found
    return words


def _words(action: argparse.Action, value: Any) -> list[str] | None:
    """A flag as it is written; nothing where it says what it says by default, None where it can't be written."""
    if value is None or value == action.default:
        return []
    flag = max(action.option_strings, key=len)
    if isinstance(action, argparse.BooleanOptionalAction):
        return [action.option_strings[0 if value else 1]]
    if action.nargs == 0:
        return [flag] if value == action.const else []
    if action.nargs == "+":
        return [flag, *map(str, value)]
    if isinstance(value, (list, tuple)) and all(isinstance(each, (int, float)) for each in value):
        value = f"[{','.join(map(str, value))}]"
    if isinstance(value, (Mapping, list, tuple)):
        return None
    return [f"{flag}={value}"] if str(value).startswith("-") else [flag, str(value)]


def _of_sections(sections: Sections) -> Mapping[str, Any] | None:
    """What a configuration file says of samples, under the names of flags; None where flags have no word for it."""
    engine = sections.engine
    if isinstance(engine, AccuracyCheckerEngine):
        return None if engine.config is None else {"engine": "accuracy_checker", "ac_config": engine.config}
    found = dict(_given(engine))
    sizes = [entry.params.get("stat_subset_size") for entry in sections.compression.algorithms]
    return {
        **found,
        "static": sections.model.static or None,
        "subset_size": next((size for size in sizes if isinstance(size, int)), None),
        "target_device": sections.compression.shared.get("target_device"),
    }


def _given(engine: Any) -> Iterator[tuple[str, Any]]:
    """What a section states, with a list of one source as that."""
    for name in engine.model_fields_set:
        value = getattr(engine, name)
        if name == "data_source" and isinstance(value, (list, tuple)) and len(value) == 1:
            value = value[0]
        yield name, value
