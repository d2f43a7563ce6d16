"""Weights made zero."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork
from openvino.tools.pot.arithmetic.sparsity import magnitudes, threshold
from openvino.tools.pot.configs.rewriting import MagnitudeSparsityParameters
from openvino.tools.pot.placement.plan import WeightQuantizer
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


class ZeroStage:
    """Makes the smallest weights of all layers zero.

    Source: magnitude pruning as in Han et al., "Learning both Weights and Connections for Efficient Neural Networks",
    2015, section 3, with one threshold for all layers.
    """

    def __init__(self, parameters: MagnitudeSparsityParameters) -> None:
        self._parameters = parameters

    def requests(self, network: PlannedNetwork) -> tuple[Request, ...]:
        """Nothing: the weights say it all."""
        return ()

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """Choose them."""
        own, places = self._parameters, decisions.network.plan.weights
        weights = {place: decisions.weight_values(place) for place in places}
        scores = [magnitudes(values, own.normed_threshold) for values in weights.values()]
        border = threshold(scores, own.sparsity_level)
        sparse = {
            place: np.where(score < border, np.float32(0), values)
            for (place, values), score in zip(weights.items(), scores, strict=True)
        }
        tell(sparse, own.sparsity_level)
        return decisions.decided(self, f"magnitude below {border:.3g}", replaced=sparse)


def tell(sparse: Mapping[WeightQuantizer, NDArray[np.float32]], level: float) -> None:
    """Say how many weights are zero, and warn where these are not as many as wanted."""
    size = sum(values.size for values in sparse.values())
    zeros = size - sum(int(np.count_nonzero(values)) for values in sparse.values())
    logger.info("%d of %d weights of %d layers are zero", zeros, size, len(sparse))
    if abs(zeros - level * size) > max(1, 0.01 * size):
        logger.warning("sparsity_level is %g, found %.3f of the weights zero", level, zeros / size)
