"""Paths that users give: what is wrong with them, in words."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Any

from openvino.tools.pot.utils.errors import ConfigError

_CHUNK = 1 << 20

FOLDER = "is a folder, expected a file"


def as_path(value: Any, what: str) -> Path:
    """A path that a user gave.

    Args:
        value: a text or a path.
        what: it is called.

    Raises:
        ConfigError: it is no path, or holds what no name of a file can hold.
    """
    try:
        path = Path(value)
        possible = b"\0" not in os.fsencode(path)
    except (TypeError, ValueError):
        possible = False
    if not possible:
        raise ConfigError(f"{what} is {value!r}, expected a path")
    return path


def digest_of_file(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal letters.

    Raises:
        OSError: it can't be read.
    """
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def why_no_file(path: Path) -> str:
    """What keeps a path from being that of a file to read, as the end of a sentence; empty where nothing does."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last for names that no file can have
        return "does not exist"
    except OSError as error:
        return f"can't be read: {error.strerror}"
    if stat.S_ISDIR(mode):
        return FOLDER
    return "" if stat.S_ISREG(mode) else "is a pipe or a device"
