"""Why an INT8 model is wrong, why it is slow, and what helps."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import openvino as ov
from typing_extensions import Unpack

from openvino.tools.pot.algorithms.accuracy.report import AccuracyReport
from openvino.tools.pot.algorithms.checking.feeding import odd_feeding
from openvino.tools.pot.algorithms.job import planned
from openvino.tools.pot.algorithms.quantization import DefaultQuantization
from openvino.tools.pot.algorithms.transform import recorded_samples
from openvino.tools.pot.api.metric import Metric
from openvino.tools.pot.configs.options import Options
from openvino.tools.pot.configs.parameters import DefaultQuantizationParameters
from openvino.tools.pot.diagnosis import remedies as trying
from openvino.tools.pot.diagnosis.causes import causes_of, global_causes
from openvino.tools.pot.diagnosis.closeups import layers_before, with_closeups
from openvino.tools.pot.diagnosis.control import (
    course_of,
    metric_of_search,
    reasons_of,
    report_in,
    strange_to,
)
from openvino.tools.pot.diagnosis.control_facts import AccuracyControl
from openvino.tools.pot.diagnosis.facts import Layer, Remedy
from openvino.tools.pot.diagnosis.looking import Looked, look
from openvino.tools.pot.diagnosis.order import badness
from openvino.tools.pot.diagnosis.samples import Samples, first_of
from openvino.tools.pot.diagnosis.sentence import GOOD, sentence_of, verdict_of
from openvino.tools.pot.diagnosis.shown import Diagnosis
from openvino.tools.pot.engines.feeding import Feeder
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.graph.edits.exact_input import count_as
from openvino.tools.pot.graph.edits.plain import keep_conversions
from openvino.tools.pot.graph.edits.precision import in_float32
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.model_utils import compress_model_weights
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.pipeline.initializer import create_pipeline
from openvino.tools.pot.shortcut import Samples as GivenSamples
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError
from openvino.tools.pot.utils.memory import apart
from openvino.tools.pot.utils.progress import work
from openvino.tools.pot.utils.runtime import device_name
from openvino.tools.pot.version import __version__
from openvino.tools.pot.workers.spreading import spread

SAMPLES = 300
"""That are used at most, unless something else is said."""

_PASSES, _SECONDS = 16.0, 5.0
"""Plain passes over the samples, and seconds besides, that looking and trying take together."""

_CLOSE = 12
"""Layers that are looked at closely."""


@dataclass(frozen=True)
class Case:
    """What is diagnosed.

    Attributes:
        model: in float.
        int8: the quantized one.
        samples: that both are fed.
        params: of DefaultQuantization, as the INT8 model was made; empty where it came from elsewhere.
        is_ours: whether they made it.
        device: where both run.
        search: the course of accuracy control that made the INT8 model, if that did.
    """

    model: CompressedModel
    int8: CompressedModel
    samples: Samples
    params: Mapping[str, Any]
    is_ours: bool
    device: str
    search: AccuracyReport | None = None


def diagnose(
    model: ov.Model | str | Path,
    int8_model: ov.Model | str | Path | None = None,
    data: Any = None,
    *,
    metric: Metric | None = None,
    samples: int = SAMPLES,
    device: str = "CPU",
    remedies: bool = True,
    search: AccuracyReport | str | Path | None = None,
    executor: Executor | None = None,
    **parameters: Unpack[Options],
) -> Diagnosis:
    """Find what a quantized model loses, where and why, and try what could help.

    Args:
        model: in float: a path (``.xml``, ``.onnx``, ``.tflite``, ...) or an ``openvino.Model``; it stays as it is.
        int8_model: the same in INT8, of this package or of any other; absent: one is made.
        data: samples, as ``quantize`` takes them; with a metric, pairs of a sample and its annotation.
        metric: measured of both models and of what is tried; the first that it has counts.
        samples: how many of them are used at most.
        device: where both models run.
        remedies: whether changes are tried.
        search: what AccuracyAwareQuantization reports of the search that made the INT8 model, or the ``state_dir`` of
            that search.
        executor: whose workers make the passes for statistics and metrics, of the INT8 model and of all that is tried;
            what looks into the models runs here.
        parameters: of DefaultQuantization, for the INT8 model that is made and for those that are tried.

    Raises:
        ConfigError, DataError, ModelError: a parameter, a sample or a model is not as it must be.
    """
    if isinstance(search, (str, Path)):
        search = report_in(search)
    if search is not None and not isinstance(search, AccuracyReport):
        raise ConfigError(
            f"search is {type(search).__name__}, expected the report of an AccuracyAwareQuantization that has run"
        )
    source = load_model(model)
    if data is None:
        raise DataError("a diagnosis needs data, found none")
    loader = GivenSamples(data, samples, Feeder(source.submodels[0].model, parts=True))
    engine = IEEngine({"device": device}, loader, metric)
    given = None if int8_model is None else load_model(int8_model)
    with spread(engine, executor):
        case = case_of(source, given, engine, samples, parameters)
        return diagnosed(replace(case, search=search), remedies).facts


@dataclass(frozen=True)
class Found:
    """A diagnosis, and what it was made of.

    Attributes:
        facts: the diagnosis.
        looked: all that was measured.
        best: the model that came of the best remedy.
    """

    facts: Diagnosis
    looked: Looked
    best: CompressedModel | None = None


def case_of(
    model: CompressedModel,
    int8: CompressedModel | None,
    engine: IEEngine,
    samples: int,
    parameters: Mapping[str, Any],
) -> Case:
    """What is diagnosed: where there is no INT8 model, it is made.

    Raises:
        EngineError: the model is a cascade.
        DataError: there are no samples.
    """
    if model.is_cascade:
        raise EngineError(f"a diagnosis is of one network, found the cascade {model.name!r}")
    used = first_of(engine, model, samples)
    params = dict(parameters)
    if int8 is not None:
        return Case(model, int8, used, params, is_ours=False, device=engine.device)
    algorithm = {"name": DefaultQuantization.name, "params": {"stat_subset_size": samples, **params}}
    made = create_pipeline([algorithm], engine).run(model)
    compress_model_weights(made)
    return Case(model, made, used, params, is_ours=True, device=engine.device)


def _in_float32(model: CompressedModel) -> CompressedModel:
    """A copy that is computed in the type in which what measures is written."""
    (sub,) = model.submodels
    network = sub.model.clone()
    in_float32(network)
    keep_conversions(network)
    return CompressedModel([replace(sub, model=network)], model.name)


@work("diagnosis")
def diagnosed(case: Case, remedies: bool = True) -> Found:
    """Look, find causes, and try what could help."""
    began = time.perf_counter()
    case = replace(case, model=_in_float32(case.model), int8=_in_float32(case.int8))
    model, int8 = case.model.submodels[0].model.clone(), case.int8.submodels[0].model
    count_as(GraphView(model), int8)  # so that layers have the same inputs
    looked = look(model, int8, case.samples, case.device)
    control = None if case.search is None else course_of(case.search)
    strange = "" if control is None else strange_to(control, model)
    if strange:
        looked.notes.append(f"the search is of another network: {strange!r} is none of this one's layers")
    layers = _explained(looked, case, control)
    causes = global_causes(looked, case.samples, case.device)
    looked.notes += odd_feeding(case.model.submodels[0].model, looked.witness.take())
    tried: list[Remedy] = []
    best: CompressedModel | None = None
    metric = _metrics(case, control)
    if remedies:
        bench = trying.Bench(
            case.samples,
            case.model,
            int8,
            looked.witness,
            looked.exact,
            case.device,
            case.params,
        )
        loses = looked.parts.whole < GOOD
        is_recorded = recorded_samples(int8) > 0
        wanted = list(trying.trials(layers, causes, case.params, case.is_ours, loses, is_recorded))
        tried = trying.found(bench, wanted, _budget(looked, began))
        best = bench.best
    facts = Diagnosis(
        model=case.model.name, int8_model=case.int8.name, device=(case.device, device_name(case.device)),
        versions={"openvino-pot": __version__, "openvino": ov.get_version()},
        verdict=verdict_of(looked.parts, looked.timing, control),
        sentence=sentence_of(
            layers, causes, looked.parts, looked.timing, tried, metric, control, seen=len(looked.exact.lost)
        ),
        outputs=looked.outputs, parts=looked.parts, metric=metric, timing=looked.timing, layers=layers, causes=causes,
        remedies=tuple(tried), calibration=looked.calibration, notes=tuple(looked.notes),
        accuracy_control=control,
        worst_samples=looked.worst,
    )  # fmt: skip
    return Found(facts, looked, best)


def _metrics(case: Case, control: AccuracyControl | None) -> tuple[str, float, float] | None:
    """The first figure of the search's or else of the engine's metric, of both models; None where there is none."""
    known = None if control is None else metric_of_search(control)
    if known is not None:
        return known
    found = [trying.metric_of(case.samples.engine, model) for model in (case.model, case.int8)]
    before, after = found
    return None if before is None or after is None else (before[0], before[1], after[1])


def _reasons(case: Case) -> dict[str, str]:
    """Why layers stay in float, or are quantized as they are, as far as the plan is ours."""
    if not case.is_ours:
        return {}
    known = {
        key: value for key, value in case.params.items() if key in DefaultQuantizationParameters.model_fields
    }
    plan = planned(case.model, [DefaultQuantization(known)]).plan
    reasons = {end.node: each.reason for each in plan.activations for end in (*each.readers, *each.ends)}
    return {**reasons, **{layer.node: layer.reason for layer in plan.floats}}


@apart
def _explained(looked: Looked, case: Case, control: AccuracyControl | None) -> tuple[Layer, ...]:
    """The layers with their causes, worst first."""
    decided, reasons = case.int8.submodels[0].decided, _reasons(case)
    reasons |= {} if control is None else reasons_of(control)
    found, before = [], layers_before(looked.view, [layer.node for layer in looked.layers])
    for layer in looked.layers:
        said = [
            f"{change.stage}: {change.evidence}"
            for key, own in decided.items()
            if _is_of(key, layer)
            for change in own
        ]
        layer = layer.model_copy(
            update={
                "decided": tuple(dict.fromkeys(said)),
                "before": before[layer.node],
                "reason": reasons.get(layer.node, ""),
            }
        )
        found.append(layer.model_copy(update={"causes": causes_of(looked, layer)}))
    found.sort(key=lambda layer: -badness(layer, looked))
    return with_closeups(found, looked, case.samples.spread(1)[0], case.device, _CLOSE)


def _is_of(key: str, layer: Layer) -> bool:
    return key == layer.node or key.startswith(f"{layer.node}/fq_")


def _budget(looked: Looked, began: float) -> float:
    """Seconds that remedies may take."""
    plain = looked.timing.float_seconds * looked.calibration.samples
    return _PASSES * plain + _SECONDS - (time.perf_counter() - began)
