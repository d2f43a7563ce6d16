"""One range for what a recurrent layer reads and for its state, and one for the weights of both.

``W x + R h = (W s) (x / s) + R h``: a division of the data brings it to the width of the state, and makes up for it in
its weights, which share a range with those of the state.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SHARES = 2.0 ** np.linspace(-4, 4, 33)
"""Widths of the divided data that are tried, in those of the state."""

_PEAK = 3.0
"""How many times its root of the mean square the width of a tensor is, roughly."""


_FEEDBACK = 6.0
"""How many times more rounded data and states count than rounded weights, since a state takes its error along."""

Weights = Sequence[NDArray[np.floating]]


def data_divisor(data: float, state: float, inputs: Weights, own: Weights) -> float:
    """What data is divided by for the least error of the gates.

    Args:
        data, state: largest magnitude of each.
        inputs, own: the weights of data and of the state, of each layer, with their channels along the last axis.
    """
    divisors = data / (state * _SHARES)
    step = state * np.maximum(_SHARES, 1.0)
    weight_step = np.maximum(divisors * _peak(inputs), _peak(own))
    power = _power(inputs) * divisors**2 + _power(own)
    data_power = _channels(inputs) * (state * _SHARES / _PEAK) ** 2
    state_power = _channels(own) * (state / _PEAK) ** 2
    errors = _FEEDBACK * step**2 * power + weight_step**2 * (data_power + state_power)
    return float(divisors[np.argmin(errors)])


def _peak(weights: Weights) -> float:
    return max(float(np.abs(each).max()) for each in weights)


def _power(weights: Weights) -> float:
    """The squared norm of the weights of an output, the mean of all."""
    return float(np.mean([np.mean(each.astype(np.float64) ** 2) * each.shape[-1] for each in weights]))


def _channels(weights: Weights) -> float:
    return float(np.mean([each.shape[-1] for each in weights]))
