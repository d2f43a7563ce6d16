"""Boxes in the outputs of detectors: which form they have, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.datasets.agreement.chosen import SCORE, chosen, corners_of_middles, counts, suppressed
from openvino.tools.pot.datasets.annotations import Detections

Array = NDArray[Any]
Floats = NDArray[np.float64]
Outputs = Sequence[Array]

_FEWEST = 20
"""Boxes of a network that leaves all of them."""
_NOTHING = 0.5
"""Share of boxes whose best class is the first or last one, from which on that one stands for nothing."""
_HALF = 0.5
_MOST_CLASSES = 1 << 20
_SLACK = 1e-3


@dataclass(frozen=True)
class BoxForm:
    """How boxes stand in outputs.

    Attributes:
        outputs: that tell of them.
        why: what was recognized.
        read: the boxes of a sample, from all of its outputs.
        finds: whether there is any in the samples that showed the form.
        beside: what else stands at each place, such as points or weights of masks, times the place's best score, so
            that places without boxes hardly count; None: nothing does.
    """

    outputs: tuple[int, ...]
    why: str
    read: Callable[[Outputs], Detections]
    finds: bool = True
    beside: Callable[[Outputs], Array] | None = None


@dataclass(frozen=True)
class _Row:
    """What stands in the columns of a box, where each has a row of its own."""

    what: str
    width: int
    corners: int
    score: int
    label: int | None
    image: int | None = None


_ROWS = (
    _Row("image, class, score and corners", 7, 3, 2, 1, 0),
    _Row("image, corners, class and score", 7, 1, 6, 5, 0),
    _Row("corners, score and class", 6, 0, 4, 5),
    _Row("class, score and corners", 6, 2, 1, 0),
)


def box_form(samples: Sequence[Outputs]) -> BoxForm | None:
    """How the boxes of a detector stand in its outputs, None where there are none that can be told.

    Args:
        samples: the outputs for a few samples, each with a first axis of one, or as many rows as there are boxes.
    """
    forms = [*_in_rows(samples), *_apart(samples), *_decoded(samples)]
    for form in forms:
        if any(counts(form.read(sample)).any() for sample in samples):
            return form
    return replace(forms[0], finds=False) if forms else None


def _rows(array: Array) -> Array | None:
    """``[boxes, columns]``, None for what has no such form."""
    if array.ndim < 2 or prod(array.shape[:-2]) != 1:
        return None
    return array.reshape(array.shape[-2:])


def _are_rows(samples: Sequence[Outputs], place: int) -> bool:
    """Whether an output has rows of several columns, and not one alone each time, which is a vector."""
    rows = [_rows(sample[place]) for sample in samples]
    return any(each is not None and len(each) != 1 for each in rows)


def _in_rows(samples: Sequence[Outputs]) -> Iterator[BoxForm]:
    for place in range(len(samples[0])):
        if not _are_rows(samples, place):
            continue
        rows = [_rows(sample[place]) for sample in samples]
        known = [each for each in rows if each is not None and each.dtype.kind == "f"]
        if len(known) < len(rows):
            continue
        for row in _ROWS:
            if all(each.shape[1] == row.width for each in known) and all(_fits(row, each) for each in known):
                single = (other for other in range(len(samples[0])) if samples[0][other].size == 1)
                why = f"a row of {row.what} for each box"
                yield BoxForm((place, *single), why, partial(_of_rows, place, row))


def _fits(row: _Row, rows: Array) -> bool:
    valid = _valid(row, rows)
    scores, labels, corners = valid[:, row.score], valid[:, row.label], _corners_of(row, valid)
    sure = corners[scores >= SCORE]
    return _are_shares(scores) and _are_whole(labels) and bool((sure[:, 2:] >= sure[:, :2]).all())


def _valid(row: _Row, rows: Array) -> Array:
    """Up to the end that a negative image marks."""
    if row.image is None:
        return rows
    ends = np.flatnonzero(rows[:, row.image] < 0)
    return rows[: ends[0]] if ends.size else rows


def _corners_of(row: _Row, rows: Array) -> Array:
    return rows[:, row.corners : row.corners + 4]


def _of_rows(place: int, row: _Row, outputs: Outputs) -> Detections:
    rows = _rows(outputs[place])
    assert rows is not None
    rows = _valid(row, rows)
    labels = rows[:, row.label].astype(np.float64)
    if row.image is not None:  # boxes of other images of a batch are others
        labels += _MOST_CLASSES * rows[:, row.image]
    return chosen(_corners_of(row, rows), rows[:, row.score], labels)


def _apart(samples: Sequence[Outputs]) -> Iterator[BoxForm]:
    """Boxes in one output, scores in another or behind the corners, classes in a third or as columns of scores."""
    for place, boxes in enumerate(samples[0]):
        own = _rows(boxes)
        if own is None or own.shape[1] not in (4, 5) or own.dtype.kind != "f":
            continue
        if not _are_rows(samples, place):
            continue
        others = [each for each in range(len(samples[0])) if each != place]
        vectors = [each for each in others if _is_of(samples, place, each, 1)]
        tables = [each for each in others if _is_of(samples, place, each, 2)]
        single = tuple(each for each in others if samples[0][each].size == 1 and each not in vectors)
        shares = [each for each in vectors if all(_are_shares(sample[each]) for sample in samples)]
        whole = [each for each in vectors if all(_are_whole(sample[each]) for sample in samples)]
        beside = own.shape[1] == 5 and all(_are_shares(sample[place][..., 4]) for sample in samples)
        if beside or (own.shape[1] == 4 and shares):
            scores = None if beside else next((each for each in shares if each not in whole), shares[0])
            labels = next((each for each in whole if each != scores), None)
            reader = partial(_of_vectors, place, scores, labels)
            taken = tuple(each for each in (place, scores, labels) if each is not None)
            yield from _in_geometry(samples, (*taken, *single), "boxes that the network chose", reader)
        elif own.shape[1] == 4 and tables:
            yield from _of_table_form(samples, place, tables[0], single)


def _is_of(samples: Sequence[Outputs], boxes: int, other: int, rank: int) -> bool:
    """Whether an output has a value, or a row of several, for each box."""
    for sample in samples:
        count = sample[boxes].shape[-2]
        shape = sample[other].shape
        while len(shape) > rank and shape[0] == 1:
            shape = shape[1:]
        if len(shape) != rank or shape[0] != count or (rank == 2 and sample[other].dtype.kind != "f"):
            return False
    return True


def _of_table_form(
    samples: Sequence[Outputs], place: int, table: int, single: tuple[int, ...]
) -> Iterator[BoxForm]:
    tables = [sample[table].reshape(sample[place].shape[-2], -1).astype(np.float64) for sample in samples]
    whole = np.concatenate(tables)
    if whole.shape[0] < _FEWEST:
        return
    best, last = whole.argmax(axis=1), whole.shape[1] - 1
    nothing = next((each for each in (0, last) if last and np.mean(best == each) > _NOTHING), None)
    if _are_shares(whole):
        turned: Callable[[Floats], Floats] = _as_they_are
    elif nothing is not None and np.mean(whole[best == nothing, nothing] > 0) > _HALF:
        turned = _softmax  # of a yes or no for each class, all are below zero where there is nothing
    else:
        turned, nothing = _sigmoid, None
    if turned is _as_they_are and not _sums_to_one(whole):
        nothing = None
    without = "" if nothing is None else f", class {nothing} for nothing"
    why = f"a box and {whole.shape[1]} scores for each of {len(tables[0])} places{without}"
    reader = partial(_of_table, place, table, turned, nothing)
    yield from _in_geometry(samples, (place, table, *single), why, reader)


def _in_geometry(
    samples: Sequence[Outputs],
    taken: tuple[int, ...],
    why: str,
    reader: Callable[[Callable[[Floats], Floats], Outputs], Detections],
) -> Iterator[BoxForm]:
    """The form with corners or, where these are none, with the middle and the size."""
    found = [reader(_as_they_are, sample) for sample in samples]
    boxes = np.concatenate([each.boxes[counts(each)] for each in found])
    if not boxes.size:
        return
    if (boxes[:, 2:] >= boxes[:, :2]).all():
        yield BoxForm(taken, f"{why}, by their corners", partial(reader, _as_they_are))
    elif (boxes[:, 2:] >= 0).all():
        yield BoxForm(taken, f"{why}, by their middle and size", partial(reader, corners_of_middles))


def _of_vectors(
    place: int, scores: int | None, labels: int | None, turned: Callable[[Floats], Floats], outputs: Outputs
) -> Detections:
    rows = _rows(outputs[place])
    assert rows is not None
    chances = rows[:, 4] if scores is None else outputs[scores].reshape(-1)
    kinds = np.zeros(len(rows)) if labels is None else outputs[labels].reshape(-1)
    found = chosen(rows[:, :4], chances, kinds)
    return Detections(found.labels, found.scores, turned(found.boxes))


def _of_table(
    place: int,
    table: int,
    probabilities: Callable[[Floats], Floats],
    nothing: int | None,
    turned: Callable[[Floats], Floats],
    outputs: Outputs,
) -> Detections:
    boxes = _rows(outputs[place])
    assert boxes is not None
    scores = probabilities(np.nan_to_num(outputs[table].reshape(len(boxes), -1).astype(np.float64)))
    if nothing is not None:
        scores = np.delete(scores, nothing, axis=1)
    return suppressed(boxes, scores, turned)


def _decoded(samples: Sequence[Outputs]) -> Iterator[BoxForm]:
    """YOLO's: middle and size in pixels, then scores from 0 to 1, for each place of its grids."""
    for place in range(len(samples[0])):
        shape = samples[0][place].shape
        if len(shape) != 3 or shape[0] != 1 or min(shape[1:]) < 5 or max(shape[1:]) < _FEWEST:
            continue
        across = shape[1] < shape[2]
        rows = [np.asarray(sample[place][0].T if across else sample[place][0]) for sample in samples]
        if len({each.shape[1] for each in rows}) > 1:
            continue
        whole = np.concatenate(rows)
        if whole.dtype.kind != "f" or not np.isfinite(whole).all():
            continue
        if not (whole[:, 2:4] >= 0).all() or whole[:, :4].max() <= 1 + _SLACK:
            continue
        last = _shares_until(whole)
        if last > 4:
            objectness = not across and last > 5 and _is_objectness(whole[:, 4], whole[:, 5:last])
            decoded = _Decoded(place, across, last, objectness)
            scores = f"{last - 4} score{'' if last == 5 else 's'}"
            why = f"middle, size and {scores} for each of {len(rows[0])} places"
            beside = decoded.beside if last < whole.shape[1] else None
            yield BoxForm((place,), why, decoded.boxes, beside=beside)


def _shares_until(rows: Array) -> int:
    """The first column from the fifth on that holds no shares."""
    outside = ((rows[:, 4:] < -_SLACK) | (rows[:, 4:] > 1 + _SLACK)).any(axis=0)
    return 4 + (int(outside.argmax()) if outside.any() else outside.size)


def _is_objectness(first: Array, others: Array) -> bool:
    """Whether a column says that there is anything at all: where it does, one of the others says what."""
    sure = first >= SCORE
    return not sure.any() or bool(np.mean(others[sure].max(axis=1) >= SCORE) > _HALF)


@dataclass(frozen=True)
class _Decoded:
    """Where values stand in the output of YOLO's: middle and size, scores until a column, and what is behind them."""

    place: int
    across: bool
    last: int
    objectness: bool

    def boxes(self, outputs: Outputs) -> Detections:
        """The boxes of a sample."""
        rows = self._rows(outputs)
        return suppressed(rows[:, :4], self._scores(rows), corners_of_middles)

    def beside(self, outputs: Outputs) -> Array:
        """What stands behind the scores, times the best of these."""
        rows = self._rows(outputs)
        return np.asarray(rows[:, self.last :] * self._scores(rows).max(axis=1, keepdims=True), np.float32)

    def _rows(self, outputs: Outputs) -> Floats:
        values = outputs[self.place][0]
        return np.asarray(np.nan_to_num((values.T if self.across else values).astype(np.float64)))

    def _scores(self, rows: Floats) -> Floats:
        own = rows[:, 5 : self.last] * rows[:, 4:5] if self.objectness else rows[:, 4 : self.last]
        return np.asarray(own)


def _as_they_are(values: Floats) -> Floats:
    return values


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -60, 60))))


def _softmax(values: Floats) -> Floats:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _sums_to_one(rows: Array) -> bool:
    return bool(np.abs(rows.sum(axis=1) - 1).max(initial=0.0) < 1e-2)


def _are_shares(values: Array) -> bool:
    return values.dtype.kind == "f" and bool(((values >= -_SLACK) & (values <= 1 + _SLACK)).all())


def _are_whole(values: Array) -> bool:
    return values.dtype.kind in "iu" or bool((values == np.round(values)).all())
