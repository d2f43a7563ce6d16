"""Several models side by side: how each follows the first, how large it is, and how fast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import openvino as ov

from openvino.tools.pot.algorithms.checking.running import AS_USERS, Run, names_of, run
from openvino.tools.pot.diagnosis.answers import agreement, aligned, first_answers
from openvino.tools.pot.diagnosis.facts import Output
from openvino.tools.pot.diagnosis.fidelity import decibels
from openvino.tools.pot.diagnosis.pace import Pace, paces
from openvino.tools.pot.diagnosis.samples import Samples, first_of
from openvino.tools.pot.diagnosis.witnessing import outputs_of
from openvino.tools.pot.engines.feeding import Feeder
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.report.estimate import stored_bytes
from openvino.tools.pot.shortcut import Samples as GivenSamples
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.errors import ConfigError, EngineError, ModelError
from openvino.tools.pot.utils.form import SCHEMA, Facts
from openvino.tools.pot.utils.progress import track, work
from openvino.tools.pot.utils.runtime import FLOAT32, device_name
from openvino.tools.pot.version import __version__

_SAMPLES = 300
_EXACT, _ALIKE = 80.0, 40.0
"""dB from which two ways to compute the same float model in float32 may differ, and the same INT8 model."""
_TIMED = 4
"""Samples that requests are timed with."""


class Agreement(Facts):
    """How often an output says the same as that of the first model.

    Attributes:
        name: of its tensor.
        of: what is counted: the largest of some classes, or values; floats within 1 % of their variation are the same.
        share: that agree, 0 to 1.
    """

    name: str
    of: Literal["classes", "values"]
    share: float


class Candidate(Facts):
    """One of the models, as the device runs it.

    Attributes:
        name: that tells it from the others.
        file: it was read from, or written to; empty for one in memory.
        fidelity: dB of the output that follows the first model worst, which is computed in float32; 300 where nothing
            differs.
        users: the same with the device's own settings, which may have what is not in 8 bits computed in bf16 or f16.
        agreement: of the output that agrees least, 0 to 1.
        outputs, agreements: of each output.
        seconds: median of a single request; all models took turns.
        per_second: requests that the device answers with several of them under way, all models in turns.
        bytes: of the constants.
        layers, int8_layers: convolutions, matrix products and recurrent layers that the device ran, and in 8 bits.
    """

    name: str
    file: str
    fidelity: float
    users: float
    agreement: float
    outputs: tuple[Output, ...]
    agreements: tuple[Agreement, ...]
    seconds: float
    per_second: float
    bytes: int
    layers: int
    int8_layers: int


class Ran(Facts):
    """What models were measured with.

    Attributes:
        schema_version: of this form.
        device: where they ran, and what it calls itself.
        float32: whether what is not in 8 bits was computed in float32, or as the device does by itself.
        versions: of this package and of OpenVINO.
        samples: on which outputs were compared.
    """

    schema_version: int = SCHEMA
    device: tuple[str, str]
    float32: bool
    versions: dict[str, str]
    samples: int


class Comparison(Ran):
    """Models side by side.

    Attributes:
        models: in the order in which they were given; the first is what the others are held against.
        notes: what could not be looked into, and why.
    """

    models: tuple[Candidate, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A model to be compared.

    Attributes:
        name: that tells it from the others.
        model: the network.
        file: see ``Candidate``.
    """

    name: str
    model: ov.Model
    file: str = ""


def compare(
    models: Sequence[ov.Model | str | Path],
    data: Any,
    *,
    samples: int = _SAMPLES,
    device: str = "CPU",
    float32: bool = True,
) -> Comparison:
    """Hold models against the first of them, and measure all.

    Args:
        models: two at least, in float or quantized, by anybody: paths (``.xml``, ``.onnx``, ``.tflite``, ...) or
            ``openvino.Model``; they stay as they are.
        data: samples, as ``quantize`` takes them.
        samples: how many of them are used at most.
        device: where the models run.
        float32: whether what is not in 8 bits is computed in float32, so that figures compare, or as the device does
            by itself, which may be in bf16 or f16.

    Raises:
        ConfigError, DataError, ModelError: an argument, a sample or a model is not as it must be.
    """
    if isinstance(models, (str, Path)) or len(models) < 2:
        raise ConfigError(f"found {models!r}, expected two models at least")
    loaded = [load_model(model) for model in models]
    loader = GivenSamples(data, samples, Feeder(loaded[0].submodels[0].model, parts=True))
    chosen = samples_of(loaded[0], IEEngine({"device": device}, loader), samples)
    return compared(fitting(entries(loaded)), chosen, device, float32)


def samples_of(model: CompressedModel, engine: IEEngine, most: int) -> Samples:
    """The first samples of an engine for a model.

    Raises:
        EngineError: the model is a cascade.
        DataError: there are no samples.
    """
    if model.is_cascade:
        raise EngineError(f"one network is compared with others, found the cascade {model.name!r}")
    return first_of(engine, model, most)


def entries(models: Sequence[CompressedModel]) -> list[Entry]:
    """Models by names that differ: those of their files or, where these are the same, with their folders."""
    subs = [model.submodels[0] for model in models]
    paths = [str(sub.source or "") for sub in subs]
    names = [Path(path).name or sub.name for path, sub in zip(paths, subs, strict=True)]
    known: list[Entry] = []
    for name, path, sub in zip(names, paths, subs, strict=True):
        own = path if path and names.count(name) > 1 else name
        taken = [entry.name for entry in known]
        while own in taken:
            own = f"{own} again"
        known.append(Entry(own, sub.model, path))
    return known


def fitting(given: Sequence[Entry]) -> list[Entry]:
    """The models with inputs and outputs that are called as those of the first.

    Raises:
        ModelError: the inputs or outputs of one are others.
    """
    first, *others = given
    return [
        first,
        *(
            Entry(each.name, aligned(first.model, each.model, first.name, each.name), each.file)
            for each in others
        ),
    ]


@work("comparison")
def compared(models: Sequence[Entry], samples: Samples, device: str, float32: bool) -> Comparison:
    """Run and time all of them.

    Args:
        models: fitting, the first is what others are held against.
        samples: of the first.
        device: where they run.
        float32: see ``compare``.

    Raises:
        ModelError: one can't be run.
    """
    networks, names = [each.model for each in models], [each.name for each in models]
    settings = FLOAT32 if float32 else AS_USERS
    witness = first_answers(networks, samples, device)
    paced = zip(models, paces(networks, names, samples.spread(_TIMED), device, settings), strict=True)
    found = [
        _candidate(entry, networks[0], witness, pace, settings, device)
        for entry, pace in track(paced, len(models), "Models")
    ]
    return Comparison(
        device=(device, device_name(device)),
        float32=float32,
        versions={"openvino-pot": __version__, "openvino": ov.get_version()},
        samples=len(witness),
        models=tuple(found),
        notes=tuple(_notes(found, len(witness), len(samples), float32)),
    )


def _notes(found: Sequence[Candidate], seen: int, samples: int, float32: bool) -> Iterator[str]:
    if seen < samples:
        yield f"outputs were compared on {seen} of {samples} samples: they are large"
    first = found[0]
    if float32 and first.fidelity < _ALIKE:
        yield f"the device computes {first.name!r} otherwise than it is defined"
    if float32 and first.users < min(first.fidelity, _EXACT):
        figures = ", ".join(f"{each.name} {each.users:.1f} dB" for each in found)
        yield (
            "by itself the device computes what is not in 8 bits in bf16 or f16, which is measured in float32 here "
            f"(INFERENCE_PRECISION_HINT f32); with its own settings (--own-settings) models follow to: {figures}"
        )


def _candidate(
    entry: Entry, first: ov.Model, witness: Witness, pace: Pace, settings: Mapping[str, Any], device: str
) -> Candidate:
    found, users = _runs(entry, witness, settings, device)
    agreements = _agreements(first, witness, found.values)
    return Candidate(
        name=entry.name,
        file=entry.file,
        fidelity=decibels(witness, found),
        users=decibels(witness, users),
        agreement=min((each.share for each in agreements), default=1.0),
        outputs=outputs_of(first, witness, found),
        agreements=agreements,
        seconds=pace.seconds,
        per_second=pace.per_second,
        bytes=stored_bytes(GraphView(entry.model)),
        layers=len(pace.layers),
        int8_layers=sum(layer.is_int8 for layer in pace.layers),
    )


def _runs(entry: Entry, witness: Witness, settings: Mapping[str, Any], device: str) -> tuple[Run, Run]:
    """With the settings, and with the device's own.

    Raises:
        ModelError: the model can't be run.
    """
    found = run(entry.model, witness, device, settings, as_stored=False)
    users = found if settings == AS_USERS else run(entry.model, witness, device, AS_USERS, as_stored=False)
    for failure in filter(None, (found.failure, users.failure)):
        raise ModelError(f"model {entry.name!r} can't be run: {failure}")
    return found, users


def _agreements(first: ov.Model, witness: Witness, values: Sequence[Sequence[Any]]) -> tuple[Agreement, ...]:
    names = names_of(first, witness.watched.ordered)
    pairs = [
        ([own[place] for own in witness.values], [own[place] for own in values])
        for place in range(len(names))
    ]
    told = (agreement(before, after) for before, after in pairs)
    return tuple(
        Agreement(name=name, of=of, share=share) for name, (of, share) in zip(names, told, strict=True)
    )
