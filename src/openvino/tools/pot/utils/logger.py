"""Logging under one name, with levels and stream chosen through ``init_logger``."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from collections.abc import Callable
from typing import Any, TextIO

from openvino.tools.pot.paths import offer

ROOT = "openvino.tools.pot"
DEBUG_LEVEL = logging.DEBUG
_LEVELS = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")


def init_logger(
    level: str | int = "INFO",
    stream: TextIO | None = None,
    file_name: str | None = None,
    progress_bar: bool = True,
) -> logging.Logger:
    """Set up the package's logger; calling it again replaces the earlier set-up.

    Args:
        level: one of CRITICAL, ERROR, WARNING, INFO, DEBUG, in any case, or its number in ``logging``.
        stream: where lines go, default standard output.
        file_name: a file that gets the same lines, appended, default none.
        progress_bar: whether long work may draw a bar on a terminal, default yes.

    Returns:
        The package's root logger.

    Raises:
        ValueError: the level is not one of the five.
    """
    from openvino.tools.pot.utils import progress

    name = logging.getLevelName(level) if isinstance(level, int) else str(level).upper()
    if name not in _LEVELS:
        raise ValueError(f"log level is {level!r}, expected one of {', '.join(_LEVELS)}")
    logger = logging.getLogger(ROOT)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    handlers: list[logging.Handler] = [logging.StreamHandler(stream or sys.stdout)]
    if file_name is not None:
        handlers.append(logging.FileHandler(file_name, encoding="utf-8"))
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s: %(message)s", "%H:%M:%S"))
        logger.addHandler(handler)
    logger.setLevel(name)
    logger.propagate = False
    progress.enabled = progress_bar
    return logger


def get_logger(name: str = "") -> logging.Logger:
    """The package's logger, or the child of it for the module ``name``."""
    if not name or name == ROOT:
        return logging.getLogger(ROOT)
    return logging.getLogger(name if name.startswith(f"{ROOT}.") else f"{ROOT}.{name}")


def stdout_redirect(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What ``fn`` returns; what it prints goes to the log as lines of level DEBUG, for errors too."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            return fn(*args, **kwargs)
    finally:
        for line in printed.getvalue().splitlines():
            get_logger().debug("%s", line)


offer(globals())
