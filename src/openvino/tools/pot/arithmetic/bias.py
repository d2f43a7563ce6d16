"""The shift of a layer's mean output that quantization causes, in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NOTHING = 1e-4
"""Share of the mean error of all samples below which that of one is too small to say anything."""


@dataclass(frozen=True)
class InputMeans:
    """Means over the sampled inputs of a layer, of each sample: float64, shape ``[samples, channels]``.

    Attributes:
        means: of the float input.
        errors: of what its quantization adds.
    """

    means: Array
    errors: Array


def output_shift(
    weights: NDArray[np.floating],
    quantized: NDArray[np.floating],
    tap_share: Array,
    mean: Array,
    error: Array,
) -> Array:
    """E[W x] - E[Wq Q(x)] for each output channel: what must be added to the bias.

    A convolution is linear in each tap of its kernel, so that means over all positions are enough; a tap
    reads padding at some positions, which ``tap_share`` accounts for.

    Args:
        weights, quantized: float and quantized weights, shape ``[groups, outputs, inputs, taps]``.
        tap_share: share of the output positions at which a tap reads data, shape ``[taps]``.
        mean, error: mean of the float input, and of what its quantization adds, shape ``[groups, inputs]``;
            several such pairs may be given at once, along axes in front.

    Returns:
        float64, shape ``[groups * outputs]``, with the same axes in front.
    """
    lost, rounded = (_over_taps(values, tap_share) for values in (weights - quantized, quantized))
    shift = _per_group(lost, mean) - _per_group(rounded, error)
    return np.asarray(shift.reshape(*mean.shape[:-2], -1))


def _over_taps(weights: NDArray[np.floating], share: Array) -> NDArray[np.floating]:
    if len(share) == 1:  # a product by a matrix of one row is slow
        return np.asarray(weights[..., 0] * share.astype(weights.dtype))
    return np.asarray(weights @ share.astype(weights.dtype))


def _per_group(weights: NDArray[np.floating], means: Array) -> Array:
    """Products of ``[groups, outputs, inputs]`` with ``[..., groups, inputs]``, as ``[..., groups, outputs]``."""
    vectors = means.reshape(-1, *means.shape[-2:]).transpose(1, 2, 0).astype(weights.dtype)
    products = (weights @ vectors).transpose(2, 0, 1).astype(np.float64)
    return np.asarray(products.reshape(*means.shape[:-2], *products.shape[1:]))


def without_chance(shift: Array, of_samples: Array) -> Array:
    """The shift with zero for every channel where it is no larger than its standard error.

    Such a channel would move further from the truth on average than it comes closer.

    Args:
        shift: of each output channel.
        of_samples: the shift that each sample alone shows, shape ``[samples, channels]``; of a single one
            nothing can be said, and the shift stays.
    """
    count = len(of_samples)
    if count < 2:
        return shift
    variance = of_samples.var(axis=0, ddof=1) / count
    return np.where(shift**2 > variance, shift, 0.0)


def relative_changes(errors: Array, before: Array) -> Array:
    """How much larger errors, ``[samples, outputs]``, are in each sample, each output in units of its mean before."""
    return np.asarray(((errors - before) / _wholes(before)).mean(axis=1))


def _wholes(errors: Array) -> Array:
    """Means over the samples, none of them zero."""
    return np.asarray(np.maximum(errors.mean(axis=0), np.finfo(np.float64).tiny))


def is_closer(errors: Array, before: Array) -> bool:
    """Whether errors of the same samples have become smaller by more than the standard error of that.

    Args:
        errors: mean squares, float64, shape ``[samples, outputs]``; each output counts by what it had before.
        before: the same without the change, finite.
    """
    change = relative_changes(errors, before)
    if not np.isfinite(change).all():
        return False
    return bool(change.mean() < -_standard_error(change))


_SURE = 1.645
"""Standard errors beyond which chance goes once in twenty times."""


def is_closer_mostly(errors: Array, before: Array) -> bool:
    """Whether errors of the same samples are surely smaller in a typical one, and no larger in all beyond chance.

    Behind a Softmax most of the sum comes from the few samples of which a network is unsure: its standard error is so
    large that hardly anything would ever count by ``is_closer``.

    Args:
        errors: mean squares, float64, shape ``[samples, outputs]``; each output counts by what it had before.
        before: the same without the change, finite.
    """
    change = relative_changes(errors, before)
    if not np.isfinite(change).all():
        return False
    whole = _wholes(before)
    typical = np.log((errors + _NOTHING * whole) / (before + _NOTHING * whole)).mean(axis=1)
    closer = typical.mean() < min(0.0, -_SURE * _standard_error(typical))
    return bool(closer and change.mean() <= _SURE * _standard_error(change))


def _standard_error(values: Array) -> float:
    """Of the mean; zero of a single one, of which nothing can be said."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
