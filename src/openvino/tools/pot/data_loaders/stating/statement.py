"""What is said about the images that a model takes, whoever says it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypedDict

Kind = Literal["stretch", "letterbox", "keep", "cover", "crop", "line", "grid"]
Order = Literal["RGB", "BGR"]
Size = tuple[int | None, int | None]
"""Height and width; None where it is open."""


class Span(TypedDict):
    """Mean and scale of a statement, which belong together."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]


@dataclass(frozen=True)
class Resize:
    """How an image of any size gets the size that a model takes.

    Attributes:
        kind: ``stretch``: to that size divided by ``part``, whatever becomes of its proportions, the middle of that;
            ``letterbox``: inside, in the middle, what is left is filled; ``keep``: inside, left and above; ``crop``:
            its shorter side to the model's divided by ``part``, the middle of that; ``cover``: the middle of the
            model's proportions, then stretched; ``line``: to the model's height, left, no wider than the model or,
            where its width is open, on a width of ``shortest`` at least; ``grid``: as large as it is, within
            ``longest`` and ``shortest``, in multiples of ``step``.
        fill: of what is left, as a pixel from 0 to 255, the same for all channels; it need not be a whole number.
        method: as Pillow calls it, which averages where images shrink; ``LINEAR``: between the nearest four pixels, as
            OpenCV does.
        part: of the shorter side that ``crop`` leaves, or of both that ``stretch`` does.
        longest, shortest: ``grid``: sides that larger and smaller images get; None: there is no bound.
        step: ``grid``: sides are multiples of it.
        down: ``keep``: whether sides are rounded down, not to the nearest.
    """

    kind: Kind = "stretch"
    fill: float = 0.0
    method: str = "BILINEAR"
    part: float = 1.0
    longest: int | None = None
    shortest: int | None = None
    step: int = 1
    down: bool = False


@dataclass(frozen=True)
class Statement:
    """What is said about a model's images; None and empty where nothing is.

    Attributes:
        source: who says it, for people: ``metadata of yolo.onnx``.
        color_order: in which channels are fed.
        mean, scale: what is taken from, and then divides, the pixels from 0 to 255: one number for all channels, or one
            for each in the order in which they are fed; said together or not at all, and 0 and 1 where pixels are fed
            as they are.
        resize: how images get the model's size.
        size: height and width of the input.
        layout: of the input, such as ``NCHW``.
        task: as the source calls it, such as ``detect``.
        classes: names of the classes, in the order of their indices.
        family: whose model it is, such as ``ultralytics``.
        anomalies: whether it finds what most images don't show.
        unclear: what of it is not understood and left out, a sentence.
    """

    source: str
    color_order: Order | None = None
    mean: tuple[float, ...] | None = None
    scale: tuple[float, ...] | None = None
    resize: Resize | None = None
    size: Size | None = None
    layout: str | None = None
    task: str = ""
    classes: tuple[str, ...] = ()
    family: str = ""
    anomalies: bool | None = None
    unclear: str = ""


def together(statements: Iterable[Statement]) -> Statement | None:
    """One statement from several: of each attribute, what the first that says something says; None of none."""
    found: Statement | None = None
    for each in statements:
        found = each if found is None else _filled(found, each)
    return found


def _filled(first: Statement, other: Statement) -> Statement:
    if {first.color_order, other.color_order} == {
        "RGB",
        "BGR",
    }:  # a number for red is one for red wherever that stands
        mean, scale = (values and values[:3][::-1] + values[3:] for values in (other.mean, other.scale))
        other = replace(other, mean=mean, scale=scale)
    new: dict[str, Any] = {}
    for field in fields(Statement):
        if getattr(first, field.name) in (None, "", ()) and getattr(other, field.name) not in (None, "", ()):
            new[field.name] = getattr(other, field.name)
    source = first.source if not new or other.source == first.source else f"{first.source}, {other.source}"
    return replace(first, **new, source=source)
