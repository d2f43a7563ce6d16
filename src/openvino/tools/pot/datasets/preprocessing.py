"""The steps between reading an image and feeding it, named and done as in Accuracy Checker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from pydantic import field_validator, model_validator

from openvino.tools.pot.datasets.geometry import AutoResize, Crop, Padding, Resize
from openvino.tools.pot.datasets.pictures import Picture, Step, channel_figures
from openvino.tools.pot.utils.errors import DataError

# Of images in BGR, and the same numbers for the spread: so Accuracy Checker has them.
_KNOWN_FIGURES = {
    "imagenet": (104.00698793, 116.66876762, 122.67891434),
    "cifar10": (125.307, 122.961, 113.8575),
}
# Shares of red, green and blue in what is seen as brightness; of whole pixels in parts of 2^15, as OpenCV has them.
_BRIGHTNESS = np.array([0.299, 0.587, 0.114], np.float32)
_WHOLE_BRIGHTNESS, _BITS = np.array([9798, 19235, 3735]), 15


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
        for name, figures in (("mean", self.mean), ("std", self.std)):
            if figures is not None and len(figures) not in (1, pixels.shape[-1]):
                raise DataError(f"normalization: {name} has {len(figures)} numbers, {_channels(picture)}")
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


class RgbToGray(Step):
    """One channel, the brightness, in place of red, green and blue.

    Attributes:
        cast_to_float: whether pixels become float32; otherwise they stay what they were.
    """

    cast_to_float: bool = True

    _order: ClassVar[int] = 1

    def apply(self, picture: Picture) -> Picture:
        """The picture with one channel.

        Raises:
            DataError: it does not have three.
        """
        pixels = picture.pixels
        if pixels.shape[-1] != len(_BRIGHTNESS):
            raise DataError(f"brightness is of three channels, {_channels(picture)}")
        if pixels.dtype == np.uint8:
            sums = pixels @ _WHOLE_BRIGHTNESS[:: self._order]
            gray = (sums + (1 << (_BITS - 1)) >> _BITS).astype(np.uint8)
        else:
            gray = pixels @ _BRIGHTNESS[:: self._order]
        gray = gray[..., np.newaxis]
        return replace(picture, pixels=gray.astype(np.float32) if self.cast_to_float else gray)


class BgrToGray(RgbToGray):
    """The same of blue, green and red."""

    _order: ClassVar[int] = -1


def _channels(picture: Picture) -> str:
    count = picture.pixels.shape[-1]
    return f"but the image has {count} channel{'s' if count > 1 else ''} there"


STEPS: Mapping[str, type[Step]] = {
    "resize": Resize,
    "auto_resize": AutoResize,
    "crop": Crop,
    "padding": Padding,
    "normalization": Normalization,
    "bgr_to_rgb": SwapChannels,
    "rgb_to_bgr": SwapChannels,
    "bgr_to_gray": BgrToGray,
    "rgb_to_gray": RgbToGray,
}
