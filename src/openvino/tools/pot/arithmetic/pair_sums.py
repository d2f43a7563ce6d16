"""The sums of a linear layer as processors without VNNI make them: products in pairs, saturated at 16 bits.

``vpmaddubsw`` multiplies the levels of two neighbouring input channels, 0 to 255, by their integer weights and
adds the two products in int16; what does not fit becomes the nearest value that does. The pairs are then added
in int32.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.formats import FORMATS

Integers = NDArray[np.integer]

HIGHEST = FORMATS["i16"].highest
LOWEST = -HIGHEST - 1
_BLOCK = 1 << 22


@dataclass(frozen=True)
class Sums:
    """What a layer sums up.

    Attributes:
        exact: the true sums, shape ``[rows, groups, outputs]``.
        saturated: the same with each pair saturated.
        saturations: number of pairs that were.
    """

    exact: NDArray[np.int64]
    saturated: NDArray[np.int64]
    saturations: int


def saturating_product(levels: Integers, weights: Integers) -> Sums:
    """The sums of each row of levels times each output channel's weights.

    Args:
        levels: 0 to 255, shape ``[rows, groups, inputs, taps]``.
        weights: -128 to 127, shape ``[groups, outputs, inputs, taps]``.
    """
    columns = np.ascontiguousarray(_even(levels).transpose(1, 2, 3, 0))
    weights = _even(weights)
    exact = _exact(columns, weights)
    saturated, saturations = exact.copy(), 0
    for outputs, sums in _suspected_sums(columns, weights):
        excess = sums - np.clip(sums, LOWEST, HIGHEST)
        saturations += int(np.count_nonzero(excess))
        targets, starts = np.unique(outputs, return_index=True)
        saturated[targets] -= np.add.reduceat(excess, starts, axis=0)
    shape = (*weights.shape[:2], levels.shape[0])
    exact, saturated = (sums.reshape(shape).transpose(2, 0, 1) for sums in (exact, saturated))
    return Sums(exact, saturated, saturations)


def patches(
    levels: Integers,
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    pads: Sequence[tuple[int, int]],
    padding: int,
) -> Integers:
    """What a convolution multiplies with its kernel, shape ``[positions, channels, taps]``.

    Args:
        levels: the input, shape ``[batch, channels, ...]``.
        kernel, strides, dilations: a figure for each spatial axis.
        pads: elements before and after the data of each spatial axis.
        padding: the level that they hold.
    """
    axes = tuple(range(2, levels.ndim))
    padded = np.pad(levels, ((0, 0), (0, 0), *pads), constant_values=padding)
    spans = tuple((taps - 1) * dilation + 1 for taps, dilation in zip(kernel, dilations, strict=True))
    windows = np.lib.stride_tricks.sliding_window_view(padded, spans, axis=axes)
    steps = (slice(None), slice(None), *(slice(None, None, step) for step in (*strides, *dilations)))
    windows = windows[steps]
    order = (0, *axes, 1, *range(levels.ndim, windows.ndim))
    return windows.transpose(order).reshape(-1, levels.shape[1], int(np.prod(kernel)))


def spread(levels: Integers, strides: Sequence[int]) -> Integers:
    """The input of a transposed convolution with zeros between its elements, which makes it a plain one."""
    size = [(extent - 1) * step + 1 for extent, step in zip(levels.shape[2:], strides, strict=True)]
    wide = np.zeros((*levels.shape[:2], *size), levels.dtype)
    wide[(slice(None), slice(None), *(slice(None, None, step) for step in strides))] = levels
    return wide


def _even(values: Integers) -> Integers:
    """With one more input channel, of zeros, where their number is odd."""
    return np.pad(values, ((0, 0), (0, 0), (0, values.shape[2] % 2), (0, 0)))


def _exact(columns: Integers, weights: Integers) -> NDArray[np.int64]:
    """Sums of shape ``[groups * outputs, rows]``; float64 holds each of them exactly."""
    groups, rows = columns.shape[0], columns.shape[-1]
    matrix = weights.reshape(groups, weights.shape[1], -1).astype(np.float64)
    sums = matrix @ columns.reshape(groups, -1, rows).astype(np.float64)
    return sums.astype(np.int64).reshape(-1, rows)


def _suspected_sums(columns: Integers, weights: Integers) -> Iterator[tuple[Integers, NDArray[np.int32]]]:
    """The pairs that can saturate, in blocks: the flat output channel of each, and its sum in every row."""
    group, output, pair, tap = _suspects(columns, weights)
    step = max(1, _BLOCK // columns.shape[-1])
    for start in range(0, len(pair), step):
        g, o, k, t = (index[start : start + step] for index in (group, output, pair, tap))
        sums = np.zeros((len(g), columns.shape[-1]), np.int32)
        for channel in (2 * k, 2 * k + 1):
            sums += columns[g, channel, t] * weights[g, o, channel, t].astype(np.int32)[:, None]
        yield g * weights.shape[1] + o, sums


def _suspects(columns: Integers, weights: Integers) -> tuple[Integers, ...]:
    """Group, output, pair and tap of the pairs that the extremes of their inputs take out of int16."""
    extremes = [reduce(columns, axis=-1)[:, None].astype(np.int32) for reduce in (np.min, np.max)]
    one, other = (weights * extreme for extreme in extremes)
    most, least = np.maximum(one, other), np.minimum(one, other)
    highest = most[:, :, 0::2] + most[:, :, 1::2]
    lowest = least[:, :, 0::2] + least[:, :, 1::2]
    return np.nonzero((highest > HIGHEST) | (lowest < LOWEST))
