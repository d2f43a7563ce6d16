"""Dice's index of masks of volumes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.api.metric import Metric
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError


class DiceIndex(Metric):
    """The mean of Dice's index of each class, and of all classes together against the background.

    Dice's index is twice the voxels that are of a class in both masks, over the sum of those in each. A class that is
    in neither mask counts 0, as in POT's sample.

    Takes one output, the class of each voxel, as ``SegmentationEngine`` gives it, and masks as
    ``BRATSDataLoader`` gives them; class 0 is the background.

    Args:
        num_classes: how many classes there are, with the background.

    Raises:
        ConfigError: there are fewer than two.
    """

    def __init__(self, num_classes: int) -> None:
        if num_classes < 2:
            raise ConfigError(f"DiceIndex: num_classes is {num_classes}, expected 2 or more")
        self._classes = np.arange(1, num_classes)
        self._name = "dice_index"
        super().__init__()

    @property
    def value(self) -> dict[str, list[float]]:
        """Of each volume of the last update."""
        return {self._name: self._updates[-1] if self._updates else []}

    @property
    def avg_value(self) -> dict[str, float]:
        """The mean over all volumes.

        Raises:
            DataError: there was none.
        """
        if not self._updates:
            raise DataError("DiceIndex: no volume has been evaluated, expected at least one")
        return {self._name: float(np.concatenate(self._updates).mean())}

    def update(self, output: Any, target: list[Any]) -> None:
        """Take the predicted masks of a batch, and the annotated ones.

        Raises:
            ModelError: there is more than one output.
            DataError: a volume has no mask, or one of another size.
        """
        if len(output) != 1:
            raise ModelError(f"DiceIndex: found {len(output)} outputs, expected one, the class of each voxel")
        predictions = np.asarray(output[0])
        if len(target) == 1 and predictions.size == np.size(target[0]):
            predictions = predictions[np.newaxis]  # with or without a batch dimension
        if len(predictions) != len(target):
            raise DataError(
                f"DiceIndex: the output has shape {list(predictions.shape)}, expected {len(target)} masks"
            )
        self._updates.append([self._dice(*pair) for pair in zip(predictions, target, strict=True)])

    def reset(self) -> None:
        """Forget all volumes."""
        self._updates: list[list[float]] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """More is better."""
        return {self._name: {"direction": "higher-better", "type": "dice_index"}}

    def _dice(self, prediction: NDArray[Any], mask: Any) -> float:
        if mask is None:
            raise DataError("DiceIndex: a volume has no annotation, expected a mask of classes")
        mask = np.asarray(mask)
        if prediction.squeeze().shape != mask.squeeze().shape:
            raise DataError(
                f"DiceIndex: the predicted mask has shape {list(prediction.shape)}, the annotated one "
                f"{list(mask.shape)}, expected them to be equal"
            )
        prediction = prediction.reshape(mask.shape)
        of_classes = [_index(prediction == label, mask == label) for label in self._classes]
        return float(np.mean([_index(prediction > 0, mask > 0), *of_classes]))


def _index(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    total = np.count_nonzero(first) + np.count_nonzero(second)
    return 2 * np.count_nonzero(first & second) / total if total else 0.0
