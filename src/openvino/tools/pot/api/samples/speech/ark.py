"""Kaldi's archives, which kaldiio reads and writes; it comes with the extra ``samples``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.utils.errors import DataError, reason
from openvino.tools.pot.utils.optional import optional

_SPEECH = 2  # Kaldi's number for the compression of features, a byte for each with a scale for each column


@cache
def kaldiio() -> Any:
    """The module ``kaldiio``.

    Raises:
        ConfigError: it is not installed.
    """
    return optional("kaldiio", "kaldiio", "Kaldi's archives", "samples")


def read_ark(path: Path) -> dict[str, NDArray[np.float32]]:
    """The matrices of an archive by the names of their utterances, in its order: ``[frames, values]``.

    A vector is one value for each frame.

    Raises:
        ConfigError: kaldiio is not installed.
        DataError: the file can't be read, holds nothing, something else, or a name twice.
    """
    try:
        entries = list(kaldiio().load_ark(str(path)))
    except Exception as error:  # of a damaged file, kaldiio raises whatever comes
        raise DataError(f"archive {str(path)!r} can't be read: {reason(error)}") from error
    found: dict[str, NDArray[np.float32]] = {}
    for name, content in entries:
        if name in found:
            raise DataError(f"archive {str(path)!r} has the utterance {name!r} twice")
        found[name] = _matrix(name, content, path)
    if not found:
        raise DataError(f"archive {str(path)!r} holds nothing, expected at least one utterance")
    return found


def write_ark(path: Path, content: Mapping[str, NDArray[Any]], small: bool = False) -> None:
    """Write matrices, or vectors, as an archive; the folder is made where absent.

    Args:
        path: of the file.
        content: by the names of the utterances.
        small: whether values are stored in a byte each, as Kaldi does it with features.

    Raises:
        ConfigError: kaldiio is not installed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.asarray(array, np.float32) for name, array in content.items()}
    kaldiio().save_ark(str(path), arrays, compression_method=_SPEECH if small else None)


def _matrix(name: str, content: Any, path: Path) -> NDArray[np.float32]:
    array = np.asarray(content) if not isinstance(content, tuple) else np.asarray(None)
    if array.ndim not in (1, 2) or array.dtype.kind not in "fiu":
        raise DataError(
            f"archive {str(path)!r}: {name!r} is no matrix, expected one with a row for each frame"
        )
    return rows(array).astype(np.float32)


def rows(array: NDArray[Any]) -> NDArray[Any]:
    """A matrix as it is, a vector as one of a single column."""
    return array[:, np.newaxis] if array.ndim == 1 else array
