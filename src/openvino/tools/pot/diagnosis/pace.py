"""How fast models are: a single request, and many under way; all of them take turns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import openvino as ov

from openvino.tools.pot.diagnosis.timing import request_seconds
from openvino.tools.pot.engines.profiling import RuntimeLayer, heavy_layers
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.utils.errors import ModelError, reason
from openvino.tools.pot.utils.runtime import FLOAT32, core

_MANY = {"PERFORMANCE_HINT": "THROUGHPUT", **FLOAT32}
_SLICE, _TURNS = 0.15, 5
"""Seconds that a turn of a model takes, and how many turns each has."""
_MOST = 10_000


@dataclass(frozen=True)
class Pace:
    """How fast a model is, and what of it runs in 8 bits.

    Attributes:
        seconds: median of a single request.
        per_second: requests with several of them under way.
        layers: convolutions, matrix products and recurrent layers as the device runs them.
    """

    seconds: float
    per_second: float
    layers: tuple[RuntimeLayer, ...]


def paces(models: Sequence[ov.Model], names: Sequence[str], feeds: Sequence[Feed], device: str) -> list[Pace]:
    """Of several models, which take turns.

    Args:
        models: with the same inputs.
        names: of them, for errors.
        feeds: used in turn.
        device: where they run.

    Raises:
        ModelError: one can't be compiled, or run.
    """
    queues = [_queue(model, name, device) for model, name in zip(models, names, strict=True)]
    try:
        rates = _rates(queues, feeds)
        seconds = request_seconds(models, feeds, device)
    except RuntimeError as error:
        raise ModelError(
            f"the models {', '.join(names)} can't be timed on {device}: {reason(error)}"
        ) from error
    layers = [tuple(heavy_layers(compiled)) for compiled, _ in queues]
    return [Pace(*each) for each in zip(seconds, rates, layers, strict=True)]


Queue = tuple[ov.CompiledModel, ov.AsyncInferQueue]


def _queue(model: ov.Model, name: str, device: str) -> Queue:
    try:
        compiled = core().compile_model(model, device, _MANY)
    except RuntimeError as error:
        raise ModelError(
            f"model {name!r} can't be compiled for device {device!r}: {reason(error)}"
        ) from error
    return compiled, ov.AsyncInferQueue(compiled)


def _rates(queues: Sequence[Queue], feeds: Sequence[Feed]) -> list[float]:
    """Median requests a second of each; what the first of them take tells how many make a turn."""
    own = [queue for _, queue in queues]
    for queue in own:  # the first requests set up what later ones find
        _rate(queue, feeds, len(queue))
    first = [_rate(queue, feeds, 2 * len(queue)) for queue in own]
    counts = [
        int(np.clip(rate * _SLICE, 2 * len(queue), _MOST)) for rate, queue in zip(first, own, strict=True)
    ]
    turns = [
        [_rate(queue, feeds, count) for queue, count in zip(own, counts, strict=True)] for _ in range(_TURNS)
    ]
    return [median(rates) for rates in zip(*turns, strict=True)]


def _rate(queue: ov.AsyncInferQueue, feeds: Sequence[Feed], count: int) -> float:
    started = time.perf_counter()
    for number in range(count):
        queue.start_async(feeds[number % len(feeds)])
    queue.wait_all()
    return count / (time.perf_counter() - started)
