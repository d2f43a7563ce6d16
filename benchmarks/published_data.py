"""A user's own ImageNet or COCO, as it lies on a disk: what is known of its images, and what a model's answer says.

Annotations are read by the package's formats, and counted by its metrics.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from PIL import Image

from openvino.tools.pot import DataLoader, Metric
from openvino.tools.pot.datasets.annotations import Annotated, Detections, Meta, Objects, Sample, Size
from openvino.tools.pot.datasets.boxes import non_maximum_suppression
from openvino.tools.pot.datasets.formats.classification import DatasetFolder, ImageNet
from openvino.tools.pot.datasets.formats.coco import CocoDetection
from openvino.tools.pot.datasets.images import image_suffixes, read_image, rgb
from openvino.tools.pot.datasets.metrics.accuracy import Accuracy, ranked
from openvino.tools.pot.datasets.metrics.coco import CocoPrecision
from openvino.tools.pot.datasets.metrics.measure import Measure
from openvino.tools.pot.datasets.sources import Source
from openvino.tools.pot.utils.errors import ConfigError, Place

LISTS = ("val.txt", "val_map.txt", "ILSVRC2012_val.txt", "labels.txt")
"""What the list of images and classes is called, in the folder of the images or above it."""

_GRAY = 114
_LEAST_SCORE, _MOST_OVERLAP, _MOST_BOXES = 0.001, 0.7, 300
"""What Ultralytics evaluates with."""


@dataclass(frozen=True)
class Feeding:
    """How images become what a classifier was trained with.

    Attributes:
        mean, std: of red, green and blue from 0 to 1.
        crop: part of the shorter side that is kept, in the middle.
        interpolation: of Pillow, ``bilinear`` or ``bicubic``.
    """

    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    crop: float = 0.875
    interpolation: str = "bilinear"

    @staticmethod
    def beside(model: Path) -> Feeding:
        """What timm's ``config.json`` beside a model says, or what most classifiers take."""
        file = model.with_name("config.json")
        said = json.loads(file.read_text("utf-8")).get("pretrained_cfg", {}) if file.is_file() else {}
        known = {"mean": said.get("mean"), "std": said.get("std"), "crop": said.get("crop_pct")}
        known["interpolation"] = said.get("interpolation")
        return replace(Feeding(), **{key: value for key, value in known.items() if value is not None})


@dataclass(frozen=True)
class Data:
    """Images with what is known of them.

    Attributes:
        annotated: the samples, and the names of classes.
        folder: of the images.
        prepare: what is fed, without the axis of the batch, of an image in red, green and blue.
        read: what an output says about an image of a size.
        measure: makes the figure.
    """

    annotated: Annotated
    folder: Path
    prepare: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    read: Callable[[NDArray[Any], Size], Any]
    measure: Callable[[], Measure]


class Images(DataLoader):
    """The samples of the data; an annotation is the sample's and the size of its image."""

    def __init__(self, data: Data, limit: int | None = None) -> None:
        super().__init__()
        self._data, self._samples = data, spread(data.annotated.samples, limit)

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Any:
        sample = self._samples[index]
        pixels = read_image(self._data.folder / sample.name, rgb)
        return self._data.prepare(pixels), (sample.annotation, pixels.shape[:2])


class Figure(Metric):
    """The figure of the data, larger is better."""

    def __init__(self, data: Data) -> None:
        self._data, self._measure = data, data.measure()
        super().__init__()

    @property
    def avg_value(self) -> dict[str, float]:
        """Over all images since the last reset."""
        return {"figure": self._measure.of_all()}

    def update(self, output: Sequence[NDArray[Any]], target: Sequence[Any]) -> None:
        """Take one image."""
        (annotation, size), *_ = target
        self._measure.update(self._data.read(np.asarray(output[0]), size), annotation)

    def reset(self) -> None:
        """Forget all images."""
        self._measure.reset()

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """Larger is better."""
        return {"figure": {"direction": "higher-better", "type": "accuracy"}}


def spread(samples: Sequence[Sample], most: int | None) -> list[Sample]:
    """Samples that lie evenly among all, as those of one class lie together."""
    if most is None or most >= len(samples):
        return list(samples)
    return [samples[number * len(samples) // most] for number in range(most)]


# ImageNet.


def imagenet(folder: Path, model: ov.Model, feeding: Feeding) -> Data:
    """ImageNet's images in folders of classes, or beside a list of names and classes.

    Raises:
        ConfigError: the folder is neither, or has other classes than the model.
    """
    size = _input_size(model)
    annotated, images = _classified(folder)
    classes = math.prod(_sizes(model.output(0).partial_shape)[1:])
    known = len(annotated.meta.labels) or max(sample.annotation for sample in annotated.samples) + 1
    if annotated.meta.labels and known != classes:
        raise ConfigError(
            f"{str(images)!r} holds {known} folders, the model has {classes} classes: expected a folder for each, as "
            "classes are numbered in the order of their names"
        )
    if known > classes:
        raise ConfigError(f"a class of {str(folder)!r} is {known - 1}, the model has {classes}")
    measure = Accuracy().measure
    return Data(
        annotated,
        images,
        lambda pixels: _cropped(pixels, size, feeding),
        _ranking,
        lambda: measure(annotated.meta, Place("imagenet")),
    )


def _classified(folder: Path) -> tuple[Annotated, Path]:
    images = next((each for each in (folder / "val", folder) if each.is_dir()), folder)
    source = Source((images, images.parent), Place("imagenet"))
    if any(each.is_dir() and not each.name.startswith(".") for each in _entries(images)):
        return DatasetFolder(data_dir=images.absolute()).convert(source), images
    lists = [place / name for place in (images, images.parent) for name in LISTS if (place / name).is_file()]
    if lists and any(each.suffix.lower() in image_suffixes() for each in images.iterdir()):
        return ImageNet(annotation_file=lists[0].absolute()).convert(source), images
    raise ConfigError(
        f"{str(folder)!r} is no ImageNet: expected a folder of images for each class, in it or in its folder 'val', or "
        f"images beside a list of names and classes called {', '.join(LISTS[:-1])} or {LISTS[-1]}"
    )


def _ranking(output: NDArray[Any], size: Size) -> NDArray[np.intp]:
    """Classes, the likeliest first."""
    ranking: NDArray[np.intp] = ranked(output.reshape(1, -1))[0]
    return ranking


def _cropped(pixels: NDArray[np.uint8], size: Size, feeding: Feeding) -> NDArray[np.float32]:
    image = Image.fromarray(pixels)
    scale = max(size[0] / image.height, size[1] / image.width) / feeding.crop
    wide, high = (max(round(side * scale), least) for side, least in zip(image.size, size[::-1], strict=True))
    image = image.resize((wide, high), Image.Resampling[feeding.interpolation.upper()])
    left, top = (wide - size[1]) // 2, (high - size[0]) // 2
    values = np.asarray(image.crop((left, top, left + size[1], top + size[0])), np.float32) / 255
    values = (values - np.array(feeding.mean, np.float32)) / np.array(feeding.std, np.float32)
    return np.ascontiguousarray(values.transpose(2, 0, 1), np.float32)


# COCO.


def coco(folder: Path, model: ov.Model) -> Data:
    """COCO's images with its own annotations, or with those that Ultralytics makes of them.

    Raises:
        ConfigError: the folder has neither, or the model gives no boxes that are understood.
    """
    size, shape = _input_size(model), model.output(0).partial_shape
    sizes = _sizes(shape)
    if len(sizes) != 3 or (sizes[2] != 6 and sizes[1] < 5):
        raise ConfigError(
            f"output {model.output(0).any_name!r} is {shape}, expected boxes as Ultralytics exports them: "
            "[1, 4 + classes, boxes], or [1, boxes, 6] without overlaps"
        )
    annotated, images = _boxed(folder)
    known = len(annotated.meta.labels)
    if sizes[2] != 6 and sizes[1] - 4 < known:
        raise ConfigError(f"{str(folder)!r} has {known} classes, the model {sizes[1] - 4}")
    entry = CocoPrecision(max_detections=_MOST_BOXES)
    return Data(
        annotated,
        images,
        lambda pixels: _letterboxed(pixels, size),
        lambda output, seen: _detections(output, seen, size),
        lambda: entry.measure(annotated.meta, Place("coco")),
    )


def _boxed(folder: Path) -> tuple[Annotated, Path]:
    lists = sorted((folder / "annotations").glob("instances_*.json")) if folder.is_dir() else []
    for file in [*(each for each in lists if "val" in each.name), *lists]:
        name = file.stem.removeprefix("instances_")
        images = next((each for each in (folder / name, folder / "images" / name) if each.is_dir()), None)
        if images is not None:
            source = Source((folder,), Place("coco"))
            return CocoDetection(annotation_file=file.absolute()).convert(source), images
    if lists:
        names = [file.stem.removeprefix("instances_") for file in lists]
        raise ConfigError(
            f"{str(folder)!r} has annotations of {', '.join(names)}, expected their images in it too"
        )
    for labels in sorted((folder / "labels").glob("*")) if folder.is_dir() else ():
        if (images := folder / "images" / labels.name).is_dir():
            return _ultralytics(labels, images), images
    raise ConfigError(
        f"{str(folder)!r} is no COCO: expected annotations/instances_val2017.json and the images in val2017, or "
        "images/NAME and labels/NAME, as Ultralytics has them"
    )


def _ultralytics(labels: Path, images: Path) -> Annotated:
    """Images without a file of labels have no objects."""
    samples = []
    for file in sorted(each for each in images.iterdir() if each.suffix.lower() in image_suffixes()):
        with Image.open(file) as image:
            sides = np.array([image.width, image.height] * 2, np.float64)
        text = labels / f"{file.stem}.txt"
        rows = (
            np.loadtxt(text, ndmin=2)[:, :5] if text.is_file() and text.stat().st_size else np.zeros((0, 5))
        )
        middle, half = rows[:, 1:3], rows[:, 3:] / 2
        boxes = np.hstack([middle - half, middle + half]) * sides
        samples.append(Sample(file.name, Objects.of(rows[:, 0], boxes), (int(sides[1]), int(sides[0]))))
    classes = sorted({int(label) for sample in samples for label in sample.annotation.labels})
    return Annotated(samples, Meta({label: str(label) for label in classes}))


def _letterboxed(pixels: NDArray[np.uint8], size: Size) -> NDArray[np.float32]:
    """The image as large as fits, in the middle of gray."""
    scale, left, top = _place(pixels.shape[:2], size)
    image = Image.fromarray(pixels)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR)
    whole = Image.new("RGB", size[::-1], (_GRAY,) * 3)
    whole.paste(image, (left, top))
    return np.ascontiguousarray(np.asarray(whole, np.float32).transpose(2, 0, 1) / 255)


def _place(image: Sequence[int], size: Size) -> tuple[float, int, int]:
    """How much larger the image is fed, and where its left upper corner is."""
    scale = min(size[0] / image[0], size[1] / image[1])
    return scale, (size[1] - round(image[1] * scale)) // 2, (size[0] - round(image[0] * scale)) // 2


def _detections(output: NDArray[Any], image: Size, size: Size) -> Detections:
    found = output.reshape(output.shape[-2:]).astype(np.float64)
    if found.shape[1] == 6 and found.shape[0] != 6:
        boxes, scores, labels = found[:, :4], found[:, 4], found[:, 5].astype(np.int64)
        kept = np.argsort(-scores)[: (scores >= _LEAST_SCORE).sum()]
    else:
        found = found.T
        labels, scores = found[:, 4:].argmax(1), found[:, 4:].max(1)
        boxes = np.hstack([found[:, :2] - found[:, 2:4] / 2, found[:, :2] + found[:, 2:4] / 2])
        order = np.argsort(-scores)[: (scores >= _LEAST_SCORE).sum()]
        apart = boxes + labels[:, None] * 2.0 * max(size)  # boxes of other classes take none away
        kept = non_maximum_suppression(apart, order, _MOST_OVERLAP, include_boundaries=False)
    kept = kept[:_MOST_BOXES]
    scale, left, top = _place(image, size)
    corners = (boxes[kept] - [left, top, left, top]) / scale
    inside = corners.clip(0, [image[1], image[0]] * 2)
    return Detections(labels[kept], scores[kept], inside)


def _input_size(model: ov.Model) -> Size:
    """Height and width of the only input."""
    if len(model.inputs) != 1:
        raise ConfigError(f"the model has {len(model.inputs)} inputs, expected one that takes images")
    shape = model.input(0).partial_shape
    sizes = _sizes(shape)
    if len(sizes) != 4 or sizes[1] != 3 or 0 in sizes[2:]:
        raise ConfigError(
            f"input {model.input(0).any_name!r} is {shape}, expected [1, 3, height, width]; "
            "--size says it where it is open"
        )
    return sizes[2], sizes[3]


def _sizes(shape: ov.PartialShape) -> list[int]:
    """The sizes of a shape, 0 where they are open."""
    if shape.rank.is_dynamic:
        return []
    return [0 if each.is_dynamic else each.get_length() for each in shape]


def _entries(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())
