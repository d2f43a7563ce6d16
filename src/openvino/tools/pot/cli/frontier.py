"""``pot frontier``: a handful of models between float and full INT8, each made and measured."""

from __future__ import annotations

import argparse
from pathlib import Path

from openvino.tools.pot.cli.given import parameters_of, samples_in, task_of
from openvino.tools.pot.cli.output import Log, check_writable, print_facts
from openvino.tools.pot.diagnosis.comparing import samples_of
from openvino.tools.pot.diagnosis.frontiers import charted, check_points
from openvino.tools.pot.diagnosis.side_by_side import frontier_as_markdown, frontier_as_text
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.utils.errors import ConfigError


def show_frontier(options: argparse.Namespace) -> int:
    """Make the models, measure and print; returns the exit code.

    Raises:
        ConfigError: the model can't be read, or an option is wrong.
        PotError: the work failed.
    """
    Log(options.log_level)
    check_points(options.points)
    if options.target_device and find_device(options.target_device).integers:
        raise ConfigError(
            f"--target-device {options.target_device} runs no layer in float: there is nothing between"
        )
    if options.output_dir:
        check_writable(Path(options.output_dir))
    task = task_of(options, options.model)
    chosen = samples_of(task.model, task.engine, samples_in(task))
    folder = Path(options.output_dir) if options.output_dir else None
    found = charted(chosen, options.points, parameters_of(task), folder, options.float32)
    print_facts(found, options.format, frontier_as_text, frontier_as_markdown)
    return 0
