"""Which places of tensors each inference gives rows of: plain data, which goes where no model is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.graph.geometry import Window

Indices = NDArray[np.int32]
Feed = Mapping[str, NDArray[np.generic]]

PLACES, COVERED, PHASE = "statistics_places", "statistics_covered", "statistics_phase"
"""Inputs of a model that measures."""

TOKEN_MASKS = frozenset({"attention_mask", "input_mask"})
_GOLDEN = 0.6180339887498949

_PHASES = 31
"""Different phases; a prime, so that a part of the samples, every second or fourth, still sees all of them."""


@dataclass(frozen=True)
class Spread:
    """``length`` places, one from each equal part of ``size`` rows; without a size, of the valid tokens."""

    size: int | None
    length: int

    def read(self, phase: float, tokens: Indices) -> tuple[Indices, None]:
        """The places."""
        if self.size is None:
            return tokens[_spread(len(tokens), self.length, phase)], None
        return _spread(self.size, self.length, phase), None


@dataclass(frozen=True)
class Taps:
    """What the taps of ``count`` windows read."""

    window: Window
    count: int

    @property
    def length(self) -> int:
        """How many places that is."""
        return self.count * self.window.taps

    def read(self, phase: float, tokens: Indices) -> tuple[Indices, NDArray[np.bool_]]:
        """The places, and whether they are data or padding."""
        window = self.window
        place = _spread(prod(window.positions), self.count, phase)
        index, covered = np.zeros((1, 1), np.int32), np.ones((1, 1), bool)
        for axis, taps in enumerate(window.tap_offsets()):
            behind = prod(window.positions[axis + 1 :])
            start = place // behind % window.positions[axis] * window.strides[axis]
            read = start[:, None] + taps
            inside = np.clip(read, 0, window.size[axis] - 1)
            covered = covered & (read == inside)
            index = index * window.size[axis] + inside
        return index.astype(np.int32).reshape(-1), covered.reshape(-1)


Group = Spread | Taps


def _spread(size: int, count: int, phase: float) -> Indices:
    return ((np.arange(count) + phase) * (size / count)).astype(np.int32)


@dataclass(frozen=True)
class Phases:
    """What a model that measures is fed beside the sample, inference by inference.

    Attributes:
        groups: rows that are gathered, in the order in which they are fed.
        covered: those of them of which is said what is data and what padding.
        later: whether some places follow from sizes that only the inference knows.
        tokens: the names of the input that says which tokens are valid, and how many there are; None without one.
    """

    groups: Sequence[Group]
    covered: Sequence[Taps]
    later: bool
    tokens: tuple[set[str], int] | None
    _fed: dict[int, dict[str, NDArray[np.generic]]] = field(default_factory=dict, repr=False, compare=False)

    def feed(self, position: int, feed: Feed) -> dict[str, NDArray[np.generic]]:
        """What the inference at ``position`` gets beside the sample's own ``feed``."""
        turn = position % _PHASES
        if turn not in self._fed or any(isinstance(own, Spread) and own.size is None for own in self.groups):
            self._fed[turn] = self._read(turn * _GOLDEN % 1.0, self._valid_tokens(feed))
        return self._fed[turn]

    def _read(self, phase: float, tokens: Indices) -> dict[str, NDArray[np.generic]]:
        found = {group: group.read(phase, tokens) for group in self.groups}
        fed: dict[str, NDArray[np.generic]] = {}
        if self.later:
            fed[PHASE] = np.array(phase, np.float32)
        if found:
            fed[PLACES] = np.concatenate([places for places, _ in found.values()])
        if self.covered:
            covered = np.concatenate([found[group][1] for group in self.covered])
            fed[COVERED] = covered.astype(np.float32)[:, None]
        return fed

    def _valid_tokens(self, feed: Feed) -> Indices:
        if self.tokens is None:
            return np.zeros(0, np.int32)
        masks = [feed[name] for name in self.tokens[0] if name in feed]
        valid = np.flatnonzero(masks[0]) if masks and is_token_mask(masks[0]) else np.arange(0)
        return (valid if len(valid) else np.arange(self.tokens[1])).astype(np.int32)


def is_token_mask(values: NDArray[np.generic]) -> bool:
    """Whether values say which tokens are valid: ones and zeros, and no numbers that are added to scores."""
    return bool(np.all((values == 0) | (values == 1)))
