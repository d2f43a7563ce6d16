"""How far what two models say of a sample is the same, from 0 to 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.datasets.agreement.chosen import OVERLAP, counts
from openvino.tools.pot.datasets.agreement.forms import Classes, Kind
from openvino.tools.pot.datasets.annotations import Detections
from openvino.tools.pot.datasets.boxes import overlaps

Array = NDArray[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Signal:
    """What is known of an output over all samples of the float model.

    Attributes:
        samples: how many.
        mean: of the values; None where shapes differ.
        power: of all that differs from it, summed; of the values themselves where nothing does.
    """

    samples: int
    mean: Floats | None
    power: float


@dataclass(frozen=True)
class Figure:
    """How a kind is compared.

    Attributes:
        name: in reports.
        meaning: of a figure and of a drop, in words.
        compare: what the float model and another one say of a sample -> the share that is the same, and its weight in
            the mean.
        is_mean: whether all samples weigh the same, or less where values are 1.
    """

    name: str
    meaning: str
    compare: Callable[[Any, Any, Signal], tuple[float, float]]
    is_mean: bool = True


def matched(first: Detections, second: Detections) -> int:
    """How many boxes are the same: of a class, one to one, overlapping enough."""
    shares = overlaps(first.boxes, second.boxes, False)
    shares[first.labels[:, None] != second.labels[None]] = 0
    count = 0
    while shares.size:
        best = shares.argmax(axis=1)
        mutual = (shares.argmax(axis=0)[best] == np.arange(len(best))) & (shares.max(axis=1) >= OVERLAP)
        if not mutual.any():
            break
        count += int(mutual.sum())
        shares = np.delete(shares[~mutual], best[mutual], axis=1)
    return count


def _boxes(before: Detections, after: Detections, _: Signal) -> tuple[float, float]:
    sides = [(_those(one, counts(one)), other) for one, other in ((before, after), (after, before))]
    count = sum(len(one.labels) for one, _ in sides)
    return (sum(matched(*side) for side in sides) / count if count else 1.0), float(count)


def _those(found: Detections, which: NDArray[np.bool_]) -> Detections:
    return Detections(found.labels[which], found.scores[which], found.boxes[which])


def _text(before: tuple[int, ...], after: tuple[int, ...], _: Signal) -> tuple[float, float]:
    return float(before == after), 1.0


def _classes(before: Classes, after: Classes, _: Signal) -> tuple[float, float]:
    sure = before.sure
    if before.labels.shape != after.labels.shape:
        return 0.0, float(max(sure.sum(), 1))
    count = float(sure.sum())
    return (float(np.mean(before.labels[sure] == after.labels[sure])) if count else 1.0), count


def _masks(before: Array, after: Array, _: Signal) -> tuple[float, float]:
    """The mean over classes of the share of pixels that both give them, of samples that are not all false."""
    if before.shape != after.shape:
        return 0.0, 1.0
    same = before == after
    present = [True] if before.dtype.kind == "b" else np.union1d(before, after)
    shares = []
    for kind in present:
        one, other = before == kind, after == kind
        either = np.count_nonzero(one | other)
        if either:
            shares.append(np.count_nonzero(one & same) / either)
    return (float(np.mean(shares)), 1.0) if shares else (1.0, 0.0)


def _correlation(before: Array, after: Array, signal: Signal) -> tuple[float, float]:
    """That of concordance: what moves too little or too far is no equal, as it were to Pearson's."""
    if before.shape != after.shape:
        return 0.0, 1.0
    known = np.isfinite(before)
    if not known.any():
        return 1.0, 0.0
    first, second = (np.asarray(each, np.float64) for each in (before, after))
    mean = float(first[known].mean()) if signal.mean is None and known.any() else signal.mean
    first, second = ((each - mean)[known] if mean is not None else each[known] for each in (first, second))
    if not np.isfinite(second).all():
        return 0.0, 1.0
    power = float(np.square(first).sum() + np.square(second).sum()) / 2
    return (float(first @ second) / power if power else 1.0), 1.0


def _fidelity(before: Array, after: Array, signal: Signal) -> tuple[float, float]:
    """One less the power of the error, in units of the mean power of the signal of a sample."""
    if before.shape != after.shape:
        return 0.0, 1.0
    known = np.isfinite(before)
    if not known.any():
        return 1.0, 0.0
    error = np.asarray(after, np.float64)[known] - np.asarray(before, np.float64)[known]
    if not np.isfinite(error).all():
        return 0.0, 1.0
    noise = float(np.square(error).sum()) * signal.samples
    return (1 - noise / signal.power if signal.power else float(noise == 0)), 1.0


FIGURES: dict[Kind, Figure] = {
    "boxes": Figure("equal boxes", "1 is all of them; their F1 with those of the float model", _boxes, False),
    "text": Figure("equal texts", "the share of samples", _text),
    "classes": Figure("equal classes", "the share of places", _classes),
    "masks": Figure("equal masks", "the mean overlap of classes", _masks),
    "correlation": Figure(
        "correlation",
        "of how values differ from their mean over samples, in direction and size",
        _correlation,
    ),
    "fidelity": Figure(
        "fidelity",
        "one less the power of the error over that of the signal: 0.99 is 20 dB, 0.999 is 30 dB",
        _fidelity,
    ),
}
