"""Weights made zero where the others can make up for it, and the others fitted so that they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedLayer, PlannedNetwork
from openvino.tools.pot.algorithms.quantization.inputs import sampled_inputs
from openvino.tools.pot.algorithms.sparsity.zeros import tell
from openvino.tools.pot.arithmetic.rounding import covariances
from openvino.tools.pot.arithmetic.sparsity import fitted, magnitudes, threshold, unexplained, usable
from openvino.tools.pot.configs.rewriting import MagnitudeSparsityParameters
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights, from_canonical
from openvino.tools.pot.placement.plan import WeightQuantizer
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import Request, many_inputs_request

Singles = NDArray[np.float32]

_ROUNDS = (0.5, 0.8, 1.0)
"""Shares of the level that are reached in turn: what is fitted to fewer zeros tells better which are the next ones."""


@dataclass(frozen=True)
class _Weights:
    """The weights of a place, and what is known of what they are multiplied with.

    Attributes:
        dense: ``[groups, outputs, inputs]``, or in their own shape where nothing is known.
        layer: that reads them; None where several do, or nothing is known of its inputs.
        covariances: of blocks of inputs, which are taken to be independent.
        unexplained: what each input has that does not follow from the others, ``[groups, 1, inputs]``.
    """

    dense: Singles
    layer: LinearLayer | None = None
    covariances: Sequence[Singles] = ()
    unexplained: Singles = field(default_factory=lambda: np.ones((), np.float32))

    def scores(self, weights: Singles, normed: bool) -> Singles:
        """How much each weight counts."""
        return magnitudes(weights * self.unexplained, normed)

    def without(self, zeros: NDArray[np.bool_]) -> Singles:
        """The weights with zeros in places, and what makes up for them in the others."""
        kept = ~zeros
        if self.layer is None:
            return self.dense * kept
        edges = pairwise(np.cumsum([0, *(each.shape[1] for each in self.covariances)]))
        blocks = zip(edges, self.covariances, strict=True)
        parts = [fitted(self.dense[:, :, a:b], kept[:, :, a:b], each) for (a, b), each in blocks]
        return np.concatenate(parts, axis=2)


class FittedZeroStage:
    """Makes zero the weights without which outputs change least, once the others are fitted to what they were.

    Layers of whose inputs nothing is known, such as transposed convolutions, lose their smallest weights.

    Source: the choice as in Hassibi and Stork, "Second order derivatives for network pruning: Optimal Brain Surgeon",
    1992, layer by layer; the fit is that of Hubara et al., "Accelerated Sparse Neural Training: A Provable and
    Efficient Method to Find N:M Transposable Masks", 2021, section 4 (AdaPrune), in closed form.
    """

    def __init__(self, parameters: MagnitudeSparsityParameters) -> None:
        self._parameters = parameters

    def requests(self, network: PlannedNetwork) -> Iterator[Request]:
        """Ask for what each layer multiplies with its weights, at many places."""
        requests = (many_inputs_request(network.view, layer) for _, layer, _ in _layers(network))
        yield from (request for request in requests if request is not None)

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """Choose in rounds, each from weights that are fitted to the zeros of the one before."""
        own, view = self._parameters, decisions.network.view
        known = _weights(decisions, statistics)
        sparse = {place: each.dense for place, each in known.items()}
        for share in _ROUNDS:
            scores = {place: known[place].scores(sparse[place], own.normed_threshold) for place in known}
            border = threshold(list(scores.values()), own.sparsity_level * share)
            sparse = {place: known[place].without(scores[place] < border) for place in known}
        found = {
            place: values
            if (layer := known[place].layer) is None
            else from_canonical(view, layer, values, decisions.weight_values(place).shape)
            for place, values in sparse.items()
        }
        tell(found, own.sparsity_level)
        said = f"error of the layer's output on its inputs in {statistics.samples} samples"
        return decisions.decided(self, said, replaced=found)


def _layers(network: PlannedNetwork) -> Iterator[PlannedLayer]:
    """Layers with weights of their own."""
    return (each for each in network.linear_layers if len(each[2].readers) == 1)


def _weights(decisions: Decisions, statistics: Statistics) -> Mapping[WeightQuantizer, _Weights]:
    """All weights with what is known of them, in the order of the plan."""
    network, view = decisions.network, decisions.network.view
    found = {place: _Weights(decisions.weight_values(place)) for place in network.plan.weights}
    readings = network.by_inputs(_layers(network), partial(many_inputs_request, view))
    for reading, layers in readings.items():
        inputs = sampled_inputs(decisions, statistics, reading, layers[0][2])
        rows = inputs.plain.reshape(len(inputs.plain), reading.groups, -1)
        known = [usable(each) for each in covariances(rows, inputs.counts)]
        own = np.concatenate([unexplained(each) for each in known], axis=1)[:, None]
        for _, layer, place in layers:
            dense = canonical_weights(view, layer, found[place].dense)
            found[place] = _Weights(dense.reshape(*dense.shape[:2], -1), layer, known, own)
    return found
