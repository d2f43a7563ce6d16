"""Work on items in a thread of its own, while the caller's gets the next ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import Full, Queue
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 2
_PATIENCE = 0.1  # seconds; only when the work has failed does anybody wait so long for nothing


def run_beside(items: Iterable[T], work: Callable[[Iterator[T]], R]) -> R:
    """What ``work`` makes of the items.

    Items are got in the caller's thread, which may be the only one that a user's loader works in; a loader that
    waits, for a disk or for another process, holds up nothing but itself. Two items at most lie ready.

    Args:
        items: not None.
        work: takes an iterator of them; runs in another thread.

    Raises:
        Exception: as ``items`` and ``work`` raise them; if ``work`` does, no more items are got.
    """
    ready: Queue[T | None] = Queue(_AHEAD)
    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(work, _taken(ready))
        try:
            for item in items:
                if not _handed(ready, item, future):
                    break
        finally:
            _handed(ready, None, future)
            wait([future])
        return future.result()


def _taken(ready: Queue[T | None]) -> Iterator[T]:
    while (item := ready.get()) is not None:
        yield item


def _handed(ready: Queue[T | None], item: T | None, future: Future[R]) -> bool:
    """Put an item into the queue; False where the work has ended and nobody will take it."""
    while not future.done():
        try:
            ready.put(item, timeout=_PATIENCE)
            return True
        except Full:
            pass
    return False
