"""A course as people see it: on a terminal, and in a notebook."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from threading import Event, Thread
from typing import Any

from openvino.tools.pot.utils import terminal
from openvino.tools.pot.utils.course import Course, Line

_EVERY = 0.2
"""Seconds between two looks."""

_WIDTH = 24

_MARK = {"openvino_pot": "progress"}
"""By which outputs of notebooks are known that are others with each run."""


@contextmanager
def shown_on_terminal(course: Course) -> Iterator[None]:
    """Lines of steps at the end of standard error, which stay; what is written there meanwhile stands above them."""
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True, highlight=False)
    live = Live(
        get_renderable=lambda: _grid(course),
        console=console,
        refresh_per_second=1 / _EVERY,
        # Else what is printed into a pipe would end on the terminal.
        redirect_stdout=terminal.is_terminal(sys.stdout),
        vertical_overflow="visible",
    )
    course.is_shown = True
    with live, terminal.written_above(lambda line: console.out(line, highlight=False)):
        yield


def _grid(course: Course) -> Any:
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for line in [*course.lines.values()]:
        bar = ProgressBar(max(line.total, 1), line.count, width=_WIDTH) if line.total else Text("")
        said = [Text(line.said, "dim")] if line.said else []
        grid.add_row(line.place, line.name, bar, _many(line), _seconds(line), *said)
    return grid


def _many(line: Line) -> str:
    return f"{line.count}/{line.total}" if line.total else ""


def _seconds(line: Line) -> str:
    return f"{line.taken:.1f} s"


@contextmanager
def shown_in_notebook(course: Course) -> Iterator[None]:
    """The same as HTML in a cell's output, which is replaced as the work goes on."""
    from IPython.display import HTML, display

    handle: Any = display(HTML(_html(course)), display_id=True, metadata=_MARK)
    done = Event()

    def refresh() -> None:
        shown = ""
        while not done.wait(_EVERY):
            if (page := _html(course)) != shown:
                handle.update(HTML(shown := page), metadata=_MARK)

    # Work that counts nothing for a while is seen to go on, too; the thread leaves no output of its own.
    watch = Thread(target=refresh, name="progress", daemon=True)
    course.is_shown = True
    watch.start()
    try:
        yield
    finally:
        done.set()
        watch.join()
        handle.update(HTML(_html(course)), metadata=_MARK)


def _html(course: Course) -> str:
    rows = "".join(map(_row, [*course.lines.values()]))
    return f'<table style="font-size: 13px; border-collapse: collapse">{rows}</table>'


def _row(line: Line) -> str:
    """A row; all but the bar is text."""
    texts = (line.place, line.name, _many(line), _seconds(line), line.said)
    place, name, *others = (_cell(escape(text)) for text in texts)
    return f"<tr>{place}{name}{_cell(_bar(line))}{''.join(others)}</tr>"


def _cell(content: str) -> str:
    style = "padding: 1px 12px 1px 0; border: 0; background: none; color: inherit; text-align: left"
    return f'<td style="{style}">{content}</td>'


def _bar(line: Line) -> str:
    if not line.total:
        return ""
    share, shape = min(1.0, line.count / line.total), "height: 8px; border-radius: 4px; background:"
    done = f'<div style="width: {share:.0%}; {shape} #3b82c4"></div>'
    return f'<div style="width: 160px; {shape} rgba(128, 128, 128, 0.3)">{done}</div>'


def print_on_standard_error(text: str) -> None:
    """Print a line there, as long as somebody takes it."""
    with suppress(OSError, ValueError, AttributeError):
        print(text, file=sys.stderr, flush=True)
