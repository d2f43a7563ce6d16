"""Which rows of a tensor an inference gives: a few, at places that move from sample to sample.

Sentences are padded to one length, and what a network computes at the padding is noise that nobody reads: where
the model has a mask of its tokens as an input, rows of token tensors come from the valid ones alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.graph.geometry import Window
from openvino.tools.pot.graph.view import GraphView

_PHASE = "statistics_phase"
_TOKENS = "statistics_tokens_"
_MASKS = frozenset({"attention_mask", "input_mask"})
_GOLDEN = 0.6180339887498949


class Places:
    """The indices at which rows are gathered, and what must be fed to choose them.

    A tensor of ``n`` rows gives one from each of ``count`` equal parts, moved by a phase that the golden
    ratio's multiples spread evenly, so that in time every place has its turn. Tensors of equal size share the
    nodes, since many small nodes would cost more than the gathering.

    Args:
        view: the model that is measured.
    """

    def __init__(self, view: GraphView) -> None:
        self._phase = op.parameter([], ov.Type.f32, name=_PHASE)
        self._known: dict[tuple[int, int], ov.Output] = {}
        self._windows: dict[tuple[Window, int], tuple[ov.Output, ov.Output]] = {}
        self._mask = _token_mask(view)
        self._token_counts: dict[int, ov.Node] = {}

    @property
    def parameters(self) -> list[ov.Node]:
        """The inputs that were added to the model."""
        return [self._phase, *self._token_counts.values()]

    def are_tokens(self, size: int | None) -> bool:
        """Whether a tensor of ``size`` rows has one for each place of the mask."""
        return self._mask is not None and size == self._mask[1]

    def along(self, rows: ov.Output, count: int) -> ov.Output:
        """Indices into the second axis of ``rows``, shape ``[count]``, int64."""
        dimension = rows.get_partial_shape()[1]
        size = None if dimension.is_dynamic else dimension.get_length()
        if self.are_tokens(size):
            if count not in self._token_counts:
                self._token_counts[count] = op.parameter([count], ov.Type.i64, name=f"{_TOKENS}{count}")
            return self._token_counts[count].output(0)
        if size is None:
            return self._spread(rows, count)
        if (size, count) not in self._known:
            self._known[size, count] = self._spread(rows, count)
        return self._known[size, count]

    def _spread(self, rows: ov.Output, count: int) -> ov.Output:
        length = op.gather(op.shape_of(rows), op.constant(np.int64(1)), op.constant(np.int64(0)))
        width = op.divide(op.convert(length, "f32"), op.constant(np.float32(count)))
        starts = op.add(op.constant(np.arange(count, dtype=np.float32)), self._phase)
        places: ov.Output = op.convert(op.floor(op.multiply(starts, width)), "i64").output(0)
        return places

    def of_windows(self, window: Window, count: int) -> tuple[ov.Output, ov.Output]:
        """Where ``count`` windows read their input.

        Returns:
            Indices into the flattened spatial axes, int64, and 1 where a tap reads data or 0 where it reads
            padding, float32; both of shape ``[count * taps]``.
        """
        if (window, count) not in self._windows:
            self._windows[window, count] = self._window_indices(window, count)
        return self._windows[window, count]

    def _window_indices(self, window: Window, count: int) -> tuple[ov.Output, ov.Output]:
        width = np.float32(prod(window.positions) / count)
        starts = op.add(op.constant(np.arange(count, dtype=np.float32)), self._phase)
        place = op.convert(op.floor(op.multiply(starts, op.constant(width))), "i64")
        index, valid = op.constant(np.zeros((1, 1), np.int64)), op.constant(np.ones((1, 1), bool))
        for axis, taps in enumerate(window.tap_offsets()):
            behind = prod(window.positions[axis + 1 :])
            along = op.floor_mod(
                op.divide(place, op.constant(np.int64(behind))), op.constant(np.int64(window.positions[axis]))
            )
            start = op.multiply(along, op.constant(np.int64(window.strides[axis])))
            read = op.add(op.unsqueeze(start, op.constant(np.int64(1))), op.constant(taps[None]))
            last = op.constant(np.int64(window.size[axis] - 1))
            inside = op.minimum(op.maximum(read, op.constant(np.int64(0))), last)
            valid = op.logical_and(valid, op.equal(read, inside))
            index = op.add(op.multiply(index, op.constant(np.int64(window.size[axis]))), inside)
        flat = op.constant(np.array([-1], np.int64))
        return op.reshape(index, flat, False).output(0), op.reshape(
            op.convert(valid, "f32"), flat, False
        ).output(0)

    def feed(self, position: int, feed: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
        """What the inference at ``position`` gets beside the sample's own ``feed``."""
        phase = (position * _GOLDEN) % 1.0
        extra: dict[str, NDArray[np.generic]] = {_PHASE: np.array(phase, np.float32)}
        if self._mask is None or not self._token_counts:
            return extra
        masks = [feed[name] for name in self._mask[0] if name in feed]
        valid = np.flatnonzero(masks[0]) if masks else np.arange(0)
        valid = valid if len(valid) else np.arange(self._mask[1])
        for count in self._token_counts:
            starts = (np.arange(count) + phase) * (len(valid) / count)
            extra[f"{_TOKENS}{count}"] = valid[starts.astype(np.int64)].astype(np.int64)
        return extra


def _token_mask(view: GraphView) -> tuple[set[str], int] | None:
    """The names of the input that says which tokens are valid, and how many there are; None without one.

    It is told by the name that exporters give it; a mask of any other name may mean anything.
    """
    for node in view.model.get_parameters():
        output = node.output(0)
        names = {node.get_friendly_name(), *output.get_names()}
        shape = output.get_partial_shape()
        if names & _MASKS and shape.is_static and len(shape) == 2:
            return names, int(np.prod(list(shape.to_shape())))
    return None
