"""How often float models are compiled and run: those with inputs and without quantizers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

import openvino as ov


@dataclass
class FloatRuns:
    """What was counted.

    Attributes:
        compilations: of float models, measuring ones and plain forms of quantized ones among them.
        inferences: of these.
    """

    compilations: int = 0
    inferences: int = 0


@contextmanager
def float_runs() -> Iterator[FloatRuns]:
    """Count what goes through OpenVINO, whoever asks for it, in any thread."""
    found = FloatRuns()
    core, compiled, request = ov.Core, ov.CompiledModel, ov.InferRequest
    places = (
        (core, "compile_model"),
        (compiled, "create_infer_request"),
        (request, "infer"),
        (request, "start_async"),
    )
    own = [getattr(kind, name) for kind, name in places]
    core.compile_model = _compiling(own[0], found)
    compiled.create_infer_request = _handing_on(own[1])
    request.infer, request.start_async = (_inferring(each, found) for each in own[2:])
    try:
        yield found
    finally:
        for (kind, name), before in zip(places, own, strict=True):
            setattr(kind, name, before)


def is_float(model: Any) -> bool:
    """Whether a model computes something of inputs, and quantizes nothing; a file counts as one that does not."""
    if not isinstance(model, ov.Model):
        return True
    quantizes = any(node.get_type_name() == "FakeQuantize" for node in model.get_ops())
    return bool(model.get_parameters()) and not quantizes


def _compiling(own: Callable[..., Any], found: FloatRuns) -> Callable[..., Any]:
    @wraps(own)
    def compile_model(core: ov.Core, model: Any, *arguments: Any, **named: Any) -> Any:
        compiled = own(core, model, *arguments, **named)
        compiled.is_float = is_float(model)
        found.compilations += compiled.is_float
        return compiled

    return compile_model


def _handing_on(own: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(own)
    def create_infer_request(compiled: Any) -> Any:
        request = own(compiled)
        request.is_float = getattr(compiled, "is_float", True)
        return request

    return create_infer_request


def _inferring(own: Callable[..., Any], found: FloatRuns) -> Callable[..., Any]:
    @wraps(own)
    def infer(request: Any, *arguments: Any, **named: Any) -> Any:
        found.inferences += getattr(request, "is_float", True)
        return own(request, *arguments, **named)

    return infer
