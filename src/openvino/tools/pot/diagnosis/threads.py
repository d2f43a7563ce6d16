"""Work that goes on beside that of the main thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


@contextmanager
def one_thread(at_once: bool = True) -> Iterator[Executor]:
    """A thread that does one thing after the other; what it has not begun when the block is left is dropped.

    Args:
        at_once: otherwise there is no thread, and each thing is done when its result is asked for: no two need memory
            at the same time.
    """
    if not at_once:
        yield _WhenAsked()
        return
    thread = ThreadPoolExecutor(1)
    try:
        yield thread
    finally:
        thread.shutdown(cancel_futures=True)


class _WhenAsked(Executor):
    def submit(self, work: Callable[..., T], /, *args: Any, **named: Any) -> Future[T]:
        return _Later(lambda: work(*args, **named))


class _Later(Future[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__()
        self._work = work

    def result(self, timeout: float | None = None) -> T:
        if not self.done():
            self.set_result(self._work())
        return super().result(timeout)
