"""Flags of commands beside quantizing: the same as those of ``pot -q default``, with the same checks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from openvino.tools.pot.cli.ignoring import of_flags
from openvino.tools.pot.cli.job import Task, make_job
from openvino.tools.pot.cli.request import sections_of
from openvino.tools.pot.utils.errors import ConfigError

_ABSENT = (
    *("config", "name", "max_drop", "agreement", "weights", "preset", "target_device", "model_type"),
    *("ignored", "ignored_types"),
    *("engine", "ac_config", "data_source", "mode", "group_size", "ratio", "backup"),
)
_COUNT = "stat_subset_size"


def task_of(options: argparse.Namespace, model: str) -> Task:
    """A model and its samples, tried on one of them, and an algorithm with the parameters that flags give.

    Args:
        options: of a command that takes the flags of data, and maybe some of quantization.
        model: path of its float model.

    Raises:
        ConfigError: a flag, the model or a sample is not as it must be.
    """
    asked = argparse.Namespace(
        **{**dict.fromkeys(_ABSENT), **vars(options), "model": model, "quantize": "default"}
    )
    if not (asked.data_source or asked.ac_config or asked.engine):
        raise ConfigError(
            f"{options.command} needs data: --data-source, --ac-config, or --engine data_free to do without"
        )
    (task,) = make_job(sections_of(asked)).tasks
    for line in of_flags(asked, task.model.submodels[0]):
        if sys.stderr:  # services have none
            print(f"pot: {line}", file=sys.stderr)  # standard output may be JSON
    return task


def parameters_of(task: Task) -> dict[str, Any]:
    """What flags say of DefaultQuantization, but for the number of samples."""
    config: Mapping[str, Any] = task.pipeline.algo_seq[0].config
    return {key: value for key, value in config.items() if key != _COUNT}


def samples_in(task: Task) -> int:
    """How many samples are used at most."""
    return int(task.pipeline.algo_seq[0].config[_COUNT])
