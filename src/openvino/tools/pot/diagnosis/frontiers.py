"""Models between float and full INT8: made, measured, and stored if that is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from typing_extensions import Unpack

from openvino.tools.pot.algorithms.accuracy.layers import ranked
from openvino.tools.pot.algorithms.accuracy.report import LayerFigures
from openvino.tools.pot.algorithms.quantization import DefaultQuantization
from openvino.tools.pot.configs.ignored import with_names
from openvino.tools.pot.configs.options import Options
from openvino.tools.pot.diagnosis.comparing import Candidate, Entry, Ran, compared, fitting, samples_of
from openvino.tools.pot.diagnosis.pairs import layers_of, paired
from openvino.tools.pot.diagnosis.reading import read
from openvino.tools.pot.diagnosis.samples import Samples
from openvino.tools.pot.diagnosis.shares import shares
from openvino.tools.pot.engines.feeding import Feeder
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.profiling import layer_seconds
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.model_utils import compress_model_weights
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.graph.writing import write_networks
from openvino.tools.pot.pipeline.initializer import create_pipeline
from openvino.tools.pot.placement.plan import QuantizedLayer
from openvino.tools.pot.shortcut import Samples as GivenSamples
from openvino.tools.pot.utils.errors import ConfigError, PotError
from openvino.tools.pot.utils.form import Facts
from openvino.tools.pot.utils.progress import track, work

_SAMPLES, _POINTS = 300, 5
_TOLD, _TIMED = 8, 4
"""Samples on which layers are compared, and timed."""

_STEP = 6.0
"""dB that a point is to win over the one before at most: half the error."""


class Point(Facts):
    """A model between float and full INT8.

    Attributes:
        model: what was measured of it.
        in_float: the layers that were left in float for it, beside those that are so in full INT8.
        expected: dB that its layers' shares of the error promised.
        beaten: whether another model is both faster and at least as close to float.
        config: parameters of DefaultQuantization that give it, as JSON takes them.
    """

    model: Candidate
    in_float: tuple[str, ...]
    expected: float
    beaten: bool
    config: dict[str, Any]


class Frontier(Ran):
    """What accuracy costs.

    Attributes:
        original: the float model.
        points: from full INT8 on, with more layers in float each.
        notes: what could not be looked into, and why.
    """

    original: Candidate
    points: tuple[Point, ...]
    notes: tuple[str, ...] = ()


def frontier(
    model: ov.Model | str | Path,
    data: Any,
    points: int = _POINTS,
    *,
    samples: int = _SAMPLES,
    device: str = "CPU",
    float32: bool = True,
    output_dir: str | Path | None = None,
    **parameters: Unpack[Options],
) -> Frontier:
    """Quantize a model several times, with more and more of what loses most left in float, and measure each.

    Args:
        model: in float: a path (``.xml``, ``.onnx``, ``.tflite``, ...) or an ``openvino.Model``; it stays as it is.
        data: samples, as ``quantize`` takes them.
        points: how many models are made at most, full INT8 among them.
        samples: how many of the samples are used at most.
        device: where models run.
        float32: whether what is not in 8 bits is computed in float32, so that figures compare, or as the device does
            by itself, which may be in bf16 or f16.
        output_dir: a folder for the models; absent: they are not stored.
        parameters: of DefaultQuantization.

    Raises:
        ConfigError, DataError, ModelError: an argument, a sample or the model is not as it must be.
    """
    check_points(points)
    source = load_model(model)
    loader = GivenSamples(data, samples, Feeder(source.submodels[0].model, parts=True))
    chosen = samples_of(source, IEEngine({"device": device}, loader), samples)
    return charted(chosen, points, parameters, None if output_dir is None else Path(output_dir), float32)


def check_points(points: Any) -> None:
    """Refuse what is no number of models.

    Raises:
        ConfigError: it is none.
    """
    if not isinstance(points, (int, np.integer)) or isinstance(points, bool) or points < 2:
        raise ConfigError(f"points is {points!r}, expected a number of models, 2 at least")


@work("frontier")
def charted(
    samples: Samples, points: int, params: Mapping[str, Any], folder: Path | None, float32: bool
) -> Frontier:
    """Make, measure and store the models.

    Args:
        samples: of the float model.
        points: how many models at most.
        params: of DefaultQuantization.
        folder: for the models; None: they are not stored.
        float32: see ``frontier``.

    Raises:
        PotError: the model can't be quantized, or run.
    """
    notes: list[str] = []
    full = _quantized(samples, params)
    layers = _ranked(samples, full, notes)
    gains = gains_of([layer.share for layer in layers])
    counts = chosen_counts(gains, points)
    scopes = [[layer.node for layer in layers[:count]] for count in counts]
    settings = [
        {**params, "ignored": with_names(params.get("ignored"), scope)} if scope else dict(params)
        for scope in scopes
    ]
    made = [full]
    made += [_quantized(samples, own) for own in track(settings[1:], len(settings) - 1, "Points")]
    names = [f"{len(scope)} in float" if scope else "full INT8" for scope in scopes]
    files = _stored(samples.model, made, counts, folder)
    named = zip(["float", *names], [samples.model, *made], [_file(samples.model), *files], strict=True)
    found = compared(
        fitting([Entry(name, each.submodels[0].model, file) for name, each, file in named]),
        samples,
        _device(samples),
        float32,
    )
    original, *models = found.models
    return Frontier(
        device=found.device,
        float32=float32,
        versions=found.versions,
        samples=found.samples,
        original=original,
        notes=(*notes, *found.notes),
        points=tuple(
            Point(
                model=each,
                in_float=tuple(scope),
                expected=models[0].fidelity + gains[count],
                beaten=is_beaten(each, found.models),
                config=own,
            )
            for each, scope, count, own in zip(models, scopes, counts, settings, strict=True)
        ),
    )


def _device(samples: Samples) -> str:
    return str(samples.engine._options.device)


def _file(model: CompressedModel) -> str:
    return str(model.submodels[0].source or "")


def _quantized(samples: Samples, params: Mapping[str, Any]) -> CompressedModel:
    count = {"stat_subset_size": len(samples)}
    pipeline = create_pipeline(
        [{"name": DefaultQuantization.name, "params": {**params, **count}}], samples.engine
    )
    made = pipeline.run(samples.model)
    compress_model_weights(made)
    return made


def _ranked(samples: Samples, full: CompressedModel, notes: list[str]) -> list[LayerFigures]:
    """The layers in the order in which they are worth leaving in float; none where nothing was quantized."""
    model, other = samples.model.submodels[0].model, full.submodels[0].model
    view, other_view = GraphView(model), GraphView(other)
    found = [own for own in read(view, other_view, paired(view, other_view)) if own.is_quantized]
    known = set(layers_of(view))
    layers = [own for own in found if own.pair.node in known]
    if not layers:
        notes.append("no layer of the model is quantized: there is nothing to leave in float")
        return []
    told, device = samples.spread(_TOLD), _device(samples)
    try:
        alone = dict(
            zip(
                (own.pair.node for own in found),
                shares(model, found, told, device).alone,
                strict=True,
            )
        )
    except PotError as error:
        notes.append(f"layers are taken in the order of the model: {error}")
        alone = {}
    if not any(alone.get(own.pair.node, 0.0) for own in layers):
        alone = {own.pair.node: 1.0 for own in layers}
    before, after = (layer_seconds(each, told[:_TIMED], device) for each in (model, other))
    in_int8 = {own.pair.node: after[own.pair.other] for own in layers if own.pair.other in after}
    planned = [QuantizedLayer(own.pair.node, view.type(own.pair.node), (), (), ()) for own in layers]
    return ranked(planned, {node: float(share) for node, share in alone.items()}, before, in_int8)


def gains_of(parts: Sequence[float]) -> list[float]:
    """What is won, in dB, by doing without none of the parts of an error, the first, the first two, ...

    Args:
        parts: of the squared error; without the last nothing is left of it, for which there is no figure.
    """
    whole = sum(parts) or 1.0
    gone = [0.0, *accumulate(parts[:-1])] if parts else [0.0]
    return [-10 * float(np.log10(max(1 - each / whole, 1e-12))) for each in gone]


def chosen_counts(gains: Sequence[float], points: int) -> list[int]:
    """How many layers each point leaves in float, so that the expected error falls evenly in dB.

    Args:
        gains: dB that are won with no layer in float, with one, ...
        points: how many are wanted; there are fewer where there are fewer layers.
    """
    if len(gains) <= points:
        return list(range(len(gains)))
    step = min(_STEP, gains[-1] / (points - 1))
    counts = [0]
    for number in range(1, points):
        wanted = number * step
        enough = next((count for count, gain in enumerate(gains) if gain >= wanted - 1e-9), len(gains) - 1)
        count = max(enough, counts[-1] + 1)
        if count >= len(gains):
            break
        counts.append(count)
    return counts


def is_beaten(model: Candidate, others: Iterable[Candidate]) -> bool:
    """Whether another model is faster and at least as close to float."""
    return any(other.seconds < model.seconds and other.fidelity >= model.fidelity for other in others)


def _stored(
    model: CompressedModel, made: Sequence[CompressedModel], counts: Sequence[int], folder: Path | None
) -> list[str]:
    """The files of the models; empty names where they are not stored."""
    if folder is None:
        return [""] * len(made)
    stem = Path(model.name).name or "model"
    stems = [f"{stem}_{count}_in_float" if count else f"{stem}_int8" for count in counts]
    networks = {each: own.submodels[0].model for each, own in zip(stems, made, strict=True)}
    return [pair["model"] for pair in write_networks(networks, folder)]
