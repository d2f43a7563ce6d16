"""Steps of preprocessing that change the size of images, named and done as in Accuracy Checker."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from openvino.tools.pot.datasets.annotations import Size
from openvino.tools.pot.datasets.images import cut, middle, pillow, resized
from openvino.tools.pot.datasets.pictures import Picture, Step, channel_figures
from openvino.tools.pot.datasets.resampling import resample
from openvino.tools.pot.datasets.sizes import PROPORTIONS, Sized
from openvino.tools.pot.utils.errors import DataError, EngineError

_OPENCV = {
    "NEAREST": "nearest",
    "LINEAR": "linear",
    "BILINEAR": "linear",
    "CUBIC": "cubic",
    "BICUBIC": "cubic",
    "AREA": "area",
}
_PILLOW = {
    "NEAREST": "NEAREST",
    "NONE": "NEAREST",
    "LINEAR": "BILINEAR",
    "BILINEAR": "BILINEAR",
    "CUBIC": "BICUBIC",
    "BICUBIC": "BICUBIC",
    "BOX": "BOX",
    "HAMMING": "HAMMING",
    "LANCZOS": "LANCZOS",
    "ANTIALIAS": "LANCZOS",
}


class Resize(Sized, Step):
    """Another size, perhaps with the image's own proportions.

    Attributes:
        aspect_ratio_scale: how the size follows from the image's; absent: it is the one given.
        use_pillow, resize_realization: whose arithmetic counts, Pillow's or (by default) OpenCV's.
        interpolation: absent: linear. Pillow's averages over all pixels where images become smaller.
    """

    aspect_ratio_scale: str | None = None
    interpolation: str | None = None
    use_pillow: bool = False
    resize_realization: Literal["opencv", "pillow"] | None = None

    @field_validator("aspect_ratio_scale")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        if name is not None and name not in PROPORTIONS:
            raise ValueError(f"{name!r} is not supported, expected one of {', '.join(PROPORTIONS)}")
        return name

    @model_validator(mode="after")
    def _complete(self) -> Resize:
        if self.wanted is None:
            raise ValueError("a size is missing, expected size, or dst_width and dst_height")
        known = _PILLOW if self._with_pillow else _OPENCV
        if self._interpolation not in known:
            library = "Pillow" if self._with_pillow else "OpenCV"
            raise ValueError(
                f"interpolation {self.interpolation!r} of {library} is not supported, expected one of "
                f"{', '.join(known)}"
            )
        return self

    @property
    def _with_pillow(self) -> bool:
        return self.use_pillow if self.resize_realization is None else self.resize_realization == "pillow"

    @property
    def _interpolation(self) -> str:
        return (self.interpolation or "LINEAR").upper()

    def apply(self, picture: Picture) -> Picture:
        """The picture in its new size: uint8 of Pillow, float32 of OpenCV."""
        assert self.wanted is not None
        size = self.wanted
        if self.aspect_ratio_scale is not None:
            size = PROPORTIONS[self.aspect_ratio_scale](self.wanted, picture.size)
        if min(size) < 1:
            raise DataError(f"resize: an image of {_shown(picture.size)} would shrink to {_shown(size)}")
        preferred = max(size[0], self.wanted[0]), max(size[1], self.wanted[1])
        return replace(picture, pixels=self._pixels(picture.pixels, size), resized=size, preferred=preferred)

    def _pixels(self, pixels: NDArray[Any], size: Size) -> NDArray[Any]:
        if not self._with_pillow:
            return resample(pixels, *size, _OPENCV[self._interpolation])
        method = _PILLOW[self._interpolation]
        if pixels.dtype != np.uint8:
            return resized(pixels, size, method)
        return np.asarray(pillow().fromarray(pixels).resize(size[::-1], pillow().Resampling[method]))


class AutoResize(Step):
    """The size of the model's input."""

    def apply(self, picture: Picture) -> Picture:
        """The picture in its new size, float32."""
        size = picture.input_size
        if size is None:
            raise EngineError("auto_resize needs a model whose input has a fixed height and width")
        pixels = resample(picture.pixels, *size, "linear")
        return replace(picture, pixels=pixels, resized=size, preferred=size)


class Crop(Sized, Step):
    """The middle of the image.

    Attributes:
        central_fraction: part of both sides that is kept.
        max_square: keep the largest square.
        use_pillow: fill up with zeros where the image is smaller; otherwise it is enlarged.
    """

    central_fraction: float | None = Field(default=None, gt=0, le=1)
    max_square: bool = False
    use_pillow: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Crop:
        ways = (self.wanted is not None, self.central_fraction is not None, self.max_square)
        if sum(ways) != 1:
            raise ValueError(
                "expected exactly one of a size (size, or dst_width and dst_height), central_fraction and max_square"
            )
        return self

    def apply(self, picture: Picture) -> Picture:
        """The picture in its new size."""
        size = self._size(picture.size)
        if min(size) < 1:
            raise DataError(f"crop: nothing is left of an image of {_shown(picture.size)}")
        pixels = picture.pixels
        if self.use_pillow:
            starts = [round((have - want) / 2) for have, want in zip(picture.size, size, strict=True)]
            pixels, (top, left) = _filled(pixels, starts, size)
            box = left, top, left + size[1], top + size[0]
        else:
            pixels = _enlarged(pixels, size)
            box = middle((pixels.shape[0], pixels.shape[1]), size)
        return replace(picture, pixels=cut(pixels, box))

    def _size(self, image: Size) -> Size:
        if self.max_square:
            return min(image), min(image)
        if self.central_fraction is not None:
            return int(image[0] * self.central_fraction), int(image[1] * self.central_fraction)
        assert self.wanted is not None
        return self.wanted


PadMode = Literal["constant", "edge", "maximum", "minimum", "mean", "median", "symmetric", "wrap"]


class Padding(Sized, Step):
    """A border of one colour, or as NumPy makes it.

    Attributes:
        stride: sides become multiples of it.
        pad_value: one number, or one for each channel, separated by commas; of one channel the first counts.
        pad_type: where the border comes.
        use_numpy: whether NumPy makes it; its numbers are then one for each axis, as in Accuracy Checker.
        numpy_pad_mode: what NumPy puts there.
    """

    stride: int = Field(default=1, ge=1)
    pad_value: tuple[float, ...] = (0.0, 0.0, 0.0)
    pad_type: Literal["center", "left_top", "right_bottom"] = "center"
    use_numpy: bool = False
    numpy_pad_mode: PadMode = "constant"

    @field_validator("pad_value", mode="before")
    @classmethod
    def _numbers(cls, value: Any) -> Any:
        return channel_figures(value)

    def apply(self, picture: Picture) -> Picture:
        """The picture with its border; without a size, as large as the resize before was asked for."""
        size = self.wanted or picture.preferred or picture.size
        border = [
            max(-(-max(want, have if axis else 0) // self.stride) * self.stride - have, 0)
            for axis, (want, have) in enumerate(zip(size, picture.size, strict=True))
        ]
        before = {"center": [each // 2 for each in border], "left_top": border, "right_bottom": [0, 0]}
        starts = before[self.pad_type]
        if self.use_numpy:
            return replace(picture, pixels=self._by_numpy(picture.pixels, starts, border))
        height, width, channels = picture.pixels.shape
        shape = (height + border[0], width + border[1], channels)
        fill = np.asarray(self.pad_value[:1] if channels == 1 else self.pad_value, np.float32)
        dtype = picture.pixels.dtype
        padded = np.empty(shape, dtype)
        padded[...] = np.rint(fill).clip(0, 255) if dtype == np.uint8 else fill
        padded[starts[0] : starts[0] + height, starts[1] : starts[1] + width] = picture.pixels
        return replace(picture, pixels=padded)

    def _by_numpy(self, pixels: NDArray[Any], starts: list[int], border: list[int]) -> NDArray[Any]:
        around = [(start, whole - start) for start, whole in zip(starts, border, strict=True)]
        values = self.pad_value * 3 if len(self.pad_value) == 1 else self.pad_value
        fill: dict[str, Any] = {"constant_values": [(value, value) for value in values]}
        return np.pad(
            pixels,
            [*around, (0, 0)],
            self.numpy_pad_mode,
            **(fill if self.numpy_pad_mode == "constant" else {}),
        )


def _filled(pixels: NDArray[Any], starts: list[int], size: Size) -> tuple[NDArray[Any], list[int]]:
    """Pixels with as many zeros around them as a cut needs, and where it starts then."""
    ends = [start + want - have for start, want, have in zip(starts, size, pixels.shape[:2], strict=True)]
    around = [(max(-start, 0), max(end, 0)) for start, end in zip(starts, ends, strict=True)]
    return np.pad(pixels, [*around, (0, 0)]), [max(start, 0) for start in starts]


def _enlarged(pixels: NDArray[Any], size: Size) -> NDArray[Any]:
    """Pixels in their proportions, as large as ``size`` at least."""
    height, width = float(pixels.shape[0]), float(pixels.shape[1])
    if width < size[1]:
        width, height = float(size[1]), height * size[1] / width
    if height < size[0]:
        width, height = width * size[0] / height, float(size[0])
    target = int(np.ceil(height)), int(np.ceil(width))
    if target == pixels.shape[:2]:
        return pixels
    return resample(pixels, *target, "linear").astype(pixels.dtype)


def _shown(size: Size) -> str:
    return f"{size[1]} x {size[0]} pixels"
