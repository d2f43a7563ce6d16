"""The picture of a search: the drop of each model that accuracy control evaluated, beside what is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10

from openvino.tools.pot.diagnosis.control import amount
from openvino.tools.pot.diagnosis.control_facts import AccuracyControl

_LEFT, _RIGHT, _TOP, _HEIGHT = 64, 16, 34, 150
_FOOT = 30
_STEP = (16, 64)
_LABELLED = 24
"""Steps up to which each has the number of its layers in float written above it."""


@dataclass(frozen=True)
class Dot:
    """A model that was evaluated.

    Attributes:
        x, y: where it stands.
        number: of its step, from 1.
        label: how many layers it has in float; empty where there is no room for it.
        kind: ``met``, ``missed``, or ``open`` where the evaluation stopped early.
        taken: whether it was.
        title: all of it in words.
    """

    x: float
    y: float
    number: int
    label: str
    kind: str
    taken: bool
    title: str


@dataclass(frozen=True)
class Chart:
    """The picture, with the places of all that is in it.

    Attributes:
        width, height: of the whole.
        left, right, bottom: where its axes end.
        dots: the models, those whose drop is known.
        grid: drops with a line: place and words.
        allowed: place of the drop that is allowed.
    """

    width: float
    height: float
    left: float
    right: float
    bottom: float
    dots: tuple[Dot, ...]
    grid: tuple[tuple[float, str], ...]
    allowed: float

    @property
    def path(self) -> str:
        """The line from model to model."""
        return " ".join(f"{dot.x:g},{dot.y:g}" for dot in self.dots)


def chart_of(control: AccuracyControl | None) -> Chart | None:
    """The picture of a search of several steps; None where there is none, or a table says it all."""
    if control is None:
        return None
    known = [(number, step) for number, step in enumerate(control.steps, 1) if step.drop is not None]
    if len(known) < 2:
        return None
    low, high = _bounds(control)
    gap = min(max(640 / len(control.steps), _STEP[0]), _STEP[1])
    right = _LEFT + gap * len(control.steps)

    def place(drop: float) -> float:
        share = (log10(max(drop, low)) - log10(low)) / (log10(high) - log10(low))
        return round(_TOP + (1 - share) * _HEIGHT, 1)

    dots = tuple(
        Dot(
            round(_LEFT + gap * (number - 0.5), 1), place(step.drop or 0.0), number,
            str(len(step.floats)) if len(known) <= _LABELLED else "",
            "open" if not step.complete else "met" if step.met else "missed", number == control.chosen,
            f"step {number}, {step.what}: a drop of {'' if step.complete else 'at least '}{amount(step.drop, control)}",
        )
        for number, step in known
    )  # fmt: skip
    powers = range(ceil(log10(low) + 1e-9), floor(log10(high) + 1e-9) + 1)
    grid = tuple((place(10.0**power), amount(10.0**power, control)) for power in powers)
    bottom = _TOP + _HEIGHT
    return Chart(
        right + _RIGHT, bottom + _FOOT, _LEFT, right, bottom, dots, ((bottom, "none"), *grid),
        place(control.maximal_drop),
    )  # fmt: skip


def _bounds(control: AccuracyControl) -> tuple[float, float]:
    """Drops at the bottom, where all that are smaller stand, and at the top."""
    drops = [step.drop for step in control.steps if step.drop is not None and step.drop > 0]
    allowed = [control.maximal_drop] if control.maximal_drop > 0 else []
    known = [*drops, *allowed] or [1.0]
    return min(known) / 2, 1.5 * max(known)
