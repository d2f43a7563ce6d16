"""Objects in images, as files of MS COCO state them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from openvino.tools.pot.datasets.annotations import Annotated, Meta, Objects, Sample, Size, Task
from openvino.tools.pot.datasets.formats.converter import (
    Converter,
    read_meta,
    with_background,
)
from openvino.tools.pot.datasets.sources import PathText, Source
from openvino.tools.pot.utils.errors import ConfigError

_SECTIONS = ("images", "annotations", "categories")


class CocoDetection(Converter):
    """Boxes and categories in one JSON file.

    Attributes:
        annotation_file: the file.
        has_background: classes count from 1, as class 0 stands for nothing.
        use_full_label_map: classes are the file's own numbers of categories; otherwise they are counted through.
        sort_annotations, sort_key: order of the samples; without, that of the file.
        images_dir: where the images are, if ``data_source`` doesn't say it.
        dataset_meta_file: names of classes, which are the file's own numbers of categories then.
    """

    task: ClassVar[Task] = "detection"
    annotation_file: PathText
    has_background: bool = False
    use_full_label_map: bool = False
    sort_annotations: bool = True
    sort_key: Literal["image_id", "image_size"] = "image_id"
    images_dir: PathText | None = None
    dataset_meta_file: PathText | None = None
    convert_COCO_to_VOC_labels: Literal[False] = False  # noqa: N815 - Accuracy Checker's name

    def convert(self, source: Source) -> Annotated:
        """One sample for each image, with or without objects."""
        content = self._content(source)
        folder = None if self.images_dir is None else source.directory("images_dir", self.images_dir)
        try:
            meta, classes = self._classes(content["categories"], source)
            samples = _samples(self._ordered(content["images"]), content["annotations"], classes)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError(
                f"{str(self.annotation_file)!r} is no file of COCO "
                f"instances: {type(error).__name__}: {error}",
                source.place.at("annotation_file"),
            ) from error
        return Annotated(samples, meta, folder)

    def _content(self, source: Source) -> Mapping[str, Any]:
        content = source.json("annotation_file", self.annotation_file)
        for section in _SECTIONS:
            if not isinstance(content, Mapping) or not isinstance(content.get(section), list):
                raise ConfigError(
                    f"{str(self.annotation_file)!r} has no list {section!r}, "
                    f"expected a file of COCO instances",
                    source.place.at("annotation_file"),
                )
        return dict(content)

    def _classes(self, categories: Sequence[Any], source: Source) -> tuple[Meta, dict[int, int]]:
        """Names of classes, and the class of each category."""
        labels = dict(
            read_meta(source, "dataset_meta_file", self.dataset_meta_file, self.has_background).labels
        )
        if labels:
            classes = {label: label for label in labels}
        else:
            numbers = [
                each["id"] if self.use_full_label_map else position + self.has_background
                for position, each in enumerate(categories)
            ]
            classes = {each["id"]: number for each, number in zip(categories, numbers, strict=True)}
            labels = {number: each["name"] for each, number in zip(categories, numbers, strict=True)}
        return (with_background(labels) if self.has_background else Meta(labels)), classes

    def _ordered(self, images: Sequence[Any]) -> list[Any]:
        if not self.sort_annotations:
            return list(images)
        if self.sort_key == "image_id":
            return sorted(images, key=lambda image: image["id"])
        return sorted(images, key=lambda image: (image["height"], image["width"]))


def _samples(images: Sequence[Any], annotations: Sequence[Any], classes: Mapping[int, int]) -> list[Sample]:
    by_image = defaultdict(list)
    for each in annotations:
        by_image[each["image_id"]].append(each)
    return [
        Sample(str(image["file_name"]), _objects(by_image[image["id"]], classes), _size(image))
        for image in images
    ]


def _size(image: Mapping[str, Any]) -> Size | None:
    try:
        return int(image["height"]), int(image["width"])
    except (KeyError, TypeError, ValueError):
        return None


def _objects(annotations: Sequence[Any], classes: Mapping[int, int]) -> Objects:
    boxes = np.asarray([each["bbox"] for each in annotations], np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    labels = [classes[each["category_id"]] for each in annotations]
    return Objects.of(labels, boxes, crowd=[each.get("iscrowd", 0) for each in annotations])
