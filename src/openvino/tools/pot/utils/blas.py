"""NumPy's matrix products in one thread, where many small ones follow each other.

Threads of OpenBLAS turn idly between products that are too small to share: ten times the processor's time was seen.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

_ENDINGS = ("64_", "")


@contextmanager
def products_in_one_thread() -> Iterator[None]:
    """Compute products in the caller's thread alone; without effect where NumPy has another library for them."""
    found = _switches()
    if found is None:
        yield
        return
    ask, tell = found
    before = ask()
    tell(1)
    try:
        yield
    finally:
        tell(before)


@cache
def _switches() -> tuple[Any, Any] | None:
    """What asks OpenBLAS for its number of threads and what tells it, None where it isn't there."""
    for file in sorted((Path(np.__file__).parents[1] / "numpy.libs").glob("*openblas*")):
        with suppress(OSError):
            library = ctypes.CDLL(str(file))
            for ending in _ENDINGS:
                names = [f"scipy_openblas_{verb}_num_threads{ending}" for verb in ("get", "set")]
                if all(hasattr(library, name) for name in names):
                    return getattr(library, names[0]), getattr(library, names[1])
    return None
