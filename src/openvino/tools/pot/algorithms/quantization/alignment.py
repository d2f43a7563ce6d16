"""Alignment of channels before convolutions."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork
from openvino.tools.pot.algorithms.quantization.activation_ranges import channel_extremes
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.arithmetic.alignment import Channels, Reader, aligned
from openvino.tools.pot.graph.channels import CHANNEL_AXIS, channel_sources
from openvino.tools.pot.graph.digest import short_digest
from openvino.tools.pot.graph.geometry import LinearLayer, canonical_weights
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.plan import ActivationQuantizer, WeightQuantizer, by_group
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import Request, has_many_rows, rows_request
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_WORTH = 0.7
"""What must be left of the estimated error: a range that differs from channel to channel costs a little time."""


@dataclass(frozen=True)
class _Group:
    """Activations of one range that only convolutions read.

    Attributes:
        members: their quantizers; the channels of all are numbered through.
        readers: each convolution, its weights, and the number of each of its input channels.
    """

    members: tuple[ActivationQuantizer, ...]
    readers: tuple[tuple[LinearLayer, WeightQuantizer, NDArray[np.int64]], ...]


class AlignmentStage:
    """Finds a division of the channels that only convolutions read, where it lowers their estimated error.

    POT's ActivationChannelAlignment moved the scale into the layer before; here it is part of the activation's
    FakeQuantize, whose input range may differ from channel to channel while its output range is one, so that
    whatever lies before it may stay as it is. Channels are followed through Concat, pooling and shuffles.

    For recipes that leave the form of ranges open.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._protected = recipe.protects

    def requests(self, network: PlannedNetwork) -> Iterator[Request]:
        """Ask for the extremes of each channel and for rows."""
        for group in _groups(network):
            for member in group.members:
                yield from (_rows(network.view, member), *channel_extremes(member))

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """Choose the divisions."""
        chosen, groups = 0, tuple(_groups(decisions.network))
        for group in groups:
            channels = _channels(decisions.network, group, statistics)
            readers = [self._reader(decisions, *each) for each in group.readers]
            scale, left = statistics.once(_key(channels, readers), partial(aligned, channels, readers))
            if left < _WORTH:
                chosen += 1
                evidence = f"it leaves {left:.0%} of the error that convolutions behind it would have"
                decisions = decisions.decided(self, evidence, **_divided(decisions.network, group, scale))
        logger.debug("channels aligned at %d of %d groups of tensors", chosen, len(groups))
        return decisions

    def _reader(
        self, decisions: Decisions, layer: LinearLayer, quantizer: WeightQuantizer, ids: NDArray[np.int64]
    ) -> Reader:
        weights = canonical_weights(decisions.network.view, layer, decisions.weight_values(quantizer))
        return Reader.of(weights, self._protected, ids)


def _key(channels: Channels, readers: Sequence[Reader]) -> Hashable:
    """All that a division of channels depends on."""
    parts: list[NDArray[Any]] = [channels.low, channels.high, channels.power]
    for reader in readers:
        parts += [reader.ids, reader.largest, reader.power, np.array([reader.taps])]
        parts += [] if reader.protected is None else [reader.protected]
    described = [f"{part.dtype} {part.shape}".encode() for part in parts]
    return "aligned", short_digest([*described, *map(np.ascontiguousarray, parts)], 32)


def _groups(network: PlannedNetwork) -> Iterator[_Group]:
    plan, view = network.plan, network.view
    own = network.own_weights(CHANNEL_AXIS)
    layers = frozenset(layer.node for layer in plan.layers)
    for members in by_group(plan.activations):
        one_range = all(q.channel_axis == CHANNEL_AXIS and q.divisible and not q.per_channel for q in members)
        if one_range and all(has_many_rows(view, q.tensor, CHANNEL_AXIS) for q in members):
            sources = channel_sources(view, {q.tensor: q.readers for q in members}, layers)
            if sources and all(reader in own for reader in sources):
                yield _Group(tuple(members), tuple((*own[reader], ids) for reader, ids in sources.items()))


def _channels(network: PlannedNetwork, group: _Group, statistics: Statistics) -> Channels:
    ends = [[statistics.value(request) for request in channel_extremes(q)] for q in group.members]
    low, high = (np.concatenate(parts) for parts in zip(*ends, strict=True))
    power = np.concatenate([_power(_rows(network.view, q), statistics) for q in group.members])
    return Channels(low, high, power)


def _power(rows: Request, statistics: Statistics) -> NDArray[np.float64]:
    """The mean square of each channel."""
    return statistics.once(
        ("power", rows), lambda: np.mean(statistics.rows(rows) ** 2, axis=0, dtype=np.float64)
    )


def _divided(
    network: PlannedNetwork, group: _Group, scale: NDArray[np.float64]
) -> dict[str, dict[Any, NDArray[np.float64]]]:
    """What a division of channels means for tensors, and for the weights of the convolutions."""
    sizes = [(network.view.shape(q.tensor) or ())[CHANNEL_AXIS] or 0 for q in group.members]
    parts = np.split(scale, np.cumsum(sizes)[:-1])
    return {
        "divisors": dict(zip((q.tensor for q in group.members), parts, strict=True)),
        "weight_scales": {weights: scale[ids] for _, weights, ids in group.readers},
    }


def _rows(view: GraphView, quantizer: ActivationQuantizer) -> Request:
    rows = rows_request(view, quantizer.tensor, CHANNEL_AXIS)
    assert rows is not None
    return rows
