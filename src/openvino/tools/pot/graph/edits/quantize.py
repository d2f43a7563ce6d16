"""Insertion of FakeQuantize.

producer ──┬── reader            producer ──┬── FakeQuantize ── reader
           └── other     ──▶                └── other

with a divisor that may not be part of its input range:

producer ── reader       ──▶     producer ── Multiply ── FakeQuantize ── reader
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.graph.edits.replace import constant_like, rewire
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView


def insert_fake_quantize(
    view: GraphView,
    tensor: TensorId,
    readers: Iterable[InputId],
    span: QuantizerRange,
    name: str,
    divisor: NDArray[np.floating] | None = None,
    apart: bool = False,
) -> None:
    """Let ``readers``, and no others, read ``tensor`` through a new FakeQuantize called ``name``.

    Args:
        view: the model, edited in place.
        tensor: what is quantized.
        readers: who reads the quantized form.
        span: the range of what leaves the FakeQuantize.
        name: of the new node.
        divisor: what the tensor is divided by on the way, broadcast against it: the input range is wider by it.
        apart: divide in a node of its own instead.
    """
    source = view.output(tensor)
    low, high = _borders(span, source, name)
    from_low, from_high = low, high
    if divisor is not None and apart:
        factor = constant_like(source, 1 / divisor, f"{name}/scale")
        source = op.multiply(source, factor, name=f"{name}/scaled").output(0)
    elif divisor is not None:
        from_low, from_high = _borders(span.widened(divisor), source, f"{name}/input")
    node = op.fake_quantize(source, from_low, from_high, low, high, span.levels, name=name)
    for reader in readers:
        if view.type(reader.node) == "Result":
            _move_names(source, node.output(0))
        rewire([view.port(reader)], node)


def _move_names(source: ov.Output, target: ov.Output) -> None:
    """Let an output of the model keep the names that it is found by."""
    names = source.get_names() or {source.get_node().get_friendly_name()}
    if not target.get_names():
        source.get_tensor().set_names(set())
        target.get_tensor().set_names(names)


def _borders(span: QuantizerRange, source: ov.Output, name: str) -> tuple[ov.Node, ov.Node]:
    return constant_like(source, span.low, f"{name}/low"), constant_like(source, span.high, f"{name}/high")
