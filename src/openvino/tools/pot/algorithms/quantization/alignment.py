"""Alignment of channels before convolutions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from openvino.tools.pot.algorithms.algorithm import Context
from openvino.tools.pot.algorithms.quantization.activation_ranges import channel_extremes, says_form
from openvino.tools.pot.algorithms.quantization.saturation import protects
from openvino.tools.pot.config.parameters import MinMaxParameters
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights
from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.placement.plan import ActivationQuantizer, WeightQuantizer
from openvino.tools.pot.quantization.alignment import Channels, Reader, aligned
from openvino.tools.pot.statistics.layout import Request, Statistics
from openvino.tools.pot.statistics.reducers import Rows
from openvino.tools.pot.statistics.sampling import rows_request
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

CHANNEL_AXIS = 1
_LEAST_SPREAD = 1.05


class AlignmentStage:
    """Finds a division of each activation that only convolutions read, where it lowers their estimated error.

    POT's ActivationChannelAlignment moved the scale into the layer before; here it is part of the activation's
    FakeQuantize, whose input range may differ from channel to channel while its output range is one, so that
    whatever lies before it may stay as it is.

    Args:
        parameters: of the algorithm; the stage is active where they name no formula for ranges.
    """

    def __init__(self, parameters: MinMaxParameters) -> None:
        self._active = not says_form(parameters)
        self._protected = protects(parameters)

    def requests(self, context: Context) -> Iterator[Request]:
        """Ask for the extremes of each channel and for rows."""
        for quantizer, _ in self._candidates(context):
            yield from (_rows(context, quantizer), *channel_extremes(quantizer))

    def decide(self, context: Context, statistics: Statistics) -> None:
        """Choose the divisions."""
        count = 0
        for quantizer, layers in self._candidates(context):
            rows = statistics.rows(_rows(context, quantizer))
            channels = Channels(
                *(statistics.value(end) for end in channel_extremes(quantizer)),
                np.mean(rows**2, axis=0, dtype=np.float64),
            )
            inputs = channels.high - min(channels.low.min(), 0.0) if self._protected else None
            readers = [
                Reader.of(canonical_weights(context.view, layer, context.weight_values(weights)), inputs)
                for layer, weights in layers
            ]
            scale = aligned(channels, readers)
            if scale.max() > _LEAST_SPREAD * scale.min():
                count += 1
                context.outcome.divisors[quantizer.tensor] = scale
                context.outcome.weight_scales.update(dict.fromkeys((w for _, w in layers), scale))
        logger.debug("channels aligned at %d tensors", count)

    def _candidates(
        self, context: Context
    ) -> Iterator[tuple[ActivationQuantizer, list[tuple[LinearLayer, WeightQuantizer]]]]:
        """Activations that only convolutions with weights of their own read, and these."""
        plan, view = context.plan, context.view
        assert plan is not None
        if not self._active:
            return
        sizes = Counter(quantizer.group for quantizer in plan.activations)
        own = {
            InputId(layer.node, layer.activation): (layer, weights)
            for _, layer, weights in context.linear_layers
            if layer.input_axis == CHANNEL_AXIS and len(weights.readers) == 1
        }
        for quantizer in plan.activations:
            alone = sizes[quantizer.group] == 1 and not quantizer.per_channel
            if alone and _many_rows(context, quantizer) and all(reader in own for reader in quantizer.readers):
                yield quantizer, [own[reader] for reader in quantizer.readers]


def _many_rows(context: Context, quantizer: ActivationQuantizer) -> bool:
    """Whether a sample gives more than one row: ranges from a few hundred values a channel don't hold."""
    rows = rows_request(context.view, quantizer.tensor, CHANNEL_AXIS)
    return rows is not None and isinstance(rows.reducer, Rows) and rows.reducer.count > 1


def _rows(context: Context, quantizer: ActivationQuantizer) -> Request:
    rows = rows_request(context.view, quantizer.tensor, CHANNEL_AXIS)
    assert rows is not None
    return rows
