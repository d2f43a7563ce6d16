"""Classes of pixels, as images state them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import field_validator

from openvino.tools.pot.datasets.annotations import Annotated, Meta, Sample, Task
from openvino.tools.pot.datasets.formats.converter import Converter, read_meta
from openvino.tools.pot.datasets.formats.voc import VOC_BACKGROUND, VOC_CLASSES
from openvino.tools.pot.datasets.masks import MASK_LOADERS, MaskFile
from openvino.tools.pot.datasets.sources import PathText, Source, require_files
from openvino.tools.pot.utils.errors import ConfigError


class CommonSegmentation(Converter):
    """Folders of images and of masks, whose names differ in what stands before and behind a common part.

    Attributes:
        images_dir, masks_dir: the folders.
        image_prefix, image_postfix, mask_prefix, mask_postfix: what stands around the common part.
        mask_loader: how masks are read.
        dataset_meta_file: names of classes, and their colours if masks hold such.
    """

    task: ClassVar[Task] = "segmentation"
    images_dir: PathText
    masks_dir: PathText
    image_prefix: str = ""
    image_postfix: str = ".png"
    mask_prefix: str = ""
    mask_postfix: str = ".png"
    mask_loader: str = "pillow"
    dataset_meta_file: PathText | None = None

    @field_validator("mask_loader")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in MASK_LOADERS:
            raise ValueError(f"{name!r} is not supported, expected one of {', '.join(MASK_LOADERS)}")
        return name

    def convert(self, source: Source) -> Annotated:
        """One sample for each image whose name fits, in the order of names."""
        images = source.directory("images_dir", self.images_dir)
        folder = source.masks or source.directory("masks_dir", self.masks_dir)
        names = sorted(file.name for file in images.iterdir() if self._fits(file.name) and file.is_file())
        if not names:
            raise ConfigError(
                f"{str(images)!r} holds no files whose names begin with "
                f"{self.image_prefix!r} and end with {self.image_postfix!r}",
                source.place.at("images_dir"),
            )
        paths = [self._mask_name(name) for name in names]
        require_files(paths, folder, "masks", source.place.at("masks_dir"))
        samples = [
            Sample(name, MaskFile(folder / path, self.mask_loader))
            for name, path in zip(names, paths, strict=True)
        ]
        return Annotated(samples, read_meta(source, "dataset_meta_file", self.dataset_meta_file), images)

    def _fits(self, name: str) -> bool:
        around = len(self.image_prefix) + len(self.image_postfix)
        return name.startswith(self.image_prefix) and name.endswith(self.image_postfix) and len(name) > around

    def _mask_name(self, name: str) -> str:
        common = name[len(self.image_prefix) : len(name) - len(self.image_postfix)]
        return f"{self.mask_prefix}{common}{self.mask_postfix}"


class VocSegmentation(Converter):
    """Pascal VOC: ``<name>.jpg`` and a mask ``<name>.png`` in colours for each name of a list.

    Attributes:
        imageset_file: the names, a line each.
        images_dir: of the images; absent: ``JPEGImages`` of the same VOC folder.
        mask_dir: of the masks; absent: ``SegmentationClass`` of the same VOC folder.
        dataset_meta_file: names and colours of classes; absent: those of VOC.
    """

    task: ClassVar[Task] = "segmentation"
    imageset_file: PathText
    images_dir: PathText | None = None
    mask_dir: PathText | None = None
    dataset_meta_file: PathText | None = None

    def convert(self, source: Source) -> Annotated:
        """One sample for each name."""
        names = [line.split()[0] for line in source.lines("imageset_file", self.imageset_file)]
        images = self._directory(source, "images_dir", self.images_dir, "JPEGImages")
        folder = source.masks or self._directory(source, "mask_dir", self.mask_dir, "SegmentationClass")
        require_files([f"{name}.png" for name in names], folder, "masks", source.place.at("mask_dir"))
        samples = [Sample(f"{name}.jpg", MaskFile(folder / f"{name}.png", "scipy")) for name in names]
        found = read_meta(source, "dataset_meta_file", self.dataset_meta_file)
        labels: Any = found.labels or dict(enumerate((VOC_BACKGROUND, *VOC_CLASSES)))
        colors = _voc_colors() if found.colors is None else found.colors
        return Annotated(samples, Meta(labels, 0, colors), images)

    def _directory(self, source: Source, key: str, path: PathText | None, usual: str) -> Path:
        if path is not None:
            return source.directory(key, path)
        # The list lies in <VOC folder>/ImageSets/Segmentation.
        lists = source.file("imageset_file", self.imageset_file).resolve().parent
        return source.directory(key, lists.parent.parent / usual)


def _voc_colors() -> np.ndarray[Any, np.dtype[np.int64]]:
    """VOC's colours: the bits of a class, spread over the high bits of red, green and blue in turn."""
    classes = np.arange(len(VOC_CLASSES) + 1)
    colors = np.zeros((len(classes), 3), np.int64)
    for bit in range(8):
        colors[:, bit % 3] |= (classes >> bit & 1) << (7 - bit // 3)
    return colors
