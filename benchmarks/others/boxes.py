"""Boxes from the outputs of YOLOX, and how well two sets of them match."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.datasets.boxes import non_maximum_suppression, overlaps

from .network import Outputs

SIDE, STRIDES = 416, (8, 16, 32)
SCORE, OVERLAP, MATCH = 0.1, 0.45, 0.75  # the first two are the package's own


def box_f1(references: Sequence[Outputs], found: Sequence[Outputs]) -> float:
    """F1 of the boxes, which match if their intersection is three quarters of their union."""
    hits = total = 0
    for a, b in ((boxes(x[0][0]), boxes(y[0][0])) for x, y in zip(references, found, strict=True)):
        total += len(a) + len(b)
        hits += matches(a, b)
    return 2 * hits / max(total, 1)


def boxes(output: NDArray[Any]) -> NDArray[Any]:
    """Corners of the boxes above the score that do not overlap with a better one."""
    grids = [np.mgrid[: SIDE // s, : SIDE // s][::-1].reshape(2, -1).T for s in STRIDES]
    strides = np.repeat(STRIDES, [len(grid) for grid in grids])[:, None]
    scores = output[:, 4] * output[:, 5]
    centres = (output[:, :2] + np.concatenate(grids)) * strides
    halves = np.exp(output[:, 2:4]) * strides / 2
    best = np.argsort(-scores)[: (scores > SCORE).sum()]
    corners = np.hstack([centres - halves, centres + halves])
    return corners[non_maximum_suppression(corners, best, OVERLAP, include_boundaries=False)]


def matches(references: NDArray[Any], found: NDArray[Any], least: float = MATCH) -> int:
    """How many reference boxes have a box that is theirs, by at least so much of both together."""
    taken: set[int] = set()
    for row in overlaps(references, found, include_boundaries=False) if len(found) else ():
        best = int(row.argmax())
        if row[best] >= least and best not in taken:
            taken.add(best)
    return len(taken)
