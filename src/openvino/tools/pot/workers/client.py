"""The client's side: tasks handed to an executor, as many at a time as its workers need, and their answers."""

from __future__ import annotations

import os
import pickle
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from openvino.tools.pot.utils.errors import EngineError, naming, said
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.workers import desk
from openvino.tools.pot.workers.contents import Depot
from openvino.tools.pot.workers.desk import Reply, answer, own_versions, processor
from openvino.tools.pot.workers.processes import Processes, forks
from openvino.tools.pot.workers.sizes import count_workers, readable, threads_of
from openvino.tools.pot.workers.tasks import Task

logger = get_logger(__name__)

T = TypeVar("T", bound=Task)

AHEAD = 2
"""Tasks that wait for each worker beside the one that it works at, so that none waits for the client."""

_MOST_SENT = 1_000_000_000
"""Bytes of tasks that are on their way, with all that was sent along."""

_DEATHS = 3
"""A task with which a worker died twice is done alone; if it dies then, that is the reason."""

_CARRIES, _RETURNS = 3, 8
"""A task comes back for want of a model, an engine and a layout, and sometimes because others took them along."""


class UnreadableError(EngineError):
    """A worker can't read samples by itself."""


@dataclass
class Traffic:
    """What went to and fro, in bytes.

    Attributes:
        sent: to workers: tasks, and contents that these could not read from files.
        received: answers.
        tasks: that were answered.
    """

    sent: int = 0
    received: int = 0
    tasks: int = 0


@dataclass
class _Asked(Generic[T]):
    """A task on its way.

    Attributes:
        number: in the order of the tasks.
        task: itself.
        size: bytes that were sent.
        missing: digests of what it came back for the last time.
        lacked: all such.
        carries: how often it took contents along.
        returned: how often it came back for what other tasks took along, and since.
        deaths: how often a worker died that had it, or died beside that one.
    """

    number: int
    task: T
    size: int = 0
    missing: tuple[str, ...] = ()
    lacked: set[str] = field(default_factory=set)
    carries: int = 0
    returned: int = 0
    deaths: int = 0

    def carried(self) -> Iterable[str]:
        """The contents that go along: what was missing, or all that ever was, where workers don't last."""
        if not self.missing or self.returned == 1:  # another task of the same worker takes them along
            return ()
        self.carries += 1
        return self.lacked if self.carries > _CARRIES else self.missing


class _Queue(Generic[T]):
    """Tasks to come, those on their way, and answers that wait for others before them.

    Attributes:
        running: by what they will be answered through.
        done: by number.
    """

    def __init__(self, tasks: Iterable[T], most: int) -> None:
        self._coming, self._most = (_Asked(*own) for own in enumerate(tasks)), most
        self._again: deque[_Asked[T]] = deque()
        self.running: dict[Future[bytes], _Asked[T]] = {}
        self.done: dict[int, tuple[T, Any]] = {}

    def next(self) -> _Asked[T] | None:
        """What can be handed in now; None: something must be answered first, or there is nothing left."""
        running = self.running.values()
        if any(asked.deaths >= _DEATHS - 1 for asked in running):
            return None
        if self._again:
            alone = self._again[0].deaths >= _DEATHS - 1
            return None if alone and running else self._again.popleft()
        is_full = len(running) + len(self.done) >= self._most
        if is_full or (running and sum(asked.size for asked in running) > _MOST_SENT):
            return None
        return next(self._coming, None)

    def repeat(self, asked: _Asked[T]) -> None:
        """Hand a task in once more, those with which workers died behind all others."""
        places = [number for number, own in enumerate(self._again) if own.deaths > asked.deaths]
        self._again.insert(places[0] if places else len(self._again), asked)


@dataclass
class Workers:
    """An executor, and what its workers know.

    Attributes:
        executor: of any kind: processes, or a client of a cluster.
        depot: what workers can ask for.
        traffic: so far.
    """

    executor: Executor
    depot: Depot = field(default_factory=Depot)
    traffic: Traffic = field(default_factory=Traffic)
    _own: Processes | None = None
    _said: set[str] = field(default_factory=set)
    _lacked: set[tuple[str, str]] = field(default_factory=set)
    _counted: int = 0  # of the last pass: a cluster that is gone can't be asked any more
    _is_here: bool = False  # a thread of this process answered

    def __post_init__(self) -> None:
        if not callable(getattr(self.executor, "submit", None)):
            found = type(self.executor).__name__
            raise EngineError(f"executor is a {found}, expected one as of concurrent.futures")
        if forks(self.executor):
            self._replace("processes forked from one that OpenVINO runs in can hang")

    @property
    def count(self) -> int:
        """How many workers there are just now."""
        return count_workers(self.executor)

    @property
    def threads(self) -> int:
        """Of each worker; 0: as its environment says."""
        return threads_of(self.executor)

    def answers(self, tasks: Iterable[T], in_order: bool = False) -> Iterator[tuple[T, Any]]:
        """Each task with its answer, as they come in, or in the order of the tasks.

        Tasks are taken as workers need them. Those that wait are given up where this ends early.

        Raises:
            EngineError: a worker has other versions, or died too often, or the executor raised.
            UnreadableError: an engine can't be unpickled there.
            PotError: as of the task.
        """
        self._counted = self.count
        queue, turn = _Queue(tasks, self._counted * (1 + AHEAD)), 0
        try:
            while True:
                while (asked := queue.next()) is not None:
                    queue.running[self._submitted(asked)] = asked
                if not queue.running:
                    return
                for future in wait(queue.running, return_when=FIRST_COMPLETED).done:
                    asked = queue.running.pop(future)
                    reply = self._reply(future, asked)
                    if reply is None:
                        queue.repeat(asked)
                    else:
                        queue.done[asked.number] = asked.task, reply.found
                while queue.done and (not in_order or turn in queue.done):
                    yield queue.done.pop(turn if in_order else min(queue.done))
                    turn += 1
        finally:
            for future in queue.running:
                future.cancel()

    def _submitted(self, asked: _Asked[Any]) -> Future[bytes]:
        contents = self.depot.contents(asked.carried())
        question = own_versions(), pickle.dumps(asked.task, protocol=5), contents
        asked.size = len(question[1]) + sum(map(len, contents.values()))
        self.traffic.sent += asked.size
        try:
            with naming("the executor", EngineError):
                return self.executor.submit(answer, *question)
        except EngineError as error:
            if not isinstance(error.__cause__, BrokenExecutor):
                raise
            self._replace(said(error.__cause__))  # another task did that
            return self.executor.submit(answer, *question)

    def _reply(self, future: Future[bytes], asked: _Asked[Any]) -> Reply | None:
        """What a worker answered; None where the task is to be handed in again."""
        try:
            with naming("the executor", EngineError):
                found = future.result()
        except EngineError as error:
            if not isinstance(error.__cause__, BrokenExecutor):
                raise
            self._note_death(asked, error.__cause__)
            return None
        reply: Reply = pickle.loads(found)
        self.traffic.received += len(found)
        self._hear(reply)
        if reply.missing:
            self._note_missing(asked, reply)
            return None
        self.traffic.tasks += 1
        if reply.refused:
            expected = ", ".join(f"{name} {own}" for name, own in own_versions().items())
            raise EngineError(f"{reply.refused}; expected the same as here: {expected}")
        if reply.unread:
            raise UnreadableError(f"{reply.worker} can't read samples by itself: {reply.unread}")
        if reply.error is not None:
            raised, cause = reply.error
            raise raised from cause
        return reply

    def _note_missing(self, asked: _Asked[Any], reply: Reply) -> None:
        """Let a task be handed in again, with contents or behind one that takes them along."""
        lacked = {(reply.worker, digest) for digest in reply.missing}
        asked.missing, asked.lacked = reply.missing, {*asked.lacked, *reply.missing}
        asked.returned += 1 if asked.returned or lacked <= self._lacked else 0
        self._lacked |= lacked
        if asked.returned > _RETURNS:
            raise EngineError(
                f"{reply.worker} keeps nothing of what it is sent, expected a process that stays"
            )

    def _note_death(self, asked: _Asked[Any], error: BaseException) -> None:
        asked.deaths += 1
        if asked.deaths >= _DEATHS:
            began = "" if self.traffic.tasks else (
                "; if this is a script, what it does must stand under if __name__ == '__main__'"
            )  # fmt: skip
            raise EngineError(
                f"worker processes died {_DEATHS} times on {asked.task}, and nothing came of it{began}"
            ) from error
        if not isinstance(self.executor, Processes):
            self._replace(said(error))

    def _replace(self, why: str) -> None:
        """Go on with processes of our own, which can be started anew, where those of the user's are of no use."""
        if self._own is None:
            count = min(self.count, os.cpu_count() or 1)
            logger.warning(
                "the %s is of no use (%s): %d processes take its place",
                type(self.executor).__name__,
                why,
                count,
            )
            self.executor = self._own = Processes(count)

    def _hear(self, reply: Reply) -> None:
        """Say once what workers warned of, and where they run on another processor."""
        if reply.process == desk.process():
            self._is_here = True  # where warnings were heard
            return
        notes = list(reply.notes)
        if reply.processor not in ("", processor()):
            notes.append(
                f"workers run on {reply.processor}, and this process on {processor()}: figures may differ in their "
                "last bits from those of processors that are all the same"
            )
        for note in notes:
            if note not in self._said:
                self._said.add(note)
                logger.warning("%s", note)

    def close(self) -> None:
        """Say what was sent, and remove what was made for it; the executor is left to whoever made it."""
        if self.traffic.tasks:
            logger.info(
                "%d tasks went to %d workers: %s sent, %s received",
                *(self.traffic.tasks, self._counted),
                *(readable(size) for size in (self.traffic.sent, self.traffic.received)),
            )
        if self._own is not None:
            self._own.shutdown(cancel_futures=True)
        if self._is_here:
            desk.forget()
        self.depot.close()
