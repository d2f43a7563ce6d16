"""The steps between an image as it is stored and what a classifier takes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray
from pydantic import Field

from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.datasets.images import cut, middle, part_of, resized


class Step(Parameters):
    """One step."""

    @abstractmethod
    def apply(self, image: NDArray[Any]) -> NDArray[Any]:
        """An image ``[height, width, channels]``, uint8, after the step."""


class Crop(Step):
    """The middle: a part of height and width, at least a pixel of each."""

    central_fraction: float = Field(gt=0, le=1)

    def apply(self, image: NDArray[Any]) -> NDArray[Any]:
        """The middle of the image."""
        size = image.shape[0], image.shape[1]
        return cut(image, middle(size, part_of(size, self.central_fraction)))


class Resize(Step):
    """Another size, bilinearly."""

    height: int = Field(ge=1)
    width: int = Field(ge=1)

    def apply(self, image: NDArray[Any]) -> NDArray[Any]:
        """The image in that size."""
        return resized(image, (self.height, self.width))


STEPS: Mapping[str, type[Step]] = {"crop": Crop, "resize": Resize}
