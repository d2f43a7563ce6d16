"""The way from a model to what a verification says of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import openvino as ov

from openvino.tools.pot.diagnosis.comparing import samples_of
from openvino.tools.pot.engines.feeding import Feeder
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.graph.load import load_model, prepare
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.shortcut import Samples as GivenSamples
from openvino.tools.pot.utils.errors import ConfigError, ModelError, nearest, reason
from openvino.tools.pot.utils.progress import track, work
from openvino.tools.pot.utils.runtime import core, device_name
from openvino.tools.pot.verification.agreeing import (
    Definition,
    Setting,
    has_packed_products,
    judged,
    settings_of,
)
from openvino.tools.pot.verification.facts import Identity, Row, Verification
from openvino.tools.pot.verification.instruction_sets import Apart, sets_at_hand
from openvino.tools.pot.verification.made import made_samples
from openvino.tools.pot.verification.recorded import has_its_weights, identity_of
from openvino.tools.pot.version import __version__

SAMPLES = 8
_UNRESTRICTED = (
    "this system does not say which instruction sets the processor has: none was tried but all of them"
)


def verify(
    model: ov.Model | str | Path,
    data: Any = None,
    *,
    float_model: ov.Model | str | Path | None = None,
    devices: Sequence[str] = (),
    samples: int = SAMPLES,
    instruction_sets: bool = True,
) -> Verification:
    """See whether a quantized model is what it says it is, and computed alike everywhere.

    Args:
        model: quantized by anybody: a path, or an ``openvino.Model``, which stays as it is.
        data: samples, as ``quantize`` takes them; absent: they are made up.
        float_model: that it may have been made from.
        devices: where it is run; none: all that are there.
        samples: how many are used at most.
        instruction_sets: whether the CPU is also held to older instruction sets, each in a process of its own.

    Raises:
        ConfigError, DataError, ModelError: an argument, a sample or a model is not as it must be.
    """
    chosen = checked_devices(devices)
    read, identity = read_and_identified(model, float_model)
    feeds = None
    if data is not None:
        loader = GivenSamples(data, samples, Feeder(read.submodels[0].model, parts=True))
        feeds = samples_of(read, IEEngine({"device": "CPU"}, loader), samples).spread(samples)
    return verified(read, identity, feeds, samples, chosen, instruction_sets)


def checked_devices(given: Sequence[str]) -> tuple[str, ...]:
    """Devices that are there; all of them where none is given.

    Raises:
        ConfigError: one is not there.
    """
    known = list(core().available_devices)
    for name in given:
        if name not in known and name.partition(".")[0] not in known:
            raise ConfigError(
                f"device: expected one of {', '.join(known)}, found {name!r}{nearest(name, known)}"
            )
    return tuple(dict.fromkeys(given or known))


def read_and_identified(
    model: ov.Model | str | Path, float_model: ov.Model | str | Path | None = None
) -> tuple[CompressedModel, Identity]:
    """A model as it is run, and what is recorded in it.

    Raises:
        ModelError: a file can't be read.
    """
    originals = _ways_of(float_model)
    if isinstance(model, ov.Model):
        return load_model(model), identity_of(model, None, originals)
    path = Path(model)
    if path.is_file() and path.suffix.lower() == ".xml" and not has_its_weights(path):
        raw = _raw(path)
        read = CompressedModel([prepare(raw, path.stem, path)], path.stem)
    else:
        read = load_model(path)
        raw = core().read_model(path) if path.suffix.lower() == ".xml" else read.submodels[0].model
    return read, identity_of(raw, path, originals)


def _ways_of(float_model: ov.Model | str | Path | None) -> Iterable[ov.Model]:
    """A float model as compression of weights alone takes it and, read where that is asked for, as all others do.

    Raises:
        ModelError: a file can't be read.
    """
    if float_model is None:
        return ()
    plain = load_model(float_model, fused=False)
    return (each.submodels[0].model for each in chain([plain], map(load_model, [float_model])))


def _raw(path: Path) -> ov.Model:
    """A model whose weights are not those it was saved with.

    Raises:
        ModelError: it can't be read.
    """
    try:
        return core().read_model(path)
    except RuntimeError as error:
        raise ModelError(f"model file {str(path)!r} can't be read: {reason(error)}") from error


@work("verification")
def verified(
    read: CompressedModel,
    identity: Identity,
    feeds: Sequence[Feed] | None,
    samples: int,
    devices: Sequence[str],
    instruction_sets: bool,
) -> Verification:
    """Run a model in all ways.

    Args:
        read: the model.
        identity: what is recorded in it.
        feeds: samples; None: they are made up.
        samples: how many are made up.
        devices: where it is run.
        instruction_sets: see ``verify``.

    Raises:
        ModelError: it can't be run as it is defined.
    """
    sub = read.submodels[0]
    used = made_samples(sub.model, samples) if feeds is None else feeds
    try:
        definition = Definition.of(sub.model, used)
    except RuntimeError as error:
        raise ModelError(f"the model can't be run as it is defined: {reason(error)}") from error
    packed = has_packed_products(GraphView(sub.model))
    settings = [setting for device in devices for setting in settings_of(device, packed)]
    sets = sets_at_hand() if instruction_sets and "CPU" in devices else ()
    rows = tuple(track(_rows(definition, settings, sets), len(settings) + len(sets), "Settings"))
    tried = instruction_sets and "CPU" in devices
    return Verification(
        model=str(sub.source or ""),
        versions={"openvino-pot": __version__, "openvino": ov.get_version()},
        devices={device: device_name(device) for device in devices},
        samples=len(used),
        made_up=feeds is None,
        identity=identity,
        rows=rows,
        agrees=identity.holds and all(row.verdict in ("agrees", "refused") for row in rows),
        notes=(_UNRESTRICTED,) if tried and not sets else (),
    )


def _rows(definition: Definition, settings: Iterable[Setting], sets: Sequence[str]) -> Iterator[Row]:
    for setting in settings:
        yield judged(definition, setting)
    if not sets:
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        apart = Apart.of(definition.model, folder)
        for name in sets:
            runs = partial(_run_apart, apart, name)
            row = judged(definition, Setting("CPU", "f32", name), runs)
            yield _unless_floats_fail(row, definition) if row.verdict == "fails" else row


def _unless_floats_fail(row: Row, definition: Definition) -> Row:
    """A row that fails; refused where the same arithmetic in floats fails alike, which 8 bits have no part in."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        floats = Apart.of(emulated(definition.model, narrow=True), folder)
        if floats.run(definition.witness, row.instruction_set).failure != row.note:
            return row
    note = f"{row.note}, and so was one that computes the same in floats: 8 bits have no part in it"
    return row.model_copy(update={"verdict": "refused", "note": note})


def _run_apart(apart: Apart, instruction_set: str, _model: ov.Model, witness: Any) -> Any:
    return apart.run(witness, instruction_set)
