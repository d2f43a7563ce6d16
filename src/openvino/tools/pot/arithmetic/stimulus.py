"""How what a layer was fed compares with the offsets that it was trained to: too little of it, too much, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

PIXELS = 255.0
"""What pixels are multiplied or divided by too much, or not at all, in nearly every wrong feeding."""

ODD = 1.2
"""Powers of ten, half of those of 255, from which on data is far below what a first layer expects. Of 28 networks as
they should be fed none was beyond .5; a factor of 255 brings 2.4 more (decision 37)."""

MUCH = 0.9
"""As ``ODD``, for data that is too much: half of those of 58, which ImageNet's deviations divide pixels by."""

NONE = 6.0
"""Powers of ten from which on there are no offsets, or is no data, to compare."""

LOUD = 30.0
"""Spread of the last layers beyond which nothing that they give was trained: probabilities are 0 and 1 alone."""

QUIET = 0.1
"""Spread of the last layers below which outputs hardly depend on what is fed."""

_PLACES = 2000
"""Places of a sample that are enough for figures of a channel."""

LAST = 3
"""Layers at the end that are looked at, and must not be the first."""

_ROUNDED = 5e-7
"""What float32 rounds away of the largest value."""


@dataclass(frozen=True)
class Response:
    """What a layer makes of the data, and of zeros.

    Attributes:
        spread: of each channel the standard deviation, over places and samples, of what the data adds to what zeros
            give there: so what a convolution makes of its borders doesn't count.
        mean: of each channel, with what zeros give.
        offset: of each channel, the median over places where zeros are fed.
    """

    spread: NDArray[np.float64]
    mean: NDArray[np.float64]
    offset: NDArray[np.float64]

    @property
    def size(self) -> float:
        """What the data adds over the offsets, the median of channels as a power of ten."""
        return -self._beside(self.offset)

    @property
    def stillness(self) -> float:
        """What is the same at all places over what differs, the median of channels as a power of ten."""
        return self._beside(self.mean)

    def _beside(self, figures: NDArray[np.float64]) -> float:
        least = 1e-30 + 1e-12 * max(float(self.spread.max()), float(np.abs(figures).max()))
        return float(np.median(np.log10((np.abs(figures) + least) / (self.spread + least))))

    @property
    def is_too_much(self) -> bool:
        """Whether the data is far larger than the offsets, of which there are some."""
        return MUCH < self.size < NONE

    @property
    def is_too_little(self) -> bool:
        """Whether the data, of which there is some, makes hardly a difference."""
        return is_still(self.stillness)


def is_still(power: float) -> bool:
    """Whether what differs is next to nothing, but not nothing at all, beside what is the same all over."""
    return ODD < power < NONE


Moments = tuple[int, NDArray[np.float64], NDArray[np.float64]]
"""How many values a channel has, and their sum and that of their squares for each channel."""


def moments(values: NDArray[Any], axis: int) -> Moments:
    """Of what the data of a sample adds at a layer; ``axis`` is that of channels."""
    found = _by_channel(values, axis)
    return found.shape[1], found.sum(axis=1), (found * found).sum(axis=1)


def response(samples: Sequence[Moments], zeros: NDArray[np.floating[Any]], axis: int) -> Response:
    """Figures of what samples added at a layer to what it gives for zeros; ``axis`` is that of channels."""
    count = max(sum(own for own, _, _ in samples), 1)
    mean = np.sum([own for _, own, _ in samples], axis=0) / count
    square = np.sum([own for _, _, own in samples], axis=0) / count
    offset = np.median(_by_channel(zeros, axis), axis=1)
    return Response(np.sqrt(np.maximum(square - mean * mean, 0)), mean + offset, offset)


def _by_channel(values: NDArray[np.floating[Any]], axis: int) -> NDArray[np.float64]:
    moved = np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)
    return np.asarray(moved[:, :: moved.shape[1] // _PLACES * 2 + 1], np.float64)


def stillness(samples: Sequence[NDArray[np.generic]], axis: int) -> float:
    """What is the same at all places of all samples over what differs: the median of channels as a power of ten."""
    count, sums, squares = (sum(each) for each in zip(*(moments(own, axis) for own in samples), strict=True))
    return response([(count, sums, squares)], np.zeros((len(sums), 1)), 0).stillness


def is_loud(layers: Sequence[Response]) -> bool:
    """Whether the last layers give more than any that are trained."""
    return _last(layers) > LOUD


def is_quiet(layers: Sequence[Response]) -> bool:
    """Whether the last layers give next to nothing that depends on what is fed."""
    return _last(layers) < QUIET


def is_at_odds(layers: Sequence[Response]) -> bool:
    """Whether most layers are fed what fits their offsets, so that the first one stands out."""
    return float(np.median([layer.size for layer in layers])) < ODD


def _last(layers: Sequence[Response]) -> float:
    return float(np.median([np.median(layer.spread) for layer in layers[-LAST:]]))


def hardly_varies(samples: Sequence[NDArray[np.floating[Any]]]) -> bool:
    """Whether arrays of one shape differ by no more than rounding does; not where they aren't finite."""
    first, *others = samples
    magnitude = float(np.abs(first).max(initial=0.0))
    least = _ROUNDED * magnitude
    return bool(np.isfinite(magnitude)) and all(
        float(np.abs(own - first).max(initial=0.0)) <= least for own in others
    )
