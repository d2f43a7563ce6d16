"""How many rows are worth gathering."""

from __future__ import annotations

from math import prod

from openvino.tools.pot.graph.geometry import window
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.reducers import Patches, Rows
from openvino.tools.pot.statistics.requests import Request

_VALUES_PER_SAMPLE = 2048
_VALUES_OF_PATCHES = 8192
_FEWEST_PATCHES, _MOST_PATCHES = 4, 32
_FEWEST_ROWS, _MOST_ROWS = 4, 256


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


def has_many_rows(view: GraphView, tensor: TensorId, axis: int) -> bool:
    """Whether each sample gives more than one row: a few hundred values of a channel tell little of its range."""
    shape = view.shape(tensor)
    if not shape or not -len(shape) <= axis < len(shape) or shape[axis] is None:
        return False
    return any(size != 1 for position, size in enumerate(shape) if position != axis % len(shape))


def patches_request(view: GraphView, node: str) -> Request | None:
    """Ask for patches of a convolution's input; None where an extent is dynamic or it is no convolution."""
    geometry, tensor = window(view, node), view.inputs(node)[0]
    shape = view.shape(tensor)
    if geometry is None or shape is None or shape[1] is None:
        return None
    count = min(max(_VALUES_OF_PATCHES // (shape[1] * geometry.taps), _FEWEST_PATCHES), _MOST_PATCHES)
    return Request(tensor, Patches(geometry, min(count, prod(geometry.positions))), "short stack")
