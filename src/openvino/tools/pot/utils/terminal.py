"""Whether somebody looks at a stream, and whether and how long work may draw there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

draws_bars = True
"""Whether long work may draw a bar; ``init_logger`` sets it."""

above: list[Callable[[str], None]] = []
"""What writes a line above what is drawn on the terminal at the moment, if anything is."""


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at a stream; services have none, or a closed one."""
    try:
        return stream is not None and stream.isatty()
    except (AttributeError, OSError, ValueError):
        return False


def is_notebook() -> bool:
    """Whether output goes to a notebook, or to whatever else a Jupyter kernel works for; IPython is not imported."""
    shell = sys.modules.get("IPython")
    found = None if shell is None else shell.get_ipython()
    return getattr(found, "kernel", None) is not None


@contextmanager
def written_above(write: Callable[[str], None]) -> Iterator[None]:
    """Let lines of the log that go to a terminal be written this way."""
    above.append(write)
    try:
        yield
    finally:
        above.remove(write)
