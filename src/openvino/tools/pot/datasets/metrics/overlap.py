"""Overlap of predicted with annotated masks."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from openvino.tools.pot.datasets.annotations import Meta, Task
from openvino.tools.pot.datasets.metrics.measure import Measure, MeasureEntry, require_labels
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError, Place

Counts = NDArray[np.int64]


class MeanOverlap(MeasureEntry):
    """``mean_iou``: the mean over classes of the share of pixels that are of the class in both masks.

    Attributes:
        use_argmax: take the class with the best score for each pixel; otherwise predictions are classes already.
        ignore_label: a class that doesn't count.
    """

    kind: ClassVar[str] = "mean_iou"
    task: ClassVar[Task] = "segmentation"
    use_argmax: bool = True
    ignore_label: int | None = Field(default=None, ge=0)

    def measure(self, meta: Meta, place: Place) -> Measure:
        """The mean over the dataset's classes."""
        require_labels(meta, "mean_iou", place)
        count = len(meta.labels)
        if sorted(meta.labels) != list(range(count)):
            raise ConfigError(
                f"mean_iou needs classes numbered from 0 without gaps, found {sorted(meta.labels)}", place
            )
        if self.ignore_label is not None and self.ignore_label >= count:
            raise ConfigError(
                f"there is no class {self.ignore_label}, expected 0 to {count - 1}", place.at("ignore_label")
            )
        return _Overlap(self, count)


class _Overlap(Measure):
    def __init__(self, entry: MeanOverlap, count: int) -> None:
        self._entry, self._count = entry, count
        super().__init__()

    def reset(self) -> None:
        self._confusion: Counts = np.zeros((self._count, self._count), np.int64)

    def update(self, prediction: NDArray[Any], annotation: NDArray[Any]) -> None:
        self._confusion += self._pairs(prediction, annotation)

    def of_one(self, prediction: NDArray[Any], annotation: NDArray[Any]) -> float:
        """The mean over the classes in either mask; 1 where none of them counts."""
        return self._mean(self._pairs(prediction, annotation), nothing=1.0)

    def of_all(self) -> float:
        """The mean over the classes in any mask."""
        return self._mean(self._confusion, nothing=0.0)

    def _pairs(self, prediction: NDArray[Any], annotation: NDArray[Any]) -> Counts:
        """How many pixels are of each class in the annotation (rows) and in the prediction (columns)."""
        truth, found = self._classes(prediction, annotation)
        known = (truth >= 0) & (truth < self._count) & (found >= 0) & (found < self._count)
        numbers = self._count * truth[known] + found[known]
        pairs = np.bincount(numbers, minlength=self._count**2).reshape(self._count, self._count)
        if self._entry.ignore_label is not None:
            pairs[self._entry.ignore_label] = 0
            pairs[:, self._entry.ignore_label] = 0
        return pairs

    def _classes(self, prediction: NDArray[Any], annotation: NDArray[Any]) -> tuple[Counts, Counts]:
        if self._entry.use_argmax:
            if prediction.ndim != 3:
                raise ModelError(
                    f"mean_iou: use_argmax needs a score for each class, found a mask of shape "
                    f"{list(prediction.shape)}, expected use_argmax: false"
                )
            prediction = prediction.argmax(0)
        elif prediction.ndim == 3 and len(prediction) == 1:
            prediction = prediction[0]
        if prediction.shape != annotation.shape:
            raise DataError(
                f"mean_iou: the predicted mask has shape {list(prediction.shape)}, the annotated one "
                f"{list(annotation.shape)}, expected them to be equal: postprocessing "
                f"{'resize' if annotation.ndim == 2 else 'encode'}_segmentation_mask may be missing"
            )
        return annotation.astype(np.int64), prediction.astype(np.int64)

    def _mean(self, confusion: Counts, nothing: float) -> float:
        both = np.diag(confusion)
        either = confusion.sum(0) + confusion.sum(1) - both
        counted = either > 0
        return float((both[counted] / either[counted]).mean()) if counted.any() else nothing
