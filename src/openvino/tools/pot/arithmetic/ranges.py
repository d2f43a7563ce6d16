"""Ranges of FakeQuantize from range statistics, with zero exactly on a level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SMALLEST_HIGH = 8e-5
"""What a tensor of zeros gets, and the least of what half precision stores."""

SMALLEST_SHARE = 0.01
_ZERO = 1e-25
"""Up to here a tensor is one of zeros: products of two scales must not vanish in float32."""


@dataclass(frozen=True)
class QuantizerRange:
    """The parameters of a FakeQuantize: values are rounded to ``levels`` points from ``low`` to ``high``.

    Attributes:
        low, high: float32, of one shape that broadcasts against the tensor.
        levels: number of points.
    """

    low: NDArray[np.float32]
    high: NDArray[np.float32]
    levels: int

    @property
    def key(self) -> tuple[bytes, bytes, int]:
        """The same for ranges that round alike."""
        return self.low.tobytes(), self.high.tobytes(), self.levels

    @property
    def is_symmetric(self) -> bool:
        """Whether zero is the middle level of every channel."""
        return bool(self.levels % 2 and np.array_equal(self.low, -self.high))

    def reshaped(self, *shape: int) -> QuantizerRange:
        """The same range with borders of another shape."""
        return QuantizerRange(self.low.reshape(shape), self.high.reshape(shape), self.levels)

    def of_rows(self, rows: slice, axes: int) -> QuantizerRange:
        """The range of some indices along the first axis of a tensor that has so many axes."""
        if self.low.ndim < axes or self.low.shape[0] == 1:
            return self
        return QuantizerRange(self.low[rows], self.high[rows], self.levels)

    def widened(self, factor: NDArray[np.floating] | float) -> QuantizerRange:
        """The range with both borders times ``factor``, which broadcasts against them."""
        wide = np.asarray(factor, np.float32)
        return QuantizerRange(self.low * wide, self.high * wide, self.levels)

    def at_least(self, width: float) -> QuantizerRange:
        """The range with both borders moved outwards where it is narrower."""
        return self.widened(np.maximum(1, width / (self.high.astype(np.float64) - self.low)))

    @property
    def scale(self) -> Array:
        """The distance of two levels, float64."""
        return (self.high.astype(np.float64) - self.low) / (self.levels - 1)


def floored(high: Array) -> Array:
    """``high`` with channels of next to no range widened, so that no scale is zero.

    The floor is a hundredth of the widest channel, or 8e-5 where all are zero.
    """
    widest = float(np.max(high))
    return np.maximum(high, SMALLEST_SHARE * widest if widest > _ZERO else SMALLEST_HIGH)


def around_one(scale: Array) -> Array:
    """Scales, all above zero, divided by their geometric mean."""
    return np.asarray(scale / np.exp(np.mean(np.log(scale))))


def symmetric_range(high: Array, levels: int, unsigned: bool) -> QuantizerRange:
    """A range whose zero point is fixed.

    Args:
        high: largest magnitude for each channel, non-negative.
        levels: an even number leaves one more level below zero than above; an odd number is narrow.
        unsigned: whether the range starts at zero.
    """
    high = floored(np.asarray(high, np.float64))
    if unsigned:
        low = np.zeros_like(high)
    elif levels % 2:
        low = -high
    else:
        low = -high * levels / (levels - 2)
    return QuantizerRange(low.astype(np.float32), high.astype(np.float32), levels)


def asymmetric_range(low: Array, high: Array, levels: int) -> QuantizerRange:
    """A range over ``[low, high]`` and zero, with one border moved outwards so that zero is a level."""
    low = np.minimum(np.asarray(low, np.float64), 0.0)
    high = np.maximum(np.asarray(high, np.float64), 0.0)
    width = floored(high - low)
    # A channel without range keeps the floor as its range, above zero or around what it has.
    high = np.maximum(high, low + width)
    last = levels - 1
    zero = np.clip(np.round(-low * last / (high - low)), 0, last)
    inside = (zero > 0) & (zero < last)
    ratio = np.where(
        inside, zero / np.where(inside, last - zero, 1), 0.0
    )  # -low / high of a range with that zero
    with np.errstate(divide="ignore", invalid="ignore"):
        moved_low = np.where(inside, -ratio * high, low)
        moved_high = np.where(inside, -low / ratio, high)
    take_low = inside & (high - moved_low >= moved_high - low)
    take_high = inside & ~take_low
    new_low = np.where(take_low, moved_low, np.where(zero == 0, 0.0, low))
    new_high = np.where(take_high, moved_high, np.where(zero == last, 0.0, high))
    return QuantizerRange(new_low.astype(np.float32), new_high.astype(np.float32), levels)


_ROOM, _MOST_ROOM, _MANY = 5.0, 0.25, 30


def room_beyond(samples: int) -> float:
    """What ranges found on few samples are multiplied with: others go beyond what these show.

    Each of n samples is the largest of them once in n times, and so is a further one. What it costs to cut that off is
    far more than the steps that are a little larger.

    Args:
        samples: how many; of 12 and fewer ranges grow by a quarter, of 30 and more not at all.
    """
    return 1 + min(_MOST_ROOM, _ROOM * max(0.0, 1 / max(samples, 1) - 1 / _MANY))
