"""The samples on which a quantized model departs most from the float one: as they were fed, with both answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf, isfinite, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.checking.running import Run, hides
from openvino.tools.pot.arithmetic.distance import squared_error
from openvino.tools.pot.diagnosis.answers import are_classes
from openvino.tools.pot.diagnosis.facts import Output
from openvino.tools.pot.diagnosis.fidelity import VARIES
from openvino.tools.pot.diagnosis.pictures import as_uri, image_of
from openvino.tools.pot.diagnosis.sample_facts import Answer, FedInput, Sample, Told
from openvino.tools.pot.graph.parts import values_in
from openvino.tools.pot.statistics.phases import TOKEN_MASKS
from openvino.tools.pot.statistics.witness import Witness

Array = NDArray[Any]

_SHOWN = 3
_TOP = 3
_MOST_ANSWERS, _MOST_DRAWN = 6, 4
"""Outputs of a sample, those that follow worst, and inputs that are drawn."""
_FIRST = 8


@dataclass(frozen=True)
class Pair:
    """What both models give in an output or in a part of one, on one sample.

    Attributes:
        before, after: in float and in INT8.
        error: the power of what differs over that of the signal, or the square of the share of values that differ.
    """

    before: Array
    after: Array
    error: float


def worst_samples(
    witness: Witness, found: Run, outputs: Sequence[Output], numbers: Sequence[int]
) -> tuple[Sample, ...]:
    """The few samples on which an output departs most, the worst first; none where the model could not be run.

    Args:
        witness: what the float model gave.
        found: what the quantized model gave for the same.
        outputs: of the model, which are what is compared.
        numbers: of the samples that the witness was fed.
    """
    if found.failure or not witness.feeds:
        return ()
    columns = _pairs(witness, found)
    errors = [max((column[place].error for column in columns), default=0.0) for place in range(len(witness))]
    batch = ceil(len(numbers) / len(witness))
    worst = sorted(range(len(witness)), key=lambda place: -errors[place])[:_SHOWN]
    return tuple(
        Sample(
            numbers=tuple(numbers[place * batch : (place + 1) * batch]), fidelity=_decibels(errors[place]),
            inputs=_inputs(witness.feeds[place]), answers=_answers(outputs, [column[place] for column in columns]),
        )
        for place in worst
    )  # fmt: skip


def _pairs(witness: Witness, found: Run) -> list[list[Pair]]:
    """Of each part that can be compared, in the order of the outputs, the pair of each sample."""
    columns = []
    for place, parts in enumerate(witness.watched.joined):
        for part in parts:
            before, after = (
                [values_in(values[place], part) for values in each] for each in (witness.values, found.values)
            )
            seen = [_seen(value, feed) for value, feed in zip(before, witness.feeds, strict=True)]
            signals = _signals(seen)
            together = zip(seen, after, signals, strict=True)
            columns.append([Pair(one, other, _error(one, other, signal)) for one, other, signal in together])
    return columns


def _seen(value: Array, feed: Mapping[str, Array]) -> Array:
    """What somebody reads of a value: where tokens are masked, nobody does, and there is no number."""
    mask = next((feed[name] for name in sorted(TOKEN_MASKS) if name in feed), None)
    if mask is None or value.dtype.kind != "f" or not hides(mask, value):
        return value
    rows = np.asarray(mask).reshape(mask.shape + (1,) * (value.ndim - mask.ndim)) > 0
    return np.where(rows, value, np.asarray(np.nan, value.dtype))


def _signals(values: Sequence[Array]) -> list[float]:
    """Of each sample the power beside which an error counts: of the variation over samples, else of its own."""
    first = values[0]
    if (
        len(values) > 1
        and first.dtype.kind == "f"
        and first.size
        and len({value.shape for value in values}) == 1
    ):
        mean = sum(value.astype(np.float64) for value in values) / len(values)
        varied, power = (
            float(np.mean([np.square(value - own, dtype=np.float64).mean() for value in values]))
            for own in (mean, 0.0)
        )
        if isfinite(varied) and varied > VARIES * power:
            return [varied] * len(values)
    return [_power(value) for value in values]


def _power(value: Array) -> float:
    known = np.asarray(value, np.float64)
    known = known[np.isfinite(known)]
    return (float(known.var()) or float(np.square(known).mean()) or 1.0) if known.size else 1.0


def _error(before: Array, after: Array, signal: float) -> float:
    if before.dtype.kind != "f" and before.shape == after.shape:
        return float(np.mean(before != after)) ** 2 if before.size else 0.0
    known = max(int(np.isfinite(before).sum()), 1)
    return squared_error(before, after) / known / signal


def _decibels(error: float) -> float:
    return float(np.clip(-10 * np.log10(max(error, 1e-30)), -300, 300)) if isfinite(error) else -300.0


def _inputs(feed: Mapping[str, Array]) -> tuple[FedInput, ...]:
    return tuple(
        _input(name, value, number < _MOST_DRAWN) for number, (name, value) in enumerate(feed.items())
    )


def _input(name: str, value: Array, drawn: bool) -> FedInput:
    image = image_of(value) if drawn else None
    plain = np.asarray(value).reshape(-1)
    numbers = plain.astype(np.float64) if plain.dtype.kind in "fiub" else np.zeros(0)
    known = numbers[np.isfinite(numbers)]
    least, mean, most = (
        (float(known.min()), float(known.mean()), float(known.max())) if known.size else (None, None, None)
    )
    return FedInput(
        name=name, shape=value.shape, least=least, mean=mean, most=most,
        first=() if image is not None else tuple(_known(each) for each in numbers[:_FIRST]),
        image="" if image is None else as_uri(image),
    )  # fmt: skip


def _answers(outputs: Sequence[Output], pairs: Sequence[Pair]) -> tuple[Answer, ...]:
    named = sorted(zip(outputs, pairs, strict=True), key=lambda each: -each[1].error)
    return tuple(_answer(output, pair) for output, pair in named[:_MOST_ANSWERS])


def _answer(output: Output, pair: Pair) -> Answer:
    before, after = pair.before, pair.after
    is_float, same_shape = before.dtype.kind == "f", before.shape == after.shape
    classes = same_shape and before.shape[:1] in ((1,), before.shape) and are_classes(before)
    places = (_top(before, after, classes) if same_shape else []) if before.dtype.kind in "fiub" else []
    return Answer(
        output=output.name, of="classes" if classes else "values",
        fidelity=_decibels(pair.error) if is_float else None,
        equal=None if is_float else max(1 - sqrt(pair.error), 0.0),
        same=bool(np.argmax(before) == np.argmax(after)) if classes else None,
        told=tuple(
            Told(
                place=(place,) if classes else tuple(int(own) for own in np.unravel_index(place, before.shape)),
                in_float=_known(before.reshape(-1)[place]), in_int8=_known(after.reshape(-1)[place]),
            )
            for place in places
        ),
    )  # fmt: skip


def _top(before: Array, after: Array, classes: bool) -> list[int]:
    """Places of the largest values of either model, float's first; but for scores, also where they differ most."""
    one, other = (np.asarray(value, np.float64).reshape(-1) for value in (before, after))
    known = np.isfinite(one) & np.isfinite(other)
    sizes = [np.where(known, own if classes else np.abs(own), -inf) for own in (one, other)]
    apart = np.where(known, np.abs(one - np.where(known, other, one)), -inf)
    found = [place for size in sizes for place in np.argsort(-size, kind="stable")[:_TOP]]
    if not classes and apart.size:
        found.append(apart.argmax())
    return [int(place) for place in dict.fromkeys(found) if known[place]]


def _known(value: Any) -> float | None:
    return float(value) if isfinite(value) else None
