"""In one word what became of a model: the words that a run ends in, and the figures behind them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Verdict = Literal["good", "no gain", "worse", "broken", "unknown"]
"""Follows the float model; follows, but a request is no faster; loses much; does not follow; can't be told."""

LOSS = 10.0
"""dB: an output that follows the float model's less, with an error of a third of its own variation, is lost."""

WORSE = 15.0
"""dB below which much is lost: a larger error than a sixth of the output's own variation.

20 dB, an error of a tenth, are usual: networks of the benchmarks that keep their metric follow to 20 dB and more.
"""

FASTER = 1.1
"""Times as fast from which a request is called faster: the fastest of a few differ by some percent by themselves."""

_ORDER: tuple[Verdict, ...] = ("good", "no gain", "unknown", "worse", "broken")


def verdict_of(lost: bool, decibels: float | None, kept: bool | None, faster: bool | None) -> Verdict:
    """The word.

    Args:
        lost: whether an output does not follow, or the device can't run the model.
        decibels: of the output that follows worst; None where none can be compared.
        kept: whether a metric lost no more than was allowed, which says more than dB; None where none was measured.
        faster: whether a request is; None where that was not found out, which is not held against it.
    """
    if lost:
        return "broken"
    if kept is None and decibels is None:
        return "unknown"
    if kept is False or (kept is None and decibels is not None and decibels < WORSE):
        return "worse"
    return "no gain" if faster is False else "good"


def worst_of(verdicts: Iterable[Verdict]) -> Verdict:
    """The word for several models together; ``unknown`` without any."""
    return max(verdicts, key=_ORDER.index, default="unknown")
