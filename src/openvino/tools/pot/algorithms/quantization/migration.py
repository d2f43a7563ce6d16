"""Migration of range from activations to the weights behind them, for matrix products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork
from openvino.tools.pot.algorithms.quantization.activation_ranges import channel_extremes
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.arithmetic.migration import Migration, best_migration
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.plan import ActivationQuantizer, WeightQuantizer
from openvino.tools.pot.placement.transformers import has_normalization
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import Request, rows_request
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_LENGTH = 16
_WIDEST = 1e15
"""Powers of what is wider are no numbers in float32."""
_Candidate = tuple[ActivationQuantizer, list[tuple[LinearLayer, WeightQuantizer]]]


class MigrationStage:
    """Finds, for each activation read by matrix products alone, the scale that lowers their error most.

    The division is part of the activation's FakeQuantize, whose input range may differ from channel to channel
    while its output range is one; the product with the weights is part of their constants. Where a dimension is
    dynamic, OpenVINO's CPU plugin 2026.4.1 refuses ranges that differ along the last axis, or computes them wrongly:
    there a Multiply divides.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    def requests(self, network: PlannedNetwork) -> Iterator[Request]:
        """Ask for the width of each channel and for rows."""
        for quantizer, _ in _candidates(network):
            yield from _requests(network.view, quantizer)

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """Choose the scales."""
        count, network = 0, decisions.network
        normalised = has_normalization(network.view)
        for quantizer, readers in _candidates(network):
            if max(np.abs(statistics.value(each)).max() for each in channel_extremes(quantizer)) > _WIDEST:
                continue
            migration = _migration(decisions, statistics, quantizer, readers, normalised)
            moves = bool(np.any(migration.scale != 1))
            if not moves and self._recipe.is_symmetric(quantizer) is False:
                continue  # The preset's free zero point is worth more than nothing.
            found: dict[str, dict[Any, Any]] = {"activations": {quantizer.tensor: migration.span.reshaped()}}
            if moves:
                count += 1
                found["divisors"] = {quantizer.tensor: migration.scale}
                found["weight_scales"] = {weights: migration.scale for _, weights in readers}
            evidence = f"least error of the products behind it, on rows of {statistics.samples} samples"
            decisions = decisions.decided(self, evidence, **found)
        logger.debug("range moved from activations to weights at %d tensors", count)
        return decisions


def _migration(
    decisions: Decisions,
    statistics: Statistics,
    quantizer: ActivationQuantizer,
    readers: list[tuple[LinearLayer, WeightQuantizer]],
    normalised: bool,
) -> Migration:
    """The best one; it depends on nothing but the network and factors that weights have already."""
    factors = tuple(decisions.input_divisor(own).tobytes() for _, own in readers)
    key = "migration", quantizer.tensor, tuple(own for _, own in readers), factors, normalised
    return statistics.once(key, lambda: _best(decisions, statistics, quantizer, readers, normalised))


def _best(
    decisions: Decisions,
    statistics: Statistics,
    quantizer: ActivationQuantizer,
    readers: list[tuple[LinearLayer, WeightQuantizer]],
    normalised: bool,
) -> Migration:
    view = decisions.network.view
    low, high, rows = _requests(view, quantizer)
    weights = [canonical_weights(view, layer, decisions.weight_values(own)) for layer, own in readers]
    matrix = np.concatenate([own[0, :, :, 0] for own in weights])
    values = statistics.rows(rows)
    seen = max(len(values), statistics.samples * _places(view.shape(quantizer.tensor), quantizer))
    return best_migration(values, statistics.value(low), statistics.value(high), matrix, seen, normalised)


def _places(shape: tuple[int | None, ...] | None, quantizer: ActivationQuantizer) -> int:
    """How many values of a channel a sample gives: open sizes but the first are lengths of sequences or images."""
    if not shape:
        return 1
    axis = quantizer.channel_axis % len(shape)
    sizes = (
        size if size is not None else (_LENGTH if place else 1)
        for place, size in enumerate(shape)
        if place != axis
    )
    return prod(size or 1 for size in sizes)


def _requests(view: GraphView, quantizer: ActivationQuantizer) -> tuple[Request, Request, Request]:
    rows = rows_request(view, quantizer.tensor, quantizer.channel_axis)
    assert rows is not None
    low, high = channel_extremes(quantizer)
    return low, high, rows


def _candidates(network: PlannedNetwork) -> Iterator[_Candidate]:
    """Activations of known channels that only matrix products with weights of their own read, and these."""
    plan, view = network.plan, network.view
    sizes = Counter(quantizer.group for quantizer in plan.activations)
    own = network.own_weights(-1)
    for quantizer in plan.activations:
        shape = view.shape(quantizer.tensor)
        known = bool(shape and shape[quantizer.channel_axis] is not None)
        alone = sizes[quantizer.group] == 1 and quantizer.feeds == ("MatMul",)
        divided = alone and known and quantizer.divisible and not quantizer.signed
        if divided and all(reader in own for reader in quantizer.readers):
            yield quantizer, [own[reader] for reader in quantizer.readers]
