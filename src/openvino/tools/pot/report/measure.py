"""Figures of models as they run: time of a request, precision of the layers, size of the weights."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import openvino as ov

from openvino.tools.pot.engines.profiling import HEAVY_TYPES as HEAVY_TYPES
from openvino.tools.pot.engines.profiling import RuntimeLayer as RuntimeLayer
from openvino.tools.pot.engines.profiling import heavy_layers as heavy_layers
from openvino.tools.pot.utils.errors import DataError, ModelError, reason
from openvino.tools.pot.utils.files import as_path
from openvino.tools.pot.utils.runtime import FLOAT32, core

_SECONDS, _TURNS = 2.0, (20, 200)
_SINGLE_REQUEST = {"PERFORMANCE_HINT": "LATENCY", **FLOAT32}


def compile_single(model: ov.Model | str | Path, device: str = "CPU") -> ov.CompiledModel:
    """Compile for single requests, with what is not quantized in float32, so that figures compare.

    Raises:
        ModelError: the model can't be read, or not compiled for the device.
    """
    network = _network(model)
    try:
        return core().compile_model(network, device, _SINGLE_REQUEST)
    except RuntimeError as error:
        raise ModelError(f"the model can't be compiled for device {device!r}: {reason(error)}") from error


def _network(model: ov.Model | str | Path) -> ov.Model:
    if isinstance(model, ov.Model):
        return model
    path = as_path(model, "model")
    try:
        return core().read_model(path)
    except RuntimeError as error:
        raise ModelError(f"model file {str(path)!r} can't be read: {reason(error)}") from error


def latencies(
    compiled: Sequence[ov.CompiledModel], feeds: Sequence[Any], repeats: int = 200, warm_up: int = 10
) -> list[float]:
    """Median seconds of a single request for each of several models.

    The models take turns at each feed, so that whatever else the machine does meets all of them alike.

    Args:
        compiled: the models.
        feeds: what a request takes; used in turn.
        repeats: requests that count, for each model.
        warm_up: requests before them that don't count.

    Raises:
        ModelError: one is no compiled model.
        DataError: there is no feed.
    """
    strange = next((model for model in compiled if not hasattr(model, "create_infer_request")), None)
    if strange is not None:
        raise ModelError(f"model is a {type(strange).__name__}, expected a compiled one")
    if len(feeds) == 0:
        raise DataError("feeds are empty, expected at least one")
    requests = [model.create_infer_request() for model in compiled]
    times: list[list[float]] = [[] for _ in requests]
    for turn in range(warm_up + repeats):
        feed = feeds[turn % len(feeds)]
        for request, own in zip(requests, times, strict=True):
            started = time.perf_counter()
            request.infer(feed)
            own.append(time.perf_counter() - started)
    return [median(own[warm_up:]) for own in times]


def latencies_as_users_run(
    models: Sequence[ov.Model], feeds: Sequence[Any], device: str = "CPU"
) -> list[float]:
    """Median seconds of a single request for each of several models, with the device's own settings.

    It takes compiling them, and about two seconds: fewer requests say little where the machine does other things, too.

    Args:
        models: that take turns.
        feeds: what a request takes; used in turn.
        device: where they run.
    """
    compiled = [core().compile_model(model, device) for model in models]
    turn = sum(latencies(compiled, feeds, repeats=3, warm_up=2))
    return latencies(compiled, feeds, repeats=int(np.clip(_SECONDS / turn, *_TURNS)))


def plain_pass(
    model: ov.Model | str | Path, feeds: Sequence[Mapping[str, np.ndarray[Any, Any]]], device: str = "CPU"
) -> float:
    """Seconds to compile a model for throughput and run it over all feeds: the least any pass can take."""
    started = time.perf_counter()
    model = _network(model)
    hints = {"PERFORMANCE_HINT": "THROUGHPUT", **FLOAT32}
    queue = ov.AsyncInferQueue(core().compile_model(model, device, hints))
    for feed in feeds:
        queue.start_async(feed)
    queue.wait_all()
    return time.perf_counter() - started


def weights_size(model_path: str | Path) -> int:
    """Bytes of the ``.bin`` file beside an IR's ``.xml``."""
    return Path(model_path).with_suffix(".bin").stat().st_size
