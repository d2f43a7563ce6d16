"""Mean average precision of detectors, as Pascal VOC defines it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from openvino.tools.pot.datasets.annotations import Detections, Meta, Objects, Task
from openvino.tools.pot.datasets.boxes import overlaps
from openvino.tools.pot.datasets.metrics.measure import Measure, MeasureEntry, require_labels
from openvino.tools.pot.utils.errors import Place

Floats = NDArray[np.float64]
_NONE = -1
"""Stands for the object of a detection that has found none."""


class MeanAveragePrecision(MeasureEntry):
    """``map``: the mean over classes of the area under precision as a function of recall.

    Attributes:
        integral: ``max``: the area itself; ``11point``: the mean of the best precision at eleven recalls.
        overlap_threshold: from which on a detection has found an object.
        overlap_method: ``iou``: share of both boxes together; ``ioa``: share of the detection's.
        ignore_difficult: difficult objects need not be found, and those who find them don't count.
        allow_multiple_matches_per_ignored: of those who find the same difficult object none counts; otherwise all
            but the first are wrong.
        include_boundaries: boxes include the pixels at their right and bottom.
        distinct_conf: detections of equal score count together.
    """

    kind: ClassVar[str] = "map"
    task: ClassVar[Task] = "detection"
    integral: Literal["max", "11point"] = "max"
    overlap_threshold: float = Field(default=0.5, ge=0, le=1)
    overlap_method: Literal["iou", "ioa"] = "iou"
    ignore_difficult: bool = True
    allow_multiple_matches_per_ignored: bool = False
    include_boundaries: bool = True
    distinct_conf: bool = False
    use_filtered_tp: Literal[False] = False
    label_map: Literal["label_map"] = "label_map"

    def measure(self, meta: Meta, place: Place) -> Measure:
        """The mean over the dataset's classes."""
        require_labels(meta, "map", place)
        return _AveragePrecision(self, meta.classes)


@dataclass(frozen=True)
class _Matched:
    """The detections and objects of one image.

    Attributes:
        labels, scores: of the detections.
        objects: the object that each has found, ``_NONE`` where there is none.
        spared: whether that object needn't be found.
        wanted: classes of the objects that are to be found.
        count: of all objects.
    """

    labels: NDArray[np.int64]
    scores: Floats
    objects: NDArray[np.int64]
    spared: NDArray[np.bool_]
    wanted: NDArray[np.int64]
    count: int


class _AveragePrecision(Measure):
    def __init__(self, entry: MeanAveragePrecision, classes: Sequence[int]) -> None:
        self._entry, self._classes = entry, classes
        super().__init__()

    def reset(self) -> None:
        self._images: list[_Matched] = []

    def update(self, prediction: Detections, annotation: Objects) -> None:
        self._images.append(self._matched(prediction, annotation))

    def of_one(self, prediction: Detections, annotation: Objects) -> float:
        """The mean over the classes in the image; with nothing in it, whether nothing is detected."""
        image = self._matched(prediction, annotation)
        classes = set(image.wanted.tolist()) & set(self._classes)
        if not classes:
            return float(not np.isin(image.labels, self._classes).any())
        return float(np.mean([self._of_class(image, label) for label in sorted(classes)]))

    def of_all(self) -> float:
        """The mean over the classes that are in any image, or that are detected in any."""
        if not self._images:
            return 0.0
        whole = _joined(self._images)
        present = set(whole.wanted.tolist()) | set(whole.labels.tolist())
        figures = [self._of_class(whole, label) for label in self._classes if label in present]
        return float(np.mean(figures)) if figures else 0.0

    def _matched(self, prediction: Detections, annotation: Objects) -> _Matched:
        entry = self._entry
        spared = annotation.difficult & entry.ignore_difficult
        shares = self._shares(prediction.boxes, annotation.boxes, spared)
        shares[prediction.labels[:, None] != annotation.labels[None]] = -np.inf
        found = np.full(len(prediction.labels), _NONE)
        # A difficult object is found only by those that have found no other one.
        for some in (spared, ~spared):
            candidates = np.flatnonzero(some)
            if candidates.size and found.size:
                best = shares[:, candidates].argmax(1)
                enough = shares[np.arange(len(best)), candidates[best]] >= entry.overlap_threshold
                found[enough] = candidates[best[enough]]
        return _Matched(
            prediction.labels,
            prediction.scores,
            found,
            (found != _NONE) & np.append(spared, False)[found],
            annotation.labels[~spared],
            len(annotation.labels),
        )

    def _shares(self, boxes: Floats, objects: Floats, spared: NDArray[np.bool_]) -> Floats:
        entry = self._entry
        shares = overlaps(
            boxes, objects, entry.include_boundaries, "union" if entry.overlap_method == "iou" else "first"
        )
        if entry.allow_multiple_matches_per_ignored and spared.any():
            shares[:, spared] = overlaps(boxes, objects[spared], entry.include_boundaries, "first")
        return shares

    def _of_class(self, image: _Matched, label: int) -> float:
        own = np.flatnonzero(image.labels == label)
        own = own[np.argsort(-image.scores[own], kind="stable")]
        objects, spared, scores = image.objects[own], image.spared[own], image.scores[own]
        found = objects != _NONE
        first = np.zeros(len(own), bool)
        first[np.unique(objects, return_index=True)[1]] = True
        right = found & first & ~spared
        wrong = ~found | (~first & ~(spared & self._entry.allow_multiple_matches_per_ignored))
        counted = (
            np.append(np.diff(scores) != 0, True) if self._entry.distinct_conf else np.ones(len(own), bool)
        )
        counted = counted[: len(own)]
        hits, misses = np.cumsum(right)[counted], np.cumsum(wrong)[counted]
        wanted = np.count_nonzero(image.wanted == label)
        if not wanted or not len(hits):
            return 0.0
        return _area(hits / np.maximum(hits + misses, 1), hits / wanted, self._entry.integral)


def _joined(images: Sequence[_Matched]) -> _Matched:
    """All images as one, in which no two objects have the same number."""
    starts = np.cumsum([0, *(image.count for image in images[:-1])])
    objects = [
        np.where(image.objects == _NONE, _NONE, image.objects + start)
        for image, start in zip(images, starts, strict=True)
    ]
    return _Matched(
        np.concatenate([image.labels for image in images]),
        np.concatenate([image.scores for image in images]),
        np.concatenate(objects),
        np.concatenate([image.spared for image in images]),
        np.concatenate([image.wanted for image in images]),
        sum(image.count for image in images),
    )


def _area(precision: Floats, recall: Floats, integral: str) -> float:
    if integral == "11point":
        points = np.arange(0.0, 1.1, 0.1)
        reached = recall[None] >= points[:, None]
        return float(np.where(reached, precision[None], 0).max(1).mean())
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * best))
