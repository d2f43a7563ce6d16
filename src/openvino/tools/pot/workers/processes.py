"""Worker processes on this machine, which are started anew when one dies, and gone when nobody needs them any more."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from threading import Lock, Thread
from typing import Any, ParamSpec, TypeVar

from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class Processes(Executor):
    """An executor of processes here.

    When one dies, what all of them were at fails, and the next task finds them started anew. Interrupting this process
    leaves none behind, and neither does its end, however it comes.

    Args:
        workers: how many there are; they share the processors.

    Raises:
        ConfigError: there can't be so many.
    """

    def __init__(self, workers: int) -> None:
        if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
            raise ConfigError(f"workers is {workers!r}, expected a number of processes")
        self._max_workers, self._lock = workers, Lock()
        self._pool = self._started()

    def _started(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        try:
            return ProcessPoolExecutor(self._max_workers, context, initializer=_begin)
        except ValueError as error:  # Windows has a limit
            raise ConfigError(f"workers is {self._max_workers}: {error}") from error

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Hand in a call; its function and arguments are pickled."""
        pool = self._pool
        try:
            return pool.submit(fn, *args, **kwargs)
        except BrokenProcessPool:
            return self._renewed(pool).submit(fn, *args, **kwargs)

    def _renewed(self, broken: ProcessPoolExecutor) -> ProcessPoolExecutor:
        """The processes in the place of broken ones, whoever finds these first."""
        with self._lock:
            if self._pool is broken:
                logger.warning("a worker process died: the workers are started anew")
                broken.shutdown(wait=False, cancel_futures=True)
                self._pool = self._started()
            return self._pool

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End; with ``cancel_futures`` at once, whatever workers are at."""
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
    """Leave interruptions and warnings to the process that this one works for, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    get_logger().addHandler(logging.NullHandler())
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
