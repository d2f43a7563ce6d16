"""Images and objects of a dataset in the format of MS COCO."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.api.samples.utils.configurations import File, Folder, checked
from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.datasets.annotations import Objects
from openvino.tools.pot.datasets.formats.coco import CocoDetection
from openvino.tools.pot.datasets.readers import OpenCVReader
from openvino.tools.pot.datasets.resampling import resample
from openvino.tools.pot.datasets.sources import Source
from openvino.tools.pot.utils.errors import DataError, Place

_READER = OpenCVReader()


class _Config(Parameters):
    images_path: Folder
    annotation_path: File
    image_size: int = Field(default=640, ge=1)
    layout: Literal["HWC", "CHW"] = "HWC"


class COCOLoader(DataLoader):
    """Gives each image with its objects, as ``MAP`` takes them.

    An item is ``((index, [annotation, (height, width)]), image)``. ``annotation`` holds ``boxes`` (left, top, right
    and bottom in pixels of the file's image, ``[objects, 4]``), ``labels`` (the categories' own numbers),
    ``iscrowd`` and the single sides ``x_mins``, ``y_mins``, ``x_maxs`` and ``y_maxs``, each ``[objects]``. The
    image is uint8, BGR, ``[size, size, 3]`` as in POT, or in the ``layout`` that is configured; for another form
    override ``_read_and_preprocess_image``.

    Args:
        config: ``images_path``, the folder of images; ``annotation_path``, a JSON file of instances;
            ``image_size``, height and width of what the model takes, default 640; ``layout``, ``HWC`` (default)
            or ``CHW``.

    Attributes:
        labels: numbers of the categories, in the order of the file.
        images: file names, in the order of the annotation; files of the folder that it doesn't name don't count.

    Raises:
        ConfigError: a path is missing or leads nowhere, or the file holds no instances.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        given = checked(_Config, config, self, COCOLoader)
        self.images_path, self.annotation_path = given.images_path, given.annotation_path
        self.image_size, self.layout = given.image_size, given.layout
        coco = CocoDetection(
            annotation_file=given.annotation_path, use_full_label_map=True, sort_annotations=False
        )
        annotated = coco.convert(Source((Path(),), Place("COCOLoader")))
        self.labels = list(annotated.meta.labels)
        self.images = [sample.name for sample in annotated.samples]
        self._objects: list[Objects] = [sample.annotation for sample in annotated.samples]
        self._sizes = [sample.size for sample in annotated.samples]
        if None in self._sizes:
            raise DataError("COCOLoader: an image of the annotation has no height or width")

    def __len__(self) -> int:
        """Number of images that the annotation names."""
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        """The image at ``index`` with its objects.

        Raises:
            DataError: its file can't be read.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"there is no image {index}, expected 0 to {len(self) - 1}")
        annotation = [_annotation(self._objects[index]), self._sizes[index]]
        return (index, annotation), self._read_and_preprocess_image(
            str(self.images_path / self.images[index])
        )

    def _read_and_preprocess_image(self, image_path: str) -> NDArray[Any]:
        """Hook: the image of a file as the model takes it, without the batch dimension."""
        resized = resample(_READER.read(Path(image_path)), self.image_size, self.image_size, "linear")
        pixels = resized.astype(np.uint8)
        return np.ascontiguousarray(pixels.transpose(2, 0, 1)) if self.layout == "CHW" else pixels


def _annotation(objects: Objects) -> dict[str, NDArray[Any]]:
    sides = dict(zip(("x_mins", "y_mins", "x_maxs", "y_maxs"), objects.boxes.T, strict=True))
    crowd = objects.crowd.astype(np.int64)
    return {"boxes": objects.boxes, "labels": objects.labels, "iscrowd": crowd, **sides}
