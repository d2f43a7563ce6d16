"""In one word what became of a model, and the table that says why."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf, nan

import numpy as np
import openvino as ov
import pytest

import builders
from openvino.tools.pot import create_pipeline, quantize
from openvino.tools.pot.algorithms.checking import CheckReport
from openvino.tools.pot.algorithms.checking.report import OutputFigure
from openvino.tools.pot.algorithms.checking.verdict import FASTER, LOSS, WORSE, verdict_of, worst_of
from openvino.tools.pot.diagnosis.facts import Verdict as OfDiagnoses
from openvino.tools.pot.engines.ie_engine import IEEngine

SEEN = CheckReport(
    samples=8, outputs=(OutputFigure("y", 30.0, None),), decibels=30.0, int8_layers=3, layers=4, seconds=0.002,
    as_fast=2.0, name="net", float_bytes=4_000_000, bytes=1_000_000,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "good"),
        ({"as_fast": FASTER}, "good"),
        ({"as_fast": 1.05}, "no gain"),
        ({"as_fast": 0.5}, "no gain"),
        ({"as_fast": None}, "good"),
        ({"as_fast": None, "int8_layers": 0}, "no gain"),
        ({"as_fast": 2 * FASTER, "int8_layers": 0}, "no gain"),  # by chance
        ({"as_fast": None, "int8_layers": 0, "is_counted": False}, "good"),
        ({"decibels": WORSE}, "good"),
        ({"decibels": WORSE - 0.1}, "worse"),
        ({"decibels": WORSE - 0.1, "as_fast": 1.0}, "worse"),
        ({"decibels": LOSS - 0.1, "is_lost": True}, "broken"),
        ({"decibels": -inf, "is_lost": True, "as_fast": None}, "broken"),
        ({"decibels": nan}, "unknown"),
        ({"is_told": False}, "unknown"),
        ({"samples": 0, "as_fast": None, "layers": 0}, "unknown"),
        ({"samples": 0, "is_unchanged": True}, "no gain"),
        ({"decibels": 8.0, "is_kept": True}, "good"),
        ({"decibels": nan, "is_kept": True}, "good"),
        ({"decibels": 40.0, "is_kept": False}, "worse"),
    ],
)
def test_verdicts(changed: dict[str, object], verdict: str) -> None:
    assert replace(SEEN, **changed).verdict == verdict  # type: ignore[arg-type]


def test_words_are_those_of_diagnoses() -> None:
    said = {verdict_of(False, 30.0, None, fast) for fast in (True, False, None)}
    said |= {verdict_of(True, 3.0, None, True), verdict_of(False, 12.0, None, True)}
    assert said == set(OfDiagnoses.__args__) - {"slower"}  # type: ignore[attr-defined]


def test_of_several_models_the_worst_counts() -> None:
    assert worst_of(["good", "broken", "no gain"]) == "broken"
    assert worst_of(["good", "unknown", "no gain"]) == "unknown"
    assert worst_of([]) == "unknown"


def test_the_table_has_all_that_is_known() -> None:
    text = SEEN.table()
    assert text == str(SEEN)
    lines = text.splitlines()
    assert lines[:2] == ["net", "GOOD   INT8 follows float to 30.0 dB on 8 samples (an error of 3.2 %)"]
    rows = {line[:22].strip(): line[22:].split() for line in lines[4:]}
    assert rows == {
        "output y": ["30.0", "dB", "error", "3.2", "%"],
        "weights": ["4.0", "MB", "1.0", "MB", "4.0x", "smaller"],
        "request, float in f32": ["4", "ms", "2", "ms", "2.0x", "faster"],
        "layers in INT8": ["3", "of", "4"],
    }


def test_what_does_not_apply_is_left_out_of_the_table() -> None:
    of_gna = replace(SEEN, is_counted=False, as_fast=None, bytes=0)
    text = of_gna.table()
    assert "INT8" not in text and "it follows float" in text
    assert [word for word in ("layers", "weights", "request") if word in text] == []
    unchecked = CheckReport(notes=("self_check is false",))
    assert unchecked.table() == "UNKNOWN   not checked: self_check is false"


def test_of_many_outputs_the_table_has_the_worst() -> None:
    many = tuple(OutputFigure(f"y{number}", float(number), None) for number in range(20, 40))
    text = replace(SEEN, outputs=(*many, OutputFigure("places", None, 0.5))).table()
    assert "output y20 " in text and "output places" in text and "output y39" not in text
    assert "13 further outputs" in text


def test_more_samples_say_more_where_they_say_less() -> None:
    better, worse, lost = (SEEN.over_all({"y": value, "other": -5.0}, 100) for value in (31.0, 12.0, -1.37))
    assert better == SEEN, "an output that the check compares otherwise says nothing"
    assert (worse.verdict, worse.samples, worse.is_lost) == ("worse", 100, False)
    assert lost.verdict == "broken" and lost.is_lost
    assert lost.notes == ("output 'y' follows to -1.4 dB only on 100 samples",)
    unchecked, untold = CheckReport(notes=("self_check is false",)), replace(SEEN, is_told=False)
    assert unchecked.over_all({"y": 40.0}, 100).verdict == untold.over_all({"y": 40.0}, 100).verdict == "good"
    assert unchecked.over_all({}, 100).verdict == "unknown"


def test_html_escapes_what_it_shows() -> None:
    html = replace(SEEN, name="<script>alert(1)</script>", notes=("a < b",))._repr_html_()
    assert "<script" not in html and "&lt;script&gt;" in html and "a &lt; b" in html


@pytest.mark.long
def test_models_are_told_of_with_their_sizes_and_their_records_stay_as_they_were() -> None:
    network, data = builders.network(), builders.images(40)
    model, report = quantize(network, data, report=True)
    assert report is not None
    assert report.name == "net" or report.name
    constants = sum(node.get_byte_size() for node in network.get_ops() if node.get_type_name() == "Constant")
    assert report.float_bytes == constants > report.bytes > 0
    recorded = json.loads(model.get_rt_info(["openvino_pot", "check"]).astype(str))
    assert set(recorded) == {"samples", "outputs", "decibels", "int8_layers", "layers", "notes", "is_lost"}


def test_a_model_with_nothing_to_quantize_gains_nothing() -> None:
    x = builders.parameter([1, 4])
    network = builders.model(ov.opset13.relu(x), x)
    _, report = quantize(network, [np.ones((1, 4), np.float32)], report=True)
    assert report is not None and report.verdict == "no gain"
    assert report.sentence == "not checked: the model has nothing to quantize"


@pytest.mark.long
def test_zeros_among_weights_are_told_of_and_never_lost() -> None:
    engine = IEEngine({"device": "CPU"}, builders.labelled(builders.images(40)))
    params = {"sparsity_level": 0.9, "stat_subset_size": 40}
    made = create_pipeline([{"name": "WeightSparsity", "params": params}], engine).run(builders.network())
    assert made.check.verdict in ("good", "worse") and not made.check.is_lost
    assert "layers in INT8" not in made.check.table() and made.table() == made.check.table()


def test_an_output_without_a_number_is_said_not_to_be_compared() -> None:
    x = builders.parameter([1, 8])
    weights = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    y = ov.opset13.relu(ov.opset13.matmul(x, weights, False, False))
    undefined = ov.opset13.log(ov.opset13.negative(ov.opset13.add(y, np.float32(1))))
    network = builders.model([y, undefined], x)
    data = [np.random.default_rng(seed).normal(size=(1, 8)).astype(np.float32) for seed in range(4)]
    _, report = quantize(network, data, report=True)
    assert report is not None and report.decibels > LOSS
    note = "output 'y1' is not compared: in float it holds no finite value there"
    assert note in report.notes and note in " ".join(report.table().split())
