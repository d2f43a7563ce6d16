"""Insertion of FakeQuantize.

producer ──┬── reader            producer ──┬── FakeQuantize ── reader
           └── other     ──▶                └── other
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.quantization.ranges import QuantizerRange


def insert_fake_quantize(
    view: GraphView, tensor: TensorId, readers: Iterable[InputId], grid: QuantizerRange, name: str
) -> None:
    """Let ``readers``, and no others, read ``tensor`` through a new FakeQuantize called ``name``."""
    source = view.output(tensor)
    low, high = (_constant(border, source) for border in (grid.low, grid.high))
    node = op.fake_quantize(source, low, high, low, high, grid.levels, name=name)
    low.set_friendly_name(f"{name}/low")
    high.set_friendly_name(f"{name}/high")
    for reader in readers:
        view.node(reader.node).input(reader.port).replace_source_output(node.output(0))


def _constant(border: np.ndarray[tuple[int, ...], np.dtype[np.float32]], source: ov.Output) -> ov.Node:
    constant: ov.Node = op.constant(border.astype(source.get_element_type().to_dtype()))
    return constant
