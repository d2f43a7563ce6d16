"""Channels of 256 values, each channel with an offset and a step of its own, as normalized pixels have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVELS = 256
"""Values that a channel may have."""

_FEWEST = 16
"""Different values below which a channel shows no lattice."""

_OFF = 0.02
"""Steps by which values may lie beside the lattice, which float32 rounds."""


@dataclass(frozen=True)
class Lattice:
    """Values ``offset + number * step`` with numbers of 0 to 255; one of each for a channel, float64.

    Attributes:
        offsets: the smallest values.
        steps: between neighbours, above zero.
        highest: the largest numbers that were seen.
    """

    offsets: tuple[float, ...]
    steps: tuple[float, ...]
    highest: tuple[float, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all levels of 8 bits were seen of each channel, so that none can lie beyond."""
        return min(self.highest) == LEVELS - 1

    @property
    def is_one(self) -> bool:
        """Whether all channels are on a single lattice of 256 values, which one range for all of them meets."""
        offsets, steps, highest = map(np.array, (self.offsets, self.steps, self.highest))
        apart = (offsets - offsets.min()) / steps[0]
        alike = np.abs(steps / steps[0] - 1).max() * LEVELS < _OFF
        meets = np.abs(apart - np.rint(apart)).max() < _OFF
        return bool(alike and meets and np.rint(apart + highest).max() < LEVELS)

    def over(self, values: NDArray[np.float32]) -> Lattice | None:
        """The same with further values on it; None where one lies beside it, or there are too many levels.

        Args:
            values: of each channel, float32, shape ``[channels, values]``.
        """
        offsets, steps, highest = (np.array([own]).T for own in (self.offsets, self.steps, self.highest))
        numbers = (values - offsets) / steps
        whole = np.rint(numbers)
        if not np.abs(numbers - whole).max() <= _OFF:  # which NaN is not either
            return None
        low = np.minimum(whole.min(axis=1, keepdims=True), 0)
        highest = np.maximum(whole.max(axis=1, keepdims=True), highest) - low
        if highest.max() >= LEVELS:
            return None
        return Lattice(tuple((offsets + low * steps)[:, 0]), self.steps, tuple(highest[:, 0]))


def lattice_of(values: NDArray[np.float32]) -> Lattice | None:
    """The lattice that all values lie on; None without one.

    Args:
        values: of each channel, float32, shape ``[channels, values]``.
    """
    found = [_steps_of(own) for own in values]
    known = [each for each in found if each is not None]
    return Lattice(*zip(*known, strict=True)) if known and len(known) == len(found) else None


def _steps_of(values: NDArray[np.float32]) -> tuple[float, float, float] | None:
    """The smallest value of a channel, its step, and how many of these there are up to the largest value."""
    own = np.unique(values).astype(np.float64)
    if not _FEWEST <= len(own) <= LEVELS or not np.isfinite(own).all():
        return None
    numbers = (own - own[0]) / np.diff(own).min()
    whole = np.rint(numbers)
    if whole[-1] >= LEVELS:
        return None
    step = (own[-1] - own[0]) / whole[-1]
    if np.abs((own - own[0]) / step - whole).max() > _OFF:
        return None
    return float(own[0]), float(step), float(whole[-1])
