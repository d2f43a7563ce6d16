"""Folders and files to write into, so that there is all of a result or nothing."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from openvino.tools.pot.utils.locks import locked, take

_PREFIX = ".saving-"
_KEPT, _DONE = "old", "done"
"""Within a working folder: the files that new ones take the place of, until all of those are there, and then."""


@contextmanager
def target_folder(folder: Path) -> Iterator[None]:
    """The folder with its parents, those that were made gone again where the work in it fails."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        with suppress(OSError):
            for path in made:
                path.rmdir()
        raise


@contextmanager
def working_folder(parent: Path) -> Iterator[Path]:
    """A hidden folder beside the target, on the same file system so that renaming is atomic.

    What processes that died have left of theirs goes first, and what they had not moved in to the end is undone.
    """
    recover(parent)
    with locked(parent):
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        release = take(path)
    try:
        yield path
    finally:
        with locked(parent):
            if release is not None:
                release()
            _clear(path)


def recover(folder: Path) -> None:
    """Undo what processes that died meanwhile had not moved into a folder to the end.

    Raises:
        OSError: the folder can't be written.
    """
    if not any(folder.glob(f"{_PREFIX}*")):
        return
    with locked(folder):
        for work in folder.glob(f"{_PREFIX}*"):
            with suppress(PermissionError):  # another user's
                release = take(work)
                if release is not None:
                    release()
                    _clear(work)


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Read files of a folder while nobody moves any in, after those that a process died over are whole again."""
    with ExitStack() as held:
        with suppress(OSError):  # it may be one that can only be read, or none
            recover(folder)
        with suppress(OSError):
            held.enter_context(locked(folder, shared=True))
        yield


def move_in(work: Path, names: Iterable[str]) -> None:
    """Move files from a working folder to their target, as a whole: all of them are new then, or none is.

    The order is that of their names, and old ones leave in the opposite one: whoever meets an ``.xml`` meets the
    ``.bin`` that belongs to it, even if this process dies in between.

    Raises:
        OSError: they can't be moved; the old ones are there again.
    """
    folder, ordered, kept = work.parent, sorted(names), work / _KEPT
    with locked(folder):
        absent = [name for name in ordered if not (folder / name).exists()]
        for name in ordered:
            if (folder / name).is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(folder / name))
        kept.mkdir()
        try:
            for name in absent:
                (kept / name).mkdir()  # stands for a file that was not there
            for name in reversed(ordered):
                if name not in absent:
                    (folder / name).replace(kept / name)
            for name in ordered:
                (work / name).replace(folder / name)
            kept.rename(work / _DONE)
        except BaseException:
            _undo(work)
            raise


def _undo(work: Path) -> None:
    """Bring back the files that ``move_in`` had taken from their place, if it did not come to its end."""
    folder, kept = work.parent, work / _KEPT
    names = sorted(path.name for path in kept.iterdir()) if kept.is_dir() else []
    for name in reversed(names):
        (folder / name).unlink(missing_ok=True)  # where it is a new one
    for name in names:
        if not (kept / name).is_dir():
            (kept / name).replace(folder / name)


def _clear(work: Path) -> None:
    _undo(work)
    shutil.rmtree(work, ignore_errors=True)


def write_file(path: Path, content: bytes) -> None:
    """Write a file in one go: beside its place first, then moved in, so that nobody meets a part of it.

    The folder is made if it is not there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
