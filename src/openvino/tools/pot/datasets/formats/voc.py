"""Objects in images, as Pascal VOC states them."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree

from openvino.tools.pot.datasets.annotations import Annotated, Meta, Objects, Sample, Task
from openvino.tools.pot.datasets.formats.converter import Converter, read_meta
from openvino.tools.pot.datasets.sources import PathText, Source
from openvino.tools.pot.utils.errors import ConfigError

VOC_CLASSES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
VOC_BACKGROUND = "__background__"


class VocDetection(Converter):
    """An XML file with boxes for each image of a list.

    Attributes:
        imageset_file: names of images without ending, a line each.
        annotations_dir: folder of ``<name>.xml``.
        images_dir: where the images are, if ``data_source`` doesn't say it.
        has_background: classes count from 1, as class 0 stands for nothing.
        dataset_meta_file: names of classes; absent: those of VOC.
    """

    task: ClassVar[Task] = "detection"
    imageset_file: PathText
    annotations_dir: PathText
    images_dir: PathText | None = None
    has_background: bool = True
    dataset_meta_file: PathText | None = None

    def convert(self, source: Source) -> Annotated:
        """One sample for each name of the list."""
        names = [line.split()[0] for line in source.lines("imageset_file", self.imageset_file)]
        folder = source.directory("annotations_dir", self.annotations_dir)
        images = None if self.images_dir is None else source.directory("images_dir", self.images_dir)
        meta = self._meta(source)
        classes = {name: label for label, name in meta.labels.items()}
        return Annotated([_sample(folder / f"{name}.xml", classes, source) for name in names], meta, images)

    def _meta(self, source: Source) -> Meta:
        labels = read_meta(source, "dataset_meta_file", self.dataset_meta_file, self.has_background).labels
        named = dict(labels) or {n + self.has_background: name for n, name in enumerate(VOC_CLASSES)}
        if not self.has_background:
            return Meta(named)
        return Meta({0: VOC_BACKGROUND, **named}, 0)


def _sample(file: Path, classes: dict[str, int], source: Source) -> Sample:
    try:
        root = ElementTree.parse(file).getroot()
        objects = root.findall("object")
        labels = [classes[_text(each, "name")] for each in objects]
        # VOC counts pixels from 1.
        boxes = [
            [float(_text(each, f"bndbox/{side}")) - 1 for side in ("xmin", "ymin", "xmax", "ymax")]
            for each in objects
        ]
        difficult = [each.findtext("difficult", "0").strip() == "1" for each in objects]
        return Sample(_text(root, "filename"), Objects.of(labels, boxes, difficult))
    except KeyError as error:
        raise ConfigError(
            f"{str(file)!r} has an object of class {error}, expected one of {', '.join(classes)}",
            source.place.at("annotations_dir"),
        ) from error
    except (OSError, ElementTree.ParseError, ValueError) as error:
        raise ConfigError(
            f"{str(file)!r} is no annotation of VOC: {error}", source.place.at("annotations_dir")
        ) from error


def _text(node: ElementTree.Element, path: str) -> str:
    found = node.findtext(path)
    if found is None:
        raise ValueError(f"<{node.tag}> has no <{path}>")
    return found.strip()
