"""Which rule finds each border of a range: POT's defaults, presets, and what the user said."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.formats import BYTE, Format
from openvino.tools.pot.arithmetic.ranges import QuantizerRange, asymmetric_range, symmetric_range
from openvino.tools.pot.configs.parameters import Bound, QuantizerParameters, RangeEstimator

Array = NDArray[np.float64]

LARGEST = float(np.finfo(np.float32).max) / 4
"""No border lies beyond it, so that wider ones are numbers too."""


@dataclass(frozen=True)
class BorderRule:
    """How one border is found: a statistic of each sample, an aggregator, and a limit.

    Attributes:
        kind: ``min``, ``max``, ``abs_max``, ``quantile`` or ``abs_quantile``.
        aggregator: how the figures of the samples become one.
        probability: share of values beyond a quantile.
        limit: the border never lies beyond it.
    """

    kind: str
    aggregator: str
    probability: float = 1e-4
    limit: float | None = None


_QUANTILES = {"min": "quantile", "max": "quantile", "abs_max": "abs_quantile"}


def border_rules(
    symmetric: bool, per_channel: bool, estimators: tuple[RangeEstimator | None, ...]
) -> tuple[BorderRule, BorderRule]:
    """The rules for the lower and the upper border.

    Args:
        symmetric: whether the upper border is the largest magnitude.
        per_channel: whether every channel has its own range; then extremes over samples are taken.
        estimators: what the user said, the more general first.
    """
    low = BorderRule("min", "min" if symmetric or per_channel else "mean")
    high = BorderRule("abs_max" if symmetric else "max", "max" if per_channel else "mean")
    for estimator in estimators:
        if estimator is None:
            continue
        if estimator.preset == "quantile":
            low = replace(low, kind=_QUANTILES.get(low.kind, low.kind))
            high = replace(high, kind=_QUANTILES.get(high.kind, high.kind))
        low, high = _override(low, estimator.min), _override(high, estimator.max)
    return low, high


def _override(rule: BorderRule, bound: Bound | None) -> BorderRule:
    if bound is None:
        return rule
    said = bound.model_fields_set
    return BorderRule(
        bound.type or rule.kind,
        bound.aggregator or rule.aggregator,
        bound.outlier_prob if "outlier_prob" in said else rule.probability,
        bound.clipping_value if "clipping_value" in said else rule.limit,
    )


def limited(low: Array, high: Array, rules: tuple[BorderRule, BorderRule]) -> tuple[Array, Array]:
    """The borders, cut at the limits that the rules name."""
    if rules[0].limit is not None:
        low = np.maximum(low, rules[0].limit)
    if rules[1].limit is not None:
        high = np.minimum(high, rules[1].limit)
    return low, high


def activation_range(
    low: Array,
    high: Array,
    symmetric: bool | None,
    parameters: QuantizerParameters,
    levels: int = BYTE.levels,
    signed: bool = False,
) -> QuantizerRange:
    """The range of activations from their borders.

    Args:
        low, high: borders for each channel, or one of each.
        symmetric: True for a fixed zero point, False for a free one, None for a free one where there are
            negative values.
        parameters: levels that the user fixed.
        levels: their number otherwise.
        signed: whether the range has both signs whatever the borders.
    """
    low, high = np.clip(low, -LARGEST, LARGEST), np.clip(high, -LARGEST, LARGEST)
    levels = _levels(parameters, levels)
    unsigned = bool(np.all(low >= 0)) if parameters.level_low is None else parameters.level_low == 0
    unsigned &= not signed
    if symmetric or (symmetric is None and unsigned):
        return symmetric_range(np.maximum(high, 0), levels, unsigned)
    return asymmetric_range(low, high, levels)


def weight_range(
    low: Array, high: Array, symmetric: bool, parameters: QuantizerParameters, stored: Format = BYTE
) -> QuantizerRange:
    """The range of weights from their borders; symmetric ones are narrow unless the parameters give levels."""
    if symmetric:
        return symmetric_range(high, _levels(parameters, stored.narrow), unsigned=False)
    return asymmetric_range(low, high, _levels(parameters, stored.levels))


def halved(span: QuantizerRange) -> QuantizerRange:
    """A range twice as wide, so that weights use seven bits and sums of two products can't saturate."""
    return span.widened(2)


def _levels(parameters: QuantizerParameters, default: int) -> int:
    if parameters.level_low is None or parameters.level_high is None:
        return default
    return parameters.level_high - parameters.level_low + 1
