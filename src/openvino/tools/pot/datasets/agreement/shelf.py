"""Arrays that are put aside: some in memory, the rest in a file without a name."""

from __future__ import annotations

import tempfile
import weakref
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

_ROOM = 1 << 28
"""Bytes that stay in memory."""


class Shelf:
    """Keeps arrays, and gives them back as they were.

    Args:
        room: bytes that stay in memory.
    """

    def __init__(self, room: int = _ROOM) -> None:
        self._room = room
        self._kept: list[NDArray[Any] | tuple[int, np.dtype[Any], tuple[int, ...]]] = []
        self._file: IO[bytes] | None = None

    def put(self, array: NDArray[Any]) -> int:
        """Keep an array; returns its number."""
        if array.nbytes <= self._room:
            self._room -= array.nbytes
            self._kept.append(array.copy())
        else:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the shelf
                weakref.finalize(self, self._file.close)
            start = self._file.seek(0, 2)
            self._file.write(np.ascontiguousarray(array).tobytes())
            self._kept.append((start, array.dtype, array.shape))
        return len(self._kept) - 1

    def get(self, number: int) -> NDArray[Any]:
        """The array of a number."""
        kept = self._kept[number]
        if isinstance(kept, np.ndarray):
            return kept
        start, kind, shape = kept
        assert self._file is not None
        self._file.seek(start)
        size = int(np.prod(shape, dtype=int)) * kind.itemsize
        return np.frombuffer(self._file.read(size), kind).reshape(shape)
