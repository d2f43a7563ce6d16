"""One form on a device: the precision that ran, whether what came out is right, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.hardware.probing.forms import Form
from openvino.tools.pot.hardware.probing.network import LAYER
from openvino.tools.pot.hardware.rows import Row
from openvino.tools.pot.utils.errors import reason
from openvino.tools.pot.utils.runtime import FLOAT32, core

_RIGHT = {"f32": 1e-3, "bf16": 2e-2, "f16": 5e-3}
"""Root mean square of the error, in units of how much the exact outputs vary, that counts as right."""

_INTEGERS = {"i8": "i8", "u8": "i8"}
_HEAVY = ("FullyConnected", "MatMul", "Convolution", "Deconvolution", "RNNSeq", "ScaledDotProductAttention")
"""What computes a layer, whatever else has its name; the only one where the device forgot its name, as it fused it."""

LONGEST = 200
"""Letters of what a device said that are kept."""

_WARM_UP, _TURNS = 2, 5


def measured(form: Form, device: str, timed: bool = True) -> Row:
    """What a device does with a form.

    Args:
        form: what is asked.
        device: OpenVINO's name of it.
        timed: whether requests are timed, against the same form in float.
    """
    (exact, network), (quantized, _) = form.network(is_exact=True), form.network(is_exact=False)
    settings = {"INFERENCE_PRECISION_HINT": form.get("hint")}
    try:
        expected = outputs(core().compile_model(exact, "CPU", FLOAT32), network.feeds)
        compiled = core().compile_model(quantized, device, settings)
    except RuntimeError as error:
        return Row(form=form.name, ran="does not compile", note=reason(error)[:LONGEST])
    ran = _precision(compiled)
    try:
        off = max(distance(outputs(compiled, network.feeds), expected) for _ in range(2))
    except RuntimeError as error:
        return Row(form=form.name, ran="does not run", note=reason(error)[:LONGEST])
    ratio = None
    if timed:
        plain = core().compile_model(exact, device, settings)
        ratio = _seconds(compiled, network.feeds) / _seconds(plain, network.feeds)
    return Row(
        form=form.name,
        ran=ran,
        right=off <= _RIGHT[form.get("hint")] + form.rounding,
        error=float(f"{off:.2g}") if np.isfinite(off) else None,
        time=ratio,
    )


def outputs(compiled: ov.CompiledModel, feeds: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    """The first output, in double precision."""
    return np.asarray(next(iter(compiled(list(feeds)).values())), np.float64)


def distance(found: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Root mean square of the error, in units of how much the exact outputs vary."""
    if found.shape != expected.shape or not np.isfinite(found).all():
        return np.inf
    varies = float(expected.std()) or float(np.abs(expected).max())
    return float(np.sqrt(np.square(found - expected).mean())) / max(varies, 1e-30)


def _precision(compiled: ov.CompiledModel) -> str:
    """Of the layer, as the device says; i8 for 8-bit integers of either kind."""
    said: dict[tuple[bool, bool], str] = {}
    for node in compiled.get_runtime_model().get_ordered_ops():
        info = node.get_rt_info()
        kind, precision = (info[key].astype(str) for key in ("layerType", "runtimePrecision"))
        names = info["originalLayersNames"].astype(str) if "originalLayersNames" in info else ""
        known = (*names.split(","), node.get_friendly_name())
        is_named = any(name.removesuffix("_original") == LAYER for name in known)
        said.setdefault((is_named, kind in _HEAVY), precision)
    found = next(
        (said[key] for key in ((True, True), (True, False), (False, True)) if key in said), "unknown"
    )
    return _INTEGERS.get(found, found)


def _seconds(compiled: ov.CompiledModel, feeds: Sequence[NDArray[Any]]) -> float:
    request = compiled.create_infer_request()
    found = []
    for _ in range(_WARM_UP + _TURNS):
        begin = time.perf_counter()
        request.infer(list(feeds))
        found.append(time.perf_counter() - begin)
    return min(found[_WARM_UP:])
