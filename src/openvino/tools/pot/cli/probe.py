"""``pot probe``: what a device runs in 8 bits, and whether that is right, found out by asking it."""

from __future__ import annotations

import argparse
from pathlib import Path

from openvino.tools.pot.cli.output import Log, check_file, print_facts
from openvino.tools.pot.hardware import Probed, Row, keep, probe
from openvino.tools.pot.utils.folders import write_file


def show_probe(options: argparse.Namespace) -> int:
    """Ask the device, keep what it did and print it; returns the exit code.

    Raises:
        ConfigError: there is no such device, or the file can't be written.
    """
    Log(options.log_level)
    if options.output:
        check_file(Path(options.output), "results")
    found = probe(options.device, quick=options.quick)
    kept = "" if options.quick else f"\n\nPlans on this machine go by it: {keep(found)}"
    if options.output:
        write_file(Path(options.output), found.model_dump_json(indent=1).encode())
    print_facts(found, options.format, lambda each: as_text(each) + kept, as_markdown)
    return 0


def as_text(found: Probed) -> str:
    """A sentence, then a line for each form that does not run in 8 bits, or not rightly."""
    others = [row for row in found.rows if not row.is_good]
    width = max((len(row.form) for row in others), default=0)
    lines = [sentence(found), "", *(f"{row.form:{width}}  {said(row)}" for row in others)]
    return "\n".join(lines)


def as_markdown(found: Probed) -> str:
    """The same as a table, all forms."""
    rows = ["| form | |", "| --- | --- |", *(f"| {row.form} | {said(row)} |" for row in found.rows)]
    return "\n".join([sentence(found), "", *rows])


def sentence(found: Probed) -> str:
    """How many forms run in 8 bits and rightly, and how many do what else."""
    good = sum(row.is_good for row in found.rows)
    wrong = sum(row.right is False for row in found.rows)
    floats = sum(bool(row.right) and not row.is_good for row in found.rows)
    refused = len(found.rows) - good - wrong - floats
    return (
        f"OpenVINO {found.openvino} on {found.device} ({found.device_name}): of {len(found.rows)} forms {good} run in "
        f"8 bits and are right, {floats} run in float, {wrong} are wrong, {refused} don't run."
    )


def said(row: Row) -> str:
    """What became of a form, in a few words."""
    if row.right is None:
        return f"{row.ran}: {row.note}" if row.note else row.ran
    place = "in 8 bits" if row.ran == "i8" else f"in {row.ran}"
    return (
        f"{place}" if row.right else f"{place}, WRONG" + ("" if row.error is None else f" by {row.error:g}")
    )
