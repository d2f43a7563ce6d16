"""Boxes that count, of all that a detector gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.datasets.annotations import Detections
from openvino.tools.pot.datasets.boxes import non_maximum_suppression

Array = NDArray[Any]
Floats = NDArray[np.float64]

SCORE, PARTNER = 0.3, 0.2
"""The least score of a box that counts, and of one that it may be the same as: else those close to the first would come
and go with the least rounding."""
SUPPRESSED, OVERLAP = 0.5, 0.5
"""The most that two of a class overlap where the network leaves all, and the least that two do that are the same."""


def counts(found: Detections) -> NDArray[np.bool_]:
    """Which boxes count, and not only as partners of others."""
    return found.scores >= SCORE


def suppressed(boxes: Array, scores: Floats, turned: Callable[[Floats], Floats]) -> Detections:
    """Of boxes of a class that overlap the best ones alone."""
    found = chosen(boxes, scores.max(axis=1), scores.argmax(axis=1))
    corners = turned(found.boxes)
    if not corners.size:
        return Detections(found.labels, found.scores, corners)
    apart = corners + found.labels[:, None] * (np.abs(corners).max() * 2 + 1)
    kept = non_maximum_suppression(apart, np.argsort(-found.scores, kind="stable"), SUPPRESSED, False)
    return Detections(found.labels[kept], found.scores[kept], corners[kept])


def chosen(boxes: Array, scores: Array, labels: Array) -> Detections:
    """Those that count or may be partners, a class below zero standing for nothing."""
    known = np.isfinite(boxes).all(axis=1) & (np.nan_to_num(scores) >= PARTNER) & (labels >= 0)
    return Detections(
        labels[known].astype(np.int64), scores[known].astype(np.float64), boxes[known].astype(np.float64)
    )


def corners_of_middles(boxes: Floats) -> Floats:
    """Corners of boxes that are given by their middle and size."""
    middle, half = boxes[:, :2], boxes[:, 2:] / 2
    return np.concatenate([middle - half, middle + half], axis=1)
