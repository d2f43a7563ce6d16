"""Metrics of zoo entries, as POT's ``Metric``: what is right or wrong for each sample, or a score of the whole set."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from entries import DigitsEntry, Entry
from numpy.typing import NDArray

from openvino.tools.pot import Metric

Judge = Callable[[NDArray[Any], int], bool]
"""Whether an output is right for the sample of an index."""


def judge(entry: Entry) -> Judge | None:
    """What tells right from wrong for single samples of an entry, None where only the whole set has a score."""
    if isinstance(entry, DigitsEntry):
        return lambda output, index: bool(output.argmax() == entry.labels[index])
    folder = entry.model.parent
    facts = json.loads((folder / "entry.json").read_text(encoding="utf-8"))
    if facts["score"] not in ("top1", "ctc_words"):
        return None
    with np.load(folder / "data.npz", allow_pickle=False) as data:
        labels = data["eval_y"]
    if facts["score"] == "top1":
        return lambda output, index: bool(output.argmax() == labels[index])
    characters: Sequence[str] = facts["characters"]
    return lambda output, index: _line(output[0], characters) == str(labels[index]).replace(" ", "")


def _line(scores: NDArray[Any], characters: Sequence[str]) -> str:
    """The text of a recognized line, without repeats, blanks and spaces."""
    best = scores.argmax(-1)
    kept = best[(best != 0) & (best != np.concatenate([[0], best[:-1]]))]
    return "".join(characters[place] for place in kept).replace(" ", "")


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
