"""Input channels of a layer that are made more than once.

maker ── Relu ── layer      ──▶      maker(more outputs) ── Relu ── layer(more inputs)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.graph.edits.replace import replace_constant
from openvino.tools.pot.graph.geometry import LinearLayer
from openvino.tools.pot.graph.makers import made_for
from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.graph.view import GraphView


def repeat_channels(
    view: GraphView, layer: LinearLayer, more: NDArray[np.int64], weights: NDArray[np.float32]
) -> None:
    """Let what makes the input of a layer make some channels once more, behind all others.

    Args:
        view: of the model; what stands between the two may only be read by the layer in the end.
        layer: whose input it is.
        more: numbers of channels, int64.
        weights: of the layer, with a part for each channel.
    """
    made = made_for(view, layer)
    assert made is not None, f"others make or read the input of {layer.node!r}"
    changed: list[tuple[InputId, NDArray[np.generic]]] = [(InputId(layer.node, layer.weights), weights)]
    for reader, axis in made:
        values = view.value(view.source(reader))
        channels = np.concatenate([np.arange(values.shape[axis]), more])
        changed.append((reader, values.take(channels, axis)))
    for reader, values in changed:
        halves = view.stored(view.source(reader)).dtype == np.float16
        replace_constant(view, [reader], values, f"{reader.node}/repeated_{reader.port}", halves)
    view.model.validate_nodes_and_infer_types()
