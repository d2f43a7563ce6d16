"""What outputs say, told by their form: which figure says how often two models agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.datasets.agreement.chosen import OVERLAP, PARTNER, SCORE
from openvino.tools.pot.datasets.agreement.detections import box_form

Array = NDArray[Any]
Outputs = Sequence[Array]
Kind = Literal["boxes", "text", "classes", "masks", "correlation", "fidelity"]
KINDS: tuple[Kind, ...] = get_args(Kind)

SURE = 0.6
_HALF = 0.5
_BLANKS, _LETTERS = (0.2, 0.99), 3
"""The share of steps at which readers of text see nothing, and how many other classes they see at least."""
_SMALL, _CLEAR, _CLEARLY = 32, 0.1, 0.8
"""The least side of a map, how close to 0 or 1 a value must be to say something, and at how many places of it."""
_MOST_SAMPLES = 1000
_SLACK = 1e-3


@dataclass(frozen=True)
class Classes:
    """Classes that a model names.

    Attributes:
        labels: of each place.
        sure: which of them count.
    """

    labels: Array
    sure: NDArray[np.bool_]


@dataclass(frozen=True)
class Part:
    """Outputs that are compared together.

    Attributes:
        kind: of the figure.
        outputs: their places.
        why: what was recognized.
        read: what a sample's outputs, all of them, say.
    """

    kind: Kind
    outputs: tuple[int, ...]
    why: str
    read: Callable[[Outputs], Any]


def parts_of(samples: Sequence[Outputs]) -> list[Part]:
    """What outputs say, as far as their form tells; of others the values themselves are compared.

    Args:
        samples: the outputs of the float model for a few samples.
    """
    parts, taken = [], set[int]()
    form = box_form(samples)
    if form is not None and not form.finds:
        why = f"values, since no box is surer than {SCORE:g} ({form.why})"
        parts.append(_values(form.outputs[0], [], why))
        taken.add(form.outputs[0])
    elif form is not None:
        since = f"from score {SCORE:g} on ({PARTNER:g} of its partner), the same from overlap {OVERLAP:g} on"
        parts.append(Part("boxes", form.outputs, f"{form.why}; {since}", form.read))
        if form.beside is not None:
            why = "what else stands beside boxes, by their scores"
            parts.append(Part("fidelity", form.outputs, why, form.beside))
        taken |= {*form.outputs}
    for place in range(len(samples[0])):
        if place not in taken:
            own = [sample[place] for sample in samples]
            parts.append(next(part for part in _parts(place, own, len(samples[0])) if part is not None))
    return parts


def parts_as(kind: Kind, samples: Sequence[Outputs]) -> list[Part]:
    """The same where users say what it is; an empty list where no output can be read so.

    Args:
        kind: of the figure.
        samples: as of ``parts_of``.
    """
    if kind == "boxes":
        return [part for part in parts_of(samples) if part.kind == kind]
    found = []
    for place in range(len(samples[0])):
        own = [sample[place] for sample in samples]
        part = _FORCED[kind](place, own)
        if part is not None:
            found.append(part)
    return found


def _parts(place: int, own: Sequence[Array], count: int) -> Iterator[Part | None]:
    """What an output may be, the first that it is counts."""
    own = [_without_padding(value) for value in own]
    if own[0].dtype.kind != "f":
        yield _numbers(place, own)
    elif all(np.isfinite(value).all() for value in own) and all(value.size for value in own):
        yield _text(place, own)
        yield _rows_of_chances(place, own)
        yield _vector(place, own)
        yield _map(place, own, count)
        yield _mask(place, own)
        yield _states(place, own)
    yield _values(place, own, "values that are no known form")


def _without_padding(value: Array) -> Array:
    """Rows of tokens without those that hold no number."""
    if value.ndim != 3 or value.dtype.kind != "f" or len(value) != 1:
        return value
    return value[:, ~np.isnan(value[0]).all(axis=1)]


def _numbers(place: int, own: Sequence[Array]) -> Part:
    if all(_is_plane(value) for value in own):
        return Part("masks", (place,), "a class for each pixel", partial(_labels, place))
    return Part("classes", (place,), "whole numbers", partial(_as_classes, place))


def _is_plane(value: Array) -> bool:
    sides = [size for size in value.shape if size > 1]
    return len(sides) == 2 and min(sides) >= _SMALL


def _labels(place: int, outputs: Outputs) -> Array:
    return np.asarray(outputs[place])


def _as_classes(place: int, outputs: Outputs) -> Classes:
    labels = np.asarray(outputs[place])
    return Classes(labels, np.ones(labels.shape, bool))


def _text(place: int, own: Sequence[Array]) -> Part | None:
    """Classes of steps, most of them the blank of a network that was trained with CTC."""
    if not all(value.ndim == 3 and 1 in value.shape[:2] for value in own):
        return None
    rows = _rows(own)
    classes = rows.shape[1]
    if classes <= _LETTERS or not (_are_chances(rows) or ((rows < 0).any() and _is_sure(rows))):
        return None
    best = rows.argmax(axis=1)
    blank = max((0, classes - 1), key=lambda each: np.count_nonzero(best == each))
    share = float(np.mean(best == blank))
    if not _BLANKS[0] <= share <= _BLANKS[1] or len(np.unique(best)) <= _LETTERS:
        return None
    why = f"a text of {classes} letters, of which {blank} is the blank, as CTC has it"
    return Part("text", (place,), why, partial(_letters, place, blank))


def _letters(place: int, blank: int, outputs: Outputs) -> tuple[int, ...]:
    best = outputs[place].reshape(-1, outputs[place].shape[-1]).argmax(axis=1)
    changes = np.append(True, best[1:] != best[:-1])
    return tuple(best[changes & (best != blank)].tolist())


def _rows_of_chances(place: int, own: Sequence[Array]) -> Part | None:
    """Probabilities, or their logarithms, of the classes of one place or of several."""
    if (
        own[0].ndim not in (1, 2, 3)
        or own[0].shape[-1] < 2
        or any(value.shape[:-2] not in ((), (1,)) for value in own)
    ):
        return None
    rows = _rows(own)
    return _classes_part(place, own, "probabilities") if _are_chances(rows) else None


def _classes_part(place: int, own: Sequence[Array], what: str, axis: int = -1) -> Part:
    rows = _rows([np.moveaxis(value, axis, -1) for value in own])
    few = np.mean(_chances(rows).max(axis=1) >= SURE) < _HALF
    least = 0.0 if few else SURE
    which = "all count" if few else f"those that are surer than {SURE:g} count"
    why = f"{what} of {rows.shape[1]} classes, {which}"
    return Part("classes", (place,), why, partial(_largest, place, least, axis))


def _largest(place: int, least: float, axis: int, outputs: Outputs) -> Classes:
    values = np.moveaxis(outputs[place], axis, -1)
    rows = values.reshape(-1, values.shape[-1])
    return Classes(rows.argmax(axis=1), _chances(rows).max(axis=1) >= least)


def _vector(place: int, own: Sequence[Array]) -> Part | None:
    """One vector for a sample: scores of classes where the network is sure of different ones, else an embedding."""
    if not all(1 < value.size == max(value.shape) for value in own):
        return None
    if len({value.size for value in own}) > 1:
        return None
    rows = np.stack([value.reshape(-1) for value in own])
    lengths = np.linalg.norm(rows, axis=1)
    if (np.abs(lengths - 1) < 1e-3).all():
        return _values(place, own, "vectors of length one", "correlation")
    axis = int(np.argmax(own[0].shape))
    if _are_chances(rows):
        return _classes_part(place, own, "probabilities", axis)
    if (rows < 0).any() and _is_sure(rows) and (len(rows) == 1 or len(np.unique(rows.argmax(axis=1))) > 1):
        return _classes_part(place, own, "scores", axis)
    return _values(place, own, "vectors that name no class for sure", "correlation")


def _map(place: int, own: Sequence[Array], count: int) -> Part | None:
    """Scores of classes for each pixel: probabilities, or what is sure of several classes."""
    shape = own[0].shape
    if len(shape) != 4 or shape[0] != 1:
        return None
    axis = _axis_of_classes(shape)
    sides = shape[2:] if axis == 1 else shape[1:3]
    if shape[axis] < 2 or min(sides) < _SMALL:
        return None
    rows = _rows([np.moveaxis(value, axis, -1) for value in own])
    sure = count == 1 and (rows < 0).any() and _is_sure(rows) and len(np.unique(rows.argmax(axis=1))) > 1
    if not (_are_chances(rows) or sure):
        return None
    why = f"scores of {shape[axis]} classes for each pixel"
    return Part("masks", (place,), why, partial(_classes_of_pixels, place, axis))


def _axis_of_classes(shape: Sequence[int]) -> int:
    """Of a map: the one beside two sides of a square, else the shorter one of the second and the last."""
    _, second, side, last = shape
    if side in (second, last):
        return 1 if side == last else 3
    if side < min(second, last):  # more classes than a side has pixels
        return 1 if second >= last else 3
    return 1 if second <= last else 3


def _classes_of_pixels(place: int, axis: int, outputs: Outputs) -> Array:
    return np.asarray(outputs[place].argmax(axis=axis), np.int32)


def _mask(place: int, own: Sequence[Array]) -> Part | None:
    """A map from 0 to 1 that says yes or no nearly everywhere."""
    if not all(value.ndim == 4 and _is_plane(value) for value in own):
        return None
    values = np.concatenate([value.reshape(-1) for value in own])
    clear = np.minimum(np.abs(values), np.abs(values - 1)) <= _CLEAR
    if values.min() < -_SLACK or values.max() > 1 + _SLACK or clear.mean() < _CLEARLY or values.max() < _HALF:
        return None
    return Part("masks", (place,), "a probability for each pixel, cut at 0.5", partial(_above, place, _HALF))


def _above(place: int, least: float, outputs: Outputs) -> Array:
    return np.asarray(outputs[place] >= least)


def _states(place: int, own: Sequence[Array]) -> Part | None:
    """Vectors of several places, such as tokens."""
    if own[0].ndim != 3 or own[0].shape[-1] < 2:
        return None
    return _values(place, own, f"vectors of {own[0].shape[-1]} values", "correlation")


def _values(place: int, own: Sequence[Array], why: str, kind: Kind = "fidelity") -> Part:
    return Part(kind, (place,), why, partial(_labels, place))


def _rows(own: Sequence[Array]) -> Array:
    """The last axes of some samples, as many of them as take no long to look at."""
    rows = [value.reshape(-1, value.shape[-1]) for value in own]
    most = max(1, 16 * _MOST_SAMPLES // len(rows))
    return np.concatenate([each[:: -(-len(each) // most)] for each in rows]).astype(np.float64)


def _are_chances(rows: Array) -> bool:
    """Whether rows are probabilities, or logarithms of such."""
    if rows.min() >= -1e-4:
        return bool(np.abs(rows.sum(axis=1) - 1).max() < 1e-2)
    return bool(rows.max() <= 1e-4 and np.abs(np.exp(rows).sum(axis=1) - 1).max() < 1e-2)


def _chances(rows: Array) -> Array:
    if _are_chances(rows):
        return rows if rows.min() >= -1e-4 else np.exp(rows)
    powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _is_sure(rows: Array) -> bool:
    return bool(np.mean(_chances(rows).max(axis=1) >= SURE) >= _HALF)


def _forced_text(place: int, own: Sequence[Array]) -> Part | None:
    if own[0].dtype.kind != "f" or own[0].ndim not in (2, 3) or own[0].shape[-1] < 2:
        return None
    best = _rows(own).argmax(axis=1)
    blank = max((0, own[0].shape[-1] - 1), key=lambda each: np.count_nonzero(best == each))
    return Part(
        "text", (place,), f"as was asked for, with the blank {blank}", partial(_letters, place, blank)
    )


def _forced_classes(place: int, own: Sequence[Array]) -> Part | None:
    if own[0].dtype.kind != "f":
        return Part("classes", (place,), "whole numbers", partial(_as_classes, place))
    axis = _axis_of_classes(own[0].shape) if own[0].ndim == 4 else -1
    if own[0].ndim == 0 or own[0].shape[axis] < 2:
        return None
    return _classes_part(place, own, "as was asked for, scores", axis)


def _forced_masks(place: int, own: Sequence[Array]) -> Part | None:
    if own[0].dtype.kind != "f":
        return Part("masks", (place,), "a class for each pixel", partial(_labels, place))
    if own[0].ndim != 4:
        return None
    axis = _axis_of_classes(own[0].shape)
    if own[0].shape[axis] == 1:
        are_shares = all(((value >= -_SLACK) & (value <= 1 + _SLACK)).all() for value in own)
        least = _HALF if are_shares else 0.0  # where a sigmoid is a half
        return Part("masks", (place,), f"as was asked for, cut at {least:g}", partial(_above, place, least))
    return Part(
        "masks", (place,), "as was asked for, scores of classes", partial(_classes_of_pixels, place, axis)
    )


def _forced_values(kind: Kind, place: int, own: Sequence[Array]) -> Part | None:
    return _values(place, own, "as was asked for", kind) if own[0].dtype.kind == "f" else None


_FORCED: dict[Kind, Callable[[int, Sequence[Array]], Part | None]] = {
    "text": _forced_text,
    "classes": _forced_classes,
    "masks": _forced_masks,
    "correlation": partial(_forced_values, "correlation"),
    "fidelity": partial(_forced_values, "fidelity"),
}
