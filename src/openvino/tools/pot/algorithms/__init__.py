"""Algorithms: each a short composition of placement, statistics and arithmetic."""

from __future__ import annotations

from openvino.tools.pot.algorithms.accuracy import AccuracyAwareQuantization
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.quantization import (
    ActivationChannelAlignment,
    BiasCorrection,
    DataFreeQuantization,
    DefaultQuantization,
    FastBiasCorrection,
    MinMaxQuantization,
    OutlierChannelSplitting,
    OverflowCorrection,
    QuantNoiseEstimator,
    RangeOptimization,
    RangeSupervision,
    TunableQuantization,
)
from openvino.tools.pot.algorithms.sparsity import MagnitudeSparsity, WeightSparsity
from openvino.tools.pot.algorithms.weights import WeightCompression
from openvino.tools.pot.paths import offer
from openvino.tools.pot.utils.errors import nearest

ALGORITHMS: dict[str, type[Algorithm]] = {
    algorithm.name: algorithm
    for algorithm in (
        DefaultQuantization,
        AccuracyAwareQuantization,
        MinMaxQuantization,
        FastBiasCorrection,
        BiasCorrection,
        ActivationChannelAlignment,
        OverflowCorrection,
        WeightCompression,
        RangeSupervision,
        DataFreeQuantization,
        OutlierChannelSplitting,
        RangeOptimization,
        QuantNoiseEstimator,
        TunableQuantization,
        MagnitudeSparsity,
        WeightSparsity,
    )
}
"""Name in a configuration -> class."""


_LATER = {"QuantileTuningAlgorithm": "ParamsGridSearchAlgorithm"}  # which was in its place from 2021 on


def instead_of(name: object) -> str:
    """The clause that follows a name which is none of these: what to use in place of POT's, or the nearest one."""
    from openvino.tools.pot.paths.table import PATHS

    sought = _LATER.get(str(name), str(name))
    rooms = (names for path, names in PATHS.items() if not path or path.startswith("algorithms."))
    said = next((each for names in rooms if isinstance(each := names.get(sought), str)), None)
    if said is not None:
        return f", which is POT's and not built here: {said}"
    return nearest(str(name), ALGORITHMS)


offer(globals())
