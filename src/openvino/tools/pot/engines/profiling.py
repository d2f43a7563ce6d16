"""Where the time of a model goes, layer by layer, and what requests of several take."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import openvino as ov

from openvino.tools.pot.utils.errors import ModelError
from openvino.tools.pot.utils.runtime import FLOAT32, core

# What hardware runs in INT8 with profit; everything else is cheap beside these.
HEAVY_TYPES = frozenset({"Convolution", "Deconvolution", "FullyConnected", "MatMul", "RNNCell", "RNNSeq"})
INT8_TYPES = frozenset({"u8", "i8"})

Feeds = Sequence[Mapping[Any, Any]]
Settings = Mapping[str, Any]

_SETTINGS = {"PERFORMANCE_HINT": "LATENCY", **FLOAT32}
_WARM_UP = 2

_TURN, _LEAST_TURNS = 7, 5
"""Requests of one model before those of the next, and how many turns each has at least."""


@dataclass(frozen=True)
class RuntimeLayer:
    """A layer of a compiled model.

    Attributes:
        type: what the device calls it, such as ``Convolution``.
        precision: of its computation, such as ``f32`` or ``u8``.
        names: the nodes of the model that it stands for.
    """

    type: str
    precision: str
    names: tuple[str, ...]

    @property
    def is_int8(self) -> bool:
        """Whether it multiplies 8-bit integers."""
        return self.precision in INT8_TYPES


def layer_seconds(
    model: ov.Model, feeds: Feeds, device: str, repeats: int = 20, settings: Settings = _SETTINGS
) -> dict[str, float]:
    """Node name -> seconds of what the device runs for it, on single requests; of several, the fewest.

    Nodes that the device fused have the time of the whole each; a node that left no trace has none.

    Args:
        model: float or quantized.
        feeds: taken in turn.
        device: where it runs.
        repeats: requests that count.
        settings: of the device; absent: for single requests, in float32 where the model is not in 8 bits.
    """
    return seconds_of(timed(model, device, settings), feeds, repeats)


def timed(model: ov.Model, device: str, settings: Settings = _SETTINGS) -> ov.CompiledModel:
    """A model whose layers are timed; absent settings are for single requests in float32."""
    return core().compile_model(model, device, {**settings, "PERF_COUNT": True})


def seconds_in_turns(compiled: Sequence[ov.CompiledModel], feeds: Feeds, seconds: float = 1.5) -> list[float]:
    """Median seconds of a request of each of several models, that go in turns of some requests.

    The first request of a turn does not count: threads of the model before may still be awake. Alternating single
    requests of two compilations of one model differ by 30 us, in turns by 2.

    Args:
        compiled: the models.
        feeds: used in turn.
        seconds: that all of it takes, as far as five turns of each allow.
    """
    requests = [model.create_infer_request() for model in compiled]
    times: list[list[float]] = [[] for _ in requests]
    began, turns = time.perf_counter(), 0
    while turns < _LEAST_TURNS or time.perf_counter() - began < seconds:
        for request, own in zip(requests, times, strict=True):
            for number in range(_TURN):
                started = time.perf_counter()
                request.infer(dict(feeds[number % len(feeds)]))
                if number and turns:
                    own.append(time.perf_counter() - started)
        turns += 1
    return [median(own) for own in times]


def seconds_of(compiled: ov.CompiledModel, feeds: Feeds, repeats: int = 20) -> dict[str, float]:
    """Node name -> seconds, as ``layer_seconds`` says, of a model that ``timed`` gave."""
    names = {
        node.get_friendly_name(): originals(node) for node in compiled.get_runtime_model().get_ordered_ops()
    }
    request = compiled.create_infer_request()
    stateful = bool(request.query_state())
    seconds: list[dict[str, float]] = []
    for turn in range(_WARM_UP + repeats):
        if stateful:
            request.reset_state()
        request.infer(dict(feeds[turn % len(feeds)]))
        if turn >= _WARM_UP:
            seconds.append(_taken(request, names))
    # Whatever else the machine does makes requests slower, nothing makes them faster.
    return {name: min(turn.get(name, 0.0) for turn in seconds) for name in set().union(*seconds)}


def _taken(request: ov.InferRequest, names: Mapping[str, Sequence[str]]) -> dict[str, float]:
    seconds: dict[str, float] = defaultdict(float)
    for step in request.profiling_info:
        for name in names.get(step.node_name, (step.node_name,)):
            seconds[name] += step.real_time.total_seconds()
    return seconds


def originals(node: ov.Node) -> tuple[str, ...]:
    """The nodes of the model that a node of its runtime model stands for."""
    info = node.get_rt_info()
    names = info["originalLayersNames"].astype(str).split(",") if "originalLayersNames" in info else []
    # What the device adds by itself, such as a Reorder, is known by its own name alone.
    return tuple(name for name in names if name) or (node.get_friendly_name(),)


def heavy_layers(compiled: ov.CompiledModel) -> list[RuntimeLayer]:
    """The layers of a compiled model that INT8 is for: convolutions, matrix products and recurrent layers.

    Raises:
        ModelError: it is no compiled model.
    """
    if not isinstance(compiled, ov.CompiledModel):
        raise ModelError(f"model is a {type(compiled).__name__}, expected a compiled one")
    layers = []
    for node in compiled.get_runtime_model().get_ordered_ops():
        kind, precision = (node.get_rt_info()[key].astype(str) for key in ("layerType", "runtimePrecision"))
        if kind in HEAVY_TYPES:
            layers.append(RuntimeLayer(kind, precision, originals(node)))
    return layers
