"""Images on their way from a file to the model, and what a step of preprocessing is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.datasets.annotations import Size


@dataclass(frozen=True)
class Picture:
    """An image on its way to the model.

    Attributes:
        pixels: uint8 or float32, ``[height, width, channels]``.
        input_size: of the model's input, None where that is not fixed.
        resized: size after the last resize, None without one.
        preferred: size that a padding after a resize fills up to.
    """

    pixels: NDArray[Any]
    input_size: Size | None = None
    resized: Size | None = None
    preferred: Size | None = None

    @property
    def size(self) -> Size:
        """Of the image as it is now."""
        return self.pixels.shape[0], self.pixels.shape[1]


class Step(Parameters):
    """One step."""

    @abstractmethod
    def apply(self, picture: Picture) -> Picture:
        """The picture after the step."""


def channel_figures(value: Any, known: Mapping[str, tuple[float, ...]] | None = None) -> tuple[float, ...]:
    """One number for all channels or one for each of three, from a number, a list, text, or a name.

    Raises:
        ValueError: the value is none of these.
    """
    known = known or {}
    names = f", or one of {', '.join(known)}" if known else ""
    failure = ValueError(f"expected one number or three{names}, found {value!r}")
    if isinstance(value, str):
        if value.lower() in known:
            return known[value.lower()]
        value = [part for part in value.replace("(", "").replace(")", "").split(",") if part.strip()]
    elif not isinstance(value, (list, tuple)):
        value = [value]
    if len(value) not in (1, 3) or any(isinstance(each, bool) for each in value):
        raise failure
    try:
        return tuple(float(each) for each in value)
    except (TypeError, ValueError):
        raise failure from None
