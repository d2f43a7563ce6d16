"""What quantizing a model will take, and how large the result will be, without data."""

from __future__ import annotations

import time
from collections.abc import Iterable
from math import prod

import numpy as np
import openvino as ov

from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.plan import Plan
from openvino.tools.pot.report.measure import compile_single

_REPEATS = 3


def stored_bytes(view: GraphView) -> int:
    """Bytes of all constants of a model."""
    return sum(_bytes(view, TensorId(name)) for name in view.nodes if view.type(name) == "Constant")


def quantized_bytes(view: GraphView, plan: Plan) -> int:
    """Bytes of all constants once the weights of a plan are integers, with their scales and all ranges."""
    saved = added = 0
    # Weights of other formats keep their FakeQuantize.
    stored = [quantizer for quantizer in plan.weights if not quantizer.format.wide]
    for tensor in {quantizer.tensor for quantizer in stored}:
        saved += sum(_bytes(view, TensorId(name)) for name in _constants_under(view, tensor, plan))
    for quantizer in stored:
        shape = view.shape(quantizer.tensor) or ()
        scales = prod(int(shape[axis] or 1) for axis in quantizer.channel_axes)
        added += prod(int(size or 1) for size in shape) + 4 * scales
    for activation in plan.activations:
        shape = view.shape(activation.tensor) or ()
        channels = shape[activation.channel_axis] if activation.per_channel and shape else 1
        added += 2 * 4 * int(channels or 1)  # the two borders, which input and output share
    return stored_bytes(view) - saved + added


def activation_bytes(view: GraphView) -> int | None:
    """The most bytes that live between operations at a time in one request; None where sizes are not known."""
    last: dict[TensorId, str] = {}
    for name in view.nodes:
        last.update(dict.fromkeys(view.inputs(name), name))
    live: dict[TensorId, int] = {}
    peak = 0
    for name in view.nodes:
        for tensor in view.outputs(name):
            if not view.is_constant(tensor) and tensor in last:
                live[tensor] = _bytes(view, tensor)
                if live[tensor] < 0:
                    return None
        peak = max(peak, sum(live.values()))
        for tensor in view.inputs(name):
            if last[tensor] == name:
                live.pop(tensor, None)
    return peak


def seconds_per_sample(model: ov.Model) -> float | None:
    """How long one request of the float model takes on this machine's CPU.

    None where an input is dynamic, or the model doesn't run on what is made up for it.

    Inputs are zeros: what they hold makes next to no difference.
    """
    if any(parameter.get_partial_shape().is_dynamic for parameter in model.get_parameters()):
        return None
    try:
        return _measured(compile_single(model))
    except RuntimeError:  # zeros may be no sizes or indices that it can take
        return None


def _measured(compiled: ov.CompiledModel) -> float:
    feeds = [np.zeros(port.get_shape(), port.get_element_type().to_dtype()) for port in compiled.inputs]
    request = compiled.create_infer_request()
    times = []
    for _ in range(1 + _REPEATS):
        started = time.perf_counter()
        request.infer(feeds)
        times.append(time.perf_counter() - started)
    return min(times[1:])


def _constants_under(view: GraphView, tensor: TensorId, plan: Plan) -> Iterable[str]:
    """The constants that nobody reads any more once a weight is an integer."""
    replaced = {reader for quantizer in plan.weights for reader in quantizer.readers}
    pending, found = [tensor], []
    while pending:
        source = pending.pop()
        others = [reader for reader in view.consumers(source) if reader not in replaced]
        if (source != tensor and len(others) > 1) or (source == tensor and others):
            continue
        if view.type(source.node) == "Constant":
            found.append(source.node)
        pending.extend(view.inputs(source.node))
    return found


def _bytes(view: GraphView, tensor: TensorId) -> int:
    """Of a tensor; negative where a dimension is dynamic."""
    shape = view.shape(tensor)
    if shape is None or None in shape:
        return -1
    bits = view.output(tensor).get_element_type().bitwidth
    return prod(int(size or 0) for size in shape) * bits // 8
