"""The client's side: tasks handed to an executor, as many at a time as its workers need, and their answers."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from openvino.tools.pot.utils.errors import EngineError, naming, said
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.workers.contents import Depot
from openvino.tools.pot.workers.desk import Reply, answer, own_versions, processor
from openvino.tools.pot.workers.processes import TRIES, Processes, forks
from openvino.tools.pot.workers.sizes import count_workers, readable, threads_of
from openvino.tools.pot.workers.tasks import Task

logger = get_logger(__name__)

T = TypeVar("T", bound=Task)

AHEAD = 2
"""Tasks that wait for each worker beside the one that it works at, so that none waits for the client."""


class UnreadableError(Exception):
    """A worker can't read samples by itself; the text says why."""


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
        executor: that it was handed to.
        returned: how often it came back for want of contents.
    """

    number: int
    task: T
    executor: Executor | None = None
    returned: int = 0


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
    _others: set[str] = field(default_factory=set)
    _lacked: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        if not callable(getattr(self.executor, "submit", None)):
            found = type(self.executor).__name__
            raise EngineError(f"executor is a {found}, expected one as of concurrent.futures")
        self.count, self.threads = count_workers(self.executor), threads_of(self.executor)
        if forks(self.executor):
            self._replace("processes forked from one that OpenVINO runs in can hang")

    def answers(self, tasks: Iterable[T], in_order: bool = False) -> Iterator[tuple[T, Any]]:
        """Each task with its answer, as they come in, or in the order of the tasks.

        Tasks are taken as workers need them. Those that wait are given up where this ends early.

        Raises:
            EngineError: a worker has other versions, or gave up.
            UnreadableError: an engine can't be unpickled there.
            PotError: as of the task.
        """
        running: dict[Future[bytes], _Asked[T]] = {}
        coming, done, turn = (_Asked(*own) for own in enumerate(tasks)), dict[int, tuple[T, Any]](), 0
        most = self.count * (1 + AHEAD)
        try:
            while True:
                while len(running) + len(done) < most and (asked := next(coming, None)) is not None:
                    running[self._submitted(asked)] = asked
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    asked = running.pop(future)
                    reply = self._reply(future, asked)
                    if reply is None or reply.missing:
                        running[self._submitted(asked, () if reply is None else self._sent(asked, reply))] = (
                            asked
                        )
                    else:
                        done[asked.number] = asked.task, reply.found
                ready = range(turn, turn + len(done)) if in_order else sorted(done)
                for number in ready:
                    if number not in done:
                        break
                    turn = number + 1
                    yield done.pop(number)
        finally:
            for future in running:
                future.cancel()

    def _sent(self, asked: _Asked[T], reply: Reply) -> Sequence[str]:
        """Which contents go along when a task is handed in again that came back for want of some.

        Several tasks of one worker come back so, and one of them that takes contents along is enough.
        """
        lacked = {(reply.worker, digest) for digest in reply.missing}
        asked.returned += 1
        if asked.returned == 1 and lacked <= self._lacked:
            return ()
        self._lacked |= lacked
        return reply.missing

    def _submitted(self, asked: _Asked[Any], missing: Iterable[str] = ()) -> Future[bytes]:
        question = own_versions(), pickle.dumps(asked.task, protocol=5), self.depot.contents(missing)
        asked.executor = self.executor
        self.traffic.sent += len(question[1]) + sum(map(len, question[2].values()))
        try:
            return self.executor.submit(answer, *question)
        except BrokenExecutor as error:  # on another task
            self._replace(said(error))
            asked.executor = self.executor
            return self.executor.submit(answer, *question)

    def _reply(self, future: Future[bytes], asked: _Asked[Any]) -> Reply | None:
        """What a worker answered; None where it died, and others have taken its place."""
        try:
            with naming("the executor", EngineError):
                found = future.result()
        except EngineError as error:
            if not isinstance(error.__cause__, BrokenExecutor):
                raise
            if isinstance(asked.executor, Processes):
                raise EngineError(
                    f"worker processes died {TRIES} times on {asked.task}, and nothing came of it"
                ) from error
            self._replace(said(error.__cause__))
            return None
        reply: Reply = pickle.loads(found)
        self.traffic.received += len(found)
        self.traffic.tasks += not reply.missing
        if reply.refused:
            expected = ", ".join(f"{name} {own}" for name, own in own_versions().items())
            raise EngineError(f"{reply.refused}; expected the same as here: {expected}")
        if reply.unread:
            raise UnreadableError(reply.unread)
        if reply.error is not None:
            raised, cause = reply.error
            raise raised from cause
        self._tell_of_processor(reply.processor)
        return reply

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
            self.threads = threads_of(self._own)

    def _tell_of_processor(self, name: str) -> None:
        if name and name not in {*self._others, processor()}:
            self._others.add(name)
            logger.warning(
                "workers run on %s, and this process on %s: figures may differ in their last bits from those of "
                "processors that are all the same",
                *(name, processor()),
            )

    def close(self) -> None:
        """Say what was sent, and remove what was made for it; the executor is left to whoever made it."""
        if self.traffic.tasks:
            logger.info(
                "%d tasks went to %d workers: %s sent, %s received",
                *(self.traffic.tasks, self.count),
                *(readable(size) for size in (self.traffic.sent, self.traffic.received)),
            )
        if self._own is not None:
            self._own.shutdown(cancel_futures=True)
        self.depot.close()
