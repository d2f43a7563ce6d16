"""``pot doctor``: whether this machine is fit to quantize, and what stands in the way."""

from __future__ import annotations

import argparse

from openvino.tools.pot.cli.output import Log, print_facts
from openvino.tools.pot.doctor.examining import examine
from openvino.tools.pot.doctor.text import as_markdown, as_text

UNFIT = 3


def show_doctor(options: argparse.Namespace) -> int:
    """Examine and print; returns the exit code, 3 where there is a problem.

    Raises:
        PotError: it can't be printed.
    """
    Log(options.log_level)
    found = examine(options.self_test)
    print_facts(found, options.format, as_text, as_markdown)
    return 0 if found.verdict == "fit" else UNFIT
