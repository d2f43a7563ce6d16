"""What was computed of statistics, for decisions that are taken on them again and again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

import numpy as np

T = TypeVar("T")

_ROOM, _SPARE = 256_000_000, 4
"""Bytes that all of it may take, and the part of them from which on nothing is kept that could be done without."""


class Kept:
    """Values by what they were computed of; those that were not asked for the longest go where room is short.

    Attributes:
        has_more: whether something was computed since it was made, or read from a file.
    """

    def __init__(self, room: int = _ROOM) -> None:
        self._room, self._found = room, dict[Hashable, tuple[Any, int]]()
        self.has_more = False

    def __getstate__(self) -> dict[str, Any]:
        """As it is when it is read again."""
        return {**self.__dict__, "has_more": False}

    def once(self, key: Hashable, make: Callable[[], T], spare: bool = False) -> T:
        """The value of a key; made where it is not there.

        Args:
            key: all that the value depends on.
            make: gives arrays, or tuples or data classes of them, which nobody changes.
            spare: keep it only where that leaves most of the room to what is not.
        """
        is_new = key not in self._found
        value, size = self._found.pop(key, None) or ((made := make()), _bytes(made))
        most = self._room // _SPARE if spare and is_new else self._room
        if size + (self._taken if spare and is_new else 0) <= most:
            self._found[key] = value, size
            self.has_more |= is_new
        while self._taken > self._room:
            del self._found[next(iter(self._found))]
        return cast("T", value)

    @property
    def _taken(self) -> int:
        return sum(size for _, size in self._found.values())


def _bytes(value: object) -> int:
    if isinstance(value, np.ndarray):
        return value.nbytes
    if is_dataclass(value):
        return sum(_bytes(getattr(value, field.name)) for field in fields(value))
    return sum(map(_bytes, value)) if isinstance(value, tuple) else 0
