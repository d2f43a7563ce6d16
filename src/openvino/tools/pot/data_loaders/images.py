"""Reading images with Pillow, which comes with the extra ``images``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.data_loaders.layout import ImageInput
from openvino.tools.pot.utils.errors import ConfigError, DataError, reason
from openvino.tools.pot.utils.optional import optional

if TYPE_CHECKING:
    from PIL import Image

# Of the formats that Pillow reads: others are of films, documents and measurements.
_PICTURES = frozenset(
    {"AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000"}
    | {"PCX", "PNG", "PPM", "SGI", "TGA", "TIFF", "WEBP"}
)
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_BLUE_FIRST = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}


@cache
def pillow() -> Any:
    """Pillow's module ``PIL.Image``.

    Raises:
        ConfigError: it is not installed.
    """
    return optional("PIL.Image", "Pillow", "images", "images")


@cache
def image_suffixes() -> frozenset[str]:
    """Endings of the files that Pillow reads, in small letters; none where it is not installed."""
    try:
        image = pillow()
    except ConfigError:
        return frozenset({".bmp", ".jpeg", ".jpg", ".png"})  # so that the error comes when one is read
    known = image.registered_extensions()
    return frozenset(suffix for suffix, kind in known.items() if kind in _PICTURES)


def read_image(path: Path, use: Callable[[Image.Image], NDArray[Any]]) -> NDArray[Any]:
    """What a function makes of an image file.

    Raises:
        DataError: the file can't be read.
    """
    try:
        with pillow().open(path) as image:
            return use(image)
    # decoders raise all of these
    except (OSError, ValueError, SyntaxError, pillow().DecompressionBombError) as error:
        raise DataError(f"image {str(path)!r} can't be read: {reason(error)}") from error


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
        pixels = np.asarray(self._resized(_upright(image, _MODES[channels])))
        pixels = pixels.reshape(*pixels.shape[:2], channels)
        if self.blue_first:
            pixels = pixels[..., _BLUE_FIRST[channels]]
        return self.target.arranged(self._normalised(pixels))

    def _resized(self, image: Image.Image) -> Image.Image:
        part = self.central_fraction or 1.0
        width, height = image.size
        kept = int(width * part) or 1, int(height * part) or 1
        left, top = (width - kept[0]) // 2, (height - kept[1]) // 2
        size = self.target.width or kept[0], self.target.height or kept[1]
        middle = image.crop((left, top, left + kept[0], top + kept[1])) if kept != image.size else image
        return middle.resize(size, pillow().Resampling.BILINEAR) if size != kept else middle

    def _normalised(self, pixels: NDArray[Any]) -> NDArray[Any]:
        if self.mean is not None:
            pixels = pixels - self.mean
        return pixels / self.scale if self.scale is not None else pixels


def _upright(image: Image.Image, mode: str) -> Image.Image:
    """The image turned as its camera says, in 8 bits a channel."""
    from PIL import ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I;16") or image.mode == "I":
        values = np.asarray(image)
        image = pillow().fromarray((values >> 8).clip(0, 255).astype(np.uint8))
    return image.convert(mode)
