"""Folders held against other processes, by locks that the system takes back from those that die."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from openvino.tools.pot.utils.logger import get_logger

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

logger = get_logger(__name__)

_FILE = ".saving.lock"
"""Stands in a folder that is held, where the system can't lock folders themselves."""

_ENDS_WITH_US: int = getattr(os, "O_TEMPORARY", 0)
"""Windows removes such a file when it is closed, also where the process dies."""

_PAUSE = 0.01
_PATIENCE = 600.0
"""Seconds: what is done under a lock takes a fraction of one."""


@contextmanager
def locked(folder: Path, shared: bool = False) -> Iterator[None]:
    """Hold a folder while no other process or thread does.

    Args:
        folder: must be there.
        shared: beside others who share it; without effect where the system can't lock folders.

    Raises:
        OSError: another process has it and does not let go, or it can't be locked.
    """
    release = take(folder, shared)
    began = time.monotonic()
    while release is None:
        if time.monotonic() - began > _PATIENCE:
            raise TimeoutError(f"another process holds it: if there is none, remove {_FILE!r} from it")
        time.sleep(_PAUSE)
        release = take(folder, shared)
    try:
        yield
    finally:
        release()


def take(folder: Path, shared: bool = False) -> Callable[[], None] | None:
    """Lock a folder, as ``locked`` does: returns what lets it go, or None where somebody else has it."""
    if fcntl is not None:
        try:
            handle = os.open(folder, os.O_RDONLY)
        except PermissionError:  # one that may not be listed
            return _no_lock if shared else _lock_file(folder)
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            return partial(os.close, handle)
        except BlockingIOError:
            os.close(handle)
            return None
        except OSError:  # a file system without such locks
            os.close(handle)
    return _no_lock if shared else _lock_file(folder)


def _lock_file(folder: Path) -> Callable[[], None] | None:
    """Take a folder by a file in it."""
    file = folder / _FILE
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | _ENDS_WITH_US)
    except FileExistsError:
        return None
    except PermissionError:
        if _ENDS_WITH_US and file.exists():  # it is about to go, which Windows says so
            return None
        raise

    def release() -> None:
        os.close(handle)
        if not _ENDS_WITH_US:  # else it is gone, and one of that name is another's
            file.unlink(missing_ok=True)

    return release


def _no_lock() -> None:
    pass
