"""Progress of long work: steps and a bar on a terminal and in notebooks, log lines elsewhere, nothing if unwanted."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

from openvino.tools.pot.utils import terminal
from openvino.tools.pot.utils.course import Course
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.views import print_on_standard_error, shown_in_notebook, shown_on_terminal

T = TypeVar("T")
_LINE_EVERY_SECONDS = 10.0

logger = get_logger(__name__)

_courses: list[Course] = []
"""The one that is shown, if any: a terminal has one place for it, whoever works."""


@contextmanager
def course(*steps: str, wanted: bool | None = None) -> Iterator[None]:
    """Show the steps of some work while it goes on; within another course its steps are part of that one's.

    Args:
        steps: that there will be, in their order, as far as they are known.
        wanted: None: on a terminal and in notebooks, elsewhere lines are logged; True: elsewhere lines on standard
            error, too; False: nothing.
    """
    if _courses:
        yield
        return
    found = Course(dict.fromkeys(steps), wanted)
    _courses.append(found)
    try:
        with _shown(found):
            yield
        _tell_of_last(found)
    finally:
        _courses.remove(found)


def _shown(found: Course) -> AbstractContextManager[None]:
    """Where a course is seen while it goes on, if anywhere."""
    if found.wanted is False or not terminal.draws_bars:
        return nullcontext()
    if terminal.is_notebook():
        return shown_in_notebook(found)
    return shown_on_terminal(found) if terminal.is_terminal(sys.stderr) else nullcontext()


@contextmanager
def step(name: str) -> Iterator[None]:
    """What is done inside is a step of the course, or goes on with one of that name; part of a step if within one."""
    found = _courses[-1] if _courses else None
    if found is None or found.at is not None:
        yield
        return
    if found.left is not None and found.left.name != name:
        _tell_of_last(found)
    with found.step(name):
        yield


def _tell_of_last(found: Course) -> None:
    """Log a line on the step that ended last."""
    if found.left is not None and found.wanted is not False:
        _tell(found, str(found.left))
    found.left = None


@contextmanager
def work(name: str) -> Iterator[None]:
    """A course of one step, for functions as a decorator."""
    with course(name), step(name):
        yield


def say(text: str) -> None:
    """Show a few words about how the step is going."""
    if _courses:
        _courses[-1].say(text)


def track(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Yield ``items`` unchanged while showing how many of ``total`` have passed.

    Where a course is shown, its step has a bar. Without one, a bar is drawn where standard error is a terminal and the
    INFO level is on. Elsewhere a line is logged every ten seconds and one at the end, so that a log file of a long run
    shows that it lives.
    """
    found = _courses[-1] if _courses else None
    if found is not None and (found.is_shown or found.wanted is False):
        return found.tracked(items, total)
    if (
        found is None
        and terminal.draws_bars
        and terminal.is_terminal(sys.stderr)
        and logger.isEnabledFor(logging.INFO)
    ):
        return _with_bar(items, total, what)
    return _with_lines(items, total, what, found)


def glance(items: Iterable[T], total: int) -> Iterator[T]:
    """The same for what is not worth a line: shown by a course alone."""
    found = _courses[-1] if _courses else None
    return iter(items) if found is None else found.tracked(items, total)


def _with_bar(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    with work(what):
        yield from track(items, total, what)


def _with_lines(items: Iterable[T], total: int, what: str, found: Course | None) -> Iterator[T]:
    start = last = time.monotonic()
    count = 0
    for item in items if found is None else found.tracked(items, total):
        yield item
        count += 1
        if time.monotonic() - last >= _LINE_EVERY_SECONDS:
            last = time.monotonic()
            _tell(found, f"{what}: {count} of {total}, {last - start:.0f} s")
    logger.info("%s: %d of %d done in %.1f s", what, count, total, time.monotonic() - start)


def _tell(found: Course | None, line: str) -> None:
    """Log a line, and where nobody would see that though progress was asked for, print it."""
    logger.info("%s", line)
    is_unseen = found is not None and found.wanted is True and not found.is_shown
    if is_unseen and not logger.isEnabledFor(logging.INFO):
        print_on_standard_error(line)
