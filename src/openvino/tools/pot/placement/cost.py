"""When INT8 is not worth entering: an estimate of what it saves and costs, for layers that stand together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan, prod

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView, walk
from openvino.tools.pot.hardware import Cost
from openvino.tools.pot.placement.faults import alike
from openvino.tools.pot.placement.layers import Layer, contracted


@dataclass(frozen=True)
class Quantized:
    """A tensor that gets a quantizer.

    Attributes:
        layers: names of the layers that read it, directly or through transparent operations.
        everywhere: whether nobody reads the float values.
    """

    tensor: TensorId
    layers: tuple[str, ...]
    everywhere: bool


@dataclass(frozen=True)
class Region:
    """Layers that hand each other INT8 data; quantized together or not at all.

    Attributes:
        layers: their names, in topological order.
        saved: nanoseconds of a request that INT8 saves on arithmetic and on reading weights.
        lost: nanoseconds that it spends on converting data.
        passes: the tensors that are quantized in a pass of their own.
    """

    layers: tuple[str, ...]
    saved: float
    lost: float
    passes: tuple[TensorId, ...]

    def loses(self, cost: Cost) -> bool:
        """Whether INT8 is clearly slower: in proportion, and by more than noise."""
        return self.lost > cost.ratio * self.saved and self.lost - self.saved > cost.least

    @property
    def reason(self) -> str:
        """Why the layers stay in float, in words."""
        whom = (
            "it" if len(self.layers) == 1 else f"it and the {len(self.layers) - 1} it shares INT8 data with"
        )
        return (
            f"INT8 would save {whom} about {self.saved / 1000:.0f} us of arithmetic "
            f"and cost about {self.lost / 1000:.0f} us of conversion"
        )


def find_regions(
    view: GraphView, cost: Cost, layers: Mapping[str, Layer], quantized: Sequence[Quantized]
) -> tuple[Region, ...]:
    """The regions of a plan with their estimates, less those with a size that is not known or too large for the rates.

    Args:
        view: the float model.
        cost: the device's rates.
        layers: the layers that would run in INT8, by name.
        quantized: the tensors that would be quantized for them.
    """
    inner = {q.tensor: _fused_with(view, cost, layers, q) for q in quantized}
    members = _connected([{*q.layers, *inner[q.tensor]} for q in quantized], layers)
    staying = {name for names in inner.values() for name in names}
    regions = []
    for names in members:
        own = [q for q in quantized if not names.isdisjoint(q.layers)]
        passes = tuple(q.tensor for q in own if _is_alone(view, cost, q))
        ordered = tuple(name for name in layers if name in names)
        leaving = [TensorId(name) for name in ordered if name not in staying]
        saved = sum(_saved(view, cost, layers[name]) for name in ordered)
        lost = sum(
            [*_spent(view, cost, passes, cost.quantized), *_spent(view, cost, leaving, cost.dequantized)]
        )
        if not isnan(saved + lost):
            regions.append(Region(ordered, saved, lost, passes))
    return tuple(regions)


def is_worth_padding(view: GraphView, cost: Cost, layers: Mapping[str, Layer], padded: float) -> bool:
    """Whether a further channel of an input costs next to nothing of what INT8 saves.

    Args:
        view: the float model.
        cost: the device's rates.
        layers: the layers that would run in INT8, by name.
        padded: elements of the input with that channel.
    """
    saved = (_saved(view, cost, layer) for layer in layers.values())
    return cost.quantized * padded <= cost.padding * sum(each for each in saved if not isnan(each))


def negligible_ends(
    view: GraphView, cost: Cost, layers: Mapping[str, Layer], quantized: Sequence[Quantized]
) -> dict[str, str]:
    """Matrix products whose rounding buys next to nothing, each with the reason why it stays in float.

    They save a negligible share of the network, in time and in size, and nothing takes over their results in INT8.
    Convolutions don't count: behind one in float, some activation functions become operations of their own.
    """
    staying = {name for q in quantized for name in _fused_with(view, cost, layers, q)}
    saved = {name: _saved(view, cost, layer) for name, layer in layers.items()}
    total = sum(figure for figure in saved.values() if not isnan(figure))
    sizes = {name: _weights(view, layer) for name, layer in layers.items()}
    light = cost.light * sum(size for size in sizes.values() if not isnan(size))
    return {
        name: f"INT8 would save it {figure / 1000:.2f} us of the {total / 1000:.1f} us that it saves the network"
        for name, figure in saved.items()
        if figure < cost.negligible * total
        and sizes[name] <= light
        and layers[name].type == "MatMul"
        and layers[name].weights
        and name not in staying
    }


def _spent(view: GraphView, cost: Cost, tensors: Sequence[TensorId], rate: float) -> list[float]:
    """What converting each tensor costs, NaN where the rate does not hold."""
    sizes = [_elements(view, tensor) for tensor in tensors]
    return [rate * size if size <= cost.largest else nan for size in sizes]


def _is_alone(view: GraphView, cost: Cost, quantized: Quantized) -> bool:
    """Whether a quantizer is a pass of its own, not fused with what makes the tensor."""
    return view.type(quantized.tensor.node) in cost.alone or not quantized.everywhere


def _fused_with(
    view: GraphView, cost: Cost, layers: Mapping[str, Layer], quantized: Quantized
) -> frozenset[str]:
    """The layers that a quantizer is fused with: those that make its tensor, up to elementwise operations."""
    if _is_alone(view, cost, quantized):
        return frozenset()

    def elementwise(tensor: TensorId) -> list[TensorId]:
        ends = tensor.node in layers or view.type(tensor.node) in cost.alone
        return [] if ends else alike(view, tensor)

    return frozenset(each.node for each in walk([quantized.tensor], elementwise) if each.node in layers)


def _connected(links: Sequence[set[str]], layers: Mapping[str, Layer]) -> list[set[str]]:
    """The layers in sets, two in one set if a chain of links joins them."""
    home = {name: {name} for name in layers}
    for link in links:
        joined = set().union(*(home[name] for name in link))
        for name in joined:
            home[name] = joined
    return list({id(names): names for names in home.values()}.values())


def _elements(view: GraphView, tensor: TensorId) -> float:
    """How many values a tensor holds, NaN where that is not known."""
    shape = view.shape(tensor)
    return nan if shape is None else prod(nan if size is None else size for size in shape)


def _weights(view: GraphView, layer: Layer) -> float:
    return sum(_elements(view, view.source(reader)) for reader in layer.weights)


def _saved(view: GraphView, cost: Cost, layer: Layer) -> float:
    return cost.product * _products(view, layer, cost) + cost.weight * _weights(view, layer)


def _products(view: GraphView, layer: Layer, cost: Cost) -> float:
    """Products of a layer in one request that INT8 makes faster; NaN for types whose work is not known."""
    own, inputs, results = traits(layer.type), view.inputs(layer.node), _elements(view, TensorId(layer.node))
    if own.linear == "matrix":
        depth = contracted(view, layer.node)
        return nan if depth is None else results * _terms(depth, cost)
    if own.linear not in ("sliding", "transposed"):
        return nan
    sizes = [size for size in view.shape(inputs[own.weights]) or () if size is not None]
    if own.linear == "transposed":
        return _elements(view, inputs[own.data]) * prod(sizes[2 if "g" in own.axes else 1 :])
    if "g" in own.axes:
        return results * _terms(prod(sizes[2:]), cost)
    return results / sizes[0] * max(sizes[0], cost.block) * prod(sizes[1:])


def _terms(summed: int, cost: Cost) -> int:
    """Those of the products summed for one result that INT8 makes faster: all, or none where they are few."""
    return summed if summed >= cost.depth else 0
