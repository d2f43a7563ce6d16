"""Steps between predictions and metrics, named and done as in Accuracy Checker."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.datasets.annotations import Detections, Meta, Seen, Size, Task
from openvino.tools.pot.datasets.boxes import Base, non_maximum_suppression
from openvino.tools.pot.datasets.masks import classes_of_colors
from openvino.tools.pot.datasets.resampling import nearest_indices
from openvino.tools.pot.datasets.sizes import Sized
from openvino.tools.pot.utils.errors import ConfigError, DataError, Place

Target = Literal["annotation", "prediction", "all"]
Pair = tuple[Any, Any]
"""Prediction and annotation of an image."""


class Postprocess(Parameters):
    """One step; ``task`` says what it is for."""

    task: ClassVar[Task]

    def require(self, meta: Meta, place: Place) -> None:
        """Make sure that the step has what it needs of the dataset.

        Raises:
            ConfigError: it hasn't.
        """

    @abstractmethod
    def apply(self, prediction: Any, annotation: Any, seen: Seen, meta: Meta) -> Pair:
        """Prediction and annotation after the step."""


class ResizePredictionBoxes(Postprocess):
    """Boxes in pixels of the image.

    Attributes:
        rescale: predictions are in pixels of the resized image; otherwise they are shares of its sides.
    """

    task: ClassVar[Task] = "detection"
    rescale: bool = False

    def apply(self, prediction: Any, annotation: Any, seen: Seen, meta: Meta) -> Pair:
        """The prediction's boxes, larger."""
        unit = (seen.resized or seen.size) if self.rescale else (1, 1)
        height, width = (side / each for side, each in zip(seen.size, unit, strict=True))
        return replace(prediction, boxes=prediction.boxes * [width, height, width, height]), annotation


class ClipBoxes(Sized, Postprocess):
    """Boxes that end at the border of the image.

    Attributes:
        apply_to: whose boxes.
        boxes_normalized: boxes are shares of the image's sides.
    """

    task: ClassVar[Task] = "detection"
    apply_to: Target
    boxes_normalized: bool = False

    def apply(self, prediction: Any, annotation: Any, seen: Seen, meta: Meta) -> Pair:
        """Boxes within the image, or within the size given."""
        height, width = (1, 1) if self.boxes_normalized else self.wanted or seen.size
        border = [width, height, width, height]
        pair = [
            replace(each, boxes=each.boxes.clip(0, border)) if self.apply_to in (which, "all") else each
            for each, which in ((prediction, "prediction"), (annotation, "annotation"))
        ]
        return pair[0], pair[1]


class NonMaximumSuppression(Postprocess):
    """Of objects that overlap, whatever their classes, the one with the best score.

    Attributes:
        overlap: of two boxes, beyond which the worse one goes.
        include_boundaries: boxes include the pixels at their right and bottom.
        keep_top_k: how many objects are looked at, the best ones; 0 or absent: all.
        use_min_area: overlap is a share of the smaller box; otherwise of both together.
    """

    task: ClassVar[Task] = "detection"
    overlap: float = Field(default=0.5, ge=0, le=1)
    include_boundaries: bool = True
    keep_top_k: int | None = Field(default=None, ge=0)
    use_min_area: bool = False

    def apply(self, prediction: Any, annotation: Any, seen: Seen, meta: Meta) -> Pair:
        """The prediction without objects that better ones cover."""
        order = np.argsort(-prediction.scores, kind="stable")[: self.keep_top_k or None]
        base: Base = "smaller" if self.use_min_area else "union"
        kept = non_maximum_suppression(prediction.boxes, order, self.overlap, self.include_boundaries, base)
        chosen = np.sort(kept)
        found = Detections(prediction.labels[chosen], prediction.scores[chosen], prediction.boxes[chosen])
        return found, annotation


class ResizeSegmentationMask(Sized, Postprocess):
    """Masks of another size, of the pixels nearest.

    Attributes:
        apply_to: whose masks.
        to_dst_image_size: the size is that of the image as resized, not that of the image as read.
    """

    task: ClassVar[Task] = "segmentation"
    apply_to: Target
    to_dst_image_size: bool = False

    @model_validator(mode="after")
    def _one_size_only(self) -> ResizeSegmentationMask:
        if self.to_dst_image_size and self.wanted is not None:
            raise ValueError("to_dst_image_size and a size contradict each other, expected one of them")
        return self

    def apply(self, prediction: Any, annotation: Any, seen: Seen, meta: Meta) -> Pair:
        """Masks in their new size."""
        size = self.wanted or (seen.resized if self.to_dst_image_size else None) or seen.size
        if self.apply_to in ("prediction", "all"):
            prediction = _resized(prediction, size, first=prediction.ndim - 2)
        if self.apply_to in ("annotation", "all"):
            annotation = _resized(annotation, size, first=0)
        return prediction, annotation


class EncodeSegmentationMask(Postprocess):
    """Classes for the colours of masks; colours that are no class's become class 0.

    Attributes:
        apply_to: whose masks; only annotations have colours.
    """

    task: ClassVar[Task] = "segmentation"
    apply_to: Literal["annotation"]

    def require(self, meta: Meta, place: Place) -> None:
        """Make sure that colours are known."""
        if meta.colors is None:
            raise ConfigError(
                "encode_segmentation_mask needs segmentation_colors in the dataset's meta file", place
            )

    def apply(self, prediction: Any, annotation: Any, seen: Seen, meta: Meta) -> Pair:
        """The annotation as classes."""
        assert meta.colors is not None
        if annotation.shape[2:] != meta.colors.shape[1:]:
            raise DataError(
                f"mask of {seen.name!r} has shape {list(annotation.shape)}, which doesn't fit "
                f"segmentation_colors of shape {list(meta.colors.shape)}"
            )
        return prediction, classes_of_colors(annotation, meta.colors)


POSTPROCESSING: Mapping[str, type[Postprocess]] = {
    "resize_prediction_boxes": ResizePredictionBoxes,
    "clip_boxes": ClipBoxes,
    "nms": NonMaximumSuppression,
    "resize_segmentation_mask": ResizeSegmentationMask,
    "encode_segmentation_mask": EncodeSegmentationMask,
}


def _resized(mask: NDArray[Any], size: Size, first: int) -> NDArray[Any]:
    """A mask whose rows and columns are the axes from ``first`` on."""
    for axis, length in enumerate(size, first):
        mask = mask.take(nearest_indices(mask.shape[axis], length), axis)
    return mask
