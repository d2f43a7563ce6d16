"""Accuracy control in a diagnosis: the course of the search, from its report to sentence, table and page."""

from __future__ import annotations

import json
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from hand_made import NASTY, control, diagnosis
from openvino import opset13 as op
from test_page import Outline

import builders
from openvino.tools.pot import AccuracyAwareQuantization, IEEngine, Metric, create_pipeline, load_model
from openvino.tools.pot.algorithms.accuracy.report import AccuracyReport, LayerFigures, Step
from openvino.tools.pot.cli.main import main
from openvino.tools.pot.diagnosis import Diagnosis, diagnose
from openvino.tools.pot.diagnosis.control import course_of, metric_of_search, report_in, told
from openvino.tools.pot.diagnosis.control_chart import chart_of
from openvino.tools.pot.diagnosis.facts import Parts
from openvino.tools.pot.diagnosis.page import page
from openvino.tools.pot.diagnosis.sentence import verdict_of
from openvino.tools.pot.diagnosis.tables import as_markdown, as_text
from openvino.tools.pot.utils.errors import ConfigError


def step(floats: tuple[str, ...], drop: float, **changes: Any) -> Step:
    known: dict[str, Any] = {
        "what": f"{len(floats)} in float", "variant": "as given", "floats": floats, "metrics": {"top1": 0.9 - drop},
        "drop": drop, "complete": True, "met": drop <= 0.01, "seconds": 1.0,
    }  # fmt: skip
    return Step(**known | changes)


def report() -> AccuracyReport:
    steps = [
        *(step((), 0.3), step(("a", "b"), 0.0), step(("b", "c"), 0.008)),
        *(step(("c",), 0.208, complete=False), step((), inf, variant="mixed preset", metrics={"top1": nan})),
    ]
    layers = [
        LayerFigures("b", "Convolution", 0.7, 1e-4, 0.2, True),
        LayerFigures("a", "MatMul", 0.2, 0),
        LayerFigures("d", "MatMul", 0.1, 0),
    ]
    return AccuracyReport(
        0.01, "absolute", {"top1": 0.9}, steps, layers, steps[2], "the target is met", 9.0, 5.5
    )


def test_what_changed_from_step_to_step_is_told() -> None:
    found = course_of(report())
    assert [each.freed for each in found.steps] == [(), ("a", "b"), ("c",), (), ()]
    assert [each.returned for each in found.steps] == [(), (), ("a",), ("b",), ("c",)]
    assert found.chosen == 3 and found.met and found.taken == found.steps[2]
    assert [layer.step for layer in found.layers] == [2, 2, None]
    assert [layer.bought_at_least for layer in found.layers] == [True, False, False]
    assert (found.steps[4].drop, found.steps[4].metrics) == (None, {"top1": None})
    assert metric_of_search(found) == ("top1", 0.9, pytest.approx(0.892))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "put 2 of 3 layers back to float for a drop of 0.004 where 0.005 is allowed"),
        ({"chosen": 3}, "put 4 of 3 layers back to float for no drop where 0.005 is allowed"),
        ({"chosen": 1, "met": False}, "put no layer back to float and still has a drop of 0.21 where"),
        ({"chosen": 5, "met": False, "layers": ()}, "put 1 layer back to float and still has a drop of 0.06 where"),
        ({"drop_type": "relative"}, "put 2 of 3 layers back to float for a drop of 0.4 % where 0.5 % is allowed"),
        ({"chosen": None, "steps": (), "met": False, "ended": "interrupted"}, "evaluated nothing: interrupted"),
    ],
)  # fmt: skip
def test_the_sentence_says_what_came_of_it(changes: dict[str, Any], sentence: str) -> None:
    assert told(control(**changes)).startswith(f"accuracy control {sentence}")


def test_the_page_shows_the_course_of_the_search() -> None:
    text = page(diagnosis(accuracy_control=control()))
    outline = Outline(text)
    wanted = (
        "Accuracy control the target is met", "Float has top1 0.93; a drop of 0.005 is allowed.",
        "Step 4 was taken: top1 0.926, ✓ a drop of 0.004, which is within what is allowed", "2 layers back in float",
        "accuracy preset", "conv_2, conv_5, conv_7 and 1 more", "conv_2, conv_7", "≥ 0.3", "not measured alone",
        "≥ 0.056",
    )  # fmt: skip
    words = outline.words.replace(" ,", ",")
    assert [each for each in wanted if each not in words] == []
    assert NASTY not in text
    assert Diagnosis.model_validate(json.loads(outline.data)["facts"]).accuracy_control == control()
    assert 'id="control"' not in page(diagnosis())


def test_a_target_that_was_missed_is_told_in_words_and_with_a_mark() -> None:
    words = Outline(page(diagnosis(accuracy_control=control(chosen=5, met=False)))).words
    assert "✕ a drop of 0.06, which is beyond what is allowed" in words


@pytest.mark.parametrize("changes", [{"steps": (), "chosen": None}, {"baseline": {}, "layers": ()}])
def test_little_that_is_known_makes_a_page_as_well(changes: dict[str, Any]) -> None:
    assert 'id="control"' in page(diagnosis(accuracy_control=control(**changes)))


def test_the_chart_stays_in_its_bounds() -> None:
    chart = chart_of(control())
    assert chart is not None
    assert [(dot.kind, dot.taken) for dot in chart.dots] == [
        ("missed", False), ("open", False), ("met", False), ("met", True), ("missed", False),
    ]  # fmt: skip
    assert all(chart.left < dot.x < chart.right and 0 < dot.y <= chart.bottom for dot in chart.dots)
    assert [dot.y < chart.allowed for dot in chart.dots] == [True, True, False, False, True]
    assert chart.dots[2].y == chart.bottom, "no drop stands at the bottom"
    many = control(steps=control().steps * 40, chosen=1)
    wide = chart_of(many)
    assert wide is not None and not wide.dots[0].label and wide.dots[-1].x < wide.right
    assert chart_of(None) is None and chart_of(control(steps=control().steps[:1], chosen=1)) is None
    none = chart_of(control(maximal_drop=0.0))
    assert none is not None and none.allowed == none.bottom


def test_tables_have_the_steps() -> None:
    found = diagnosis(accuracy_control=control(), remedies=(), notes=())
    text = as_text(found)
    assert ">  2 in float" in text and ">= 0.3" in text
    assert max(map(len, text.partition("\nAccuracy control\n")[2].splitlines())) <= 80
    assert "| > | 2 in float | 2 |" in as_markdown(found)


class Distance(Metric):
    """How far an output is from what it should be, on the average."""

    def __init__(self) -> None:
        super().__init__()
        self.reset()

    value = property(lambda self: {"distance": self._found[-1:]})  # type: ignore[assignment]
    avg_value = property(lambda self: {"distance": float(np.mean(self._found))})  # type: ignore[assignment]

    def update(self, output: list[Any], target: list[Any]) -> None:
        self._found.append(float(np.abs(output[0] - target[0]).mean()))

    def reset(self) -> None:
        self._found: list[float] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        return {"distance": {"direction": "higher-worse", "type": "distance"}}


@pytest.mark.parametrize(
    ("decibels", "changes", "verdict"),
    [
        (20, None, "good"),
        (12, None, "worse"),
        (3, None, "broken"),
        (12, {}, "good"),
        (3, {}, "good"),
        (20, {"chosen": 5, "met": False}, "worse"),
        (3, {"chosen": 5, "met": False}, "broken"),
        (12, {"chosen": None, "met": False}, "worse"),
        (20, {"chosen": None, "met": False}, "good"),
    ],
)
def test_the_verdict_says_whether_the_metric_is_kept(
    decibels: float, changes: dict[str, Any] | None, verdict: str
) -> None:
    parts = Parts(whole=decibels, users=decibels, defined=decibels, weights=None, activations=None)
    assert verdict_of(parts, diagnosis().timing, None if changes is None else control(**changes)) == verdict


def test_a_metric_that_is_kept_makes_no_model_faster() -> None:
    timing = diagnosis().timing.model_copy(update={"int8_seconds": 5e-3})
    parts = Parts(whole=3, users=3, defined=3, weights=None, activations=None)
    assert verdict_of(parts, timing, control()) == "slower"


@pytest.mark.long
def test_a_search_and_its_diagnosis_speak_of_the_same(tmp_path: Path) -> None:
    ov.save_model(builders.network(), tmp_path / "net.xml", compress_to_fp16=False)
    model, samples = load_model(tmp_path / "net.xml"), builders.images(12)
    network = model.submodels[0].model
    data = builders.Items([(image, builders.run(network, image)[0]) for image in samples])
    engine = IEEngine({"device": "CPU"}, data, Distance())
    pipeline = create_pipeline(
        [
            {
                "name": AccuracyAwareQuantization.name,
                "params": {"maximal_drop": 1e-7, "state_dir": str(tmp_path)},
            }
        ],
        engine,
    )
    made = pipeline.run(model)
    (algorithm,) = pipeline.algo_seq
    assert isinstance(algorithm, AccuracyAwareQuantization) and algorithm.report is not None
    found = diagnose(
        tmp_path / "net.xml", made.submodels[0].model, samples, remedies=False, search=algorithm.report
    )
    course = found.accuracy_control
    assert course is not None and len(course.steps) > 1 and not course.met
    assert found.metric is not None and found.metric[0] == "distance"
    assert "accuracy control put 1 of 2 layers back to float and still has a drop" in found.sentence
    assert found.verdict == "worse", "though it follows"
    assert report_in(tmp_path) == report_in(tmp_path / "search.json") == algorithm.report
    (freed,) = [layer.node for layer in course.layers if layer.is_float]
    layer = next(each for each in found.layers if each.node == freed)
    assert not layer.quantized and layer.reason.startswith(
        "accuracy control put it back to float, first in step"
    )


def test_what_is_no_report_is_refused() -> None:
    wrong: Any = report().as_dict()
    with pytest.raises(
        ConfigError, match="search is dict, expected the report of an AccuracyAwareQuantization"
    ):
        diagnose(builders.network(), data=builders.images(2), search=wrong)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (None, "'search.json' does not exist"),
        ("{", "is no search.json of a state_dir"),
        ("[1]", "is no search.json of a state_dir"),
        ('{"identity": {}, "report": {"steps": 3}}', "is no search.json of a state_dir"),
        ('{"identity": {}}', "holds no report, expected that of a search that has ended"),
    ],
)
def test_a_file_that_holds_no_report_is_refused(
    text: str | None, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path("search.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=error):
        report_in("search.json")


def test_a_report_is_kept_whole_in_a_file(tmp_path: Path) -> None:
    facts = {"identity": {}, "report": report().as_dict()}
    (tmp_path / "search.json").write_text(json.dumps(facts), encoding="utf-8")
    found = report_in(tmp_path)
    assert found.steps[:4] == report().steps[:4] and found.layers == report().layers
    assert course_of(found) == course_of(report())


@pytest.mark.long
def test_the_command_takes_the_file_of_a_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    ov.save_model(builders.network(), "net.xml", compress_to_fp16=False)
    np.savez("samples.npz", x=np.concatenate(builders.images(4)))
    facts = {"identity": {}, "report": report().as_dict()}
    Path("search.json").write_text(json.dumps(facts), encoding="utf-8")
    given = ["diagnose", "-m", "net.xml", "--data-source", "samples.npz", "--no-remedies", "--format", "json"]
    assert main([*given, "--search", "search.json"]) == 2
    assert "--search is about the INT8 model that it found" in capsys.readouterr().err
    assert main([*given, "-q", "net.xml", "--search", "search.json"]) == 0
    found = Diagnosis.model_validate(json.loads(capsys.readouterr().out))
    assert found.accuracy_control == course_of(report())
    assert "where 0.01 is allowed" in found.sentence
    assert any("the search is of another network: 'b'" in note for note in found.notes)


@pytest.mark.long
def test_the_command_writes_the_page_of_a_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    x = builders.parameter([1, 3, 8, 8])
    pooled = op.reduce_mean(builders.conv(x, 5, "conv"), op.constant([2, 3]), False)
    ov.save_model(builders.model(pooled.output(0), x), "net.xml", compress_to_fp16=False)
    np.savez("samples.npz", x=np.concatenate(builders.images(6)))
    params = {"annotation_free": True, "annotation_conf_threshold": 0.01, "maximal_drop": 0.5}
    config = {
        "model": {"model": "net.xml"},
        "engine": {"type": "simplified", "data_source": "samples.npz"},
        "compression": {"algorithms": [{"name": "AccuracyAwareQuantization", "params": params}]},
    }
    Path("accuracy_aware.json").write_text(json.dumps(config), encoding="utf-8")
    assert main(["-c", "accuracy_aware.json", "--report", "out.html"]) == 0
    outline = Outline(Path("out.html").read_text(encoding="utf-8"))
    found = Diagnosis.model_validate(json.loads(outline.data)["facts"])
    assert found.accuracy_control is not None and found.accuracy_control.met
    assert found.metric is not None and found.metric[0] == "agreement"
    assert "accuracy control put no layer back to float" in found.sentence
    assert "full INT8 taken" in outline.words
