"""Which rule finds a border, and which scheme a range follows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.arithmetic.schemes import (
    BorderRule,
    activation_range,
    border_rules,
    halved,
    limited,
    weight_range,
)
from openvino.tools.pot.configs.parameters import QuantizerParameters, RangeEstimator

PLAIN = QuantizerParameters()


def estimator(**values: Any) -> RangeEstimator:
    return RangeEstimator.model_validate(values)


def array(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


@pytest.mark.parametrize(
    ("symmetric", "per_channel", "low", "high"),
    [
        (True, False, ("min", "min"), ("abs_max", "mean")),
        (False, False, ("min", "mean"), ("max", "mean")),
        (True, True, ("min", "min"), ("abs_max", "max")),
        (False, True, ("min", "min"), ("max", "max")),
    ],
)
def test_default_rules(
    symmetric: bool, per_channel: bool, low: tuple[str, str], high: tuple[str, str]
) -> None:
    assert border_rules(symmetric, per_channel, ()) == (BorderRule(*low), BorderRule(*high))
    assert border_rules(symmetric, per_channel, (None, estimator(preset="default"))) == (
        BorderRule(*low),
        BorderRule(*high),
    )
    quantiles = {"min": "quantile", "max": "quantile", "abs_max": "abs_quantile"}
    assert border_rules(symmetric, per_channel, (estimator(preset="quantile"),)) == (
        BorderRule(quantiles[low[0]], low[1], 1e-4),
        BorderRule(quantiles[high[0]], high[1], 1e-4),
    )


def test_what_the_user_says_replaces_the_rule() -> None:
    said = estimator(
        min={"type": "quantile", "outlier_prob": 0.01, "aggregator": "median"}, max={"clipping_value": 6}
    )
    assert border_rules(False, False, (said,)) == (
        BorderRule("quantile", "median", 0.01),
        BorderRule("max", "mean", limit=6.0),
    )


def test_the_particular_goes_before_the_general() -> None:
    general = estimator(max={"type": "quantile", "aggregator": "max"})
    particular = estimator(max={"aggregator": "median"})
    assert border_rules(False, False, (general, particular))[1] == BorderRule("quantile", "median")


@pytest.mark.parametrize(
    "said",
    [{"type": "quantile", "outlier_prob": 0.01}, {"clipping_value": 6}, {"type": "max", "outlier_prob": 0.2}],
)
def test_the_particular_keeps_what_it_does_not_name(said: dict[str, Any]) -> None:
    (alone,) = border_rules(False, False, (estimator(max=said),))[1:]
    both = border_rules(False, False, (estimator(max=said), estimator(max={"aggregator": "max"})))[1]
    assert both == BorderRule(alone.kind, "max", alone.probability, alone.limit)


def test_limits() -> None:
    rules = (BorderRule("min", "min", limit=-1.0), BorderRule("max", "max", limit=6.0))
    low, high = limited(array(-3, -0.5), array(9, 2), rules)
    assert (low.tolist(), high.tolist()) == ([-1, -0.5], [6, 2])
    free = (BorderRule("min", "min"), BorderRule("max", "max"))
    assert [a.tolist() for a in limited(array(-3), array(9), free)] == [[-3], [9]]


def borders(grid: QuantizerRange) -> list[tuple[float, float]]:
    return [(round(float(a), 4), round(float(b), 4)) for a, b in zip(grid.low, grid.high, strict=True)]


@pytest.mark.parametrize(
    ("low", "symmetric", "expected"),
    [
        (-1.0, True, (-2.0157, 2.0)),
        (0.0, True, (0.0, 2.0)),
        (0.5, True, (0.0, 2.0)),
        (-1.0, False, (-1.0, 2.0)),  # the third part of 255 levels lies below zero
        (0.5, False, (0.0, 2.0)),
        (0.0, None, (0.0, 2.0)),
        (-1.0, None, (-1.0, 2.0)),
    ],
)
def test_activation_schemes(low: float, symmetric: bool | None, expected: tuple[float, float]) -> None:
    grid = activation_range(array(low), array(2), symmetric, PLAIN)
    assert grid.levels == 256
    assert borders(grid) == [expected]


def test_one_negative_channel_makes_all_signed() -> None:
    grid = activation_range(array(0, -1), array(2, 2), True, PLAIN)
    assert borders(grid) == [(-2.0157, 2.0)] * 2


def test_levels_that_the_user_fixed() -> None:
    signed = QuantizerParameters(level_low=-128, level_high=127)
    unsigned = QuantizerParameters(level_low=0, level_high=255)
    narrow = QuantizerParameters(level_low=-127, level_high=127)
    assert borders(activation_range(array(0), array(2), True, signed)) == [(-2.0157, 2.0)]
    assert borders(activation_range(array(-1), array(2), True, unsigned)) == [(0.0, 2.0)]
    assert activation_range(array(-1), array(2), True, narrow).levels == 255
    assert weight_range(array(-2), array(2), True, signed).levels == 256


def test_weight_schemes() -> None:
    low, high = array(-1, -0.5), array(2, 0.5)
    symmetric = weight_range(low, high, True, PLAIN)
    assert (symmetric.levels, borders(symmetric)) == (255, [(-2.0, 2.0), (-0.5, 0.5)])
    asymmetric = weight_range(low, high, False, PLAIN)
    assert asymmetric.levels == 256
    assert np.all(asymmetric.scale < symmetric.scale * 1.01)


@pytest.mark.parametrize("symmetric", [False, True])
def test_halved_ranges_use_seven_bits(symmetric: bool) -> None:
    grid = weight_range(array(-1.0), array(2.0), symmetric, PLAIN)
    half = halved(grid)
    np.testing.assert_allclose(half.scale, 2 * grid.scale)
    assert half.levels == grid.levels
    place = -half.low.astype(np.float64) / half.scale
    np.testing.assert_allclose(place, np.round(place), atol=1e-4)
