"""Mean intersection over union of masks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.api.metric import Metric
from openvino.tools.pot.datasets.annotations import Meta
from openvino.tools.pot.datasets.metrics.overlap import MeanOverlap
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError, Place

Masks = tuple[NDArray[Any], NDArray[Any]]


class MeanIOU(Metric):
    """The mean over classes of the share of pixels that are of the class in both masks.

    Takes one output: the class of each pixel, ``[batch, height, width]`` with or without an axis of one channel; and
    masks of the same height and width as annotations. Pixels whose class is not from 0 to ``num_classes - 1`` in
    either mask don't count.

    Args:
        num_classes: how many classes there are, with the background.

    Raises:
        ConfigError: there is none.
    """

    def __init__(self, num_classes: int) -> None:
        if num_classes < 1:
            raise ConfigError(f"MeanIOU: num_classes is {num_classes}, expected 1 or more")
        labels = {label: str(label) for label in range(num_classes)}
        self._overlap = MeanOverlap(use_argmax=False).measure(Meta(labels), Place("MeanIOU"))
        self._name = "mean_iou"
        self._last: list[Masks] = []
        super().__init__()

    @property
    def value(self) -> dict[str, list[float]]:
        """Of each image of the last update, over the classes in either of its masks."""
        return {self._name: [self._overlap.of_one(*masks) for masks in self._last]}

    @property
    def avg_value(self) -> dict[str, float]:
        """Of the pixels of all images together, over the classes in any mask."""
        return {self._name: self._overlap.of_all()}

    def update(self, output: list[Any], target: list[Any]) -> None:
        """Take the predicted masks of a batch, and the annotated ones.

        Raises:
            ModelError: there is more than one output, or it holds scores in place of classes.
            DataError: an image has no mask, or one of another size.
        """
        if len(output) != 1:
            raise ModelError(f"MeanIOU: found {len(output)} outputs, expected one, the class of each pixel")
        predictions = np.asarray(output[0])
        if predictions.ndim == 0 or len(predictions) != len(target):
            raise DataError(
                f"MeanIOU: the output has shape {list(predictions.shape)}, expected {len(target)} masks"
            )
        self._last = [_masks(each, mask) for each, mask in zip(predictions, target, strict=True)]
        for masks in self._last:
            self._overlap.update(*masks)

    def reset(self) -> None:
        """Forget all images."""
        self._overlap.reset()
        self._last = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """More is better."""
        return {self._name: {"direction": "higher-better", "type": "mean_iou"}}


def _masks(prediction: NDArray[Any], annotation: Any) -> Masks:
    if annotation is None:
        raise DataError("MeanIOU: a sample has no annotation, expected a mask of classes")
    mask = np.asarray(annotation)
    if tuple(size for size in prediction.shape if size != 1) != tuple(
        size for size in mask.shape if size != 1
    ):
        hint = (
            "; scores of each class need ArgMax or TopK in the model" if prediction.ndim > mask.ndim else ""
        )
        raise DataError(
            f"MeanIOU: the predicted mask has shape {list(prediction.shape)}, the annotated one "
            f"{list(mask.shape)}, expected them to be equal{hint}"
        )
    return prediction.reshape(mask.shape), mask
