"""Migration of range from activations to the weights behind them, for matrix products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import prod

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.context import Context
from openvino.tools.pot.algorithms.quantization.activation_ranges import (
    channel_extremes,
    is_symmetric,
    may_divide,
)
from openvino.tools.pot.arithmetic.migration import Migration, best_migration
from openvino.tools.pot.configs.parameters import MinMaxParameters
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights
from openvino.tools.pot.placement.plan import ActivationQuantizer, WeightQuantizer
from openvino.tools.pot.placement.transformers import has_normalization
from openvino.tools.pot.statistics.layout import Request, Statistics
from openvino.tools.pot.statistics.sampling import rows_request
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

    def __init__(self, parameters: MinMaxParameters) -> None:
        self._parameters = parameters
        self._active = may_divide(parameters)

    def requests(self, context: Context) -> Iterator[Request]:
        """Ask for the width of each channel and for rows."""
        for quantizer, _ in self._candidates(context):
            yield from _requests(context, quantizer)

    def decide(self, context: Context, statistics: Statistics) -> None:
        """Choose the scales."""
        count, normalised = 0, has_normalization(context.view)
        for quantizer, readers in self._candidates(context):
            if max(np.abs(statistics.value(each)).max() for each in channel_extremes(quantizer)) > _WIDEST:
                continue
            migration = _migration(context, statistics, quantizer, readers, normalised)
            moves = bool(np.any(migration.scale != 1))
            if not moves and is_symmetric(self._parameters, quantizer) is False:
                continue  # The preset's free zero point is worth more than nothing.
            context.outcome.activations[quantizer.tensor] = migration.span.reshaped()
            if moves:
                count += 1
                context.outcome.divisors[quantizer.tensor] = migration.scale
                context.outcome.weight_scales.update((weights, migration.scale) for _, weights in readers)
        logger.debug("range moved from activations to weights at %d tensors", count)

    def _candidates(self, context: Context) -> Iterator[_Candidate]:
        return _candidates(context) if self._active else iter(())


def _migration(
    context: Context,
    statistics: Statistics,
    quantizer: ActivationQuantizer,
    readers: list[tuple[LinearLayer, WeightQuantizer]],
    normalised: bool,
) -> Migration:
    low, high, rows = _requests(context, quantizer)
    matrix = np.concatenate([_matrix(context, *reader) for reader in readers])
    values = statistics.rows(rows)
    seen = max(len(values), statistics.samples * _places(context.view.shape(quantizer.tensor), quantizer))
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


def _requests(context: Context, quantizer: ActivationQuantizer) -> tuple[Request, Request, Request]:
    rows = rows_request(context.view, quantizer.tensor, quantizer.channel_axis)
    assert rows is not None
    low, high = channel_extremes(quantizer)
    return low, high, rows


def _candidates(context: Context) -> Iterator[_Candidate]:
    """Activations of known channels that only matrix products with weights of their own read, and these."""
    plan, view = context.plan, context.view
    assert plan is not None
    sizes = Counter(quantizer.group for quantizer in plan.activations)
    own = context.own_weights(-1)
    for quantizer in plan.activations:
        shape = view.shape(quantizer.tensor)
        known = bool(shape and shape[quantizer.channel_axis] is not None)
        alone = sizes[quantizer.group] == 1 and quantizer.feeds == ("MatMul",)
        divided = alone and known and quantizer.divisible and not quantizer.signed
        if divided and all(reader in own for reader in quantizer.readers):
            yield quantizer, [own[reader] for reader in quantizer.readers]


def _matrix(context: Context, layer: LinearLayer, weights: WeightQuantizer) -> NDArray[np.floating]:
    return canonical_weights(context.view, layer, context.weight_values(weights))[0, :, :, 0]
