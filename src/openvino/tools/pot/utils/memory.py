"""Memory that others keep for later, handed back to the system.

The C library of most Linux systems keeps what threads free for what they ask for next. A step that needs pieces of
other sizes than the one before finds no room in them and takes as much again.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""What malloc.h calls them."""


def hand_back() -> None:
    """Give freed memory back to the system; without effect where the C library has no function for it."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


def apart(work: Callable[P, T]) -> Callable[P, T]:
    """A step whose memory goes back to the system before others begin, however it ends."""

    @wraps(work)
    def step(*args: P.args, **named: P.kwargs) -> T:
        try:
            return work(*args, **named)
        finally:
            hand_back()

    return step


def keep_little() -> None:
    """Let a process of our own keep little of what compiled models leave, before it compiles any.

    oneDNN, by which OpenVINO's CPU computes, keeps 1,024 kernels of models that are gone, 50 MB and more where many are
    compiled once each; a number that the user gave in the environment stays. And glibc does not hand back, when asked,
    what a thread has for itself, so that threads share what the main one has. One that OpenVINO's import starts has its
    own before anybody can say so: a free end of a megabyte goes back by itself.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "0")
    limit = _function("mallopt")
    if limit is not None:
        for option, most in ((_ARENA_MAX, 1), (_TRIM_THRESHOLD, 1 << 20), (_MMAP_THRESHOLD, 1 << 22)):
            limit(option, most)


@cache
def _function(name: str) -> Any:
    """A function of glibc, None where it isn't there."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
