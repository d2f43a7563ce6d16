"""``pot diagnose``: what an INT8 model loses, where and why, and what helps."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from openvino.tools.pot.cli.executors import at_work, check_workers
from openvino.tools.pot.cli.given import parameters_of, task_of
from openvino.tools.pot.cli.output import Log, check_file, check_writable, print_facts
from openvino.tools.pot.diagnosis.control import report_in
from openvino.tools.pot.diagnosis.diagnosing import SAMPLES, Found, case_of, diagnosed
from openvino.tools.pot.diagnosis.tables import as_markdown, as_text
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import save_model
from openvino.tools.pot.utils.errors import ConfigError, ModelError
from openvino.tools.pot.utils.folders import write_file
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.memory import keep_little

logger = get_logger(__name__)


def show_diagnosis(options: argparse.Namespace) -> int:
    """Diagnose and print; returns the exit code.

    Raises:
        ConfigError: a model can't be read, or an option is wrong.
        PotError: the work failed.
    """
    Log(options.log_level)
    keep_little()
    if options.apply:
        check_writable(Path(options.apply))
    if options.report:
        from openvino.tools.pot.diagnosis.page import check_page, page

        check_file(Path(options.report), "report")
        check_page()
    found = _diagnosed(options)
    print_facts(found.facts, options.format, as_text, as_markdown)
    if options.report:
        write_file(Path(options.report), page(found.facts).encode())
        print(f"stored {options.report}: the diagnosis as a page", file=sys.stderr)
    if options.apply:
        _apply(found, Path(options.apply))
    return 0


def _diagnosed(options: argparse.Namespace) -> Found:
    if options.search and options.int8 is None:
        raise ConfigError("--search is about the INT8 model that it found, which -q names")
    check_workers(options)
    search = report_in(options.search) if options.search else None
    task = task_of(options, options.model)
    try:
        int8 = None if options.int8 is None else load_model({"model": options.int8})
    except ModelError as error:
        raise ConfigError(str(error)) from error
    size = options.subset_size or SAMPLES
    with at_work(options, [task.engine]):
        case = case_of(task.model, int8, task.engine, size, parameters_of(task))
        return diagnosed(replace(case, search=search), options.remedies)


def _apply(found: Found, folder: Path) -> None:
    """Store what the best remedy made."""
    if found.best is None:
        logger.warning("no remedy helped: nothing is stored")
        return
    path = save_model(found.best, folder)[0]["model"]
    print(f"stored {path}: {found.facts.remedies[0].title}", file=sys.stderr)  # standard output may be JSON
