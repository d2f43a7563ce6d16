"""The folder of an export in INT8: all of its files, with the network in place of the one in float."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openvino.tools.pot.adoption.export import Export
from openvino.tools.pot.graph.model import CompressedModel, save_model
from openvino.tools.pot.utils.errors import ConfigError, PotError, reason
from openvino.tools.pot.utils.folders import target_folder, working_folder

MADE, _RESULT = "made", "folder"
"""Within the working folder: where large constants wait, and the folder that is moved to its place."""


def check_target(export: Export, target: Path) -> None:
    """See whether a folder can be written for an export: it must not be there, or be empty.

    Raises:
        ConfigError: it is there, or lies in the export or around it.
    """
    if target.is_symlink() or (target.exists() and not (target.is_dir() and not any(target.iterdir()))):
        raise ConfigError(f"folder {str(target)!r} is there already: expected a new one, or an empty one")
    inner, outer = target.resolve(), export.folder.resolve()
    if not export.alone and (inner.is_relative_to(outer) or outer.is_relative_to(inner)):
        raise ConfigError(f"folder {str(target)!r} overlaps with the export {str(export.folder)!r}")


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A folder to work in, on the same disk as the target, gone in the end, with one in it for what is made.

    Raises:
        OSError: there can be none.
    """
    parent = target.absolute().parent
    with target_folder(parent), working_folder(parent) as work:
        (work / MADE).mkdir()
        yield work


def write(export: Export, model: CompressedModel, target: Path, work: Path) -> None:
    """Write the folder of an export with another network; it is there as a whole, or not at all.

    Args:
        export: its files are copied; what links lead to, too.
        model: takes the place of the network, under its names.
        target: the new folder.
        work: on the same disk.

    Raises:
        PotError: a file can't be copied or written.
    """
    result = work / _RESULT
    try:
        _copy(export, result)
        save_model(model, result / export.network.parent, export.network.stem)
        if target.exists():
            target.rmdir()  # which is empty
        result.rename(target)
    except (OSError, shutil.Error) as error:
        raise PotError(f"folder {str(target)!r} can't be written: {reason(error)}") from error


def _copy(export: Export, folder: Path) -> None:
    """All files but the network's, and those that the loader needs beside them."""
    left_out = {path.absolute() for path in (export.path, export.path.with_suffix(".bin"))}

    def others(inner: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(inner, name).absolute() in left_out]

    if export.alone:
        folder.mkdir()
    else:
        shutil.copytree(export.folder, folder, ignore=others)
        for each, _, _ in os.walk(folder):  # copied from one that nobody may write into, too
            Path(each).chmod(Path(each).stat().st_mode | stat.S_IRWXU)
    for name, content in export.adds.items():
        (folder / name).write_text(content, encoding="utf-8")
