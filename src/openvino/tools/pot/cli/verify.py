"""``pot verify``: whether a quantized model is what it says it is, and computed alike everywhere."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from openvino.tools.pot.cli.given import task_of
from openvino.tools.pot.cli.output import Log, print_facts
from openvino.tools.pot.diagnosis.comparing import samples_of
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.utils.errors import ConfigError, PotError
from openvino.tools.pot.verification.recorded import has_its_weights
from openvino.tools.pot.verification.text import as_markdown, as_text
from openvino.tools.pot.verification.verifying import (
    SAMPLES,
    checked_devices,
    read_and_identified,
    verified,
)

DEPARTS = 3


def show_verification(options: argparse.Namespace) -> int:
    """Verify and print; returns the exit code, 3 where the model is something else or settings differ.

    Raises:
        ConfigError: a model can't be read, a device is not there, or an option is wrong.
        PotError: the work failed.
    """
    Log(options.log_level)
    count = SAMPLES if options.subset_size is None else options.subset_size
    if count < 1:
        raise ConfigError(f"--subset-size is {count}, expected 1 at least")
    devices = checked_devices(options.device or ())
    try:
        read, identity = read_and_identified(options.verified, options.model)
    except PotError as error:
        raise ConfigError(str(error)) from error
    found = verified(read, identity, _feeds(options, count), count, devices, options.instruction_sets)
    print_facts(found, options.format, as_text, as_markdown)
    return 0 if found.agrees else DEPARTS


def _feeds(options: argparse.Namespace, count: int) -> Sequence[Feed] | None:
    """The samples that flags of data give; None without such flags."""
    if not (options.data_source or options.ac_config or options.engine):
        return None
    if not has_its_weights(Path(options.verified)):
        raise ConfigError(
            f"{options.verified!r} has other weights than those it was saved with: such a model is run on made-up "
            "samples alone"
        )
    task = task_of(options, options.verified)
    return samples_of(task.model, task.engine, count).spread(count)
