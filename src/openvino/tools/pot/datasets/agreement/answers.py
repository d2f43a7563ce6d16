"""What the float model says of samples, to hold others against."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import compress
from operator import not_
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.datasets.agreement.chosen import SCORE, counts
from openvino.tools.pot.datasets.agreement.detections import box_form
from openvino.tools.pot.datasets.agreement.figures import FIGURES, Signal
from openvino.tools.pot.datasets.agreement.forms import Classes, Kind, Part, parts_as, parts_of
from openvino.tools.pot.datasets.agreement.shelf import Shelf
from openvino.tools.pot.datasets.annotations import Detections
from openvino.tools.pot.utils.errors import ModelError, PotError

Array = NDArray[Any]
Outputs = Sequence[Array]

_LOOKED_AT, _BYTES = 16, 1 << 26
"""Samples whose outputs show what they are, as long as these hold any boxes, and the bytes of more that may."""
_VARIES = 1e-12
"""Share of the power that must differ over samples to count as a signal, and be no rounding of sums."""
_NO_SIGNAL = Signal(1, None, 0.0)


class Answers:
    """What a model says of each sample, read as the form of its outputs allows.

    The first samples show the form. Each of them must agree with itself, which shows that it was understood: of what
    does not, the values themselves are compared.

    Args:
        wanted: what is compared, ``auto``: what the form shows.
        names: of the outputs.
        model: its name, for errors.

    Attributes:
        parts: what is compared, once it is known.
    """

    def __init__(self, wanted: Kind | Literal["auto"], names: Sequence[str], model: str) -> None:
        self._wanted, self._names, self._model = wanted, names, model
        self.parts: tuple[Part, ...] = ()
        self._waiting: dict[Hashable, list[Array]] = {}
        self._known: dict[Hashable, list[Any]] = {}
        self._looked_at = _LOOKED_AT
        self._shelf = Shelf()
        self._sums: list[_Sum] = []
        self._says: list[bool] = []
        self._silent: list[Part] = []
        self._signals: list[Signal] = []

    def __len__(self) -> int:
        return len(self._known) + len(self._waiting)

    def learn(self, key: Hashable, outputs: Outputs) -> None:
        """Take what the float model gives for a sample.

        Raises:
            ModelError: the outputs are not what users say they are.
        """
        if self.parts:
            self._keep(key, outputs)
            return
        self._waiting[key] = [np.array(each) for each in outputs]
        size = sum(each.nbytes for own in self._waiting.values() for each in own)
        if size >= _BYTES or (len(self._waiting) >= self._looked_at and self._shows()):
            self._choose()

    def finish(self) -> None:
        """All samples were given.

        Raises:
            ModelError: as ``learn``, or there was none, or nothing in the outputs that can be compared.
        """
        if self._waiting:
            self._choose()
        if not self.parts:
            raise ModelError(f"model {self._model!r} gave no outputs to agree with")
        self._signals = [each.signal for each in self._sums]
        self._leave_out_silent()

    def compare(self, key: Hashable, outputs: Outputs) -> list[tuple[float, float]]:
        """For each part the share that is the same, and its weight in the mean over samples.

        Raises:
            ModelError: the float model was not asked about this sample, or there are not as many outputs.
        """
        if key not in self._known:
            raise ModelError(f"sample {key} was not among those that the float model has seen")
        if len(outputs) != len(self._names):
            raise ModelError(f"found {len(outputs)} outputs, expected {len(self._names)} as in float")
        found = []
        for part, kept, signal in zip(self.parts, self._known[key], self._signals, strict=True):
            before = self._shelf.get(kept) if part.kind in _RAW else kept
            found.append(FIGURES[part.kind].compare(before, part.read(outputs), signal))
        return found

    @property
    def figures(self) -> list[str]:
        """Names of the figures, one for each part."""
        alone = [sum(other.kind == part.kind for other in self.parts) == 1 for part in self.parts]
        return [
            FIGURES[part.kind].name + ("" if single else f" of {self._names[part.outputs[0]]!r}")
            for part, single in zip(self.parts, alone, strict=True)
        ]

    @property
    def lines(self) -> list[str]:
        """What is compared and why, a sentence for each part."""
        found = []
        for number, (name, part) in enumerate(zip(self.figures, self.parts, strict=True)):
            outputs = ", ".join(repr(self._names[place]) for place in part.outputs)
            counted = f"; {self._counted(number)}" if part.kind in ("boxes", "classes") else ""
            found.append(f"{name} ({FIGURES[part.kind].meaning}): {outputs} taken for {part.why}{counted}")
        silent = [", ".join(repr(self._names[place]) for place in part.outputs) for part in self._silent]
        return found + [
            f"{each} is not compared: the float model gives nothing in it that can be" for each in silent
        ]

    def _counted(self, number: int) -> str:
        """How many boxes or classes a figure is of: where these are few, each of them weighs much."""
        said = [own[number] for own in self._known.values()]
        count = sum(
            int(counts(each).sum()) if isinstance(each, Detections) else int(each.sure.sum()) for each in said
        )
        return f"{count} in {len(said)} samples"

    def _shows(self) -> bool:
        """Whether the samples show the form; where they hold no boxes, as many more may."""
        form = box_form([*self._waiting.values()]) if self._wanted in ("auto", "boxes") else None
        self._looked_at *= 2
        return form is None or form.finds

    def _choose(self) -> None:
        samples = [*self._waiting.values()]
        if self._wanted == "auto":
            parts = [self._understood(part, samples) for part in parts_of(samples)]
        else:
            parts = [part for part in parts_as(self._wanted, samples) if _agrees(part, samples)]
        if not parts:
            form = box_form(samples) if self._wanted == "boxes" else None
            if form is not None and not form.finds:
                raise ModelError(
                    f"agreement: no box of model {self._model!r} is surer than {SCORE:g} in {len(samples)} samples "
                    f"({form.why}): expected samples that show what it finds"
                )
            shapes = ", ".join(
                f"{name!r} {list(each.shape)}" for name, each in zip(self._names, samples[0], strict=True)
            )
            raise ModelError(
                f"agreement: expected outputs that hold {self._wanted} which can be told from their form, model "
                f"{self._model!r} has {shapes}"
            )
        self.parts = tuple(parts)
        self._sums, self._says = [_Sum() for _ in parts], [False] * len(parts)
        waiting, self._waiting = self._waiting, {}
        for key, outputs in waiting.items():
            self._keep(key, outputs)

    def _understood(self, part: Part, samples: Sequence[Outputs]) -> Part:
        """The part, or of outputs that don't agree with themselves the values of the first."""
        if _agrees(part, samples):
            return part
        why = f"values, since they don't agree with themselves as {part.kind}"
        (plain,) = (each for each in parts_as("fidelity", samples) if each.outputs[0] == part.outputs[0])
        return Part("fidelity", part.outputs[:1], why, plain.read)

    def _keep(self, key: Hashable, outputs: Outputs) -> None:
        kept: list[Any] = []
        for number, (part, total) in enumerate(zip(self.parts, self._sums, strict=True)):
            said = part.read(outputs)
            self._says[number] |= _says_anything(said)
            if part.kind in _RAW:
                total.add(said)
                said = self._shelf.put(said)
            kept.append(said)
        self._known[key] = kept

    def _leave_out_silent(self) -> None:
        """Forget parts of which no sample says anything: any other model would agree with these."""
        if not any(self._says):
            names = ", ".join(repr(self._names[place]) for part in self.parts for place in part.outputs)
            raise ModelError(f"agreement: the float model gives nothing in {names} that can be compared")
        self._silent = [*compress(self.parts, map(not_, self._says))]
        self.parts = tuple(compress(self.parts, self._says))
        self._signals = [*compress(self._signals, self._says)]
        self._known = {key: [*compress(own, self._says)] for key, own in self._known.items()}


_RAW = ("correlation", "fidelity", "masks")


def _says_anything(said: Any) -> bool:
    if isinstance(said, Detections):
        return bool(counts(said).any())
    if isinstance(said, Classes):
        return bool(said.sure.any())
    if isinstance(said, tuple):
        return True  # a text, which may be empty
    return bool((said if said.dtype.kind == "b" else np.isfinite(said)).any())


def _agrees(part: Part, samples: Sequence[Outputs]) -> bool:
    """Whether the outputs of each sample agree with themselves."""
    for sample in samples:
        try:
            said = part.read(sample)
        except (PotError, IndexError, ValueError):
            return False
        value, _ = FIGURES[part.kind].compare(said, said, _NO_SIGNAL)
        if abs(value - 1) > 1e-9:
            return False
    return True


class _Sum:
    """Of the values of one output over the samples."""

    def __init__(self) -> None:
        self._count, self._squares, self._within = 0, 0.0, 0.0
        self._sum: Array | None = None
        self._known: Array | None = None
        self._even = True

    def add(self, value: Array) -> None:
        """Take a sample."""
        if value.dtype.kind != "f":
            return
        known = np.isfinite(value)
        values = np.where(known, value, 0).astype(np.float64)
        self._count += 1
        self._squares += float(np.square(values).sum())
        self._within += float(values[known].var() * known.sum()) if known.any() else 0.0
        self._even &= self._sum is None or self._sum.shape == values.shape
        if self._even:
            self._sum = values if self._sum is None else self._sum + values
            self._known = known.astype(int) if self._known is None else self._known + known

    @property
    def signal(self) -> Signal:
        """Of all samples."""
        if self._count > 1 and self._even and self._sum is not None and self._known is not None:
            mean = self._sum / np.maximum(self._known, 1)
            power = self._squares - float((mean * self._sum).sum())
            if power > _VARIES * self._squares:
                return Signal(self._count, mean, power)
        return Signal(max(self._count, 1), None, self._within or self._squares)
