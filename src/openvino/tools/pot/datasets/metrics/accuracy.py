"""Share of images whose class is right."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from openvino.tools.pot.datasets.annotations import Meta, Task
from openvino.tools.pot.datasets.metrics.measure import Measure, MeasureEntry
from openvino.tools.pot.utils.errors import Place


def ranked(scores: NDArray[Any]) -> NDArray[np.intp]:
    """The classes of each row of scores, the likeliest first; equal ones in their order, as argmax has it.

    Args:
        scores: ``[images, classes]``.
    """
    return np.argsort(-scores.astype(np.float64), axis=1, kind="stable")


class Accuracy(MeasureEntry):
    """``accuracy``.

    Attributes:
        top_k: among how many of the likeliest classes the right one must be.
    """

    kind: ClassVar[str] = "accuracy"
    task: ClassVar[Task] = "classification"
    top_k: int = Field(default=1, ge=1)
    match: Literal[False] = False
    cast_to_int: Literal[False] = False

    def measure(self, meta: Meta, place: Place) -> Measure:
        """The share of images."""
        return _Hits(self.top_k)


class _Hits(Measure):
    def __init__(self, top: int) -> None:
        self._top = top
        super().__init__()

    def reset(self) -> None:
        self._hits = self._images = 0

    def update(self, prediction: NDArray[np.int64], annotation: Any) -> None:
        self._hits += int(self.of_one(prediction, annotation))
        self._images += 1

    def of_one(self, prediction: NDArray[np.int64], annotation: Any) -> float:
        return float(int(annotation) in prediction[: self._top])

    def of_all(self) -> float:
        return self._hits / self._images if self._images else 0.0
