"""A compiled model fed from a stream of samples: requests run side by side, results come in sample order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import TypeVar

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.utils.errors import reason

Feed = dict[str, NDArray[np.generic]]
Outputs = list[NDArray[np.generic]]
T = TypeVar("T")
R = TypeVar("R")

# More requests than the device works on at once, so that it never waits for the host to take a result.
_SPARE = 2


class InferenceError(RuntimeError):
    """OpenVINO refused a feed or failed on it.

    Attributes:
        tag: the feed's.
    """

    def __init__(self, tag: object, error: Exception) -> None:
        super().__init__(reason(error))
        self.tag = tag


def run_stream(
    compiled: ov.CompiledModel, feeds: Iterable[tuple[T, Feed]], requests: int = 0
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
        feeds: tags and feeds.
        requests: parallel requests, 0 lets the device choose.

    Raises:
        InferenceError: OpenVINO refused a feed or failed on it; its tag is in the error.
    """
    idle = _requests(compiled, requests)
    stateful = bool(idle[0].query_state())
    running: deque[tuple[T, ov.InferRequest]] = deque()
    try:
        for tag, feed in feeds:
            if not idle:
                yield _finish(running, idle)
            request = idle.pop()
            _start(request, tag, feed, stateful)
            running.append((tag, request))
        while running:
            yield _finish(running, idle)
    finally:
        for _, request in running:
            with suppress(RuntimeError):
                request.wait()


def use_stream(
    compiled: ov.CompiledModel,
    feeds: Iterable[tuple[object, Feed]],
    use: Callable[[Iterator[Outputs]], R],
    requests: int = 0,
) -> R:
    """What ``use`` makes of the outputs, which come in the order of the feeds.

    As ``run_stream``, but results are used in a thread of their own: a reader that waits, for a disk or for
    another process, holds up nothing but itself. Feeds are read in the caller's thread, which may be the only one
    that the user's loader works in.

    Args:
        compiled: the model.
        feeds: tags and feeds.
        use: takes an iterator of outputs, which lie in memory of the requests: they are to be used before the next
            ones are asked for.
        requests: parallel requests, 0 lets the device choose.

    Raises:
        InferenceError: OpenVINO refused a feed or failed on it; its tag is in the error.
    """
    idle: SimpleQueue[ov.InferRequest | None] = SimpleQueue()
    running: SimpleQueue[tuple[object, ov.InferRequest] | None] = SimpleQueue()
    made = _requests(compiled, requests)
    stateful = bool(made[0].query_state())
    for request in made:
        idle.put(request)
    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(use, _outputs(running, idle))
        future.add_done_callback(lambda _: idle.put(None))  # nobody frees requests any more
        try:
            for tag, feed in feeds:
                free = idle.get()
                if free is None:
                    break
                _start(free, tag, feed, stateful)
                running.put((tag, free))
        finally:
            running.put(None)
            wait([future])
            for request in made:
                with suppress(RuntimeError):
                    request.wait()
        return future.result()


def _outputs(
    running: SimpleQueue[tuple[object, ov.InferRequest] | None], idle: SimpleQueue[ov.InferRequest | None]
) -> Iterator[Outputs]:
    while (item := running.get()) is not None:
        tag, request = item
        with _naming(tag):
            request.wait()
        yield [tensor.data for tensor in request.output_tensors]
        idle.put(request)


def _requests(compiled: ov.CompiledModel, count: int) -> list[ov.InferRequest]:
    count = count or int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")) + _SPARE
    return [compiled.create_infer_request() for _ in range(count)]


def _start(request: ov.InferRequest, tag: object, feed: Feed, stateful: bool) -> None:
    with _naming(tag):
        if stateful:
            request.reset_state()
        request.start_async(feed)


@contextmanager
def _naming(tag: object) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, TypeError, ValueError) as error:
        raise InferenceError(tag, error) from error


def _finish(running: deque[tuple[T, ov.InferRequest]], idle: list[ov.InferRequest]) -> tuple[T, Outputs]:
    tag, request = running.popleft()
    try:
        with _naming(tag):
            request.wait()
    finally:
        idle.append(request)
    return tag, [tensor.data.copy() for tensor in request.output_tensors]
