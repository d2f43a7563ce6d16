"""The share of images that are classified right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.api.metric import Metric
from openvino.tools.pot.datasets.metrics.accuracy import ranked
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError


class Accuracy(Metric):
    """The share of images whose label is among the classes with the largest scores: ``accuracy@top1`` and so on.

    Takes one output, the scores of the classes of each image: ``[batch, classes]``, axes of size 1 aside; and the
    labels as whole numbers, counted from 0.

    Args:
        top_k: how many classes count.

    Raises:
        ConfigError: it is no positive whole number.
    """

    def __init__(self, top_k: int = 1) -> None:
        if isinstance(top_k, bool) or not isinstance(top_k, int) or top_k < 1:
            raise ConfigError(f"Accuracy: top_k is {top_k!r}, expected a positive whole number")
        self._top_k = top_k
        self._name = f"accuracy@top{top_k}"
        super().__init__()

    @property
    def value(self) -> dict[str, list[float]]:
        """1 or 0 for each image of the last update."""
        return {self._name: self._matches[-1] if self._matches else []}

    @property
    def avg_value(self) -> dict[str, float]:
        """Of all images.

        Raises:
            DataError: there was none.
        """
        if not self._matches:
            raise DataError("Accuracy: no image has been evaluated, expected at least one")
        return {self._name: float(np.concatenate(self._matches).mean())}

    def update(self, output: list[Any], target: list[Any] | Mapping[Any, Any]) -> None:
        """Take the scores of a batch, and its labels in a list, or in a mapping in the order of the batch.

        Raises:
            ModelError: there are several outputs, or it is no scores.
            DataError: an image has no label, or one of no class.
        """
        if len(output) != 1:
            raise ModelError(
                f"Accuracy: found {len(output)} outputs, expected one, the scores of the classes"
            )
        labels = list(target.values() if isinstance(target, Mapping) else target)
        scores = _scores(np.asarray(output[0]), len(labels))
        expected = _checked(labels, scores.shape[1])
        best = ranked(scores)[:, : self._top_k]
        self._matches.append((best == expected[:, None]).any(axis=1).astype(float).tolist())

    def reset(self) -> None:
        """Forget all images."""
        self._matches: list[list[float]] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """More is better."""
        return {self._name: {"direction": "higher-better", "type": "accuracy"}}


def _scores(output: NDArray[Any], images: int) -> NDArray[Any]:
    """The output as ``[images, classes]``."""
    if output.ndim < 2 or output.shape[0] != images or output[0].size != max(output.shape[1:]):
        raise ModelError(
            f"Accuracy: the output has shape {list(output.shape)}, expected the scores of the classes for "
            f"{images} images, [{images}, classes]"
        )
    return output.reshape(images, -1)


def _checked(labels: Sequence[Any], classes: int) -> NDArray[np.int64]:
    for label in labels:
        if isinstance(label, bool) or not isinstance(label, (int, np.integer)):
            raise DataError(f"Accuracy: the label of an image is {label!r}, expected a whole number")
        if not 0 <= label < classes:
            raise DataError(
                f"Accuracy: the label of an image is {label}, expected 0 to {classes - 1}, a class of the model"
            )
    return np.array(labels, np.int64)
