"""Input channels taken more than once, each time with a part of their weights, so that the range of weights shrinks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Counts = NDArray[np.int64]

_STEPS = 127
"""Of the symmetric range of weights in 8 bits, on one side of zero."""


def copies(weights: Singles, count: int) -> Counts:
    """How often each input channel is taken, so that weights can be rounded more finely.

    The step of an output's weights is in proportion to its largest one; a channel that is taken k times has a k-th of
    its largest weight there. Channels are chosen one after the other, each the one with which the sum of squared
    steps falls most, since the best choice depends on those before; it ends early where nothing falls any more.

    Source: Zhao et al., "Improving Neural Network Quantization without Retraining using Outlier Channel Splitting",
    2019, section 3.4, with the ranges of all outputs in place of a common one.

    Args:
        weights: float32, ``[outputs, inputs, taps]``, finite.
        count: of further channels at most.

    Returns:
        int64, ``[inputs]``, one or more; the sum is at most ``inputs + count``.
    """
    sizes = np.abs(weights).max(axis=2).astype(np.float64)
    found = np.ones(weights.shape[1], np.int64)
    for _ in range(count if weights.shape[1] > 1 else 0):
        gains = _gains(sizes, found)
        if gains.max() <= 0:
            break
        found[gains.argmax()] += 1
    return found


def _gains(sizes: NDArray[np.float64], taken: Counts) -> NDArray[np.float64]:
    """By how much the sum of squared ranges falls when a channel is taken once more, ``[inputs]``."""
    shares = sizes / taken
    widest = shares.argmax(axis=1)
    rows = np.arange(len(sizes))
    largest = shares[rows, widest]
    shares[rows, widest] = sizes[rows, widest] / (taken[widest] + 1)
    found = np.bincount(widest, largest**2 - shares.max(axis=1) ** 2, minlength=len(taken))
    return np.asarray(found, np.float64)


def split(weights: Singles, taken: Counts) -> tuple[Singles, Counts]:
    """The weights for channels that are taken several times, which sum up to the given ones.

    What is within an output's range anyway stays whole, in the first copy. The parts of what is split differ by a
    fraction of a step, such that rounded to the nearest they sum up to the whole, rounded: k parts of a weight would
    else be rounded alike, with k times the error.

    Source: Zhao et al., 2019, section 3.3 (quantization-aware splitting), by Hermite's identity for any number.

    Args:
        weights: float32, ``[outputs, inputs, taps]``.
        taken: how often each channel is, as ``copies`` gives it.

    Returns:
        The weights, float32 ``[outputs, channels, taps]``, the further channels behind all others, and which channel
        each of the further ones is, int64.
    """
    more = np.repeat(np.arange(len(taken)), taken - 1)
    first = np.cumsum(taken - 1) - (taken - 1)
    number = np.concatenate([np.zeros(len(taken), np.int64), 1 + np.arange(len(more)) - first[more]])
    channels = np.concatenate([np.arange(len(taken)), more])
    range_ = (np.abs(weights).max(axis=2) / taken).max(axis=1)[:, None, None]
    whole, parts = weights[:, channels].astype(np.float64), taken[channels][None, :, None]
    shift = (2 * number[None, :, None] - (parts - 1)) / (2 * parts) * range_ / _STEPS
    divided = np.where(
        np.abs(whole) > range_, whole / parts + shift, np.where(number[None, :, None], 0, whole)
    )
    return divided.astype(np.float32), more
