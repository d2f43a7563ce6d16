"""Reading images and arrays as Accuracy Checker's readers give them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.datasets.files import ARRAYS
from openvino.tools.pot.datasets.images import CHANNELS, read_image, rgb, upright
from openvino.tools.pot.utils.errors import DataError, reason

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = NDArray[np.uint8]


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
        return rgb(image)


class OpenCVReader(ImageFiles):
    """Images in BGR, turned as their camera says; of 16 bits the higher 8."""

    blue_first: ClassVar[bool] = True
    reading_flag: Literal["color"] = "color"

    def _colors(self, image: Image) -> Pixels:
        return rgb(upright(image))


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
