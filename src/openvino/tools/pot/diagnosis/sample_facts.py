"""Samples on which two models differ, as plain data."""

from __future__ import annotations

from typing import Literal

from openvino.tools.pot.utils.form import Facts


class FedInput(Facts):
    """What an input was fed.

    Attributes:
        name: of the input.
        shape: of what it was fed.
        least, mean, most: of its values, as far as they are numbers.
        first: up to eight values, where it is no image.
        image: a small PNG as a data URI, from black for the least value to white for the largest; empty where it is no
            image of one or three channels.
    """

    name: str
    shape: tuple[int, ...]
    least: float | None
    mean: float | None
    most: float | None
    first: tuple[float | None, ...]
    image: str


class Told(Facts):
    """A value that both models give.

    Attributes:
        place: where it stands in the output, or in its part; of scores, the class alone.
        in_float, in_int8: what the models give; None where that is no number.
    """

    place: tuple[int, ...]
    in_float: float | None
    in_int8: float | None


class Answer(Facts):
    """What both models answer in an output, or in a part of one that is joined of several.

    Attributes:
        output: its name, as in the outputs of the diagnosis.
        of: whether it is a score for each of some classes, or other values.
        fidelity: dB on this sample, beside how much the output varies over samples; None where it holds no floats.
        equal: share of equal values, where it holds no floats.
        same: of classes, whether both models name the same one first; None for others.
        told: of classes those that either model puts first, float's first; else the largest values of either model, and
            where they differ most.
    """

    output: str
    of: Literal["classes", "values"]
    fidelity: float | None
    equal: float | None
    same: bool | None
    told: tuple[Told, ...]


class Sample(Facts):
    """A sample on which both models were run.

    Attributes:
        numbers: which it is among the samples of the data, from 0; several where the model takes a batch of them.
        fidelity: dB of the output that follows worst on it.
        inputs: what was fed; of a batch, the first sample is drawn.
        answers: of the outputs, that which follows worst first.
    """

    numbers: tuple[int, ...]
    fidelity: float
    inputs: tuple[FedInput, ...]
    answers: tuple[Answer, ...]
