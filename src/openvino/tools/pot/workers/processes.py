"""Worker processes on this machine, which are replaced when they die, and gone when nobody needs them any more."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from threading import RLock, Thread
from typing import Any, ParamSpec, TypeVar

from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

TRIES = 3
"""A task on which so many workers died is the reason."""


@dataclass(frozen=True)
class _Call:
    """A task that was handed in.

    Attributes:
        work: does it.
        future: gets what comes of it.
        tries: how many workers have begun with it.
    """

    work: Callable[[], Any]
    future: Future[Any]
    tries: int = 1


class Processes(Executor):
    """An executor of processes here.

    When a worker dies, all of them are started anew, with the tasks that were not done; a task with which that happens
    three times is given up. Interrupting this process leaves none behind, and neither does its end, however it comes.

    Args:
        workers: how many there are; they share the processors.

    Raises:
        ConfigError: it is no number of processes.
    """

    def __init__(self, workers: int) -> None:
        if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
            raise ConfigError(f"workers is {workers!r}, expected a number of processes")
        self._max_workers, self._lock, self._is_over = workers, RLock(), False
        self._pool = self._started()

    def _started(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._max_workers, context, initializer=_begin)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Hand in a call; its function and arguments are pickled."""
        call = _Call(partial(fn, *args, **kwargs), Future())
        self._start(call)
        return call.future

    def _start(self, call: _Call) -> None:
        with self._lock:
            pool = self._pool
            try:
                inner = pool.submit(call.work)
            except BrokenProcessPool:  # somebody else's task was on it
                pool = self._renewed(pool)
                inner = pool.submit(call.work)
        inner.add_done_callback(partial(self._end, call, pool))

    def _end(self, call: _Call, pool: ProcessPoolExecutor, inner: Future[Any]) -> None:
        if call.future.cancelled():
            return
        error = None if inner.cancelled() else inner.exception()
        if inner.cancelled():
            call.future.cancel()
        elif isinstance(error, BrokenProcessPool) and call.tries < TRIES and not self._is_over:
            self._renewed(pool)
            self._start(_Call(call.work, call.future, call.tries + 1))
        elif error is not None:
            call.future.set_exception(error)
        else:
            call.future.set_result(inner.result())

    def _renewed(self, broken: ProcessPoolExecutor) -> ProcessPoolExecutor:
        """The processes in the place of broken ones, once for all tasks that were on these."""
        with self._lock:
            if self._pool is broken:
                logger.warning("a worker process died: the workers are started anew")
                broken.shutdown(wait=False, cancel_futures=True)
                self._pool = self._started()
            return self._pool

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End; with ``cancel_futures`` at once, whatever workers are at."""
        self._is_over = True
        processes = list((getattr(self._pool, "_processes", None) or {}).values())
        if cancel_futures:
            for process in processes:
                process.terminate()
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        """End; at once where something was raised."""
        self.shutdown(cancel_futures=kind is not None)


def forks(executor: Executor) -> bool:
    """Whether the processes of an executor are forked, which was usual on Linux before Python 3.14."""
    context = getattr(executor, "_mp_context", None)
    is_pool = isinstance(executor, ProcessPoolExecutor)
    return is_pool and context is not None and context.get_start_method() == "fork"


def _begin() -> None:
    """Leave interruptions to the process that this one works for, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
