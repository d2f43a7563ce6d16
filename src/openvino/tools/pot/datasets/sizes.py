"""Sizes as Accuracy Checker's entries give them, and those that keep an image's proportions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import Field, model_validator

from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.datasets.annotations import Size

_LEAST_EAST = 32
"""Pixels of a side that the EAST detector needs."""


class Sized(Parameters):
    """A size: ``size`` for both sides, or ``dst_width`` and ``dst_height``."""

    size: int | None = Field(default=None, ge=1)
    dst_width: int | None = Field(default=None, ge=1)
    dst_height: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one_size(self) -> Sized:
        sides = (self.dst_width, self.dst_height)
        if self.size is not None and any(side not in (None, self.size) for side in sides):
            raise ValueError(
                f"size {self.size}, dst_width {sides[0]} and dst_height {sides[1]} contradict each other"
            )
        if self.size is None and (sides[0] is None) != (sides[1] is None):
            raise ValueError("dst_width and dst_height go together, found only one of them")
        return self

    @property
    def wanted(self) -> Size | None:
        """Height and width, None where the entry gives none."""
        if self.size is not None:
            return self.size, self.size
        if self.dst_width is None or self.dst_height is None:
            return None
        return self.dst_height, self.dst_width


def _width(wanted: Size, image: Size) -> Size:
    """The height as it is wanted."""
    return wanted[0], int(wanted[1] * image[1] / image[0])


def _height(wanted: Size, image: Size) -> Size:
    """The width as it is wanted."""
    return int(wanted[0] * image[0] / image[1]), wanted[1]


def _greater(wanted: Size, image: Size) -> Size:
    """The smaller side as it is wanted."""
    return _height(wanted, image) if image[0] > image[1] else _width(wanted, image)


def _fit_to_window(wanted: Size, image: Size) -> Size:
    """The largest that the wanted size holds."""
    scale = min(wanted[0] / image[0], wanted[1] / image[1])
    return int(scale * image[0]), int(scale * image[1])


def _min_ratio(wanted: Size, image: Size) -> Size:
    """The smallest that holds the wanted size."""
    ratio = min(image[0] / wanted[0], image[1] / wanted[1])
    return int(image[0] / ratio), int(image[1] / ratio)


def _smaller_side(wanted: Size, image: Size) -> Size:
    """The smaller side as the smaller one wanted."""
    ratio = min(wanted) / min(image)
    return int(image[0] * ratio), int(image[1] * ratio)


def _frcnn(wanted: Size, image: Size) -> Size:
    """The smaller side as the smaller one wanted, unless the greater would exceed the greater one wanted."""
    found = _greater((min(wanted), min(wanted)), image)
    return found if max(found) <= max(wanted) else _fit_to_window((max(wanted), max(wanted)), image)


def _east(wanted: Size, image: Size) -> Size:
    """At most the greater side wanted, each then less by up to twice the smaller one, so that this divides it."""
    ratio, unit = min(max(wanted) / max(image), 1.0), min(wanted)
    height, width = (int(side * ratio) for side in image)
    return _multiple(height, unit), _multiple(width, unit)


def _multiple(side: int, unit: int) -> int:
    """Of the unit; where it is none, that below the next smaller one, as the EAST detector was trained."""
    return max(side if side % unit == 0 else (side // unit - 1) * unit, _LEAST_EAST)


PROPORTIONS: Mapping[str, Callable[[Size, Size], Size]] = {
    "width": _width,
    "height": _height,
    "greater": _greater,
    "fit_to_window": _fit_to_window,
    "min_ratio": _min_ratio,
    "mask_rcnn_benchmark_aspect_ratio": _smaller_side,
    "frcnn_keep_aspect_ratio": _frcnn,
    "east_keep_aspect_ratio": _east,
}
"""How a size follows from the one wanted and the image's; heights before widths."""
