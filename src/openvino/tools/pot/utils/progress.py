"""Progress of long work: a bar on a terminal, plain log lines elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from openvino.tools.pot.utils import terminal
from openvino.tools.pot.utils.logger import get_logger

T = TypeVar("T")
_LINE_EVERY_SECONDS = 10.0


def track(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Yield ``items`` unchanged while showing how many of ``total`` have passed.

    A bar is drawn where standard error is a terminal and the INFO level is on; elsewhere a line is logged
    every ten seconds and one at the end, so that a log file of a long run shows that it lives.
    """
    logger = get_logger(__name__)
    if terminal.draws_bars and terminal.is_terminal(sys.stderr) and logger.isEnabledFor(logging.INFO):
        yield from _with_bar(items, total, what)
    else:
        yield from _with_lines(items, total, what, logger)


def _with_bar(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        for item in items:
            yield item
            bar.advance(task)


def _with_lines(items: Iterable[T], total: int, what: str, logger: logging.Logger) -> Iterator[T]:
    start = last = time.monotonic()
    count = 0
    for item in items:
        yield item
        count += 1
        if time.monotonic() - last >= _LINE_EVERY_SECONDS:
            last = time.monotonic()
            logger.info("%s: %d of %d, %.0f s", what, count, total, last - start)
    logger.info("%s: %d of %d done in %.1f s", what, count, total, time.monotonic() - start)
