"""Metrics of zoo entries, as POT's ``Metric``: what is right or wrong for each sample, or a score of the whole set."""

from __future__ import annotations

from typing import Any

import numpy as np
from answers import Judge, judge_of
from entries import DigitsEntry, Entry

from openvino.tools.pot import Metric


def judge(entry: Entry) -> Judge | None:
    """What tells right from wrong for single samples of an entry, None where only the whole set has a score."""
    if isinstance(entry, DigitsEntry):
        return lambda output, index: bool(output.argmax() == entry.labels[index])
    return judge_of(entry.model.parent)


class Hits(Metric):
    """Share of the samples that are right; annotations are their indices."""

    def __init__(self, is_right: Judge) -> None:
        self._is_right = is_right
        super().__init__()

    @property
    def value(self) -> dict[str, list[float]]:
        """Zero or one for the last sample."""
        return {"share right": self._hits[-1:]}

    @property
    def avg_value(self) -> dict[str, float]:
        """The share."""
        return {"share right": float(np.mean(self._hits))}

    def update(self, output: list[Any], target: list[Any]) -> None:
        """Take a sample."""
        self._hits.append(float(self._is_right(output[0], target[0])))

    def reset(self) -> None:
        """Forget all."""
        self._hits: list[float] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """A mean over samples."""
        return {"share right": {"direction": "higher-better", "type": "accuracy"}}


class Score(Metric):
    """The entry's own score, of all samples together."""

    def __init__(self, entry: Any) -> None:
        self._entry = entry
        super().__init__()

    @property
    def avg_value(self) -> dict[str, float]:
        """The score."""
        return {"score": self._entry.score(self._outputs, len(self._outputs))}

    def update(self, output: list[Any], target: list[Any]) -> None:
        """Take a sample."""
        self._outputs.append(output)

    def reset(self) -> None:
        """Forget all."""
        self._outputs: list[list[Any]] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """Higher is better."""
        return {"score": {"direction": "higher-better", "type": "detection"}}


def metric_of(entry: Entry) -> Metric:
    """The metric of an entry; annotations are the indices of its evaluation samples."""
    is_right = judge(entry)
    return Score(entry) if is_right is None else Hits(is_right)
