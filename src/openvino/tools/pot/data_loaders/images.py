"""Reading images as a model's input wants them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.data_loaders.geometry import Placing, Whole, placing
from openvino.tools.pot.data_loaders.layout import ImageInput
from openvino.tools.pot.data_loaders.patches import EVERY, with_patch
from openvino.tools.pot.data_loaders.stating.statement import Resize
from openvino.tools.pot.datasets.images import middle, part_of, pillow, read_image, upright

if TYPE_CHECKING:
    from PIL import Image

_ORIENTATION, _ON_THEIR_SIDE = 0x0112, (5, 6, 7, 8)
"""Of EXIF."""
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_BLUE_FIRST = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}


@dataclass(frozen=True)
class ImageReader:
    """Reads image files as a model's input wants them.

    Attributes:
        target: the input; images get its height and width where these are known.
        blue_first: whether channels come as BGR.
        central_fraction: part of the height and width that is kept, around the middle, before all else.
        mean, scale: one number for each channel or one for all; float32 pixels come out if either is given.
        resize: how images get the input's size.
        anomalies: whether every fourth gets a patch that doesn't belong there.
    """

    target: ImageInput
    blue_first: bool = True
    central_fraction: float | None = None
    mean: NDArray[np.float32] | None = None
    scale: NDArray[np.float32] | None = None
    resize: Resize = field(default_factory=Resize)
    anomalies: bool = False

    @property
    def channels(self) -> int:
        """As many as the input has, 3 where it leaves that open."""
        return self.target.channels or 3

    def read(self, path: Path, index: int = 0) -> NDArray[Any]:
        """The image in the layout of the input, uint8 unless mean or scale are given.

        Args:
            path: of its file.
            index: among the others, by which anomalies are given out.

        Raises:
            DataError: the file can't be read.
        """
        return read_image(path, lambda image: self.arranged(image, index))

    def shape(self, path: Path) -> tuple[int, ...]:
        """The shape that an image is fed in, of which no pixel is read.

        Raises:
            DataError: the file can't be read.
        """
        (height, width) = (int(side) for side in read_image(path, lambda image: np.array(_size(image))))
        kept = part_of((height, width), self.central_fraction or 1.0)
        canvas = placing(self.resize, kept, (self.target.height, self.target.width)).canvas
        return self.target.arranged(np.empty((*canvas, self.channels), np.bool_)).shape

    def arranged(self, image: Image.Image, index: int = 0) -> NDArray[Any]:
        """An image of Pillow's in the layout of the input."""
        turned = upright(image, "I").convert(_MODES[self.channels])
        if self.anomalies and index % EVERY == 0:
            turned = with_patch(turned, index)
        whole = turned.height, turned.width
        kept = part_of(whole, self.central_fraction or 1.0)
        part = turned.crop(middle(whole, kept)) if kept != whole else turned
        way = placing(self.resize, kept, (self.target.height, self.target.width))
        pixels = np.asarray(self._resized(part, way)).reshape(*way.middle, self.channels)
        if self.blue_first:
            pixels = pixels[..., _BLUE_FIRST[self.channels]]
        return self.target.arranged(self._on_canvas(self._normalised(pixels), way))

    def as_seen(self, sample: NDArray[Any]) -> NDArray[np.uint8]:
        """What was fed as pixels in red, green and blue, ``[height, width, channels]``."""
        layout = self.target.layout
        image = sample.take(0, layout.index("N")) if "N" in layout else sample
        pixels = image.transpose([layout.replace("N", "").index(axis) for axis in "HWC"])
        if self.scale is not None:
            pixels = pixels * self.scale
        if self.mean is not None:
            pixels = pixels + self.mean
        if self.blue_first:
            pixels = pixels[..., _BLUE_FIRST[self.channels]]
        return np.asarray(np.rint(pixels).clip(0, 255), np.uint8)

    def _resized(self, image: Image.Image, way: Placing) -> Image.Image:
        whole = image.height, image.width
        part = image.crop(middle(whole, way.part)) if way.part != whole else image
        sized = _to_size(part, way.size, self.resize.method)
        if way.middle == way.size:
            return sized
        # Rounded as torchvision does, to the even of two numbers that are as near.
        top, left = (round((have - want) / 2) for have, want in zip(way.size, way.middle, strict=True))
        return sized.crop((left, top, left + way.middle[1], top + way.middle[0]))

    def _normalised(self, pixels: NDArray[Any]) -> NDArray[Any]:
        if self.mean is not None:
            pixels = pixels - self.mean
        return pixels / self.scale if self.scale is not None else pixels

    def _on_canvas(self, pixels: NDArray[Any], way: Placing) -> NDArray[Any]:
        """The normalised pixels where they belong, what is left filled with what its colour becomes."""
        if way.canvas == way.middle:
            return pixels
        filling = self._normalised(np.full(pixels.shape[-1], self.resize.fill, np.float32))
        canvas = np.empty((*way.canvas, pixels.shape[-1]), pixels.dtype)
        canvas[:] = np.rint(filling) if pixels.dtype.kind == "u" else filling
        height, width = way.middle
        canvas[way.top : way.top + height, way.left : way.left + width] = pixels
        return canvas


def _size(image: Image.Image) -> Whole:
    """Height and width of an image that is turned as its camera says."""
    # Pillow decodes a whole PNG to look for what it has not met before the pixels.
    noted = image.format != "PNG" or "exif" in image.info
    turned = noted and image.getexif().get(_ORIENTATION, 1) in _ON_THEIR_SIDE
    return (image.width, image.height) if turned else (image.height, image.width)


def _to_size(image: Image.Image, size: Whole, method: str) -> Image.Image:
    if (image.height, image.width) == size:
        return image
    if method != "LINEAR":
        return image.resize(size[::-1], pillow().Resampling[method])
    # Pillow averages where it shrinks; of a transformation, it takes the nearest four pixels, and of bytes their floor.
    rows, columns = image.height / size[0], image.width / size[1]
    kind, nearest_four = pillow().Transform.AFFINE, pillow().Resampling.BILINEAR
    bands = []
    for band in image.split():
        moved = band.convert("F").transform(size[::-1], kind, (columns, 0, 0, 0, rows, 0), nearest_four)
        bands.append(pillow().fromarray(np.rint(np.asarray(moved)).astype(np.uint8)))
    merged: Image.Image = pillow().merge(image.mode, bands)
    return merged
