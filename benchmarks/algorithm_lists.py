"""The lists of algorithms that docs/algorithms.md has figures of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Algorithms = Sequence[dict[str, Any]]


def _of(name: str, **params: Any) -> dict[str, Any]:
    return {"name": name, "params": {"target_device": "CPU", **params}}


def _splitting(ratio: float) -> dict[str, Any]:
    return {"name": "OutlierChannelSplitting", "params": {"weights_expansion_ratio": ratio}}


def _ranges(iterations: int) -> dict[str, Any]:
    return {"name": "RangeOptimization", "params": {"maxiter": iterations}}


DEFAULT, MINIMUM = _of("DefaultQuantization"), _of("MinMaxQuantization")
FAST_BIAS, ALIGNED = {"name": "FastBiasCorrection"}, {"name": "ActivationChannelAlignment"}
_ONE_RANGE = _of("DefaultQuantization", weights={"granularity": "pertensor"})

SMALL = ("tiny_resnet8", "cifar_resnet20", "ocr_cls_mobilenetv3", "face_ultraface_rfb")
"""Networks of which all tables have figures."""

LISTS: dict[str, dict[str, Algorithms]] = {
    "splitting": {
        "DefaultQuantization": [DEFAULT],
        "ratio 0.01": [_splitting(0.01), DEFAULT],
        "ratio 0.1": [_splitting(0.1), DEFAULT],
        "one range for all outputs": [_ONE_RANGE],
        "the same, ratio 0.01": [_splitting(0.01), _ONE_RANGE],
        "the same, ratio 0.1": [_splitting(0.1), _ONE_RANGE],
    },
    "range optimization": {
        "DefaultQuantization": [DEFAULT],
        "`maxiter` 100": [DEFAULT, _ranges(100)],
        "`maxiter` 300": [DEFAULT, _ranges(300)],
        "MinMaxQuantization, FastBiasCorrection": [MINIMUM, FAST_BIAS],
        "the same, `maxiter` 100": [MINIMUM, FAST_BIAS, _ranges(100)],
    },
    "alignment": {
        "MinMaxQuantization": [MINIMUM],
        "with alignment": [ALIGNED, MINIMUM],
        "with FastBiasCorrection": [MINIMUM, FAST_BIAS],
        "with both": [ALIGNED, MINIMUM, FAST_BIAS],
    },
}
"""Table -> title of a column -> what is run."""

TRIALS = 40
"""Of a search."""

SEARCHED: Algorithms = [
    ALIGNED,
    _of(
        "TunableQuantization",
        tuning_scope=["range_estimator", "mode"],
        estimator_tuning_scope=["preset", "aggregator", "outlier_prob"],
        outlier_prob_choices=[1e-3, 1e-4, 1e-5],
    ),
    FAST_BIAS,
]
"""What a search may change."""


def ways(level: float) -> dict[str, Algorithms]:
    """Ways to make a share of the weights zero, by what they are called."""
    known = {"sparsity_level": level}
    whole = {"name": "WeightSparsity", "params": known}
    return {
        "MagnitudeSparsity": [{"name": "MagnitudeSparsity", "params": known}],
        "WeightSparsity, biases alone": [
            {"name": "WeightSparsity", "params": {**known, "use_layerwise_tuning": False}}
        ],
        "WeightSparsity": [whole],
        "WeightSparsity, DefaultQuantization": [whole, DEFAULT],
    }
