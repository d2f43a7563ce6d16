"""Accuracy bought with time: layers go back to float as long as a request hardly takes longer for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.checking.bench import Bench
from openvino.tools.pot.algorithms.checking.mending import Maker, layer_errors
from openvino.tools.pot.algorithms.checking.running import AS_USERS, Run, by_number, stored
from openvino.tools.pot.algorithms.job import Job, edited
from openvino.tools.pot.arithmetic.bias import is_closer_mostly
from openvino.tools.pot.arithmetic.distance import squared_error
from openvino.tools.pot.engines.profiling import layer_seconds, seconds_in_turns
from openvino.tools.pot.graph.edits.unpack import unpacked_weights
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.errors import reason
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.runtime import core

logger = get_logger(__name__)

_TOLD, _TIMED = 16, 4
"""Samples on which layers are compared, and those that requests are timed on."""

_ENOUGH = 0.97
"""Share of the squared error beyond which no further layer is asked for."""

_ROOM = 0.05
"""Share of the weights that may be in float: they take four times as many bytes."""

_TRIES = 5
"""Models that are made and timed at most."""

_WORTH = 0.3
"""dB that a model must win over the best one so far."""

_WHY = "in INT8 it costs the outputs more than the time that it saves is worth (max_slowdown)"


@dataclass(frozen=True)
class _Layer:
    """A layer that may go back to float, with what it costs: of the squared error, of the weights, and in seconds."""

    node: str
    error: float
    weights: float
    seconds: float


def bought(
    job: Job, found: Run, bench: Bench, original: ov.Model, maker: Maker, most: float
) -> tuple[Job, Run]:
    """A model closer to the float one, of which a request takes hardly longer; the given one where there is none.

    How many of the layers that cost most can be in float is found by halving, on models timed beside the given one.

    Args:
        job: edited.
        found: its run.
        bench: where models are held against the float one.
        original, maker: the float model, and what makes further ones of the same statistics.
        most: share of a request's time that it may take longer.
    """
    full = stored(job.network)
    try:
        order = _order(maker(job.decisions.network.avoided), full, unpacked_weights(original), bench, most)
    except RuntimeError as error:  # recurrent layers don't compile with all weights that can be switched
        logger.warning(
            "no time is spent on accuracy: which layers cost most can't be told: %s", reason(error)
        )
        return job, found
    if not order:
        logger.info("no layer can go back to float for the time and the room that there are")
        return job, found
    avoided, best, paid, watch = job.decisions.network.avoided, (job, found), 0.0, _Watch(full, bench)
    kept, beyond, count = 0, len(order) + 1, len(order)
    for _ in range(_TRIES):
        other = edited(maker(avoided.and_float(dict.fromkeys(order[:count], _WHY))))
        model = stored(other.network)
        slower = watch.slowdown(model)
        if slower <= most and _is_better(again := bench.run(other), best[1], bench.witness):
            slower = max(slower, watch.slowdown(model))  # of several that were timed, the luckiest is taken
            if slower <= most:
                best, paid, kept = (other, again), slower, count
        logger.info("%d layers in float: %+.1f %% of a request", count, 100 * slower)
        beyond = beyond if kept == count else count
        if (count := (kept + beyond) // 2) == kept:
            break
    logger.info(
        "%d of %d layers went back to float for %+.1f %% of a request: %.1f to %.1f dB",
        len(best[0].decisions.network.avoided.floats) - len(avoided.floats), len(job.plan.layers), 100 * paid,
        found.decibels, best[1].decibels,
    )  # fmt: skip
    return best


def _is_better(again: Run, before: Run, witness: Witness) -> bool:
    """Whether the output that follows worst wins enough, and a typical sample is closer beyond chance.

    Decibels of all samples differ by one between models that are alike.
    """
    squares = (_squares(run.values, witness) for run in (again, before))
    return again.decibels >= before.decibels + _WORTH and is_closer_mostly(*squares)


def _squares(values: Sequence[Sequence[NDArray[Any]]], witness: Witness) -> NDArray[np.float64]:
    """Squared errors of the outputs that can be compared, ``[samples, outputs]``; of integers how many differ."""
    count = len(witness.watched.ordered)
    pairs = zip(witness.values, values, strict=True)
    return np.array([[*map(_square, exact[:count], own[:count])] for exact, own in pairs])


def _square(exact: NDArray[Any], own: NDArray[Any]) -> float:
    if exact.dtype.kind == "f" or exact.shape != own.shape:
        return squared_error(exact, own)
    return float(np.count_nonzero(own != exact))


class _Watch:
    """Times requests of further models beside those of the first, as users run both."""

    def __init__(self, first: ov.Model, bench: Bench) -> None:
        self._device, self._feeds = bench.device, _timed(first, bench)
        self._first = self._compiled(first)

    def slowdown(self, other: ov.Model) -> float:
        """By what share of its time a request takes longer."""
        before, after = seconds_in_turns([self._first, self._compiled(other)], self._feeds)
        return after / before - 1

    def _compiled(self, model: ov.Model) -> ov.CompiledModel:
        return core().compile_model(model, self._device, dict(AS_USERS))


def _timed(model: ov.Model, bench: Bench) -> list[dict[int, NDArray[Any]]]:
    """What a model is fed when it is timed."""
    return [by_number(model.inputs, feed) for feed in bench.witness.feeds[:_TIMED]]


def _order(job: Job, full: ov.Model, original: ov.Model, bench: Bench, most: float) -> list[str]:
    """Layers that can be had for the time and the room that there are, those first that take most of the error away."""
    errors, sizes = layer_errors(job, bench.witness, _TOLD), _sizes(job)
    fast, plain = (
        layer_seconds(model, _timed(model, bench), bench.device, settings=AS_USERS)
        for model in (full, original)
    )
    layers = [
        _Layer(node, error**2, sizes[node], max(0.0, plain.get(node, 0.0) - fast.get(node, 0.0)))
        for node, error in errors.items()
    ]
    return _affordable(layers, most * sum(fast.values()))


def _affordable(layers: Sequence[_Layer], seconds: float) -> list[str]:
    """The layers that fit into both budgets, one after the other.

    To what a layer costs the budget is added: else what costs next to nothing would come first for next to no error.
    """
    whole, gone, taken = sum(layer.error for layer in layers), 0.0, list[str]()
    room, budget = _ROOM, 2 * seconds  # single layers are timed less exactly than whole requests
    for layer in sorted(layers, key=lambda each: each.error / (each.seconds + seconds + 1e-9), reverse=True):
        if gone >= _ENOUGH * whole:
            break
        if layer.seconds <= budget and layer.weights <= room:
            budget, room, gone = budget - layer.seconds, room - layer.weights, gone + layer.error
            taken.append(layer.node)
    return taken


def _sizes(job: Job) -> Mapping[str, float]:
    """Share of all weights that each layer has."""
    view = job.decisions.network.view
    sizes = {
        layer.node: sum(prod(view.output(view.source(port)).get_shape()) for port in layer.weights)
        for layer in job.plan.layers
    }
    whole = sum(sizes.values()) or 1
    return {node: size / whole for node, size in sizes.items()}
