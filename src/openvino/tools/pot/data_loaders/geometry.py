"""Where an image's pixels go when it gets the size that a model takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

from openvino.tools.pot.data_loaders.stating.statement import Kind, Resize, Size

Whole = tuple[int, int]
"""Height and width."""
_SLACK = 1e-6
"""What is less than this from a whole number is that number, which a share such as .875 missed."""
NEED_SIZES = frozenset({"letterbox", "keep", "cover", "crop"})
"""Kinds for which the model's size must be known."""


@dataclass(frozen=True)
class Placing:
    """The way of one image, in the order of its steps.

    Attributes:
        part: height and width of its middle that is kept.
        size: that this is resized to.
        middle: height and width of the middle of that.
        canvas: of what is fed.
        top, left: where on the canvas it lies.
    """

    part: Whole
    size: Whole
    middle: Whole
    canvas: Whole
    top: int = 0
    left: int = 0


def placing(resize: Resize, image: Whole, target: Size) -> Placing:
    """The way of an image.

    Args:
        resize: how.
        image: its height and width.
        target: the model's, None where they are open.
    """
    return _KINDS[resize.kind](resize, image, target)


def _plain(image: Whole, size: Whole) -> Placing:
    return Placing(image, size, size, size)


def _stretch(resize: Resize, image: Whole, target: Size) -> Placing:
    height, width = target[0] or image[0], target[1] or image[1]
    size = int(height / resize.part + _SLACK), int(width / resize.part + _SLACK)
    return Placing(image, size, (height, width), (height, width))


def _inside(resize: Resize, image: Whole, target: Size) -> tuple[Whole, Whole]:
    """The size within the model's, and the model's."""
    canvas = target[0] or image[0], target[1] or image[1]
    ratio = min(canvas[0] / image[0], canvas[1] / image[1])
    rounded = (lambda side: int(side + _SLACK)) if resize.down else round
    height, width = (max(1, rounded(side * ratio)) for side in image)
    return (height, width), canvas


def _keep(resize: Resize, image: Whole, target: Size) -> Placing:
    size, canvas = _inside(resize, image, target)
    return Placing(image, size, size, canvas)


def _letterbox(resize: Resize, image: Whole, target: Size) -> Placing:
    """In the middle; of an odd number of rows or columns that are left, the last is behind it."""
    size, canvas = _inside(resize, image, target)
    top, left = ((all_ - own) // 2 for all_, own in zip(canvas, size, strict=True))
    return Placing(image, size, size, canvas, top, left)


def _crop(resize: Resize, image: Whole, target: Size) -> Placing:
    canvas = target[0] or image[0], target[1] or image[1]
    wanted = [int(side / resize.part + _SLACK) for side in canvas]
    ratios = [side / own for side, own in zip(wanted, image, strict=True)]
    leading = ratios.index(max(ratios))  # the side that would be too short otherwise
    size = [int(own * wanted[leading] / image[leading] + _SLACK) for own in image]
    size[leading] = wanted[leading]
    height, width = (max(own, side) for own, side in zip(size, canvas, strict=True))
    return Placing(image, (height, width), canvas, canvas)


def _cover(_: Resize, image: Whole, target: Size) -> Placing:
    height, width = target[0] or image[0], target[1] or image[1]
    part = (
        min(image[0], max(1, int(image[1] * height / width + _SLACK))),
        min(image[1], max(1, int(image[0] * width / height + _SLACK))),
    )
    return Placing(part, (height, width), (height, width), (height, width))


def _line(resize: Resize, image: Whole, target: Size) -> Placing:
    height = target[0] or image[0]
    natural = ceil(height * image[1] / image[0] - _SLACK)
    width = target[1] or max(resize.shortest or 1, int(height * image[1] / image[0] + _SLACK))
    size = height, max(1, min(natural, width))
    return Placing(image, size, size, (height, width))


def _grid(resize: Resize, image: Whole, target: Size) -> Placing:
    ratio = 1.0
    if resize.longest is not None and max(image) > resize.longest:
        ratio = resize.longest / max(image)
    if resize.shortest is not None and min(image) < resize.shortest:
        ratio = resize.shortest / min(image)
    step = resize.step
    height, width = (max(step, round(int(side * ratio + _SLACK) / step) * step) for side in image)
    return _plain(image, (target[0] or height, target[1] or width))


_KINDS: Mapping[Kind, Callable[[Resize, Whole, Size], Placing]] = {
    "stretch": _stretch,
    "letterbox": _letterbox,
    "keep": _keep,
    "cover": _cover,
    "crop": _crop,
    "line": _line,
    "grid": _grid,
}
