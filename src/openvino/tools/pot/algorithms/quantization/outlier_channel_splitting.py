"""OutlierChannelSplitting: input channels with large weights come more than once, each time with a part of them."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

import numpy as np

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork, Repetition
from openvino.tools.pot.algorithms.interfaces import Stage
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.algorithms.rewriting import Rewriting
from openvino.tools.pot.arithmetic.splitting import copies, split
from openvino.tools.pot.configs.rewriting import OutlierChannelSplittingParameters
from openvino.tools.pot.graph.geometry import (
    LinearLayer,
    canonical_weights,
    from_canonical,
    linear_layer,
    weight_input_axis,
)
from openvino.tools.pot.graph.makers import made_for
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.paths import offer
from openvino.tools.pot.placement.plan import WeightQuantizer
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.logger import get_logger

__path__: list[str] = []  # POT had a package here: see openvino.tools.pot.paths

logger = get_logger(__name__)

_KINDS = {"matrix", "sliding"}
"""How layers may be linear: the CPU (2026.4) miscomputed a transposed convolution of 26 channels in place of 24."""


class SplittingStage:
    """Chooses channels whose weights make ranges wide, and splits these.

    Source: Zhao et al., "Improving Neural Network Quantization without Retraining using Outlier Channel Splitting",
    2019, section 3.
    """

    def __init__(self, parameters: OutlierChannelSplittingParameters) -> None:
        self._ratio = parameters.weights_expansion_ratio

    def requests(self, network: PlannedNetwork) -> tuple[Request, ...]:
        """Nothing: the weights say it all."""
        return ()

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """Split the channels of each layer."""
        view, found = decisions.network.view, {}
        for place, layer in _splittable(decisions.network):
            values = decisions.weight_values(place)
            weights = np.asarray(canonical_weights(view, layer, values)[0], np.float32)
            taken = copies(weights, ceil(self._ratio * weights.shape[1]))
            parts, more = split(weights, taken)
            if len(more):
                shape = list(values.shape)
                shape[weight_input_axis(view, layer)] += len(more)
                found[place] = Repetition(more, from_canonical(view, layer, parts, tuple(shape)))
        channels = sum(len(each.channels) for each in found.values())
        logger.info("%d channels of %d layers are made and read once more", channels, len(found))
        return decisions.decided(self, "largest weights of outputs", repeated=found)


def _splittable(network: PlannedNetwork) -> Iterator[tuple[WeightQuantizer, LinearLayer]]:
    """Layers without groups whose input channels are made for them alone, by layers that may be changed, too."""
    view = network.view
    for place in network.plan.weights:
        layer = linear_layer(view, place.readers[0].node)
        if layer is None or layer.groups > 1 or len(place.readers) > 1:
            continue
        weights = [reader for reader, _ in made_for(view, layer) or () if linear_layer(view, reader.node)]
        kinds = {traits(view.type(node)).linear for node in (layer.node, *(each.node for each in weights))}
        if weights and kinds <= _KINDS and all(reader in network.weights_at for reader in weights):
            yield place, layer


class OutlierChannelSplitting(Rewriting):
    """Gives layers the channels with large weights more than once, so that weights are rounded more finely.

    The function of the float model stays as it is, and so do layers whose input something else reads.
    """

    name = "OutlierChannelSplitting"
    parameters = OutlierChannelSplittingParameters
    needs_data = False

    def _make_stages(self, recipe: Recipe) -> tuple[Stage, ...]:
        assert isinstance(self._parameters, OutlierChannelSplittingParameters)
        return (SplittingStage(self._parameters),)


offer(globals())
