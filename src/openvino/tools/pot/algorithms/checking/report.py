"""What a check found, as plain data, as the line that is logged, and as the table that every run ends in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import inf, isfinite, isnan, log10, nan
from typing import Any

import numpy as np

from openvino.tools.pot.algorithms.checking.running import Run, names_of, names_of_parts
from openvino.tools.pot.algorithms.checking.verdict import FASTER, LOSS, WORSE, Verdict, verdict_of
from openvino.tools.pot.algorithms.job import Job
from openvino.tools.pot.algorithms.telling import FEW_SAMPLES
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.sheets import Row, Sheet, duration, size, times

_NOT_RECORDED = frozenset(
    {
        *("seconds", "as_fast", "name", "float_bytes", "bytes", "is_told", "is_counted", "is_unchanged"),
        *("is_kept", "calibration"),
    }
)
"""What differs from run to run, or says nothing in a file."""

_SHOWN = 8
"""Outputs that a table has."""

OF_FLOAT32 = "request, float in f32"
"""Devices may compute float models in half precision by themselves, which takes less time."""


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
        name: of the model.
        float_bytes, bytes: of the constants of the float model, and of the quantized one with weights as integers;
            0 where they are not known.
        is_told: whether any output can be compared, and varies over the samples.
        is_counted: whether layers are counted: not of models that no device runs, nor of float ones.
        is_unchanged: whether nothing was quantized, as there was nothing to do or all of it came quantized.
        is_kept: whether metrics lost no more than accuracy control was allowed; None where it was not at work.
        warnings: what is odd about how the float model was fed, in sentences.
        calibration: samples that ranges come from; 0 where that is not known.
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
    name: str = ""
    float_bytes: int = 0
    bytes: int = 0
    is_told: bool = True
    is_counted: bool = True
    is_unchanged: bool = False
    is_kept: bool | None = None
    warnings: tuple[str, ...] = ()
    calibration: int = 0

    @property
    def verdict(self) -> Verdict:
        """In a word; ``checking.verdict`` has the figures behind it."""
        if self.is_unchanged:
            return "no gain"
        decibels = self.decibels if self._is_compared else None
        return verdict_of(self.is_lost, decibels, self.is_kept, self._is_faster)

    @property
    def _is_compared(self) -> bool:
        return bool(self.samples) and self.is_told and not isnan(self.decibels)

    @property
    def _is_faster(self) -> bool | None:
        """Whether a request is; without a layer in 8 bits nothing makes it so."""
        if self.is_counted and self.layers and not self.int8_layers:
            return False  # whatever was measured
        return None if self.as_fast is None else self.as_fast >= FASTER

    @property
    def float_seconds(self) -> float | None:
        """Of the fastest request of the float model in float32; None where it was not timed."""
        return None if self.as_fast is None else self.seconds * self.as_fast

    @property
    def line(self) -> str:
        """The result in one line."""
        if not self.samples:
            return "not checked: " + "; ".join(self.notes)
        parts = [
            self._follows,
            f"{self.int8_layers} of {self.layers} layers run in 8 bits",
            *([] if self.as_fast is None else [f"{self.as_fast:.1f} x as fast as float32"]),
            *self.notes,
        ]
        return "; ".join(parts)

    @property
    def _follows(self) -> str:
        """How well it does."""
        seen = "1 sample" if self.samples == 1 else f"{self.samples} samples"
        if isfinite(self.decibels):
            error = 100 * 10 ** (-self.decibels / 20)
            share = f"an error of {error:.2g} %" if error < 100 else "none of it is left"
            return f"INT8 follows float to {self.decibels:.1f} dB on {seen} ({share})"
        return f"INT8 {'was run' if isnan(self.decibels) else 'does not follow float'} on {seen}"

    @property
    def sentence(self) -> str:
        """What the verdict is about."""
        if not self.samples:
            return self.line
        if self.is_unchanged:
            return "; ".join(self.notes)
        kept = {None: "", True: "; its metrics are kept", False: "; its metrics lose more than is allowed"}
        before, slow = self.float_seconds, "; no layer runs in 8 bits"
        if before is not None and self.int8_layers:
            slow = f"; a request takes {duration(self.seconds)}, in float {duration(before)}"
        why = {
            "worse": f"; {WORSE:g} dB and more are usual" if self.is_kept is None else "",
            "broken": "; an output does not follow the float model's" if isfinite(self.decibels) else "",
            "no gain": slow,
            "unknown": "; no output tells whether it follows",
        }
        follows = self._follows if self.is_counted else self._follows.replace("INT8", "it")
        return f"{follows}{kept[self.is_kept]}{why.get(self.verdict, '')}"

    @property
    def cautions(self) -> tuple[str, ...]:
        """The warnings, and what a check can't see of ranges that come from the few samples that it looks at."""
        if self.calibration >= FEW_SAMPLES or not 0 < self.samples <= self.calibration:
            return self.warnings
        come = "1 sample" if self.calibration == 1 else f"{self.calibration} samples"
        seen = "the same" if self.samples == self.calibration else f"{self.samples} of them"
        few = f"ranges come from {come}, where {FEW_SAMPLES} and more are good, and it was checked on {seen}"
        return (*self.warnings, f"{few}: others may be followed far less")

    @property
    def titles(self) -> Row:
        """Of the table."""
        return "", "float", "INT8" if self.is_counted else "result", ""

    def as_json(self) -> str:
        """What is the same whenever it is found, as text, for the model's records; ``warnings`` if there are any."""
        left_out = _NOT_RECORDED if self.warnings else _NOT_RECORDED | {"warnings"}
        facts = {key: value for key, value in asdict(self).items() if key not in left_out}
        return json.dumps(facts, default=str, sort_keys=True)

    def as_dict(self) -> dict[str, Any]:
        """All that is of interest, as plain data; numbers may be infinite or NaN."""
        facts: dict[str, Any] = {**json.loads(self.as_json()), "warnings": list(self.cautions)}
        timed = {"seconds": self.seconds or None, "as_fast": self.as_fast, "is_kept": self.is_kept}
        return {**facts, "verdict": self.verdict, **timed}

    def sheet(self) -> Sheet:
        """All of it for people; what is not known, or does not apply, is left out."""
        head = (self.name,) if self.name else ()
        warnings = tuple(f"warning: {each}" for each in self.cautions)
        notes = self.notes if self.samples and not self.is_unchanged else ()
        return Sheet(
            self.verdict, self.sentence, head, self.titles, tuple(self._rows()), notes=(*warnings, *notes)
        )

    def _rows(self) -> Iterator[Row]:
        yield from _output_rows(self.outputs)
        if self.float_bytes and self.bytes:
            yield size_row(self.float_bytes, self.bytes)
        if self.as_fast is not None and self.float_seconds is not None:
            yield time_row(self.float_seconds, self.seconds, OF_FLOAT32)
        if self.is_counted and self.layers:
            yield "layers in INT8", "", f"{self.int8_layers} of {self.layers}", ""

    def table(self) -> str:
        """The verdict, and fidelity, size and time beside the float model's, as text."""
        return self.sheet().text()

    __str__ = table

    def _repr_html_(self) -> str:
        return self.sheet().html()

    def over_all(self, noise: Mapping[str, float], samples: int) -> CheckReport:
        """The same with what was seen of outputs over more samples, where that changes the verdict for the worse.

        Args:
            noise: name of an output -> dB; those that the check compares in another way are passed over.
            samples: how many.
        """
        names = {output.name.partition("[")[0] for output in self.outputs} if self.outputs else {*noise}
        known = {name: value for name, value in noise.items() if name in names}
        name = min(known, key=lambda each: known[each], default=None)
        if name is None or (self._is_compared and known[name] >= min(self.decibels, WORSE)):
            return self
        lost = known[name] < LOSS and self.is_kept is not True
        said = (f"output {name!r} follows to {known[name]:.1f} dB only on {samples} samples",) if lost else ()
        notes = self.notes if self.samples else ()  # which say why it was not checked
        outputs = self.outputs or tuple(OutputFigure(each, value, None) for each, value in known.items())
        return replace(
            self, samples=samples, decibels=known[name], outputs=outputs, notes=(*said, *notes),
            is_lost=self.is_lost or lost, is_told=True,
        )  # fmt: skip


def size_row(before: int, after: int) -> Row:
    """The weights of two models, in bytes."""
    return "weights", size(before), size(after), times(before / max(after, 1), "smaller", "larger")


def time_row(before: float, after: float, label: str = "request") -> Row:
    """Requests of two models, in seconds."""
    return label, duration(before), duration(after), times(before / after, "faster", "slower")


def _output_rows(outputs: Sequence[OutputFigure]) -> Iterator[Row]:
    """The outputs that follow worst, and how many others there are."""
    for output in sorted(outputs, key=_closeness)[:_SHOWN]:
        error = 100 * 10 ** (-(output.decibels or 0.0) / 20)
        figure, said = "not compared", ""
        if output.decibels is not None:
            figure = f"{output.decibels:.1f} dB" if output.decibels < _EXACT else "exact"
            said = f"error {error:.2g} %" if error < 100 else "nothing is left"
        elif output.equal is not None:
            figure, said = f"{output.equal:.1%}", "of its values the same"
        yield f"output {output.name}", "", figure, said
    if len(outputs) > _SHOWN:
        yield f"{len(outputs) - _SHOWN} further outputs", "", "closer", ""


_EXACT = 120.0
"""dB from which nothing differs that a float32 would show."""


def _closeness(output: OutputFigure) -> float:
    if output.decibels is not None:
        return output.decibels
    return inf if output.equal is None else -20 * log10(max(1 - output.equal, 1e-15))


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
