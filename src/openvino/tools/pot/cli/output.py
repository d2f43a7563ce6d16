"""Where results go."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from logging.handlers import MemoryHandler
from pathlib import Path
from typing import TextIO, TypeVar

from openvino.tools.pot.utils.errors import ConfigError, PotError
from openvino.tools.pot.utils.files import FOLDER, as_path
from openvino.tools.pot.utils.form import Facts
from openvino.tools.pot.utils.logger import FileLines, init_logger
from openvino.tools.pot.utils.terminal import is_terminal

F = TypeVar("F", bound=Facts)

SCHEMA = 1
"""Version of what plan and quantize print as JSON; it grows with each change that readers must know of."""


def _standard_error() -> TextIO:
    """Standard error, or where it is closed nothing: its lines don't belong among the results."""
    return sys.stderr or Path(os.devnull).open("w", encoding="utf-8")


class Log:
    """Where log lines go: to standard error and, once there is a file, to that too, from the first line on.

    Args:
        level: the least that counts; None: INFO, of which a terminal shows steps and warnings alone.
        bar: show progress bars and, beside them, only warnings.
        lines: show progress as lines even on a terminal.
    """

    def __init__(self, level: str | None, bar: bool = False, lines: bool = False) -> None:
        steps = level is None and not lines and is_terminal(sys.stderr)
        level = level or "INFO"
        self._file: logging.Handler | None = None
        self._logger = init_logger("INFO" if bar else level, _standard_error(), progress_bar=not lines)
        if bar or steps:
            self._logger.handlers[0].setLevel(max(logging.WARNING, logging.getLevelName(level)))
        self._kept = MemoryHandler(capacity=10_000, flushLevel=logging.CRITICAL + 1, flushOnClose=False)
        self._logger.addHandler(self._kept)

    def write_to(self, file: Path) -> None:
        """Write what was logged, and what will be, into a file."""
        handler = FileLines(file, encoding="utf-8", errors="backslashreplace")
        handler.setFormatter(self._logger.handlers[0].formatter)
        self._kept.setTarget(handler)
        self._kept.flush()
        self._logger.removeHandler(self._kept)
        self._logger.addHandler(handler)
        self._file = handler

    def note(self, message: str) -> None:
        """Write an error into the file alone: the terminal gets it in another form."""
        self._write(logging.ERROR, message)

    def print(self, line: str) -> None:
        """Print a result, which the file gets as well."""
        if is_open(sys.stdout):  # services have none
            with writing_out():
                print(line)
        self._write(logging.INFO, line)

    def show(self, text: str, verdict: str, is_result: bool) -> None:
        """Show what a run ends in: on a terminal as a result, else as a line of the log, which the file gets as well.

        Args:
            text: of it.
            verdict: which is what it begins with; what is lost is said to those who want warnings alone, too.
            is_result: whether it may be a result, as nothing else is printed.
        """
        if is_result and is_terminal(sys.stdout):
            with writing_out():
                _print_coloured(text)
            self._write(logging.INFO, f"\n{text}")
        else:
            level = logging.WARNING if verdict in ("worse", "broken") else logging.INFO
            self._logger.log(level, "what came of it: %s\n\n%s\n", verdict, text)

    def _write(self, level: int, message: str) -> None:
        if self._file is None:
            return
        self._file.handle(self._logger.makeRecord(self._logger.name, level, "", 0, message, (), None))


def _print_coloured(text: str) -> None:
    """Print text to a terminal, with the words of verdicts in colour."""
    from rich.console import Console
    from rich.text import Text

    found = Text(text)
    for word, colour in _COLOURS.items():
        found.highlight_regex(rf"^{word}\b", f"bold {colour}")
    Console(highlight=False).print(found, soft_wrap=True)


_COLOURS = {"GOOD": "green", "NO GAIN": "yellow", "WORSE": "dark_orange", "BROKEN": "red", "UNKNOWN": "cyan"}


@contextmanager
def writing_out() -> Iterator[None]:
    """Print what was asked for.

    Raises:
        PotError: it can't be written.
    """
    if not is_open(sys.stdout):
        raise PotError("standard output is closed")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads it has enough
        raise
    except OSError as error:
        if sys.platform == "win32" and error.errno == errno.EINVAL:  # what it calls a pipe that nobody reads
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from error
        raise PotError(f"standard output can't be written: {error.strerror}") from error


def print_facts(found: F, form: str, as_text: Callable[[F], str], as_markdown: Callable[[F], str]) -> None:
    """Print plain data as ``--format`` says: as a table, in Markdown or as JSON.

    Raises:
        PotError: it can't be written.
    """
    text = (
        found.model_dump_json(indent=2)
        if form == "json"
        else (as_markdown if form == "md" else as_text)(found)
    )
    with writing_out():
        print(text)


def is_open(stream: TextIO | None) -> bool:
    """Whether there is a stream, and it is not closed."""
    return stream is not None and not getattr(stream, "closed", False)


def check_writable(folder: Path, what: str = "output folder") -> None:
    """See whether a folder can be written, or made, without leaving a trace.

    Raises:
        ConfigError: it can't.
    """
    folder = as_path(folder, what)
    try:
        present = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not present.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{str(present)!r} is a file")
        with tempfile.TemporaryDirectory(prefix=".pot-", dir=present) as work:
            Path(work, folder.name).mkdir(exist_ok=True)  # whether it can have that name
    except OSError as error:
        raise ConfigError(f"{what} {str(folder)!r} can't be written: {error.strerror}") from error


def check_file(path: Path, what: str) -> None:
    """See whether a file can be written, and its folder made, without leaving a trace.

    Raises:
        ConfigError: it can't.
    """
    if path.is_dir():
        raise ConfigError(f"{what} {str(path)!r} {FOLDER}")
    check_writable(path.parent, what)


def check_output(root: Path, job: str | None) -> None:
    """See whether the results of a run can be written, without leaving a trace.

    Args:
        root: what the user chose.
        job: the folder in it, None for ``root`` itself.

    Raises:
        ConfigError: they can't.
    """
    check_writable(root / job if job else root)
    if job is None:
        check_writable(root / "optimized")
        if (root / "log.txt").is_dir():
            raise ConfigError(f"output folder {str(root)!r} can't be written: log.txt in it is a folder")


@contextmanager
def results_folder(root: Path, job: str | None) -> Iterator[Path]:
    """A folder for the results of one run; gone again if the run is interrupted before it left any.

    Args:
        root: what the user chose.
        job: the folder in it, for one with the time in its name; None: ``root`` itself.
    """
    folder = _stamped(root / job) if job else root
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    except KeyboardInterrupt:
        if not (folder / "optimized").exists() and folder in made:
            shutil.rmtree(folder, ignore_errors=True)
            for path in made[1:]:
                if path.exists() and not any(path.iterdir()):
                    path.rmdir()
        raise


def _stamped(folder: Path) -> Path:
    """A folder named for this moment that is not there yet."""
    stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    names = (stamp, *(f"{stamp}_{number}" for number in range(1, 1000)))
    return next(folder / name for name in names if not (folder / name).exists())
