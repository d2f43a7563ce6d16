"""Mean average precision of a detector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from openvino.tools.pot.accuracy_checker.adapters import SSD
from openvino.tools.pot.api.metric import Metric
from openvino.tools.pot.datasets.annotations import Detections, Meta, Objects
from openvino.tools.pot.datasets.metrics.coco import CocoPrecision
from openvino.tools.pot.datasets.metrics.measure import Measure
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError, Place

_NO_LIMIT = 2**31 - 1
_SSD = SSD()


class MAP(Metric):
    """Mean average precision over categories and thresholds of overlap, all detections counted.

    Takes one output, as DetectionOutput gives it: ``[1, 1, objects, 7]`` of image, label, score, left, top, right and
    bottom as shares of the image, up to a row whose image is -1; and annotations as ``COCOLoader`` gives them.

    Args:
        num_classes: how many classes the model knows.
        labels: numbers of the categories that count, as ``COCOLoader.labels``.

    Attributes:
        thresholds: of overlap, from 0 to 1; 0.5, 0.55 to 0.95 unless set.

    Raises:
        ConfigError: there are no labels or more than classes, or pycocotools is missing.
    """

    def __init__(self, num_classes: int, labels: Sequence[int]) -> None:
        self.labels = list(labels)
        if not 0 < len(self.labels) <= num_classes:
            raise ConfigError(
                f"MAP: found {len(self.labels)} labels, expected 1 to {num_classes}, the number of classes"
            )
        self.thresholds = np.linspace(0.5, 0.95, 10)
        self._name = "MAP"
        self._measure()  # so that a missing package shows before the model runs
        super().__init__()

    @property
    def value(self) -> dict[str, list[float]]:
        """Of each image of the last update; of one with no objects, 1 if nothing is found in it, else 0."""
        measure = self._measure()
        return {self._name: [measure.of_one(*pair) for pair in self._pairs[-self._last :]]}

    @property
    def avg_value(self) -> dict[str, float]:
        """Of all images together; not a number where they show no object."""
        measure = self._measure()
        for pair in self._pairs:
            measure.update(*pair)
        return {self._name: measure.of_all()}

    def update(self, output: list[Any], target: list[Any]) -> None:
        """Take the detections in the images of a batch, and what is there.

        Raises:
            ModelError: these are no outputs of DetectionOutput.
            DataError: an image has no annotation, or is no part of the batch.
        """
        if len(output) != 1:
            raise ModelError(f"MAP: found {len(output)} outputs, expected one, that of DetectionOutput")
        found = _SSD.predictions({"detections": np.asarray(output[0])}, "")
        if len(found) > len(target):
            raise DataError(f"MAP: objects are of {len(found)} images, expected {len(target)}")
        found += _SSD.missing(len(target) - len(found))
        self._pairs += [_pair(each, annotation) for each, annotation in zip(found, target, strict=True)]
        self._last = len(target)

    def reset(self) -> None:
        """Forget all images."""
        self._pairs: list[tuple[Detections, Objects]] = []
        self._last = 0

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """More is better."""
        return {self._name: {"direction": "higher-better", "type": self._name}}

    def _measure(self) -> Measure:
        entry = CocoPrecision(threshold=tuple(map(float, self.thresholds)), max_detections=_NO_LIMIT)
        return entry.measure(Meta({label: str(label) for label in self.labels}), Place("MAP"))


def _pair(found: Detections, target: Any) -> tuple[Detections, Objects]:
    try:
        annotation, (height, width) = target
        objects = Objects.of(annotation["labels"], annotation["boxes"], crowd=annotation["iscrowd"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            "MAP: an annotation is not as COCOLoader gives it: [{boxes, labels, iscrowd}, (height, width)]"
        ) from error
    return Detections(found.labels, found.scores, found.boxes * [width, height, width, height]), objects
