"""How many workers there are, and how samples are divided among them; results don't depend on it."""

from __future__ import annotations

import os
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

_UNKNOWN = 8
"""Workers of an executor that does not say how many it has, or has none yet."""

_SHARES = 4
"""Parts for each worker, so that those that are done early take more."""

MOST_SENT = 16_000_000
_MOST_GIVEN = 32_000_000
"""Bytes of samples in one task, and of the outputs in its answer."""

_MOST_OUTPUTS = 64
"""Samples whose outputs come back together: an evaluation that ends early has asked for some too many."""


def count_workers(executor: Executor) -> int:
    """As the executor says."""
    client = getattr(executor, "_client", None)
    threads = getattr(client, "nthreads", None)
    if callable(threads):  # of dask.distributed, whose workers may come and go
        return sum(int(count) for count in threads().values()) or _UNKNOWN
    for name in ("_max_workers", "num_workers"):
        count = getattr(executor, name, None)
        if isinstance(count, int) and count > 0:
            return count
    return _UNKNOWN


def threads_of(executor: Executor) -> int:
    """Of each worker, where all are processes on this machine; 0: as its environment says."""
    here = type(executor).__module__.split(".")[0] in ("concurrent", "loky", "openvino")
    count: Any = getattr(executor, "_max_workers", None)
    if (
        not here or not count or isinstance(executor, ThreadPoolExecutor)
    ):  # whose threads share a compiled model
        return 0
    return max(1, (os.cpu_count() or 1) // int(count))


def inferences_of_a_part(whole: int, workers: int) -> int:
    """So many make one task of a pass for statistics: a power of two, of which means are one branch of their tree."""
    return int(1 << max(0, (whole // (_SHARES * workers)).bit_length() - 1))


def inferences_with_outputs(whole: int, workers: int, size: int) -> int:
    """So many make one task whose answer has all outputs.

    Args:
        whole: of the pass.
        workers: that share them.
        size: of the outputs of one inference in bytes, 0 where it is not known.
    """
    most = _MOST_GIVEN // size if size else _MOST_OUTPUTS
    return max(1, min(inferences_of_a_part(whole, workers), most, _MOST_OUTPUTS))


def readable(size: int) -> str:
    """Bytes in words: ``12.3 kB``."""
    number, units = float(size), ["B", "kB", "MB", "GB"]
    while number >= 1000 and len(units) > 1:
        number, units = number / 1000, units[1:]
    return f"{number:.3g} {units[0]}"
