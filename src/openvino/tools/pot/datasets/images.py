"""Reading images with Pillow, which comes with the extra ``images``, and cutting and resizing them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.datasets.annotations import Size
from openvino.tools.pot.utils.errors import ConfigError, DataError, reason
from openvino.tools.pot.utils.optional import optional

if TYPE_CHECKING:
    from PIL.Image import Image

CHANNELS = (1, 3, 4)
"""Numbers of channels that images have: gray, colour, colour with transparency."""
# Of the formats that Pillow reads: others are of films, documents and measurements.
_PICTURES = frozenset(
    {"AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000"}
    | {"PCX", "PNG", "PPM", "SGI", "TGA", "TIFF", "WEBP"}
)
_DEEP = ("I", "F")  # modes with more than 8 bits a channel begin with these


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


def read_image(path: Path, use: Callable[[Image], NDArray[Any]]) -> NDArray[Any]:
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


def rgb(image: Image) -> NDArray[np.uint8]:
    """The pixels in red, green and blue, ``[height, width, 3]``.

    Raises:
        ValueError: it has more than 8 bits a channel.
    """
    require_bytes(image)
    return np.asarray(image.convert("RGB"))


def require_bytes(image: Image) -> None:
    """Make sure that an image has 8 bits a channel.

    Raises:
        ValueError: it has more.
    """
    if image.mode.startswith(_DEEP):
        raise ValueError(f"its pixels are of mode {image.mode}, expected 8 bits a channel")


def upright(image: Image, deep: str = "I;16") -> Image:
    """The image turned as its camera says, of 16 bits the higher 8.

    Args:
        image: of Pillow.
        deep: what the modes begin with that are taken for 16 bits.
    """
    from PIL import ImageOps

    turned: Image = ImageOps.exif_transpose(image)
    if not turned.mode.startswith(deep):
        return turned
    higher: Image = pillow().fromarray((np.asarray(turned) >> 8).clip(0, 255).astype(np.uint8))
    return higher


def part_of(size: Size, fraction: float) -> Size:
    """A part of a height and of a width, at least a pixel of each."""
    return int(size[0] * fraction) or 1, int(size[1] * fraction) or 1


def middle(size: Size, kept: Size) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is in the middle of an image.

    Args:
        size: of the image.
        kept: of the middle.
    """
    top, left = ((have - want) // 2 for have, want in zip(size, kept, strict=True))
    return left, top, left + kept[1], top + kept[0]


def cut(pixels: NDArray[Any], box: tuple[int, int, int, int]) -> NDArray[Any]:
    """The pixels ``[height, width, ...]`` from left and top up to right and bottom."""
    left, top, right, bottom = box
    return pixels[top:bottom, left:right]


def resized(pixels: NDArray[Any], size: Size, method: str = "BILINEAR") -> NDArray[Any]:
    """Pixels in another size, each channel by itself, as Pillow averages: RGBA it would weight by the last channel.

    Args:
        pixels: ``[height, width, channels]``, uint8 or float32.
        size: of the result.
        method: the name of one of ``PIL.Image.Resampling``.
    """
    if pixels.shape[:2] == size:
        return pixels
    planes = [pillow().fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(pixels, -1, 0)]
    way = pillow().Resampling[method]
    return np.stack([np.asarray(plane.resize(size[::-1], way)) for plane in planes], axis=-1)
