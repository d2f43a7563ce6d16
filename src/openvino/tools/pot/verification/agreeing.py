"""A quantized model held against its definition, on every device, in every precision, with every instruction set.

Rounding makes networks restless: where a value lies between two levels, the last bit of a float decides, and one step
in an early layer moves others further on. Two right computations of a deep network differ by nearly as much as its
quantizers round. How much that is, is measured: the defined model is run again with all that it rounds moved by as much
as the precision rounds. A device that departs by clearly more computes something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import openvino as ov

from openvino.tools.pot.algorithms.checking.running import Run, run, run_float
from openvino.tools.pot.diagnosis.answers import agreement
from openvino.tools.pot.diagnosis.fidelity import decibels
from openvino.tools.pot.diagnosis.witnessing import fill, watched_in
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.edits.disturb import disturbed
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.layers import is_quantized
from openvino.tools.pot.statistics.witness import Watched, Witness
from openvino.tools.pot.utils.runtime import UNROUNDED, core
from openvino.tools.pot.verification.facts import Departure, Row

Precision = Literal["own", "f32", "bf16", "f16"]

ENOUGH: Mapping[str, float] = {"f32": 40.0, "bf16": 25.0, "f16": 25.0}
"""dB that are enough in any case, by precision."""

ROOM: Mapping[str, float] = {"f32": 6.0, "bf16": 6.0, "f16": 12.0}
"""dB by which a device may depart from the definition more than the disturbed definition does; in f16 the CPU scales
the sums of INT8 layers in half precision, too."""

LEAST = 5.0
"""dB below which nothing agrees, however restless the model is."""

_SHARES = {"f32": 2.0**-20, "bf16": 2.0**-9, "f16": 2.0**-9}
"""Of a value, by which a precision moves it: some bits more than it has, since sums add up."""

_SEEDS = 3
_WATCHED_SAMPLES = 2
"""Samples on which all tensors are looked at."""

_PATIENCE = 20.0
"""Seconds that requests in f16 may take, which the CPU (2026.4) can be a hundred times as slow in."""

_CAPABILITIES = {"bf16": "BF16", "f16": "FP16"}

Runner = Callable[[ov.Model, Witness], Run]


@dataclass(frozen=True)
class Setting:
    """One way to run the model.

    Attributes:
        device: where.
        precision: that is asked for.
        instruction_set: that the processor is held to.
        scale: the precision that it is judged by.
    """

    device: str
    precision: Precision
    instruction_set: str = ""
    scale: str = "f32"

    @property
    def settings(self) -> dict[str, Any]:
        """Of the compilation."""
        if self.precision == "own":
            return {}
        known = core().get_property(self.device, "SUPPORTED_PROPERTIES")
        unrounded = {name: value for name, value in UNROUNDED.items() if name in known}
        return {"INFERENCE_PRECISION_HINT": self.precision, **unrounded}


def settings_of(device: str, packed: bool = False) -> list[Setting]:
    """The device's own settings, and the precisions that it says it takes.

    Args:
        device: where the model runs.
        packed: whether its own settings may round what ``has_packed_products`` tells of to 8 bits.
    """
    able = {str(each) for each in core().get_property(device, "OPTIMIZATION_CAPABILITIES")}
    hint = core().get_property(device, "INFERENCE_PRECISION_HINT").get_type_name()
    own = "bf16" if packed and hint == "f32" else hint
    found = [Setting(device, "own", scale=own if own in ENOUGH else "f16"), Setting(device, "f32")]
    precisions: tuple[Precision, ...] = ("bf16", "f16")
    return found + [
        Setting(device, each, scale=each) for each in precisions if _CAPABILITIES[each] in able
    ]  # fmt: skip


def has_packed_products(view: GraphView) -> bool:
    """Whether matrices of integers are multiplied with what no quantizer rounds."""
    products = [view.inputs(name) for name, node in view.nodes.items() if node.get_type_name() == "MatMul"]
    return any(
        view.is_constant(weights) and is_quantized(view, weights) and view.type(values.node) != "FakeQuantize"
        for values, weights in products
    )


@dataclass
class Definition:
    """What a model is defined to give.

    Attributes:
        model: quantized.
        witness: what it gives for the samples, computed as plain arithmetic.
    """

    model: ov.Model
    witness: Witness
    _unrest: dict[tuple[str, bool], list[Run]] = field(default_factory=dict)
    _tensors: Witness | None = None

    @classmethod
    def of(cls, model: ov.Model, feeds: Sequence[Feed]) -> Definition:
        """Run a model for samples.

        Raises:
            RuntimeError: OpenVINO can't run it.
        """
        return cls(model, _defined(model, watched_in([model]), feeds))

    @property
    def tensors(self) -> Witness:
        """What all of its tensors are for a few samples."""
        if self._tensors is None:
            watched = Watched(tuple(_readers(GraphView(self.model))))
            self._tensors = _defined(self.model, watched, self.witness.feeds[:_WATCHED_SAMPLES])
        return self._tensors

    def least(self, scale: str) -> float:
        """How many dB are enough to agree, in a precision."""
        return _least([decibels(self.witness, each) for each in self._disturbed(scale, self.witness)], scale)

    def departure(self, found: Run, scale: str) -> Departure | None:
        """The first tensor of a run over ``tensors`` that departs."""
        if found.failure:
            return None
        view, calm = GraphView(self.model), self._disturbed(scale, self.tensors)
        for number, place in enumerate(self.tensors.watched.ordered):
            own = found.figures[number].decibels
            least = _least([each.figures[number].decibels for each in calm], scale)
            if own < least:
                return _departure(view, place, own, least)
        return None

    def _disturbed(self, scale: str, witness: Witness) -> list[Run]:
        key = scale, witness is self.witness
        if key not in self._unrest:
            self._unrest[key] = [
                run_float(disturbed(self.model, _SHARES[scale], seed), witness, "CPU")
                for seed in range(_SEEDS)
            ]
        return self._unrest[key]


def judged(definition: Definition, setting: Setting, runner: Runner | None = None) -> Row:
    """The model with one setting.

    Args:
        definition: of the model.
        setting: how it is run.
        runner: what runs it; None: this process.
    """
    here = _here(setting)
    runs, witness = runner or here, definition.witness
    note = ""
    if setting.precision == "f16":
        witness = _in_time(definition.model, witness, here)
        note = f"on {len(witness)} samples, since it is slow" if witness is not definition.witness else ""
    found, least = runs(definition.model, witness), definition.least(setting.scale)
    row = Row(
        device=setting.device,
        precision=setting.precision,
        instruction_set=setting.instruction_set,
        decibels=None,
        least=round(least, 1),
        same=None,
        verdict="fails",
        note=found.failure or note,
    )
    if found.failure:
        asked = setting.precision != "own" and not setting.instruction_set
        return row.model_copy(update={"verdict": "refused" if asked else "fails"})
    own = decibels(witness, found)
    row = row.model_copy(update={"decibels": own, "same": _same(witness, found), "verdict": "agrees"})
    if own >= least:
        return row
    first = definition.departure(runs(definition.model, definition.tensors), setting.scale)
    if first is None:
        note = "with its tensors watched it follows: what departs is how the device joins operations"
    return row.model_copy(update={"verdict": "departs", "first": first, "note": note})


def _here(setting: Setting) -> Runner:
    return lambda model, witness: run(model, witness, setting.device, setting.settings, as_stored=False)


def _in_time(model: ov.Model, witness: Witness, runs: Runner) -> Witness:
    """The witness, or its first samples where all would take long."""
    seconds = runs(model, _first(witness, 1)).seconds
    count = max(2, int(_PATIENCE / max(seconds, 1e-6)))
    return witness if count >= len(witness) else _first(witness, count)


def _first(witness: Witness, count: int) -> Witness:
    return replace(
        witness,
        feeds=witness.feeds[:count],
        values=witness.values[:count],
        fresh=witness.fresh[:count],
        samples=count,
    )


def _defined(model: ov.Model, watched: Watched, feeds: Sequence[Feed]) -> Witness:
    witness = Witness(watched, samples=len(feeds))
    fill(witness, emulated(model, narrow=True), feeds, "CPU")
    return witness


def _readers(view: GraphView) -> Iterator[InputId]:
    """For each tensor of floats a node that reads it and is no quantizer, in topological order."""
    readers: dict[Any, InputId] = {}
    for name in view.nodes:
        for port, tensor in enumerate(view.inputs(name)):
            if view.type(name) != "FakeQuantize" and view.is_float(tensor) and not view.is_constant(tensor):
                readers.setdefault(tensor, InputId(name, port))
    order = {name: number for number, name in enumerate(view.nodes)}
    for tensor in sorted(readers, key=lambda each: (order[each.node], each.port)):
        if view.type(tensor.node) != "Parameter":
            yield readers[tensor]


def _departure(view: GraphView, place: InputId, own: float, least: float) -> Departure:
    tensor, quantizer = view.inputs(place.node)[place.port].node, ""
    if view.type(tensor) == "FakeQuantize":
        tensor, quantizer = view.inputs(tensor)[0].node, tensor
    return Departure(
        tensor=tensor,
        type=view.type(tensor),
        quantizer=quantizer,
        decibels=float(np.clip(own, -300, 300)),
        least=round(least, 1),
    )


def _least(found: Sequence[float], scale: str) -> float:
    """How many dB are enough where the disturbed definition follows to these."""
    known = [each for each in found if not np.isnan(each)]
    return max(LEAST, min(ENOUGH[scale], min(known, default=np.inf) - ROOM[scale]))


def _same(witness: Witness, found: Run) -> float | None:
    """The share of equal decisions of the output with fewest."""
    told = [
        agreement([own[place] for own in witness.values], [own[place] for own in found.values])
        for place in range(len(witness.watched.ordered))
    ]
    return min((share for of, share in told if of == "classes"), default=None)
