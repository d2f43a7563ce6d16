"""A compiled model fed from a stream of samples: requests run side by side, results come in sample order.

The stream may be read in the caller's thread while a thread of its own works on what was read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Full, Queue
from typing import Any, Generic, TypeVar

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.engines.compiling import awaken
from openvino.tools.pot.utils.bfloat import values_of
from openvino.tools.pot.utils.errors import DataError, reason

Feed = dict[str, NDArray[np.generic]]
Outputs = list[NDArray[np.generic]]
T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 2
_PATIENCE = 0.1  # seconds; only when the work has failed does anybody wait so long for nothing

# More requests than the device works on at once, so that it never waits for the host to take a result.
_SPARE = 2


def copied(value: Any) -> NDArray[np.generic]:
    """An array of one's own, of whatever a hook puts into a feed."""
    return np.array(value.data if isinstance(value, ov.Tensor) else value, order="C")


def run_stream(
    compiled: ov.CompiledModel,
    feeds: Iterable[tuple[T, Feed] | None],
    requests: int = 0,
    copies: bool = True,
) -> Iterator[tuple[T, Outputs]]:
    """Yield ``(tag, outputs)`` for each ``(tag, feed)``, in the order of the feeds.

    Requests are taken in turn, and the oldest is waited for when all are busy: reading the next feed and
    using the last result go on while the device works, and nothing is held beyond the requests. No Python
    callback runs on the device's threads: one that still needs the interpreter when the compiled model is
    destroyed would block it for ever.

    A model with a state starts each feed from its initial one, so that results don't depend on which request
    took which feed.

    Args:
        compiled: the model.
        feeds: tags, whose texts are for errors, and feeds; None where the next one can't be had before the oldest
            result has been taken.
        requests: parallel requests, 0 lets the device choose.
        copies: whether feeds and outputs are copied. Without, a feed must be left alone until its outputs are there,
            and outputs, which lie in memory of the request, be used before the next ones are asked for.

    Raises:
        DataError: OpenVINO refused a feed or failed on it; names its tag.
    """
    stream = _Stream[T](compiled, requests, copies)
    try:
        for entry in feeds:
            if entry is None or not stream.idle:
                yield stream.finish()
            if entry is not None:
                stream.start(*entry)
        while stream.running:
            yield stream.finish()
    finally:
        for _, request in stream.running:
            with suppress(RuntimeError):
                request.wait()


class _Stream(Generic[T]):
    """The requests of a compiled model, see ``run_stream``.

    Attributes:
        idle: those that can be fed.
        running: those that are under way, the oldest first.
    """

    def __init__(self, compiled: ov.CompiledModel, requests: int, copies: bool) -> None:
        count = requests or int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")) + _SPARE
        self._compiled, self._copies = compiled, copies
        self.idle = [compiled.create_infer_request() for _ in range(count)]
        self._stateful = bool(self.idle[0].query_state())
        # What arrays of bfloat16 are called is not what they are: their memory can't be used as it is.
        plain = all(port.get_element_type() != ov.Type.bf16 for port in compiled.inputs)
        self._shares, self._is_first = plain and not copies, True
        self.running: deque[tuple[T, ov.InferRequest]] = deque()

    def start(self, tag: T, feed: Feed) -> None:
        """Feed an idle request."""
        request = self.idle.pop()
        with _naming(tag):
            if self._is_first:
                awaken(request, self._compiled, feed)
                self._is_first = False
            if self._stateful:
                request.reset_state()
            request.start_async(feed, share_inputs=self._shares)
        self.running.append((tag, request))

    def finish(self) -> tuple[T, Outputs]:
        """The outputs of the oldest request, which is idle then."""
        tag, request = self.running.popleft()
        try:
            with _naming(tag):
                request.wait()
        finally:
            self.idle.append(request)
        outputs = [values_of(tensor) for tensor in request.output_tensors]
        return tag, [output.copy() for output in outputs] if self._copies else outputs


@contextmanager
def _naming(tag: object) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, TypeError, ValueError) as error:
        raise DataError(f"inference failed: {reason(error)}", str(tag)) from error


@dataclass(frozen=True)
class OutputNames:
    """What the outputs of a model are called.

    Attributes:
        keys: of each output, in the model's order.
        aliases: any name -> the key of its output.
    """

    keys: tuple[str, ...]
    aliases: Mapping[str, str]

    @classmethod
    def of(cls, compiled: ov.CompiledModel) -> OutputNames:
        """Those of a compiled model."""
        keys: dict[str, None] = {}
        aliases: dict[str, str] = {}
        for port in compiled.outputs:
            producer = port.get_node().input(0).get_source_output().get_node().get_friendly_name()
            result = port.get_node().get_friendly_name()
            names = sorted(port.get_names()) or [producer]
            # Results of one tensor share its names.
            key = next(name for name in (*names, result, f"{result}:{len(keys)}") if name not in keys)
            keys[key] = None
            for name in (*names, result, producer):
                aliases.setdefault(name, key)
        return cls(tuple(keys), aliases)


class NamedOutputs(dict[str, NDArray[np.generic]]):
    """Output name -> array in the model's order; further names of an output find the same array.

    Args:
        names: of the outputs.
        arrays: the outputs.
    """

    def __init__(self, names: OutputNames, arrays: Sequence[NDArray[np.generic]]) -> None:
        self._aliases = names.aliases
        super().__init__(zip(names.keys, arrays, strict=True))

    def __missing__(self, name: str) -> NDArray[np.generic]:
        """The array of an output under another of its names."""
        if name not in self._aliases:
            raise KeyError(f"the model has no output {name!r}, its outputs are {list(self)}")
        return self[self._aliases[name]]

    def __contains__(self, name: object) -> bool:
        """Whether an output has this name."""
        return super().__contains__(name) or name in self._aliases

    def get(self, name: str, default: Any = None) -> Any:
        """The array of an output, ``default`` where none has this name."""
        return self[name] if name in self else default  # noqa: SIM401 - this is get itself


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
