"""Logging under one name, with levels and stream chosen through ``init_logger``."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from openvino.tools.pot.paths import offer
from openvino.tools.pot.utils import terminal
from openvino.tools.pot.utils.errors import ConfigError, reason

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
        ConfigError: the level is not one of the five, or lines can't be written there. It is a ValueError.
    """
    name = logging.getLevelName(level) if isinstance(level, int) else str(level).upper()
    if name not in _LEVELS:
        raise ConfigError(f"log level is {level!r}, expected one of {', '.join(_LEVELS)}")
    if stream is not None and not hasattr(stream, "write"):
        raise ConfigError(f"stream is {stream!r}, expected one to write into")
    handlers: list[logging.Handler] = [_Lines(stream or sys.stdout)]
    if file_name is not None:
        handlers.append(_file_handler(file_name))
    logger = logging.getLogger(ROOT)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s: %(message)s", "%H:%M:%S"))
        logger.addHandler(handler)
    logger.setLevel(name)
    logger.propagate = False
    terminal.draws_bars = progress_bar
    return logger


class _Lenient(logging.Handler):
    """Writes lines as long as somebody takes them: a log that is full, closed or absent ends no work."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name that logging gives it
        """Let lines go that nobody takes."""
        if not isinstance(sys.exc_info()[1], (OSError, ValueError, AttributeError)):
            super().handleError(record)


class _Lines(_Lenient, logging.StreamHandler):  # type: ignore[type-arg]  # no types of its own before Python 3.11
    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, above what is drawn on the terminal if anything is."""
        if terminal.above and terminal.is_terminal(self.stream):
            terminal.above[-1](self.format(record))
        else:
            super().emit(record)


class FileLines(_Lenient, logging.FileHandler):
    """Lines of a file, which may be on a disk that is full."""


def _file_handler(file_name: str) -> logging.FileHandler:
    try:
        return FileLines(file_name, encoding="utf-8")
    except (OSError, TypeError, ValueError) as error:
        raise ConfigError(f"log file {file_name!r} can't be written: {reason(error)}") from error


def get_logger(name: str = "") -> logging.Logger:
    """The package's logger, or the child of it for the module ``name``."""
    ours = name == ROOT or name.startswith(f"{ROOT}.")
    logger = logging.getLogger(name if ours else f"{ROOT}.{name}" if name else ROOT)
    logger.addFilter(_is_heard)
    return logger


def _is_heard(record: logging.LogRecord) -> bool:
    """Whether there is a place for lines: without a handler it is standard error, which may be closed."""
    return logging.getLogger(record.name).hasHandlers() or not getattr(sys.stderr, "closed", False)


def tell_of_strange(keys: Sequence[str], where: str) -> None:
    """Log that keys have no effect, in one line."""
    if keys:
        get_logger(__name__).warning("%s: without effect here: %s", where, ", ".join(map(repr, keys)))


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
