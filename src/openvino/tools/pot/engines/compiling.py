"""Compiling models so that they compute what they say."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import openvino as ov

from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.graph.edits.shared import separated
from openvino.tools.pot.graph.edits.unpack import unpacked_weights
from openvino.tools.pot.utils.errors import ModelError, reason
from openvino.tools.pot.utils.runtime import FLOAT32, core

_PASS = {"PERFORMANCE_HINT": "THROUGHPUT", **FLOAT32}
_PASS_IN_TURN = {"PERFORMANCE_HINT": "LATENCY", **FLOAT32}
"""In several streams the CPU (2026.4) computes branches of dynamic sizes wrongly."""

_WITHOUT_FUSIONS = frozenset({"measured", "compared"})
"""The CPU's (2026.4) can crash on a measuring model, and take the data of each switch to another layout and back.
Without them a few models don't compile."""


def compiled_as_defined(model: Any, device: str, settings: dict[str, Any]) -> ov.CompiledModel:
    """Compile a model, with plain forms in place of what OpenVINO's CPU gets wrong; the model stays as it is.

    Args:
        model: an ``openvino.Model``; a path, or what else Core takes, is compiled as it is.
        device: OpenVINO's name of it.
        settings: of the compilation.

    Raises:
        RuntimeError: OpenVINO can't compile it.
    """
    plain = as_defined(model) if isinstance(model, ov.Model) else model
    return core().compile_model(plain, device, settings)


def as_defined(model: ov.Model) -> ov.Model:
    """The model itself if OpenVINO's CPU computes it as it is defined, else a clone of plain forms."""
    return separated(unpacked_weights(emulated(model)))


def compiled_for(
    purpose: str, model: ov.Model, device: str, in_turn: bool = False, streams: int = 0
) -> ov.CompiledModel:
    """Compile a model for a pass over samples, in float32.

    Args:
        purpose: what it will be: ``evaluated``, ``compared`` or ``measured``.
        model: stays as it is.
        device: OpenVINO's name of it.
        in_turn: whether one sample goes after the other, which takes less memory, and more time for many of them.
        streams: samples that are worked on at a time, a thread each, so that figures are those of any other number; or
            threads, where one sample goes after the other; 0: as many as the device likes.

    Raises:
        ModelError: OpenVINO can't compile it.
    """
    in_turn = in_turn or (isinstance(model, ov.Model) and has_branches(model))
    settings: dict[str, Any] = dict(_PASS_IN_TURN if in_turn else _PASS)
    if streams and device == "CPU":
        settings |= {"INFERENCE_NUM_THREADS": streams, **({} if in_turn else {"NUM_STREAMS": streams})}
    if purpose in _WITHOUT_FUSIONS and device == "CPU":
        with suppress(RuntimeError):
            return compiled_as_defined(model, device, {**settings, "SNIPPETS_MODE": "DISABLE"})
    try:
        return compiled_as_defined(model, device, settings)
    except RuntimeError as error:
        raise ModelError(f"the model can't be {purpose} on device {device!r}: {reason(error)}") from error


def has_branches(model: ov.Model) -> bool:
    """Whether there is an ``If`` outside bodies: of open sizes, the CPU (2026.4) gets its first inference wrong."""
    return any(node.get_type_name() == "If" for node in model.get_ops())


def awaken(request: ov.InferRequest, compiled: ov.CompiledModel, feed: Mapping[Any, Any]) -> None:
    """Infer once for nothing, where the first result of a compiled model is not to be used.

    Args:
        request: of the compiled model, before its first inference; its state changes.
        compiled: on one stream, since each stream has a first inference.
        feed: the first, or another of its sizes.
    """
    if any(port.get_partial_shape().is_dynamic for port in compiled.inputs):
        nodes = compiled.get_runtime_model().get_ops()
        if any(node.get_rt_info()["layerType"].astype(str) == "If" for node in nodes):
            request.infer(dict(feed))
