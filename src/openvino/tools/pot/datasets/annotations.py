"""What is known of samples, and what models say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Task = Literal["classification", "detection", "segmentation"]
"""What annotations are of."""
Size = tuple[int, int]
"""Height and width in pixels."""


@dataclass(frozen=True)
class Meta:
    """What is known of a whole dataset.

    Attributes:
        labels: class -> its name; empty where unknown.
        background: the class that stands for nothing, None where there is none.
        colors: of segmentation masks, one for each class, ``[classes, channels]`` or ``[classes]``.
    """

    labels: Mapping[int, str] = field(default_factory=dict)
    background: int | None = None
    colors: NDArray[np.int64] | None = None

    @property
    def classes(self) -> list[int]:
        """The classes that metrics count: all but the background."""
        return [label for label in self.labels if label != self.background]


@dataclass(frozen=True)
class Sample:
    """One image and what is known of it.

    Attributes:
        name: of the file, relative to the folder of images.
        annotation: an int for classification, ``Objects`` for detection, ``MaskFile`` for segmentation.
        size: where the annotation states it.
    """

    name: str
    annotation: Any
    size: Size | None = None


@dataclass(frozen=True)
class Annotated:
    """What a converter finds.

    Attributes:
        samples: in their order.
        meta: of the dataset.
        folder: of the images, where the converter knows it.
    """

    samples: list[Sample]
    meta: Meta = field(default_factory=Meta)
    folder: Path | None = None


@dataclass(frozen=True)
class Objects:
    """The objects in an image.

    Attributes:
        labels: int, ``[objects]``.
        boxes: left, top, right and bottom in pixels, ``[objects, 4]``.
        difficult: bool, ``[objects]``; metrics may leave these out.
        crowd: bool, ``[objects]``; boxes around many objects.
    """

    labels: NDArray[np.int64]
    boxes: NDArray[np.float64]
    difficult: NDArray[np.bool_]
    crowd: NDArray[np.bool_]

    @staticmethod
    def of(labels: Any, boxes: Any, difficult: Any = None, crowd: Any = None) -> Objects:
        """Objects from lists; of absent marks none is set."""
        count = len(labels)
        marks = [np.zeros(count) if each is None else np.asarray(each) for each in (difficult, crowd)]
        return Objects(
            np.asarray(labels, np.int64).reshape(count),
            np.asarray(boxes, np.float64).reshape(count, 4),
            marks[0].astype(bool).reshape(count),
            marks[1].astype(bool).reshape(count),
        )


@dataclass(frozen=True)
class Detections:
    """The objects that a model finds in an image.

    Attributes:
        labels: int, ``[objects]``.
        scores: ``[objects]``.
        boxes: left, top, right and bottom, ``[objects, 4]``, in pixels or as shares of the image.
    """

    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    boxes: NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """How an image reached the model.

    Attributes:
        name: of its file.
        size: as read.
        resized: after the last resize, None without one.
    """

    name: str
    size: Size
    resized: Size | None = None
