"""Which layer is worst: one figure for loss here, loss elsewhere, and time."""

from __future__ import annotations

from openvino.tools.pot.diagnosis.causes.times import OF_TIME, lost_seconds
from openvino.tools.pot.diagnosis.facts import Layer
from openvino.tools.pot.diagnosis.looking import Looked
from openvino.tools.pot.graph.half import LARGEST as LARGEST_HALF

_WORSE = 15.0
"""dB of the whole below which a layer's share of the error counts in full, an error of a sixth; of smaller errors it
counts as much less as these are smaller, so that time comes first where next to nothing is lost."""

_INFINITE = 0.5
"""What values count that other devices make infinite: as much as half of a large loss here."""


def badness(layer: Layer, looked: Looked) -> float:
    """How much a layer matters: its part of the error, as far as that is large, or of the time that could be saved."""
    return max(
        layer.share * _weight(looked.parts.whole),
        _elsewhere(layer, looked),
        _time(layer, looked),
    )


def _weight(decibels: float) -> float:
    """What an error of the whole counts."""
    return float(min(1.0, 10 ** ((_WORSE - decibels) / 20)))


def _elsewhere(layer: Layer, looked: Looked) -> float:
    """What is lost on other devices and processors than this one."""
    found = looked.overflows.get(layer.int8_node)
    overflowing = 0.0 if found is None else min(1.0, found.error * _passed_on(layer) * 10 ** (_WORSE / 20))
    return max(overflowing, _INFINITE if layer.largest > LARGEST_HALF else 0.0)


def _passed_on(layer: Layer) -> float:
    """What is left at the outputs of an error of a layer, as its own error by rounding tells."""
    if layer.own is None or layer.fidelity is None:
        return 1.0
    return float(10 ** ((layer.own - layer.fidelity) / 20))


def _time(layer: Layer, looked: Looked) -> float:
    """The share of a request that could be saved: what INT8 loses, or half of what takes as long as in float."""
    names = OF_TIME & {cause.name for cause in layer.causes}
    if not names or layer.int8_seconds is None:
        return 0.0
    saved = lost_seconds(looked, layer) if "slower_in_int8" in names else layer.int8_seconds / 2
    return saved / looked.timing.int8_seconds
