"""Images of another size, with the figures that OpenCV gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class _Taps:
    """What each row (or column) of the result is made of.

    Attributes:
        indices: of the rows of the source, ``[rows, taps]``.
        weights: of these, ``[rows, taps]``.
    """

    indices: NDArray[np.int64]
    weights: Floats

    def in_integers(self, tap: int) -> NDArray[np.int32]:
        """The weights of one tap in parts of 2048."""
        return np.rint(self.weights[:, tap] * 2048).astype(np.int32)


def resample(image: NDArray[Any], height: int, width: int, interpolation: str) -> Floats:
    """An image in another size, as OpenCV's ``resize`` makes it, to one level of 255.

    Args:
        image: uint8 or float32, ``[rows, columns, channels]``; bytes give whole numbers.
        height, width: of the result.
        interpolation: one of ``INTERPOLATIONS``. None of them but ``area`` averages over the pixels in between
            where an image becomes smaller.

    Returns:
        ``[height, width, channels]``.
    """
    kind = interpolation
    if kind == "area" and (height > image.shape[0] or width > image.shape[1]):
        kind = "area_larger"
    if image.shape[:2] == (height, width):
        return image.astype(np.float32)
    rows, columns = (_KINDS[kind](*sizes) for sizes in zip(image.shape, (height, width), strict=False))
    halved = image.shape[:2] == (2 * height, 2 * width)
    if image.dtype == np.uint8 and kind in _IN_INTEGERS and not halved:
        return _in_integers(image, rows, columns)
    floats = _along(_along(image.astype(np.float32), rows, 0), columns, 1)
    if image.dtype != np.uint8:
        return floats
    return (np.floor(floats + 0.5) if halved else np.rint(floats)).clip(0, 255)


def nearest_indices(source: int, target: int) -> NDArray[np.int64]:
    """Which of ``source`` rows lies in the middle of each of ``target`` rows, as Pillow chooses it."""
    scale = source / target
    centres = np.cumsum(
        np.append(scale / 2, np.full(target - 1, scale))
    )  # added up one by one, as Pillow does it
    return centres.astype(np.int64).clip(0, source - 1)


def _along(image: Floats, taps: _Taps, axis: int) -> Floats:
    shape = [1, 1, 1]
    shape[axis] = -1
    parts = (
        image.take(taps.indices[:, tap], axis) * taps.weights[:, tap].reshape(shape)
        for tap in range(taps.indices.shape[1])
    )
    total = next(parts)
    for part in parts:
        total += part
    return total


def _in_integers(image: NDArray[np.uint8], rows: _Taps, columns: _Taps) -> Floats:
    """What OpenCV makes of bytes: weights are multiples of 1/2048, and products lose their last bits."""
    left, right = (
        image.take(columns.indices[:, tap], 1) * columns.in_integers(tap)[:, None] for tap in (0, 1)
    )
    across = (left + right) >> 4
    upper, lower = (
        across.take(rows.indices[:, tap], 0) * rows.in_integers(tap)[:, None, None] for tap in (0, 1)
    )
    total: NDArray[np.int32] = ((upper >> 16) + (lower >> 16) + 2) >> 2
    return total.clip(0, 255).astype(np.float32)


def _taps(first: NDArray[Any], weights: NDArray[Any], source: int) -> _Taps:
    """Taps that begin at a row each; beyond the border its last row stands for what is missing."""
    indices = first.astype(np.int64)[:, None] + np.arange(weights.shape[1])
    return _Taps(indices.clip(0, source - 1), weights.astype(np.float32))


def _scale(source: int, target: int) -> float:
    """Rows of the source for each of the result; rounded twice as OpenCV does, which can shift a border."""
    return 1 / (target / source)


def _centres(source: int, target: int) -> Floats:
    """Where the middle of each row of the result lies among the middles of the rows of the source."""
    centres = (np.arange(target) + 0.5) * _scale(source, target) - 0.5
    return centres.astype(np.float32)  # OpenCV's precision, which decides between weights


def _nearest(source: int, target: int) -> _Taps:
    return _taps(np.floor(np.arange(target) * _scale(source, target)), np.ones((target, 1)), source)


def _linear(source: int, target: int) -> _Taps:
    centres = _centres(source, target)
    share = centres - np.floor(centres)
    return _taps(np.floor(centres), np.stack([1 - share, share], 1), source)


def _cubic(source: int, target: int) -> _Taps:
    centres = _centres(source, target)
    share = centres - np.floor(centres)
    distances = np.abs(share[:, None] - np.arange(-1, 3))
    sharpness = -0.75
    near = ((sharpness + 2) * distances - (sharpness + 3)) * distances**2 + 1
    far = ((sharpness * distances - 5 * sharpness) * distances + 8 * sharpness) * distances - 4 * sharpness
    return _taps(np.floor(centres) - 1, np.where(distances <= 1, near, far), source)


def _area(source: int, target: int) -> _Taps:
    scale = _scale(source, target)
    start = np.arange(target) * scale
    first = np.floor(start)
    rows = first[:, None] + np.arange(int(np.ceil(scale)) + 1)
    stop = (start + scale).clip(max=source)
    covered = (np.minimum(rows + 1, stop[:, None]) - np.maximum(rows, start[:, None])).clip(min=0)
    return _taps(first, covered / covered.sum(1, keepdims=True), source)


def _area_larger(source: int, target: int) -> _Taps:
    """What OpenCV does for ``area`` unless both sizes shrink: pixels stay as large blocks, mixed where they meet."""
    scale = _scale(source, target)
    first = np.floor(np.arange(target) * scale)
    beyond = (np.arange(1, target + 1) - (first + 1) * (target / source)).astype(np.float32)
    share = np.where(beyond <= 0, 0, beyond - np.floor(beyond))
    return _taps(first, np.stack([1 - share, share], 1), source)


_KINDS: Mapping[str, Callable[[int, int], _Taps]] = {
    "nearest": _nearest,
    "linear": _linear,
    "cubic": _cubic,
    "area": _area,
    "area_larger": _area_larger,
}
_IN_INTEGERS = ("linear", "area_larger")
INTERPOLATIONS = ("nearest", "linear", "cubic", "area")
