"""The steps between reading an image and feeding it, named and done as in Accuracy Checker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import field_validator, model_validator

from openvino.tools.pot.datasets.geometry import AutoResize, Crop, Padding, Resize
from openvino.tools.pot.datasets.pictures import Picture, Step, channel_figures

# Of images in BGR, and the same numbers for the spread: so Accuracy Checker has them.
_KNOWN_FIGURES = {
    "imagenet": (104.00698793, 116.66876762, 122.67891434),
    "cifar10": (125.307, 122.961, 113.8575),
}


class Normalization(Step):
    """Pixels less a mean, divided by a spread.

    Attributes:
        mean, std: one number or one for each channel, also as text separated by commas, or ``imagenet`` or
            ``cifar10``.
        images_only: without effect, as there is nothing but images.
    """

    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    images_only: bool = False

    @field_validator("mean", "std", mode="before")
    @classmethod
    def _numbers(cls, value: Any) -> Any:
        return None if value is None else channel_figures(value, _KNOWN_FIGURES)

    @model_validator(mode="after")
    def _something(self) -> Normalization:
        if self.mean is None and self.std is None:
            raise ValueError("mean and std are missing, expected one of them at least")
        if self.std is not None and 0 in self.std:
            raise ValueError("std divides the pixels, expected no zero in it")
        return self

    def apply(self, picture: Picture) -> Picture:
        """The picture in float32."""
        pixels = picture.pixels.astype(np.float32)
        if self.mean is not None:
            pixels -= np.asarray(self.mean, np.float32)
        if self.std is not None:
            pixels /= np.asarray(self.std, np.float32)
        return replace(picture, pixels=pixels)


class SwapChannels(Step):
    """Red for blue and blue for red."""

    def apply(self, picture: Picture) -> Picture:
        """The picture with its channels in the other order."""
        return replace(picture, pixels=picture.pixels[..., ::-1])


STEPS: Mapping[str, type[Step]] = {
    "resize": Resize,
    "auto_resize": AutoResize,
    "crop": Crop,
    "padding": Padding,
    "normalization": Normalization,
    "bgr_to_rgb": SwapChannels,
    "rgb_to_bgr": SwapChannels,
}
