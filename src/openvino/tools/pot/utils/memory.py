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


def hand_back() -> None:
    """Give freed memory back to the system; without effect where the C library has no function for it."""
    trim = _trim()
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


def keep_no_kernels() -> None:
    """Let oneDNN, by which OpenVINO's CPU computes, keep no kernels of compiled models that are gone.

    It keeps 1,024 otherwise, 50 MB and more where many models are compiled once each. For a process of our own, before
    anything is compiled: what oneDNN reads then is the environment. A number that the user gave stays.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "0")


@cache
def _trim() -> Any:
    """The function of glibc, None where it isn't there."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
