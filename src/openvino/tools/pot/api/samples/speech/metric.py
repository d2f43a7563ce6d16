"""How far scores of frames are from others, and whether they lead to the same decisions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.api.metric import Metric
from openvino.tools.pot.utils.errors import DataError, ModelError

Array = NDArray[np.float64]


class ScoreError(Metric):
    """The differences of scores from those of another model, such as the float one: largest, average, and RMS.

    Takes one output ``[frames, values]`` and as many target scores. Figures are over all values of all frames; those
    of a single frame are in ``value``.
    """

    _NAMES = ("score_error_max", "score_error_average", "score_error_rms")

    @property
    def value(self) -> dict[str, list[float]]:
        """Of each frame of the last update."""
        last = self._updates[-1] if self._updates else np.zeros((0, 1))
        figures = (last.max(axis=1), last.mean(axis=1), np.sqrt((last**2).mean(axis=1)))
        return {name: figure.tolist() for name, figure in zip(self._NAMES, figures, strict=True)}

    @property
    def avg_value(self) -> dict[str, float]:
        """Over all frames.

        Raises:
            DataError: there was none.
        """
        errors = _all(self._updates, "ScoreError")
        figures = (errors.max(), errors.mean(), np.sqrt((errors**2).mean()))
        return {name: float(figure) for name, figure in zip(self._NAMES, figures, strict=True)}

    @property
    def higher_better(self) -> bool:
        """Less is better."""
        return False

    def update(self, output: Any, target: list[Any]) -> None:
        """Take the scores of the frames of an utterance, and those they are compared with.

        Raises:
            ModelError: there is more than one output.
            DataError: the two differ in shape.
        """
        scores, expected = _pair(output, target, "ScoreError")
        if scores.shape != expected.shape:
            raise DataError(
                f"ScoreError: scores have shape {list(scores.shape)}, targets {list(expected.shape)}, expected them "
                "to be equal"
            )
        self._updates.append(np.abs(scores - expected))

    def reset(self) -> None:
        """Forget all utterances."""
        self._updates: list[Array] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """Less is better."""
        return {name: {"direction": "higher-worse", "type": "score_error"} for name in self._NAMES}


class FrameDecisions(Metric):
    """The share of frames whose decision is that of the target.

    Takes one output ``[frames, values]``. A single score decides by a threshold, several by which is the largest. The
    target is scores again, of another model, or what is right: 0 or 1 for a single score, else the number of a class.

    Args:
        threshold: a single score above it says yes.
    """

    def __init__(self, threshold: float = 0.5) -> None:
        self._threshold, self._name = threshold, "frame_decisions"
        super().__init__()

    @property
    def value(self) -> dict[str, list[float]]:
        """1 or 0 for each frame of the last update."""
        return {self._name: self._updates[-1].tolist() if self._updates else []}

    @property
    def avg_value(self) -> dict[str, float]:
        """The share of all frames.

        Raises:
            DataError: there was none.
        """
        return {self._name: float(_all(self._updates, "FrameDecisions").mean())}

    def update(self, output: Any, target: list[Any]) -> None:
        """Take the scores of the frames of an utterance, and what to compare their decisions with.

        Raises:
            ModelError: there is more than one output.
            DataError: there are not as many targets as frames, or they are neither scores nor decisions.
        """
        scores, expected = _pair(output, target, "FrameDecisions")
        if expected.shape[1] not in (1, scores.shape[1]):
            raise DataError(
                f"FrameDecisions: targets have {expected.shape[1]} values, expected 1, or {scores.shape[1]} as scores"
            )
        same_kind = expected.shape[1] == scores.shape[1]
        right = self._decisions(expected) if same_kind else expected[:, 0]
        self._updates.append((self._decisions(scores) == right).astype(np.float64))

    def reset(self) -> None:
        """Forget all utterances."""
        self._updates: list[Array] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """More is better."""
        return {self._name: {"direction": "higher-better", "type": "frame_decisions"}}

    def _decisions(self, scores: Array) -> NDArray[Any]:
        return scores[:, 0] > self._threshold if scores.shape[1] == 1 else scores.argmax(axis=1)


def _pair(output: Any, target: list[Any], name: str) -> tuple[Array, Array]:
    """Scores and targets, ``[frames, values]`` each."""
    if len(output) != 1:
        raise ModelError(f"{name}: found {len(output)} outputs, expected one, the scores of frames")
    scores, targets = np.asarray(output[0], np.float64), np.asarray(target, np.float64)
    if len(scores) != len(targets):
        raise DataError(f"{name}: found scores of {len(scores)} frames and {len(targets)} targets")
    return scores.reshape(len(scores), -1), targets.reshape(len(targets), -1)


def _all(updates: list[Array], name: str) -> Array:
    if not updates:
        raise DataError(f"{name}: no frame has been evaluated, expected at least one")
    return np.concatenate(updates)
