"""The worker's side: what a process keeps from task to task, and how it answers."""

from __future__ import annotations

import logging
import os
import pickle
import platform
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from threading import Lock, get_ident
from typing import Any

import numpy as np
import openvino as ov

from openvino.tools.pot import version
from openvino.tools.pot.engines.compiling import compiled_for
from openvino.tools.pot.engines.hooks import Hooks
from openvino.tools.pot.graph.digest import sources_digest
from openvino.tools.pot.utils.errors import PotError, said
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.runtime import device_name, processors
from openvino.tools.pot.workers.contents import Content, MissingError, ModelContent, Shelf
from openvino.tools.pot.workers.tasks import Network, Task, UnreadError

_COMPILED, _ENGINES = 2, 2
"""Models that stay compiled, and kinds of engines that are kept: those that are asked for, and those before."""


@dataclass(frozen=True)
class Reply:
    """What comes back of a task.

    Attributes:
        found: the answer.
        error: why there is none, and what that came from.
        missing: digests of what must be sent first.
        unread: why the engine can't be read here.
        refused: what is of other versions here, in words.
        notes: what was warned of.
        processor: that answered, as it calls itself.
        worker: for people.
        process: tells workers and whoever asks apart.
    """

    found: Any = None
    error: tuple[PotError, BaseException | None] | None = None
    missing: tuple[str, ...] = ()
    unread: str = ""
    refused: str = ""
    notes: tuple[str, ...] = ()
    processor: str = ""
    worker: str = ""
    process: str = ""


class Desk:
    """What a process keeps: contents that were sent, compiled models, and engines nobody uses just now."""

    def __init__(self) -> None:
        self.shelf, self._lock = Shelf(), Lock()
        self._compiled: OrderedDict[tuple[Any, ...], ov.CompiledModel] = OrderedDict()
        self._idle: OrderedDict[str, dict[int, Hooks]] = OrderedDict()

    def compiled(self, network: Network) -> ov.CompiledModel:
        """A network, compiled once for all tasks, with streams of one thread, so that figures don't depend on these.

        Raises:
            MissingError: it must be sent first.
            ModelError: OpenVINO can't compile it.
        """
        threads = network.threads or _own_threads()
        key = (network.model.digest, network.purpose, network.device, threads)
        with self._lock:
            if key not in self._compiled:
                model = self.model(network.model)
                self._compiled[key] = compiled_for(network.purpose, model, network.device, streams=threads)
            self._compiled.move_to_end(key)
            while len(self._compiled) > _COMPILED:
                self._compiled.popitem(last=False)
            return self._compiled[key]

    def model(self, content: ModelContent) -> ov.Model:
        """A network, read."""
        return self.shelf.model(content)

    def unpickled(self, content: Content) -> Any:
        """An object of one's own."""
        return pickle.loads(self.shelf.bytes_of(content))

    @contextmanager
    def engine(self, content: Content) -> Iterator[Hooks]:
        """An engine that nobody else uses meanwhile, and no other thread at any time.

        Raises:
            UnreadError: what it is made of is not there, or can't be read.
        """
        with self._lock:
            engine = self._idle.get(content.digest, {}).pop(get_ident(), None)
        if engine is None:
            pickled = self.shelf.bytes_of(content)
            try:
                engine = pickle.loads(pickled)
            except Exception as error:
                raise UnreadError(said(error)) from error
        yield engine
        with self._lock:
            self._idle.setdefault(content.digest, {})[get_ident()] = engine
            self._idle.move_to_end(content.digest)
            while len(self._idle) > _ENGINES:
                self._idle.popitem(last=False)


_DESKS = [Desk()]


def forget() -> None:
    """Let go of all that this process keeps."""
    _DESKS[:] = [Desk()]


def answer(versions: Mapping[str, str], task: bytes, contents: Mapping[str, bytes]) -> bytes:
    """What a worker does; nothing is unpickled unless all is of the same versions.

    Args:
        versions: of whoever asks.
        task: a pickled ``Task``.
        contents: that were missing, by digest.

    Returns:
        A pickled ``Reply``.
    """
    refused = [f"{name} {own}" for name, own in own_versions().items() if versions.get(name) != own]
    if refused:
        reply = Reply(refused=f"{_worker_name()} has {', '.join(refused)}")
    else:
        (desk,) = _DESKS
        desk.shelf.add(contents)
        with _heard() as notes:
            reply = _answered(pickle.loads(task), desk)
        reply = replace(reply, notes=tuple(notes), processor=processor())
    reply = replace(reply, worker=_worker_name(), process=process())
    return pickle.dumps(reply, protocol=5)


def _answered(task: Task, desk: Desk) -> Reply:
    try:
        return Reply(task.answer(desk))
    except MissingError as error:
        return Reply(missing=error.digests)
    except UnreadError as error:
        return Reply(unread=str(error))
    except PotError as error:
        return Reply(error=(error, _picklable(error.__cause__)))


def _picklable(cause: BaseException | None) -> BaseException | None:
    """What an error came from, where it can travel."""
    try:
        pickle.loads(pickle.dumps(cause))
    except Exception:
        return None
    return cause


class _Notes(logging.Handler):
    """Keeps what a thread warns of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []
        self._thread = get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.found.append(record.getMessage())


@contextmanager
def _heard() -> Iterator[list[str]]:
    handler = _Notes()
    get_logger().addHandler(handler)
    try:
        yield handler.found
    finally:
        get_logger().removeHandler(handler)


@cache
def own_versions() -> dict[str, str]:
    """What figures depend on, by name."""
    pot = f"{version.__version__} ({sources_digest()[:8]})"
    return {"openvino": str(ov.get_version()), "openvino-pot": pot, "numpy": np.__version__}


def process() -> str:
    """Which one this is, of all machines."""
    return f"{platform.node()} {os.getpid()}"


def _worker_name() -> str:
    """Machine and process, for people."""
    return f"worker {platform.node()}, process {os.getpid()}"


@cache
def processor() -> str:
    """Which one computes here."""
    return device_name("CPU")


def _own_threads() -> int:
    """As many as all tasks that run here together may have.

    A cluster's scheduler says in the usual variable how many a task has; Dask's workers do several at a time.
    """
    try:
        threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
    except ValueError:
        threads = 0
    if threads < 1:
        return processors()
    try:
        slots = sys.modules["distributed"].get_worker().state.nthreads
    except (AttributeError, KeyError, ValueError):  # this is no worker of Dask's
        slots = 1
    return threads * int(slots)
