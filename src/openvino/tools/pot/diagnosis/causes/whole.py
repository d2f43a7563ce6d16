"""Causes that lie in no single layer, and not in the samples."""

from __future__ import annotations

from collections.abc import Iterator

from openvino.tools.pot.diagnosis.causes.places import cause
from openvino.tools.pot.diagnosis.facts import Cause
from openvino.tools.pot.diagnosis.looking import Looked

_FAULT, _FOLLOWS = 6.0, 30.0
"""dB by which the device falls behind the definition, twice the error, and from which on that does no harm."""

_HALVED = 3.0
"""dB that the device's own settings must cost, half of the error that is there."""

_MOSTLY = 0.5
"""The share of samples on which that must be seen."""

_LOSES = 20.0
"""dB below which it is asked where the loss comes from: an error of a tenth."""

_MOST, _MANY = 0.8, 0.25
"""The share of the error for which layers are counted, and the share of layers from which that means many."""


def found(looked: Looked) -> Iterator[Cause]:
    """Faults of the device, and loss that is everywhere."""
    yield from _of_device(looked)
    yield from _everywhere(looked)


def _of_device(looked: Looked) -> Iterator[Cause]:
    parts = looked.parts
    if parts.users < parts.whole - _HALVED and parts.users < _FOLLOWS and looked.coarser_on > _MOSTLY:
        yield cause(
            "own_precision", "",
            f"{parts.users:.1f} dB with the device's own settings, {parts.whole:.1f} dB in float32", 0.6,
        )  # fmt: skip
    if parts.whole < parts.defined - _FAULT and parts.whole < _FOLLOWS and looked.faulty_on > _MOSTLY:
        yield cause(
            "device_fault", "",
            f"{parts.whole:.1f} dB as the device runs it, {parts.defined:.1f} dB as it is defined", 0.9,
        )  # fmt: skip


def _everywhere(looked: Looked) -> Iterator[Cause]:
    shares = sorted((layer.share for layer in looked.layers if layer.share > 0), reverse=True)
    if looked.parts.whole > _LOSES or len(shares) < 2:
        return
    gone, count = 0.0, 0
    while gone < _MOST * sum(shares):
        gone, count = gone + shares[count], count + 1
    if count > max(3, _MANY * len(shares)):
        yield cause(
            "many_layers",
            "",
            f"it takes {count} of {len(shares)} layers to make {_MOST:.0%} of the error",
            0.4,
        )
