"""Folders and files to write into, so that there is all of a result or nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


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
    """A hidden folder beside the target, on the same file system so that renaming is atomic."""
    path = Path(tempfile.mkdtemp(prefix=".saving-", dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def write_file(path: Path, content: bytes) -> None:
    """Write a file in one go: beside its place first, then moved in, so that nobody meets a part of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
