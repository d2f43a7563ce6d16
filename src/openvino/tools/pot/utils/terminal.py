"""Whether somebody looks at a stream, and whether long work may draw there."""

from __future__ import annotations

from typing import TextIO

draws_bars = True
"""Whether long work may draw a bar; ``init_logger`` sets it."""


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at a stream; services have none, or a closed one."""
    try:
        return stream is not None and stream.isatty()
    except (AttributeError, OSError, ValueError):
        return False
