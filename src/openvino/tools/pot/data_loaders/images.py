"""Reading images as a model's input wants them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.data_loaders.layout import ImageInput
from openvino.tools.pot.datasets.images import middle, part_of, pillow, read_image, upright

if TYPE_CHECKING:
    from PIL import Image

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_BLUE_FIRST = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}


@dataclass(frozen=True)
class ImageReader:
    """Reads image files as a model's input wants them.

    Attributes:
        target: the input; images are resized where its height and width are known.
        blue_first: whether channels come as BGR.
        central_fraction: part of the height and width that is kept, around the middle.
        mean, scale: one number for each channel or one for all; float32 pixels come out if either is given.
    """

    target: ImageInput
    blue_first: bool = True
    central_fraction: float | None = None
    mean: NDArray[np.float32] | None = None
    scale: NDArray[np.float32] | None = None

    def read(self, path: Path) -> NDArray[Any]:
        """The image in the layout of the input, uint8 unless mean or scale are given.

        Raises:
            DataError: the file can't be read.
        """
        return read_image(path, self.arranged)

    def arranged(self, image: Image.Image) -> NDArray[Any]:
        """An image of Pillow's in the layout of the input."""
        channels = self.target.channels or 3
        pixels = np.asarray(self._resized(upright(image, "I").convert(_MODES[channels])))
        pixels = pixels.reshape(*pixels.shape[:2], channels)
        if self.blue_first:
            pixels = pixels[..., _BLUE_FIRST[channels]]
        return self.target.arranged(self._normalised(pixels))

    def _resized(self, image: Image.Image) -> Image.Image:
        whole = image.height, image.width
        kept = part_of(whole, self.central_fraction or 1.0)
        size = self.target.height or kept[0], self.target.width or kept[1]
        part = image.crop(middle(whole, kept)) if kept != whole else image
        return part.resize(size[::-1], pillow().Resampling.BILINEAR) if size != kept else part

    def _normalised(self, pixels: NDArray[Any]) -> NDArray[Any]:
        if self.mean is not None:
            pixels = pixels - self.mean
        return pixels / self.scale if self.scale is not None else pixels
