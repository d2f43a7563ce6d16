"""What outputs of a model mean: classes, objects, or masks, one for each image of a batch."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.datasets.annotations import Detections, Task
from openvino.tools.pot.datasets.metrics.accuracy import ranked
from openvino.tools.pot.utils.errors import ModelError

Outputs = Mapping[str, NDArray[Any]]


class Adapter(Parameters):
    """Reads outputs; ``task`` says what of."""

    task: ClassVar[Task]

    @abstractmethod
    def predictions(self, outputs: Outputs, layout: str) -> list[Any]:
        """What the model says of each image of a batch.

        Args:
            outputs: name to array, in the model's order; the first one counts.
            layout: of the model's input: its axes as letters.

        Raises:
            ModelError: the output isn't of the form that the adapter reads.
        """

    def missing(self, count: int) -> list[Any]:
        """Predictions for as many images at the end of a batch of which the output says nothing, if that may be."""
        return []


class Classification(Adapter):
    """A score for each class, or with ``argmax_output`` the class itself.

    Attributes:
        classification_output: the output that counts; absent: the first.
        do_softmax: without effect, as the order of classes stays.
    """

    task: ClassVar[Task] = "classification"
    argmax_output: bool = False
    classification_output: str | None = None
    do_softmax: bool = False
    block: Literal[False] = False
    fixed_output: Literal[False] = False
    label_as_array: Literal[False] = False

    def predictions(self, outputs: Outputs, layout: str) -> list[Any]:
        """The classes of each image, the likeliest first."""
        name, array = _output(outputs, self.classification_output)
        if array.ndim == 0 or array.size == 0:
            raise ModelError(
                f"adapter classification: output {name!r} has shape {list(array.shape)}, expected [batch, classes]"
            )
        rows = np.atleast_2d(array).reshape(array.shape[0] if array.ndim > 1 else 1, -1)
        if self.argmax_output:
            return [row[:1].astype(np.int64) for row in rows]
        return list(ranked(rows))


class SSD(Adapter):
    """DetectionOutput: image, class, score, left, top, right and bottom for each object, ``[1, 1, objects, 7]``."""

    task: ClassVar[Task] = "detection"

    def predictions(self, outputs: Outputs, layout: str) -> list[Any]:
        """The objects of each image; a row with image -1 is the end."""
        name, array = _output(outputs)
        if array.ndim == 0 or array.shape[-1] != 7:
            raise ModelError(
                f"adapter ssd: output {name!r} has shape {list(array.shape)}, expected [1, 1, objects, 7]"
            )
        rows = array.reshape(-1, 7).astype(np.float64)
        ends = np.flatnonzero(rows[:, 0] == -1)
        rows = rows[: ends[0]] if ends.size else rows
        count = int(rows[:, 0].max(initial=0)) + 1
        return [_detections(rows[rows[:, 0] == image]) for image in range(count)]

    def missing(self, count: int) -> list[Any]:
        """No objects."""
        return [_detections(np.zeros((0, 7)))] * count


class Segmentation(Adapter):
    """A score for each class and pixel, or the class of each pixel.

    Attributes:
        make_argmax: take the class with the best score for each pixel.
    """

    task: ClassVar[Task] = "segmentation"
    make_argmax: bool = False

    def predictions(self, outputs: Outputs, layout: str) -> list[Any]:
        """The mask of each image: ``[classes, height, width]``, or ``[height, width]`` of classes."""
        name, array = _output(outputs)
        if array.ndim not in (3, 4):
            raise ModelError(
                f"adapter segmentation: output {name!r} has shape {list(array.shape)}, expected "
                f"[batch, classes, height, width] or [batch, height, width]"
            )
        if array.ndim == 4 and layout.endswith("C"):
            array = array.transpose(0, 3, 1, 2)
        if not self.make_argmax:
            return list(array)
        if array.ndim != 4:
            raise ModelError(
                f"adapter segmentation: make_argmax needs a score for each class, output {name!r} has shape "
                f"{list(array.shape)}"
            )
        return list(array.argmax(1))


ADAPTERS: Mapping[str, type[Adapter]] = {
    "classification": Classification,
    "ssd": SSD,
    "segmentation": Segmentation,
}


def _output(outputs: Outputs, wanted: str | None = None) -> tuple[str, NDArray[Any]]:
    if wanted is None:
        return next(iter(outputs.items()))
    if wanted not in outputs:
        raise ModelError(f"adapter: the model has no output {wanted!r}, its outputs are {list(outputs)}")
    return wanted, outputs[wanted]


def _detections(rows: NDArray[np.float64]) -> Detections:
    return Detections(rows[:, 1].astype(np.int64), rows[:, 2], rows[:, 3:])
