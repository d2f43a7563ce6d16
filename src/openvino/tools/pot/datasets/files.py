"""Which files a data source names."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

from openvino.tools.pot.datasets.images import image_suffixes
from openvino.tools.pot.utils.errors import ConfigError, reason
from openvino.tools.pot.utils.files import FOLDER, why_no_file

ARRAYS = frozenset({".npy", ".npz"})
_PATTERN = "*?["


def find_files(source: Iterable[str], what: str) -> list[Path]:
    """The files that a data source names, sorted within each of its parts.

    Args:
        source: folders, of which the images and arrays count, those in folders below it if it holds none itself;
            patterns such as ``images/*.png``, ``**`` for any folders; lists of files (``.txt``), one in each line,
            relative to the list's folder; or files.
        what: names the source in messages.

    Raises:
        ConfigError: a path is missing, or holds nothing that can be read.
    """
    found = [file for part in source for file in _files_of(part, what)]
    strange = next((file for file in found if not _is_readable(file)), None)
    if strange is not None:
        raise ConfigError(f"{what}: file {str(strange)!r} is no image, .npy or .npz, which can be read")
    return found


def _files_of(part: str, what: str) -> list[Path]:
    path = Path(part)
    wrong = why_no_file(path)
    if wrong == FOLDER:
        files = _in_folder(path)
    elif not wrong:
        files = _listed(path, what) if path.suffix.lower() == ".txt" else [path]
    elif any(letter in part for letter in _PATTERN):
        matches = glob.glob(part, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute patterns
        files = [Path(name) for name in sorted(matches) if Path(name).is_file()]
        files = [file for file in files if _is_readable(file)]
    else:
        raise ConfigError(f"{what}: {part!r} {wrong}, expected a folder, a pattern, a list or a file")
    if not files:
        raise ConfigError(f"{what}: {part!r} holds no images, .npy or .npz files")
    return files


def _in_folder(folder: Path) -> list[Path]:
    own = sorted(file for file in folder.iterdir() if _counts(file, folder))
    return own or sorted(file for file in folder.rglob("*") if _counts(file, folder))


def _counts(file: Path, folder: Path) -> bool:
    """Whether a file is one of a folder's samples; hidden ones are somebody's notes, or work under way."""
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return not hidden and _is_readable(file) and file.is_file()


def _listed(path: Path, what: str) -> list[Path]:
    files = []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{what}: list {str(path)!r} can't be read: {reason(error)}") from error
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            file = path.parent / line.strip()
            wrong = why_no_file(file)
            if wrong:
                raise ConfigError(f"{what}: line {number} of {str(path)!r}: file {str(file)!r} {wrong}")
            files.append(file)
    return files


def _is_readable(file: Path) -> bool:
    suffix = file.suffix.lower()
    return suffix in ARRAYS or suffix in image_suffixes()
