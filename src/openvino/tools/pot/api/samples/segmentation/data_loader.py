"""Images and masks of a dataset in the format of Pascal VOC."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.api.samples.utils.configurations import File, Folder, checked
from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.datasets.formats.masks import VocSegmentation
from openvino.tools.pot.datasets.masks import classes_of_colors
from openvino.tools.pot.datasets.readers import OpenCVReader
from openvino.tools.pot.datasets.sources import Source
from openvino.tools.pot.utils.errors import DataError, Place

_PLACE = Place("VOCSegmentationLoader")
_READER = OpenCVReader()


class _Config(Parameters):
    data_source: Folder
    mask_dir: Folder
    imageset_file: File
    image_size: int = Field(ge=1)


class VOCSegmentationLoader(DataLoader):
    """Gives each image with the class of each pixel, both padded with zeros on all sides to a square.

    An item is ``((index, mask), image)``: the mask int16, ``[size, size]``, the image uint8, RGB,
    ``[3, size, size]``. Padding and colours that are none of VOC's, such as that of outlines, count as class 0.

    Args:
        config: ``data_source``, the folder of images ``<name>.jpg``; ``mask_dir``, that of masks ``<name>.png`` in
            VOC's colours; ``imageset_file``, the names, one a line; ``image_size``, height and width in pixels of
            what the model takes.

    Raises:
        ConfigError: a key is missing, a path leads nowhere, or a mask is missing.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        given = checked(_Config, config, self, VOCSegmentationLoader)
        self._image_size, images = given.image_size, given.data_source
        voc = VocSegmentation(imageset_file=given.imageset_file, images_dir=images, mask_dir=given.mask_dir)
        annotated = voc.convert(Source((Path(),), _PLACE))
        assert annotated.meta.colors is not None  # VOC's own
        self._colors = annotated.meta.colors
        self._samples = [(images / sample.name, sample.annotation.path) for sample in annotated.samples]

    def __len__(self) -> int:
        """Number of names in the list."""
        return len(self._samples)

    def __getitem__(self, index: int) -> Any:
        """The image at ``index`` with its mask.

        Raises:
            DataError: a file can't be read, or is larger than the model's input.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"there is no image {index}, expected 0 to {len(self) - 1}")
        image_path, mask_path = self._samples[index]
        mask = self._read_and_preprocess_mask(str(mask_path))
        return (index, mask), self._read_and_preprocess_image(str(image_path))

    def _read_and_preprocess_image(self, image_path: str) -> NDArray[Any]:
        """Hook: the image of a file as the model takes it, without the batch dimension."""
        return np.ascontiguousarray(self._padded(image_path).transpose(2, 0, 1))

    def _read_and_preprocess_mask(self, mask_path: str) -> NDArray[Any]:
        """Hook: the class of each pixel of a file in VOC's colours."""
        return classes_of_colors(self._padded(mask_path), self._colors).astype(np.int16)

    def _padded(self, path: str) -> NDArray[np.uint8]:
        pixels = _READER.read(Path(path))[..., ::-1]
        spare = [self._image_size - size for size in pixels.shape[:2]]
        if min(spare) < 0:
            raise DataError(
                f"image {path!r} is {pixels.shape[0]} pixels high and {pixels.shape[1]} wide, expected no more "
                f"than image_size, {self._image_size}"
            )
        before = [size // 2 for size in spare]
        return np.pad(pixels, [*((a, b - a) for a, b in zip(before, spare, strict=True)), (0, 0)])
