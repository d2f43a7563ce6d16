"""Every result shows itself in a notebook: tables without scripts, in the colours of the page, all text escaped."""

from __future__ import annotations

import re

import pytest
from hand_made import diagnosis

from openvino.tools.pot.algorithms.accuracy.report import AccuracyReport, Step
from openvino.tools.pot.algorithms.checking import CheckReport
from openvino.tools.pot.cli.forms import FORMS
from openvino.tools.pot.diagnosis.comparing import Agreement, Candidate, Comparison
from openvino.tools.pot.diagnosis.facts import Output
from openvino.tools.pot.diagnosis.frontiers import Frontier, Point
from openvino.tools.pot.diagnosis.shown import Diagnosis
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.hardware import Probed, Row
from openvino.tools.pot.shortcut import Quantized
from openvino.tools.pot.utils.sheets import Sheet
from openvino.tools.pot.verification.facts import Identity, Verification
from openvino.tools.pot.verification.facts import Row as Setting

NASTY = "<img onerror=alert(1)>"
CANDIDATE = Candidate(
    name=NASTY, file="", fidelity=31.25, users=30.0, agreement=0.98,
    outputs=(Output(name="y", fidelity=31.25, equal=None),),
    agreements=(Agreement(name="y", of="classes", share=0.98),),
    seconds=0.002, per_second=700.0, bytes=1000, layers=4, int8_layers=3,
)  # fmt: skip
POINT = Point(model=CANDIDATE, in_float=("conv",), expected=30.0, beaten=False, config={})
RAN = {"device": ("CPU", "A processor"), "float32": True, "versions": {"openvino": "2026.4"}, "samples": 8}
STEP = Step(NASTY, "as given", ("conv",), {"top1": 0.9}, 0.01, True, True, 1.0)
CHECK = CheckReport(samples=8, decibels=30.0, name=NASTY)
SETTING = Setting(
    device="CPU", precision="f32", instruction_set="", decibels=30.0, least=20.0, same=None, verdict="agrees"
)
RESULTS = {
    "check": CHECK,
    "quantize": Quantized(None, CHECK),  # type: ignore[arg-type]
    "quantize unchecked": Quantized(None, None),  # type: ignore[arg-type]
    "model": CompressedModel([SubModel("net", None, check=CHECK)], "net"),  # type: ignore[arg-type]
    "accuracy": AccuracyReport(0.01, "absolute", {"top1": 0.9}, [STEP], chosen=STEP, ended=NASTY),
    "diagnosis": diagnosis(),
    "comparison": Comparison(**RAN, models=(CANDIDATE, CANDIDATE), notes=(NASTY,)),
    "frontier": Frontier(**RAN, original=CANDIDATE, points=(POINT,)),
    "probe": Probed(
        device="CPU", device_name=NASTY, capabilities=("INT8",), openvino="2026.4",
        rows=(Row(form="Convolution", ran="i8", right=True),),
    ),
    "verification": Verification(
        model=NASTY, versions={}, devices={"CPU": "A processor"}, samples=8, made_up=True,
        identity=Identity(is_ours=True, version="0.1"), rows=(SETTING,), agrees=True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", RESULTS)
def test_results_are_tables_without_scripts_or_colours_of_their_own(kind: str) -> None:
    html = RESULTS[kind]._repr_html_()  # type: ignore[attr-defined]
    assert html and "<script" not in html and "<img" not in html
    assert not re.search(r"(?<!-)color: (?!inherit|#(2e9e4f|b8860b|d2691e|d64545|808080))", html)
    assert "background: #" not in html


def test_a_comparison_has_a_row_for_each_model_and_columns_of_what_is_known() -> None:
    html = RESULTS["comparison"]._repr_html_()  # type: ignore[attr-defined]
    table = html.split("models")[1]
    assert table.count("<tr>") == 3 and "31.25" in table and ">file<" not in table
    assert "y classes 0.98" in table


def test_a_frontier_shows_what_was_measured_of_its_points() -> None:
    html = RESULTS["frontier"]._repr_html_()  # type: ignore[attr-defined]
    assert "model.fidelity" in html and "original.name" in html and ">conv<" in html


def test_whatever_commands_print_as_json_is_shown() -> None:
    assert [name for name, form in FORMS.items() if not hasattr(form, "_repr_html_")] == []
    assert "<iframe" in Diagnosis(**dict(diagnosis()))._repr_html_()


def test_models_that_were_not_looked_at_show_their_usual_text() -> None:
    assert CompressedModel([SubModel("net", None)], "net")._repr_html_() is None  # type: ignore[arg-type]


def test_a_sheet_leaves_paths_and_commands_in_one_piece() -> None:
    long = "results/" + "a folder/" * 30
    sheet = Sheet("good", "word " * 60, facts=(("stored", long),))
    lines = sheet.text().splitlines()
    assert lines[-1] == f"stored   {long}" and max(map(len, lines[:-1])) <= 100
    assert sheet.text().isascii()
