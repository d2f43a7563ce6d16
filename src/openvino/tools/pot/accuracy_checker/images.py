"""Reading images and masks as Accuracy Checker's readers give them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.data_loaders.files import ARRAYS
from openvino.tools.pot.data_loaders.images import pillow, read_image
from openvino.tools.pot.data_loaders.layout import CHANNELS
from openvino.tools.pot.utils.errors import DataError, reason

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = NDArray[np.uint8]
_DEEP = ("I", "F")  # modes with more than 8 bits a channel begin with these


class Reader(Parameters):
    """Reads files of samples."""

    def reads(self, path: Path) -> bool:
        """Whether a file is of a kind that it reads, as its name says."""
        return path.suffix.lower() not in ARRAYS

    @abstractmethod
    def read(self, path: Path) -> NDArray[Any]:
        """The sample, ``[height, width, channels]``.

        Raises:
            DataError: it can't be read.
        """


class ImageFiles(Reader):
    """Reads image files; ``blue_first`` says whether their channels come as BGR or as RGB."""

    blue_first: ClassVar[bool]

    def read(self, path: Path) -> Pixels:
        """The image, ``[height, width, 3]``.

        Raises:
            DataError: it can't be read, or has more than 8 bits a channel.
        """
        colors = read_image(path, self._colors)
        return np.ascontiguousarray(colors[..., ::-1]) if self.blue_first else colors

    def _colors(self, image: Image) -> Pixels:
        return _rgb(image)


class OpenCVReader(ImageFiles):
    """Images in BGR, turned as their camera says; of 16 bits the higher 8."""

    blue_first: ClassVar[bool] = True
    reading_flag: Literal["color"] = "color"

    def _colors(self, image: Image) -> Pixels:
        from PIL import ImageOps

        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I;16"):
            image = pillow().fromarray((np.asarray(image) >> 8).astype(np.uint8))
        return _rgb(image)


class PillowReader(ImageFiles):
    """Images in RGB."""

    blue_first: ClassVar[bool] = False
    to_rgb: Literal[True] = True


class RGBReader(ImageFiles):
    """Images in RGB, of readers that have no options."""

    blue_first: ClassVar[bool] = False


class NumpyReader(Reader):
    """Arrays that hold images, ``[height, width, channels]`` or ``[height, width]``, as they are fed."""

    def reads(self, path: Path) -> bool:
        """Whether it is an ``.npy``."""
        return path.suffix.lower() == ".npy"

    def read(self, path: Path) -> NDArray[Any]:
        """The array, in float32 where it is no bytes.

        Raises:
            DataError: it can't be read, or is of another shape.
        """
        found = load_array(path, "array")
        found = found[..., None] if found.ndim == 2 else found
        if found.shape[-1] not in CHANNELS:
            raise DataError(
                f"array {str(path)!r} has shape {list(found.shape)}, expected [height, width, channels]"
            )
        return found if found.dtype == np.uint8 else found.astype(np.float32)


READERS: Mapping[str, type[Reader]] = {
    "opencv_imread": OpenCVReader,
    "pillow_imread": PillowReader,
    "scipy_imread": RGBReader,
    "skimage_imread": RGBReader,
    "tf_imread": RGBReader,
    "numpy_reader": NumpyReader,
}


@dataclass(frozen=True)
class MaskFile:
    """A segmentation mask on disk.

    Attributes:
        path: of the file.
        loader: one of ``MASK_LOADERS``.
    """

    path: Path
    loader: str

    def read(self) -> Pixels:
        """The mask, ``[height, width]``, or ``[height, width, channels]`` if it holds colours.

        Raises:
            DataError: it can't be read.
        """
        if self.loader == "numpy":
            return load_array(self.path, "mask").astype(np.uint8)
        return read_image(self.path, _MASKS[self.loader])


def _plain(image: Image) -> Pixels:
    _require_bytes(image)
    return np.asarray(image).astype(np.uint8)


def _palette_as_colors(image: Image) -> Pixels:
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    return _plain(image)


def _bgr(image: Image) -> Pixels:
    return _rgb(image)[..., ::-1]


def _rgb(image: Image) -> Pixels:
    _require_bytes(image)
    return np.asarray(image.convert("RGB"))


def _require_bytes(image: Image) -> None:
    if image.mode.startswith(_DEEP):
        raise ValueError(f"its pixels are of mode {image.mode}, expected 8 bits a channel")


_MASKS: Mapping[str, Callable[[Image], Pixels]] = {
    "pillow": _plain,
    "pillow_convert_to_rgb": _rgb,
    "opencv": _bgr,
    "scipy": _palette_as_colors,
}
MASK_LOADERS = (*_MASKS, "numpy")


def load_array(path: Path, what: str) -> NDArray[Any]:
    """The array in an ``.npy``, of 2 or 3 axes.

    Args:
        path: of the file.
        what: it is, for messages.

    Raises:
        DataError: it can't be read, or holds no such array.
    """
    try:
        found: Any = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{what} {str(path)!r} can't be read: {reason(error)}") from error
    if not isinstance(found, np.ndarray) or found.ndim not in (2, 3):
        raise DataError(f"{what} {str(path)!r} holds no array of 2 or 3 axes")
    return found
