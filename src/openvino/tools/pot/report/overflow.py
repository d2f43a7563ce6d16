"""Whether a quantized model's sums overflow on processors without VNNI, found by making the sums as they do.

The model runs in float32 with its FakeQuantize nodes; what each INT8 layer reads is taken out, turned into
levels and multiplied as ``arithmetic/pair_sums.py`` says. Signed activations are shifted to 0 to 255, as
such processors need them. Padding holds the level of zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.arithmetic.pair_sums import HIGHEST, saturating_product
from openvino.tools.pot.graph.edits.unpack import write_out
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.report.factors import Factors, layer_factors
from openvino.tools.pot.utils.runtime import FLOAT32, core

Feed = Mapping[str, NDArray[Any]]

# FakeQuantize as it stands, instead of the integers that the plugin would make of it.
_FLOAT = {**FLOAT32, "LP_TRANSFORMS_MODE": "NO"}


@dataclass(frozen=True)
class LayerOverflow:
    """What overflows in a layer.

    Attributes:
        node: its name.
        type: of its operation.
        bound: the largest magnitude that a sum of two products could reach with the inputs seen; None where
            both factors are activations.
        overflows: number of sums of two products that did not fit 16 bits.
        error: root mean square of what that changes in the layer's sums, over that of the sums.
    """

    node: str
    type: str
    bound: float | None
    overflows: int
    error: float


def overflows(model: ov.Model, feeds: Sequence[Feed]) -> list[LayerOverflow]:
    """Count the overflows in each INT8 layer of a quantized model over samples.

    Layers are convolutions, transposed ones too, and matrix products, also of two activations. Depthwise
    convolutions sum nothing over channels; recurrent layers are not looked into. Only layers that could overflow
    with these samples are emulated, and what they read is held for one sample at a time.

    Args:
        model: a result of DefaultQuantization, before or after its weights were compressed.
        feeds: samples, input name to array.
    """
    view = GraphView(model)
    layers = list(layer_factors(view))
    bounds = _bounds(model, layers, feeds)
    suspects = [layer for layer in layers if bounds.get(layer.node, np.inf) > HIGHEST]
    counted = _emulated(model, suspects, feeds)
    nothing = _Count()
    return [
        LayerOverflow(layer.node, view.type(layer.node), bounds.get(layer.node), count.overflows, count.error)
        for layer, count in ((layer, counted.get(layer.node, nothing)) for layer in layers)
    ]


@dataclass
class _Count:
    """Sums over samples."""

    overflows: int = 0
    change: float = 0.0
    power: float = 0.0

    def add(self, layer: Factors, values: Sequence[NDArray[Any]]) -> None:
        levels, weights = layer.of(values)
        sums = saturating_product(levels, weights)
        zero = weights.sum(axis=(2, 3), dtype=np.int64) * layer.zero
        self.overflows += sums.saturations
        self.change += float(np.square(sums.saturated - sums.exact, dtype=np.float64).sum())
        self.power += float(np.square(sums.exact - zero, dtype=np.float64).sum())

    @property
    def error(self) -> float:
        return float(np.sqrt(self.change / self.power)) if self.power else 0.0


def _bounds(model: ov.Model, layers: Iterable[Factors], feeds: Iterable[Feed]) -> dict[str, float]:
    """For each layer with constant weights, the largest pair that its inputs over all samples allow."""
    weighted = [layer for layer in layers if layer.bound is not None]
    largest: list[NDArray[Any]] = [np.array(-np.inf)] * len(weighted)
    probes = [(layer.tensors[0], layer.axis) for layer in weighted]
    for values in _values(model, probes, feeds):
        largest = [np.maximum(most, value) for most, value in zip(largest, values, strict=True)]
    return {
        layer.node: layer.bound(most)
        for layer, most in zip(weighted, largest, strict=True)
        if layer.bound is not None
    }


def _emulated(model: ov.Model, layers: Iterable[Factors], feeds: Iterable[Feed]) -> dict[str, _Count]:
    layers = list(layers)
    if not layers:
        return {}
    counts = {layer.node: _Count() for layer in layers}
    tensors = list(dict.fromkeys(tensor for layer in layers for tensor in layer.tensors))
    for values in _values(model, [(tensor, None) for tensor in tensors], feeds):
        by_tensor = dict(zip(tensors, values, strict=True))
        for layer in layers:
            counts[layer.node].add(layer, [by_tensor[tensor] for tensor in layer.tensors])
    return counts


def _values(
    model: ov.Model, probes: Sequence[tuple[TensorId, int | None]], feeds: Iterable[Feed]
) -> Iterator[list[NDArray[Any]]]:
    """For each sample the tensors, or the largest value along an axis that is kept; valid until the next."""
    clone = model.clone()
    write_out(
        clone, lambda *_: True
    )  # some layers the CPU (2026.4) compiles with integers as weights in INT8 alone
    view = GraphView(clone)
    count = len(clone.outputs)
    clone.add_results([op.result(_probed(view, tensor, axis)) for tensor, axis in probes])
    request = core().compile_model(clone, "CPU", _FLOAT).create_infer_request()
    for feed in feeds:
        request.infer(feed)
        yield [tensor.data for tensor in request.output_tensors[count:]]


def _probed(view: GraphView, tensor: TensorId, axis: int | None) -> ov.Output:
    output = view.output(tensor)
    if axis is None:
        return output
    rank = len(view.shape(tensor) or ())
    others = [other for other in range(rank) if other != axis % rank]
    reduced: ov.Output = op.reduce_max(output, op.constant(np.array(others, np.int64)), False).output(0)
    return reduced
