"""How many rows are worth gathering."""

from __future__ import annotations

from math import prod

from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.layout import Request
from openvino.tools.pot.statistics.reducers import Rows

_VALUES_PER_SAMPLE = 2048
_FEWEST_ROWS, _MOST_ROWS = 16, 256


def rows_request(view: GraphView, tensor: TensorId, axis: int) -> Request | None:
    """Ask for rows along an axis: enough for about two thousand values of each sample.

    Every stage asks through here, so that equal wishes fall together. None where the number of channels is
    dynamic.
    """
    shape = view.shape(tensor)
    if not shape or shape[axis] is None:
        return None
    count = min(max(_VALUES_PER_SAMPLE // (shape[axis] or 1), _FEWEST_ROWS), _MOST_ROWS)
    others = [size for position, size in enumerate(shape) if position != axis % len(shape)]
    if None not in others:
        count = min(count, prod(size or 1 for size in others))
    return Request(tensor, Rows(axis % len(shape), count), "stack")
