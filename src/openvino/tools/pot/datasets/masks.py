"""Segmentation masks: read from files, and classes for the colours that they are painted in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.datasets.images import read_image, require_bytes, rgb
from openvino.tools.pot.datasets.readers import load_array

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = NDArray[np.uint8]


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
    require_bytes(image)
    return np.asarray(image).astype(np.uint8)


def _palette_as_colors(image: Image) -> Pixels:
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    return _plain(image)


def _bgr(image: Image) -> Pixels:
    return rgb(image)[..., ::-1]


_MASKS: Mapping[str, Callable[[Image], Pixels]] = {
    "pillow": _plain,
    "pillow_convert_to_rgb": rgb,
    "opencv": _bgr,
    "scipy": _palette_as_colors,
}
MASK_LOADERS = (*_MASKS, "numpy")


def classes_of_colors(mask: NDArray[Any], colors: NDArray[np.int64]) -> NDArray[np.int64]:
    """Classes for the colours of a mask; colours that are no class's become class 0.

    Args:
        mask: ``[height, width, channels]``, or ``[height, width]`` where a colour is one number.
        colors: of the classes, ``[classes, channels]`` or ``[classes]``. Of equal ones the last class counts, as it
            is painted over the others.

    Returns:
        ``[height, width]``.
    """
    keys, known = (_packed(each, mask.ndim == 3) for each in (mask, colors))
    order = np.argsort(known, kind="stable")
    places = order[np.searchsorted(known, keys, side="right", sorter=order) - 1]
    return np.where(known[places] == keys, places, 0)


def _packed(values: NDArray[Any], colored: bool) -> NDArray[np.int64]:
    """One number for each colour, whose channels lie along the last axis."""
    numbers = values.astype(np.int64)
    return numbers @ (256 ** np.arange(numbers.shape[-1])) if colored else numbers
