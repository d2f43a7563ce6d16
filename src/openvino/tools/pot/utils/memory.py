"""Memory that others keep for later, handed back to the system.

The C library of most Linux systems keeps what threads free for what they ask for next. A step that needs pieces of
other sizes than the one before finds no room in them and takes as much again.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""What malloc.h calls them."""


_OWN = ("RssAnon:", "RssShmem:")
"""What Linux calls memory that is no copy of a file, and so can't be had back from a process."""

_EACH = 0.003
"""Seconds between two looks."""


def own_bytes() -> int | None:
    """Memory of this process that no file holds, so that pages of mapped models don't count; None if nobody says."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(_OWN))


@contextmanager
def bounded(most: int | None) -> Iterator[None]:
    """Say at the end what the process took beyond what it had, and warn where that was more.

    Args:
        most: bytes that it may take; None: nobody looks.
    """
    before = None if most is None else own_bytes()
    if most is None or before is None:
        yield
        return
    peak, ended = [before], threading.Event()

    def look() -> None:
        while not ended.wait(_EACH):
            peak[0] = max(peak[0], own_bytes() or 0)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    took = peak[0] - before
    if took > most:
        logger.warning("max_memory is %s, %s were taken at the most", megabytes(most), megabytes(took))
    else:
        logger.info("max_memory is %s: %s were taken at the most", megabytes(most), megabytes(took))


def megabytes(count: float) -> str:
    """Bytes, for people: ``1,234 MB``."""
    return f"{count / 1e6:,.0f} MB"


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
