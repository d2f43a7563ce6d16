"""In which order layers are worth going back to float: error that is gone for time that is paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from openvino.tools.pot.algorithms.accuracy.report import LayerFigures
from openvino.tools.pot.placement.plan import QuantizedLayer

_MOST = 0.9


def ranked(
    layers: Sequence[QuantizedLayer],
    shares: Mapping[str, float],
    in_float: Mapping[str, float],
    in_int8: Mapping[str, float],
) -> list[LayerFigures]:
    """Layers, those first that take most of the error with them; one that costs more in float needs more of it.

    To what a layer costs the largest cost of all is added: twice the error at most makes up for any cost. Otherwise
    layers that cost next to nothing would come first for next to no error, and sets be large.

    Args:
        layers: of the plan.
        shares: layer -> part of the error.
        in_float, in_int8: node -> seconds in the float and in the INT8 model.
    """
    figures = []
    for layer in layers:
        known = layer.node in in_float and layer.node in in_int8
        cost = max(in_float[layer.node] - in_int8[layer.node], 0.0) if known else 0.0
        figures.append(LayerFigures(layer.node, layer.type, shares.get(layer.node, 0.0), cost))
    most = max(layer.latency for layer in figures) or 1.0
    return sorted(figures, key=lambda layer: layer.share / (layer.latency + most), reverse=True)


def expected(layers: Sequence[LayerFigures], part: float) -> int:
    """How many of the first layers it takes to be rid of a part of the error.

    Args:
        layers: ranked.
        part: from 0 to 1; of more than nine tenths no guess is made beyond these.
    """
    whole, gone = sum(layer.share for layer in layers), 0.0
    for count, layer in enumerate(layers, 1):
        gone += layer.share
        if gone >= min(part, _MOST) * whole:
            return count
    return len(layers)
