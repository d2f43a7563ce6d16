"""The causes of loss that are known: what speaks for each, in figures, and what helps.

A cause is found in the figures of a layer and in its place in the float graph; nothing is guessed that the evidence
does not say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from openvino.tools.pot.diagnosis.causes import forms, ranges, samples, times, whole
from openvino.tools.pot.diagnosis.causes.kinds import CAUSES, Kind
from openvino.tools.pot.diagnosis.causes.places import cause, stands_out
from openvino.tools.pot.diagnosis.facts import Cause, Layer
from openvino.tools.pot.diagnosis.looking import Looked
from openvino.tools.pot.diagnosis.samples import Samples

__all__ = ["CAUSES", "Kind", "causes_of", "global_causes"]

Finder = Callable[[Looked, Layer], Iterator[Cause]]

_TELLS = 0.06
"""Strength from which a cause explains a loss, beyond what was merely seen."""

FINDERS: tuple[Finder, ...] = (*ranges.FINDERS, *forms.FINDERS, *times.FINDERS)


def causes_of(looked: Looked, layer: Layer) -> tuple[Cause, ...]:
    """Why a layer loses accuracy or time, the strongest first."""
    found = [cause for finder in FINDERS for cause in finder(looked, layer)]
    if all(each.strength < _TELLS for each in found) and stands_out(layer, looked.layers):
        own = layer.fidelity if layer.own is None else layer.own
        said = "" if own is None else f"its own error is {own:.0f} dB, and "
        found.append(
            cause("sensitive", layer.node, f"{said}it makes {layer.share:.0%} of that at the outputs", _TELLS)
        )
    return tuple(sorted(found, key=lambda cause: -cause.strength))


def global_causes(looked: Looked, fed: Samples, device: str) -> tuple[Cause, ...]:
    """What is wrong with the model or the samples as a whole, the strongest first.

    Args:
        looked: what was measured.
        fed: the samples.
        device: where models run.
    """
    found = [*samples.found(looked, fed, device), *whole.found(looked)]
    return tuple(sorted(found, key=lambda cause: -cause.strength))
