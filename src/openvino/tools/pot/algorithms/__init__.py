"""Algorithms: each a short composition of placement, statistics and arithmetic."""

from __future__ import annotations

from openvino.tools.pot.algorithms.accuracy import AccuracyAwareQuantization
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.quantization import (
    DefaultQuantization,
    FastBiasCorrection,
    MinMaxQuantization,
    OverflowCorrection,
)
from openvino.tools.pot.paths import offer

ALGORITHMS: dict[str, type[Algorithm]] = {
    algorithm.name: algorithm
    for algorithm in (
        DefaultQuantization,
        AccuracyAwareQuantization,
        MinMaxQuantization,
        FastBiasCorrection,
        OverflowCorrection,
    )
}
"""Name in a configuration -> class."""

offer(globals())
