"""Files and folders that a configuration names: found, or missed at once with the key that names them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openvino.tools.pot.utils.errors import ConfigError, Place, reason

PathText = str | Path
"""What a configuration may hold for a path."""


def roots(folder: Path, variable: str) -> tuple[Path, ...]:
    """What relative paths may start from, in the order in which it is tried.

    Args:
        folder: of the configuration.
        variable: of the environment, which comes before it; the working directory comes last, as it counted in POT.
    """
    named = os.environ.get(variable)
    return (*([Path(named)] if named else []), folder, Path())


def placed(path: PathText, folders: Sequence[Path]) -> Path:
    """A path from the first of the folders in which there is such a file or folder, else from the first."""
    found = [folder / path for folder in folders]
    return next((each for each in found if each.exists()), found[0])


@dataclass(frozen=True)
class Source:
    """Resolves the paths of one entry.

    Attributes:
        folders: what relative paths start from, as ``placed`` takes them.
        place: of the entry.
        masks: the folder of segmentation masks, where the dataset names one itself.
    """

    folders: Sequence[Path]
    place: Place
    masks: Path | None = None

    def file(self, key: str, path: PathText) -> Path:
        """The file that a key names.

        Raises:
            ConfigError: there is none.
        """
        return self._existing("file", Path.is_file, key, path)

    def directory(self, key: str, path: PathText) -> Path:
        """The folder that a key names.

        Raises:
            ConfigError: there is none.
        """
        return self._existing("folder", Path.is_dir, key, path)

    def _existing(self, what: str, exists: Callable[[Path], bool], key: str, path: PathText) -> Path:
        found = placed(path, self.folders)
        if not exists(found):
            raise ConfigError(f"{what} {str(found)!r} does not exist", self.place.at(key))
        return found

    def lines(self, key: str, path: PathText) -> list[str]:
        """The lines of a text file that hold anything, without spaces around it."""
        text = self._text(key, self.file(key, path))
        return [line.strip() for line in text.splitlines() if line.strip()]

    def json(self, key: str, path: PathText) -> Any:
        """What a JSON file holds."""
        file = self.file(key, path)
        try:
            return json.loads(self._text(key, file))
        except json.JSONDecodeError as error:
            raise ConfigError(f"{str(file)!r} is no JSON file: {error}", self.place.at(key)) from error

    def _text(self, key: str, file: Path) -> str:
        try:
            return file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{str(file)!r} can't be read: {reason(error)}", self.place.at(key)) from error


def require_files(names: Iterable[str], folder: Path, what: str, place: Place) -> None:
    """Make sure that a folder holds files of these names.

    Raises:
        ConfigError: it doesn't; the first one missing and their number are named.
    """
    names = list(names)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise ConfigError(
            f"{len(missing)} of {len(names)} {what} are not in {str(folder)!r}, the first is {missing[0]!r}",
            place,
        )
