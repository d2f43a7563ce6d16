"""What a check found, as plain data and as the line that every run ends with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import isfinite, isnan, nan
from typing import Any

import numpy as np

from openvino.tools.pot.algorithms.checking.running import Run, names_of, names_of_parts
from openvino.tools.pot.algorithms.job import Job
from openvino.tools.pot.statistics.witness import Witness


@dataclass(frozen=True)
class OutputFigure:
    """How well an output of the quantized model follows the float model's, or a part of one that is joined of several.

    Attributes:
        name: of the output's tensor, or of what it is sorted by; of a part with its place, ``boxes[:, :, 4:84]``.
        decibels: power of its variation over that of the error; None where it holds no floats or shapes differ.
        equal: share of equal values, for outputs that are no floats.
    """

    name: str
    decibels: float | None
    equal: float | None


@dataclass(frozen=True)
class CheckReport:
    """What was seen of a quantized model on a few samples.

    Attributes:
        samples: how many; 0 if it was not checked.
        outputs: of the model.
        decibels: of the output that follows worst; NaN where no output can be compared.
        int8_layers, layers: that run in 8 bits on the device, and that could be: convolutions, matrix products and
            recurrent cells.
        seconds: of the fastest request of the quantized model.
        as_fast: how many times as fast as the float model in float32; None where finding out would have taken longer
            than the rest of the check, as for large models, where what the float model gives was known from a run of
            before, and of requests too short to be timed.
        notes: what was mended or could not be, in sentences.
        is_lost: whether an output does not follow the float model's.
        warnings: what is odd about how the float model was fed, in sentences.
    """

    samples: int = 0
    outputs: tuple[OutputFigure, ...] = ()
    decibels: float = 0.0
    int8_layers: int = 0
    layers: int = 0
    seconds: float = 0.0
    as_fast: float | None = None
    notes: tuple[str, ...] = ()
    is_lost: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The result in one line."""
        if not self.samples:
            return "not checked: " + "; ".join(self.notes)
        error = 100 * 10 ** (-self.decibels / 20)
        share = f"an error of {error:.2g} %" if error < 100 else "none of it is left"
        follows = (
            f"INT8 follows float to {self.decibels:.1f} dB on {self.samples} samples ({share})"
            if isfinite(self.decibels)
            else f"INT8 {'was run' if isnan(self.decibels) else 'does not follow float'} on {self.samples} samples"
        )
        parts = [
            follows,
            f"{self.int8_layers} of {self.layers} layers run in 8 bits",
            *([] if self.as_fast is None else [f"{self.as_fast:.1f} x as fast as float32"]),
            *self.notes,
        ]
        return "; ".join(parts)

    def as_json(self) -> str:
        """The whole as text, for the model's own records; without ``warnings`` where there are none."""
        left_out = ["seconds", "as_fast"]  # which differ from run to run
        left_out += [] if self.warnings else ["warnings"]
        facts = {key: value for key, value in asdict(self).items() if key not in left_out}
        return json.dumps(facts, default=str, sort_keys=True)


def describe(
    job: Job,
    found: Run,
    witness: Witness,
    notes: Sequence[str],
    least: float,
    as_fast: float | None = None,
) -> CheckReport:
    """What a run says; ``notes`` are on what was mended, ``least`` dB are of an output that is not lost."""
    notes = (*witness.remarks, *notes)
    if found.failure:
        said = f"the device can't run it: {found.failure}"
        return CheckReport(witness.samples, decibels=-float("inf"), notes=(*notes, said), is_lost=True)
    names = names_of_parts(job.network, witness.watched)
    outputs = tuple(
        OutputFigure(name, _known(figure.decibels), _known(figure.equal))
        for name, figure in zip(names, found.figures, strict=True)
    )
    lost = tuple(
        f"output {name!r} follows to {figure.decibels:.1f} dB only"
        for name, figure in zip(names, found.figures, strict=True)
        if not figure.reaches(least)
    )
    tells = any(figure.tells for figure in found.figures)
    return CheckReport(
        witness.samples, outputs, found.decibels if tells else nan,
        sum(layer.is_int8 for layer in found.layers), len(found.layers), found.seconds, as_fast,
        (*lost, *_behind(job, found, witness, least), *_untold(witness, tells), *notes), bool(lost),
    )  # fmt: skip


def _behind(job: Job, found: Run, witness: Witness, least: float) -> Iterator[str]:
    """What is known of outputs whose values may come in another order."""
    names = names_of(job.network, witness.watched.behind)
    for name, figure in zip(names, found.behind, strict=True):
        if not figure.reaches(least):
            yield (
                f"output {name!r} is of layers behind what chooses or sorts, which can't be compared "
                f"({figure.decibels:.1f} dB in its order): hold it against a metric"
            )


def _untold(witness: Witness, tells: bool) -> Iterator[str]:
    """Why the figures say nothing, where they don't."""
    if not tells:
        yield "no output can be compared with float"
    elif not _varies(witness):
        yield "no output varies on these samples, which tells nothing of the model"


def _varies(witness: Witness) -> bool:
    """Whether anything that the float model gave differs from anything else."""
    by_place = zip(*witness.values, strict=True)
    return any(
        not np.array_equal(value.reshape(-1), np.broadcast_to(first, value.size), equal_nan=True)
        for place in by_place
        for first in (place[0].reshape(-1)[:1],)
        for value in place
        if first.size
    )


def _known(value: float) -> Any:
    return None if isnan(value) else value
