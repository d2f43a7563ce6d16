"""The forms of what commands print with ``--format json``, and their schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openvino.tools.pot.algorithms.checking.verdict import Verdict
from openvino.tools.pot.cli.forms_of_plan import Plan
from openvino.tools.pot.cli.output import SCHEMA
from openvino.tools.pot.diagnosis.comparing import Comparison
from openvino.tools.pot.diagnosis.facts import Diagnosis
from openvino.tools.pot.diagnosis.frontiers import Frontier
from openvino.tools.pot.doctor.facts import Examination
from openvino.tools.pot.hardware import Probed
from openvino.tools.pot.utils.form import Facts
from openvino.tools.pot.verification.facts import Verification

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class CheckedOutput(Facts):
    """How well an output follows the float model's, or a part of one that is joined of several.

    Attributes:
        name: of its tensor, or of what it is sorted by; of a part with its place.
        decibels: power of its variation over that of the error; null where it holds no floats.
        equal: share of equal values, for outputs that are no floats.
    """

    name: str
    decibels: float | None
    equal: float | None


class Check(Facts):
    """What was seen of a quantized model on a few samples.

    Attributes:
        samples: how many; 0 where it was not checked.
        outputs: of the model.
        decibels: of the output that follows worst; null where none can be compared, or nothing is left of it.
        int8_layers, layers: that run in 8 bits on the device, and that could.
        notes: what was mended or could not be, in sentences.
        is_lost: whether an output does not follow the float model's; ``pot`` then exits with 3.
        warnings: what is odd about how the float model was fed, and of ranges that come from few samples, in sentences.
        verdict: in a word, see ``pot``'s documents.
        seconds: of the fastest request; null where it was not run.
        as_fast: how many times as fast as the float model in float32, with ``-e`` both with the device's own settings;
            null where that was not found out.
        is_kept: whether metrics lost no more than accuracy control was allowed; null where it was not at work,
            or metrics are 0 for the float model, so that nothing can be lost.
    """

    samples: int
    outputs: tuple[CheckedOutput, ...]
    decibels: float | None
    int8_layers: int
    layers: int
    notes: tuple[str, ...]
    is_lost: bool
    warnings: tuple[str, ...]
    verdict: Verdict
    seconds: float | None
    as_fast: float | None
    is_kept: bool | None


class CompressedWeights(Facts):
    """What became of a constant where weights alone were compressed.

    Attributes:
        weights: its name.
        layers: those that read it, name to type.
        mode: how it is stored; empty where it stays as it is.
        group_size: how many weights share a scale.
        bytes_before: of the constant.
        bytes_after: of all that stands for it.
        decibels: of the weights over what rounding did to them; null where it did nothing.
        output_decibels: the same of what the layers give for the samples; null without samples.
        why: the reason.
    """

    weights: str
    layers: dict[str, str]
    mode: str
    group_size: int
    bytes_before: int
    bytes_after: int
    decibels: float | None
    output_decibels: float | None
    why: str


class MadeModel(Facts):
    """A model that was stored.

    Attributes:
        name: as it was given, or of its file.
        model: path of the .xml.
        weights: path of the .bin.
        check: what was seen of it; null where it was not looked at.
        compressed: what became of each constant where weights alone were compressed.
        verdict: in a word; ``unknown`` where nothing could be compared.
        sentence: the same in one sentence, for people.
        fed: how samples were fed, as far as their loader says it; empty where it does not.
        float_bytes, bytes: of the weights of the float model, and of the stored one's file.
        float_seconds, int8_seconds: of a request; null where requests were not timed.
        next: the command to go on with, for a shell; empty where there is none.
    """

    name: str
    model: str
    weights: str
    check: Check | None
    compressed: tuple[CompressedWeights, ...] = ()
    verdict: Verdict
    sentence: str
    fed: str
    float_bytes: int
    bytes: int
    float_seconds: float | None
    int8_seconds: float | None
    next: str


class Made(Facts):
    """What was quantized: what ``pot -q`` and ``pot -c`` print.

    Attributes:
        schema_version: of this form.
        models: one for each network.
        metrics: with ``-e``, name to figure, of the quantized models; without a metric dB over noise.
        float_metrics: with ``-e``, the same of the float models, where there is a metric.
        verdict: of the model that did worst, in a word.
        report: path of the page of a diagnosis; null without ``--report``.
        seconds: that quantizing, storing and measuring took.
    """

    schema_version: int = SCHEMA
    models: tuple[MadeModel, ...]
    metrics: dict[str, Any]
    float_metrics: dict[str, Any]
    verdict: Verdict
    report: str | None
    seconds: float


class Adopted(Facts):
    """The folder of another tool's export in INT8: what ``pot adopt`` prints.

    Attributes:
        schema_version: of this form.
        family: the tool.
        folder: that was written.
        model: path of the .xml in it.
        opens: a line of Python that opens it as the tool does.
        verdict: in a word, see ``pot``'s documents.
        metrics, float_metrics: with ``-e``, name to figure, of the quantized and of the float model.
        check: what was seen of the model; null where it was not looked at.
    """

    schema_version: int = SCHEMA
    family: str
    folder: str
    model: str
    opens: str
    verdict: Verdict
    metrics: dict[str, Any]
    float_metrics: dict[str, Any]
    check: Check | None


FORMS: Mapping[str, type[Facts]] = {
    "plan": Plan,
    "quantize": Made,
    "adopt": Adopted,
    "diagnose": Diagnosis,
    "compare": Comparison,
    "frontier": Frontier,
    "probe": Probed,
    "verify": Verification,
    "doctor": Examination,
}
"""Command -> the form of what it prints; ``quantize`` is ``pot -q`` and ``pot -c``."""


def schema_of(command: str) -> dict[str, Any]:
    """The schema of what a command prints with ``--format json``, as JSON Schema."""
    return {"$schema": DIALECT, **FORMS[command].model_json_schema(mode="serialization")}
