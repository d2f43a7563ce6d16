"""Networks with one planted fault each: the right layer comes first, and its cause is named first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import openvino as ov
import plantings
import pytest
from planted import NETWORKS, images, quantized
from plantings import FAULTS, planted

import faults
from openvino.tools.pot.diagnosis import Diagnosis, diagnose, diagnosing, looking, timing
from openvino.tools.pot.diagnosis.causes import CAUSES

IN_FLOAT, IN_INT8 = 10e-6, 4e-6
SLOW, HEAVY = 300e-6, 400e-6
"""Seconds of a layer that is slower in INT8, with what rounds its input, and of one that takes most of the time."""

COMPUTES_IN_FLOAT32 = ov.Core().get_property("CPU", "INFERENCE_PRECISION_HINT") == ov.Type.f32


@pytest.fixture
def no_closeups(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn of the worst layers says nothing of causes, and takes a seventh of the time."""
    monkeypatch.setattr(diagnosing, "with_closeups", lambda layers, *_: tuple(layers))


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of layers as planted, whatever else the machine does."""
    real, in_turns = timing.seconds_of, cycle((False, True))

    def seconds_of(compiled: ov.CompiledModel, *arguments: Any) -> dict[str, float]:
        is_int8 = next(in_turns)

        def seconds(name: str) -> float:
            if name in ("heavy", "heavy/biased"):
                return HEAVY
            return IN_FLOAT if not is_int8 else SLOW if name.startswith("slow") else IN_INT8

        return {name: seconds(name) for name in real(compiled, *arguments)}

    def request_seconds(models: Sequence[ov.Model], *_: Any) -> list[float]:
        return [1e-3, 0.5e-3]

    monkeypatch.setattr(timing, "seconds_of", seconds_of)
    monkeypatch.setattr(looking, "request_seconds", request_seconds)


@pytest.mark.long
@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_found(fault: str, kind: str, times: None, no_closeups: None) -> None:
    if fault == "own_precision" and COMPUTES_IN_FLOAT32:
        pytest.skip("this CPU computes in float32 by itself")
    case = planted(fault, kind)
    found = diagnose(case.model, case.int8, case.samples, remedies=False)
    assert not found.notes
    worst = found.layers[0]
    named = worst.causes if case.layer else found.causes
    seen = worst.node if case.layer else "", [cause.name for cause in named][:1]
    assert seen == (case.layer, [case.cause])


@pytest.mark.long
def test_what_is_no_number_does_not_stand_in_json(no_closeups: None) -> None:
    case = planted("endless_range", "transformer")
    found = diagnose(case.model, case.int8, case.samples, remedies=False)
    assert found.verdict == "broken"
    assert found.layers[0].so_far is None and found.layers[0].own is None
    assert Diagnosis.model_validate_json(found.model_dump_json()) == found


@pytest.mark.long
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_fault_of_the_device_is_found(kind: str, times: None, monkeypatch: pytest.MonkeyPatch) -> None:
    network = NETWORKS[kind].build()
    other = quantized(network, images())
    faults.planted_in_diagnoses(monkeypatch, faults.scaled(NETWORKS[kind].second))
    found = diagnose(network, other, images(), remedies=False)
    assert (not found.notes, [cause.name for cause in found.causes][:1]) == (True, ["device_fault"])


def test_each_cause_is_planted_but_those_that_say_what_is_seen_alone() -> None:
    text = Path(plantings.__file__).read_text(encoding="utf-8")
    named = {"device_fault", *re.findall(r'return Planted\(.*"(\w+)"\)', text)}
    assert {*CAUSES} - named == {"first_layer", "last_layer", "sensitive", "many_layers"}
