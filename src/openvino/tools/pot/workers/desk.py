"""The worker's side: what a process keeps from task to task, and how it answers."""

from __future__ import annotations

import os
import pickle
import platform
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
import openvino as ov

from openvino.tools.pot import version
from openvino.tools.pot.engines.compiling import compiled_for
from openvino.tools.pot.engines.hooks import Hooks
from openvino.tools.pot.graph.digest import sources_digest
from openvino.tools.pot.utils.errors import PotError, said
from openvino.tools.pot.utils.runtime import device_name
from openvino.tools.pot.workers.contents import Content, MissingError, ModelContent, Shelf
from openvino.tools.pot.workers.tasks import Network, Task

_COMPILED = 2
"""Models that stay compiled: the one that is asked for, and the one before."""

_ENGINES = 2


@dataclass(frozen=True)
class Reply:
    """What comes back of a task.

    Attributes:
        found: the answer.
        error: why there is none, and what that came from.
        missing: digests of what must be sent first.
        worker: that lacks it.
        unread: why the engine can't be read here.
        refused: what is of other versions here, in words.
        processor: that answered, as it calls itself.
    """

    found: Any = None
    error: tuple[PotError, BaseException | None] | None = None
    missing: tuple[str, ...] = ()
    worker: str = ""
    unread: str = ""
    refused: str = ""
    processor: str = ""


class UnreadError(Exception):
    """An engine can't be unpickled here."""


class Desk:
    """What a process keeps: contents that were sent, compiled models, and engines nobody uses just now."""

    def __init__(self) -> None:
        self.shelf, self._lock = Shelf(), Lock()
        self._compiled: OrderedDict[tuple[Any, ...], ov.CompiledModel] = OrderedDict()
        self._idle: dict[str, list[Hooks]] = defaultdict(list)

    def compiled(self, network: Network) -> ov.CompiledModel:
        """A network, compiled once for all tasks.

        Raises:
            MissingError: it must be sent first.
            ModelError: OpenVINO can't compile it.
        """
        threads = network.threads or _own_threads()
        key = (network.model.digest, network.purpose, network.device, threads)
        with self._lock:
            if key not in self._compiled:
                model = self.model(network.model)
                self._compiled[key] = compiled_for(network.purpose, model, network.device, threads=threads)
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
        """An engine that nobody else uses meanwhile.

        Raises:
            UnreadError: what it is made of is not there, or can't be read.
        """
        with self._lock:
            idle = self._idle[content.digest]
            engine = idle.pop() if idle else None
        if engine is None:
            pickled = self.shelf.bytes_of(content)
            try:
                engine = pickle.loads(pickled)
            except Exception as error:
                raise UnreadError(said(error)) from error
        yield engine
        with self._lock:
            self._idle[content.digest].append(engine)
            while len(self._idle) > _ENGINES:
                self._idle.pop(next(iter(self._idle)))


_DESK = Desk()


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
        reply = Reply(refused=f"{worker_name()} has {', '.join(refused)}")
    else:
        _DESK.shelf.add(contents)
        reply = _answered(pickle.loads(task))
    return pickle.dumps(reply, protocol=5)


def _answered(task: Task) -> Reply:
    try:
        return Reply(task.answer(_DESK), processor=processor())
    except MissingError as error:
        return Reply(missing=error.digests, worker=worker_name())
    except UnreadError as error:
        return Reply(unread=f"{worker_name()}: {error}")
    except PotError as error:
        return Reply(error=(error, _picklable(error.__cause__)))


def _picklable(cause: BaseException | None) -> BaseException | None:
    """What an error came from, where it can travel."""
    try:
        pickle.loads(pickle.dumps(cause))
    except Exception:
        return None
    return cause


@cache
def own_versions() -> dict[str, str]:
    """What figures depend on, by name."""
    pot = f"{version.__version__} ({sources_digest()[:8]})"
    return {"openvino": str(ov.get_version()), "openvino-pot": pot, "numpy": np.__version__}


def worker_name() -> str:
    """Machine and process, for people."""
    return f"worker {platform.node()}, process {os.getpid()}"


@cache
def processor() -> str:
    """Which one computes here."""
    return device_name("CPU")


def _own_threads() -> int:
    """As many as a cluster's scheduler lets a task have, in the usual variable; 0 where it says nothing."""
    try:
        return int(os.environ.get("OMP_NUM_THREADS", "0"))
    except ValueError:
        return 0
