"""Average precision of detectors, as MS COCO defines it: computed by pycocotools."""

from __future__ import annotations

import importlib
import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from openvino.tools.pot.datasets.annotations import Detections, Meta, Objects, Task
from openvino.tools.pot.datasets.metrics.measure import Measure, MeasureEntry, require_labels
from openvino.tools.pot.utils.errors import ConfigError, Place
from openvino.tools.pot.utils.optional import how_to_install

_ALL_AREAS = [[0, 1e10]]


class CocoPrecision(MeasureEntry):
    """``coco_precision``: the mean over classes and over thresholds of overlap.

    Attributes:
        max_detections: of a class in an image that count, the best ones.
        threshold: of overlap: a number, several, or ``start:step:end``.
    """

    kind: ClassVar[str] = "coco_precision"
    task: ClassVar[Task] = "detection"
    max_detections: int = Field(default=20, ge=1)
    threshold: tuple[float, ...] = tuple(np.linspace(0.5, 0.95, 10).tolist())

    @field_validator("threshold", mode="before")
    @classmethod
    def _numbers(cls, value: Any) -> Any:
        try:
            found = _thresholds(value)
        except (TypeError, ValueError):
            found = ()
        if not found or min(found) < 0 or max(found) > 1:
            raise ValueError(
                f"expected numbers from 0 to 1, or text such as '0.5' or '.50:.05:.95', found {value!r}"
            )
        return found

    def measure(self, meta: Meta, place: Place) -> Measure:
        """The mean over the dataset's classes."""
        require_labels(meta, "coco_precision", place)
        return _CocoMeasure(self, meta.classes, _Tools.load(place))


@dataclass(frozen=True)
class _Tools:
    """The classes of pycocotools."""

    coco: Any
    evaluation: Any

    @staticmethod
    def load(place: Place) -> _Tools:
        try:
            coco = importlib.import_module("pycocotools.coco").COCO
            return _Tools(coco, _evaluation(importlib.import_module("pycocotools.cocoeval").COCOeval))
        except ImportError as error:
            how = how_to_install("pycocotools", "coco")
            raise ConfigError(f"coco_precision needs pycocotools: {how}", place) from error


class _CocoMeasure(Measure):
    def __init__(self, entry: CocoPrecision, classes: Sequence[int], tools: _Tools) -> None:
        self._entry, self._classes, self._tools = entry, classes, tools
        super().__init__()

    def reset(self) -> None:
        self._images: list[tuple[Detections, Objects]] = []

    def update(self, prediction: Detections, annotation: Objects) -> None:
        self._images.append((prediction, annotation))

    def of_one(self, prediction: Detections, annotation: Objects) -> float:
        """The mean over the classes in the image; with nothing in it, whether nothing is detected."""
        counted = annotation.labels[~(annotation.crowd | annotation.difficult)]
        classes = sorted(set(counted.tolist()) & set(self._classes))
        if not classes:
            return float(not np.isin(prediction.labels, self._classes).any())
        return self._precision([(prediction, annotation)], classes)

    def of_all(self) -> float:
        """The mean over the classes that are in any image; not a number where there is none."""
        return self._precision(self._images, self._classes)

    def _precision(self, images: Sequence[tuple[Detections, Objects]], classes: Sequence[int]) -> float:
        with redirect_stdout(io.StringIO()):  # pycocotools tells of each of its steps
            truth = self._dataset([_truth(number, objects) for number, (_, objects) in enumerate(images)])
            found = self._dataset([_found(number, each) for number, (each, _) in enumerate(images)])
            evaluation = self._tools.evaluation(truth, found, "bbox")
            parameters = evaluation.params
            parameters.imgIds, parameters.catIds = list(range(len(images))), list(classes)
            parameters.iouThrs = np.array(self._entry.threshold)
            parameters.maxDets = [self._entry.max_detections]
            parameters.areaRng, parameters.areaRngLbl = _ALL_AREAS, ["all"]
            evaluation.evaluate()
            evaluation.accumulate()
        precision: NDArray[np.float64] = evaluation.eval["precision"]
        known = precision[precision > -1]
        return float(known.mean()) if known.size else float("nan")

    def _dataset(self, by_image: Sequence[list[dict[str, Any]]]) -> Any:
        dataset = self._tools.coco()
        dataset.dataset = {
            "images": [{"id": number} for number in range(len(by_image))],
            "categories": [{"id": label} for label in self._classes],
            # Numbers begin with 1, as 0 stands for no match.
            "annotations": [
                {"id": number, **each}
                for number, each in enumerate((each for image in by_image for each in image), 1)
            ],
        }
        dataset.createIndex()
        return dataset


def _evaluation(base: Any) -> Any:
    """The evaluation of pycocotools, which knows no objects that needn't be found but crowds."""

    class Evaluation(base):  # type: ignore[misc]
        def _prepare(self) -> None:
            super()._prepare()
            for each in (each for some in self._gts.values() for each in some):
                each["ignore"] = each["ignore"] or each["difficult"]

    return Evaluation


def _truth(image: int, objects: Objects) -> list[dict[str, Any]]:
    marks = zip(objects.crowd.tolist(), objects.difficult.tolist(), strict=True)
    return [
        {**each, "iscrowd": int(crowd), "difficult": difficult}
        for each, (crowd, difficult) in zip(_boxes(image, objects.labels, objects.boxes), marks, strict=True)
    ]


def _found(image: int, detections: Detections) -> list[dict[str, Any]]:
    boxes = _boxes(image, detections.labels, detections.boxes)
    return [{**each, "score": score} for each, score in zip(boxes, detections.scores.tolist(), strict=True)]


def _boxes(image: int, labels: NDArray[np.int64], boxes: NDArray[np.float64]) -> list[dict[str, Any]]:
    sides = boxes[:, 2:] - boxes[:, :2]
    rows = zip(labels.tolist(), boxes[:, :2].tolist(), sides.tolist(), strict=True)
    return [
        {"image_id": image, "category_id": label, "bbox": [*start, *side], "area": side[0] * side[1]}
        for label, start, side in rows
    ]


def _thresholds(value: Any) -> tuple[float, ...]:
    if isinstance(value, str) and ":" in value:
        start, step, stop = (float(part) for part in value.split(":"))
        return tuple(np.linspace(start, stop, round((stop - start) / step) + 1).tolist())
    if isinstance(value, str):
        return tuple(float(part) for part in value.split(","))
    values = value if isinstance(value, (list, tuple)) else [value]
    if any(isinstance(each, bool) for each in values):
        return ()
    return tuple(float(each) for each in values)
