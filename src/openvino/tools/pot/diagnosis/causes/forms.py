"""Causes that lie in what a layer does for the network: its form, its place, the size of what it gives."""

from __future__ import annotations

from collections.abc import Iterator

from openvino.tools.pot.diagnosis.causes import places
from openvino.tools.pot.diagnosis.causes.places import cause, loses, of_data
from openvino.tools.pot.diagnosis.facts import Cause, Layer
from openvino.tools.pot.diagnosis.looking import Looked
from openvino.tools.pot.graph.geometry import linear_layer
from openvino.tools.pot.graph.half import LARGEST as LARGEST_HALF
from openvino.tools.pot.graph.operations import traits

_OVERFLOWING = 0.01
"""Error of a layer's sums on processors without VNNI from which it matters: 40 dB, what 8 bits give anyway."""


def form(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """What is known to be hard for 8 bits, where it makes more than its part of the error."""
    view = looked.view
    if not places.stands_out(layer, looked.layers):
        return
    yield from _kind(looked, layer)
    gate = places.gate_behind(view, layer.node)
    if gate:
        yield cause("gated", layer.node, f"{gate} multiplies what it gives with another branch", 0.35)
    if places.stands_first(view, layer.node):
        yield cause("first_layer", layer.node, "no layer stands before it", 0.1)
    if places.stands_last(view, layer.node):
        yield cause("last_layer", layer.node, "no layer stands behind it", 0.1)


def _kind(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """What a product is for says more than how its ranges are used, where its data makes the error."""
    view, weight = looked.view, 0.9 * of_data(layer) if loses(layer) else 0.5
    is_product = traits(layer.type).product and linear_layer(view, layer.node) is None
    if layer.type == "ScaledDotProductAttention":
        said = "it makes scores, their Softmax, and multiplies with that"
        yield cause("attention_scores", layer.node, said, weight)
    elif places.reads(view, layer.node, "Softmax"):
        if linear_layer(view, layer.node) is not None:
            yield cause("distribution_head", layer.node, "it averages what a Softmax gives", weight)
        elif is_product:
            yield cause("attention_scores", layer.node, "it multiplies what a Softmax gives", weight)
    elif is_product and places.is_read_by(view, layer.node, "Softmax"):
        yield cause("attention_scores", layer.node, "a Softmax reads what it gives", weight)
    elif is_product:
        yield cause("coordinates", layer.node, "it multiplies two activations", 0.4)


def half(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """Half precision can't hold what it gives."""
    if layer.largest > LARGEST_HALF:
        yield cause("half_overflow", layer.node, f"its output reaches {layer.largest:.3g}", 0.45)


def overflow(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """Sums of 16 bits, as processors without VNNI make them, can't hold what it adds up; what is lost here is first."""
    found = looked.overflows.get(layer.int8_node)
    if found is not None and found.error > _OVERFLOWING:
        yield cause(
            "overflow", layer.node,
            f"{found.overflows} sums of two products do not fit 16 bits there, an error of {found.error:.1%}",
            min(0.85, 0.6 + found.error),
        )  # fmt: skip


FINDERS = (form, half, overflow)
