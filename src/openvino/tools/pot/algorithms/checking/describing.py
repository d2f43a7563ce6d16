"""From a run of the witnessed samples to what is reported of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf, isnan, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.checking.report import CheckReport, OutputFigure
from openvino.tools.pot.algorithms.checking.running import (
    Run,
    from_sample_to_sample_of,
    names_of,
    names_of_parts,
)
from openvino.tools.pot.algorithms.job import Job
from openvino.tools.pot.statistics.witness import Witness


def describe(
    job: Job,
    found: Run,
    witness: Witness,
    notes: Sequence[str],
    least: float,
    as_fast: float | None = None,
    is_counted: bool = True,
) -> CheckReport:
    """What a run says; ``notes`` are on what was mended, ``least`` dB are of an output that is not lost."""
    notes, name = (*witness.remarks, *notes), job.result.name
    if found.failure:
        said = f"the device can't run it: {found.failure}"
        return CheckReport(witness.samples, decibels=-inf, notes=(*notes, said), is_lost=True, name=name)
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
    silent = [name for name, figure in zip(names, found.figures, strict=True) if not figure.tells]
    tells = len(silent) < len(names)
    return CheckReport(
        witness.samples, outputs, found.decibels if tells else nan,
        sum(layer.is_int8 for layer in found.layers), len(found.layers), found.seconds, as_fast,
        (*lost, *_behind(job, found, witness, least), *_untold(witness, silent, tells), *notes), bool(lost),
        name, bytes=found.bytes, is_told=tells and _varies(witness), is_counted=is_counted,
        between=from_sample_to_sample_of(found, witness),
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


def _untold(witness: Witness, silent: Sequence[str], tells: bool) -> Iterator[str]:
    """Why the figures say nothing, where they don't: of all outputs, or of the silent ones."""
    if not tells:
        yield "no output can be compared with float"
        return
    yield from (
        f"output {name!r} is not compared: in float it holds no finite value there" for name in silent
    )
    if not _varies(witness):
        yield "no output varies on these samples, which tells nothing of the model"


def _varies(witness: Witness) -> bool:
    """Whether the float model gave anything else for another sample, or of a single one different values."""
    return any(map(_differ, zip(*witness.values, strict=True)))


def _differ(values: Sequence[NDArray[Any]]) -> bool:
    first, *others = values
    if not others:
        return not np.array_equal(
            first.reshape(-1), np.repeat(first.reshape(-1)[:1], first.size), equal_nan=True
        )
    return not all(np.array_equal(other, first, equal_nan=True) for other in others)


def _known(value: float) -> Any:
    return None if isnan(value) else value
