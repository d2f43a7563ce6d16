"""How fast models are: a single request, and many under way; all of them take turns."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import openvino as ov

from openvino.tools.pot.engines.profiling import RuntimeLayer, heavy_layers
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.report.measure import latencies
from openvino.tools.pot.utils.errors import ModelError, reason
from openvino.tools.pot.utils.runtime import core

_SECONDS, _REPEATS = 2.0, (20, 200)
"""Seconds that single requests may take, and the least and most of them for each model."""
_SLICE, _TURNS = 0.15, 5
"""Seconds that a turn of a model takes with many requests, and how many turns each has."""
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


def paces(
    models: Sequence[ov.Model],
    names: Sequence[str],
    feeds: Sequence[Feed],
    device: str,
    settings: Mapping[str, Any],
) -> list[Pace]:
    """Of several models, which take turns.

    Args:
        models: with the same inputs.
        names: of them, for errors.
        feeds: used in turn.
        device: where they run.
        settings: of the device, but for what it is to be fast at.

    Raises:
        ModelError: one can't be compiled, or run.
    """
    many = {**settings, "PERFORMANCE_HINT": "THROUGHPUT"}
    named = list(zip(models, names, strict=True))
    queues = [ov.AsyncInferQueue(_compiled(*each, device, many)) for each in named]
    single = [_compiled(*each, device, settings) for each in named]
    try:
        rates, seconds = _rates(queues, feeds), _seconds(single, feeds)
    except RuntimeError as error:
        raise ModelError(
            f"the models {', '.join(names)} can't be timed on {device}: {reason(error)}"
        ) from error
    layers = [tuple(heavy_layers(compiled)) for compiled in single]
    return [Pace(*each) for each in zip(seconds, rates, layers, strict=True)]


def _compiled(model: ov.Model, name: str, device: str, settings: Mapping[str, Any]) -> ov.CompiledModel:
    try:
        return core().compile_model(model, device, dict(settings))
    except RuntimeError as error:
        raise ModelError(
            f"model {name!r} can't be compiled for device {device!r}: {reason(error)}"
        ) from error


def _seconds(compiled: Sequence[ov.CompiledModel], feeds: Sequence[Feed]) -> list[float]:
    once = sum(latencies(compiled, feeds, repeats=3, warm_up=2))
    return latencies(compiled, feeds, repeats=int(np.clip(_SECONDS / max(once, 1e-6), *_REPEATS)), warm_up=1)


def _rates(queues: Sequence[ov.AsyncInferQueue], feeds: Sequence[Feed]) -> list[float]:
    """Median requests a second of each; what the first of them take tells how many make a turn."""
    for queue in queues:  # the first requests set up what later ones find
        _rate(queue, feeds, len(queue))
    first = [_rate(queue, feeds, 2 * len(queue)) for queue in queues]
    counts = [
        int(np.clip(rate * _SLICE, 2 * len(queue), _MOST)) for rate, queue in zip(first, queues, strict=True)
    ]
    turns = [
        [_rate(queue, feeds, count) for queue, count in zip(queues, counts, strict=True)]
        for _ in range(_TURNS)
    ]
    return [median(rates) for rates in zip(*turns, strict=True)]


def _rate(queue: ov.AsyncInferQueue, feeds: Sequence[Feed], count: int) -> float:
    started = time.perf_counter()
    for number in range(count):
        queue.start_async(feeds[number % len(feeds)])
    queue.wait_all()
    return count / (time.perf_counter() - started)
