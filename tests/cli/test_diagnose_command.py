"""``pot diagnose``, and the page that ``pot -q`` writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openvino as ov
import pytest

import builders
from openvino.tools.pot.cli.main import main
from openvino.tools.pot.diagnosis import Diagnosis

pytestmark = pytest.mark.long


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    ov.save_model(builders.network(), tmp_path / "net.xml", compress_to_fp16=False)
    np.savez(tmp_path / "samples.npz", x=np.concatenate(builders.images(12)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def diagnose(*arguments: str) -> int:
    return main(["diagnose", "-m", "net.xml", "--data-source", "samples.npz", *arguments])


def test_a_table(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diagnose() == 0
    out = capsys.readouterr().out
    assert out.startswith(("GOOD: ", "NO GAIN: ", "SLOWER: "))
    assert "conv1" in out and "conv2" in out
    assert max(map(len, out.splitlines())) <= 80


def test_json_is_a_diagnosis(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diagnose("--format", "json", "--no-remedies", "--subset-size", "5") == 0
    found = Diagnosis.model_validate(json.loads(capsys.readouterr().out))
    assert {layer.node for layer in found.layers} == {"conv1", "conv2"}
    assert found.calibration.samples == 5


def test_what_stays_in_float_is_left_out_of_int8(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diagnose("--format", "json", "--no-remedies", "--ignored", "conv1") == 0
    layers = json.loads(capsys.readouterr().out)["layers"]
    assert {layer["node"]: layer["quantized"] for layer in layers} == {"conv1": False, "conv2": True}


def test_a_page(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("jinja2")
    assert diagnose("--report", "page.html", "--no-remedies") == 0
    assert "stored page.html: the diagnosis as a page" in capsys.readouterr().err
    text = Path("page.html").read_text(encoding="utf-8")
    assert text.lower().startswith("<!doctype html>") and "conv2" in text


def test_a_page_of_what_was_quantized(files: Path) -> None:
    pytest.importorskip("jinja2")
    arguments = [
        "-q",
        "default",
        "-m",
        "net.xml",
        "--data-source",
        "samples.npz",
        "--report",
        "pages/page.html",
    ]
    Path("pages").mkdir()
    assert main(arguments) == 0
    assert "conv2" in Path("pages/page.html").read_text(encoding="utf-8")


def test_the_best_remedy_is_stored(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    int8 = builders.quantized("net.xml", builders.labelled(builders.images(12))).submodels[0].model
    bad = builders.with_a_quarter_of_the_first_range(int8)
    ov.save_model(bad, "bad.xml", compress_to_fp16=False)
    assert diagnose("-q", "bad.xml", "--apply", "better") == 0
    err = capsys.readouterr().err
    (stored,) = [line for line in err.splitlines() if line.startswith("stored ")]
    path = Path(stored.removeprefix("stored ").partition(":")[0])
    types = [node.get_type_name() for node in ov.Core().read_model(path).get_ops()]
    assert path.parent == Path("better") and "FakeQuantize" in types


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-q", "nothing.xml"], "model file 'nothing.xml' does not exist"),
        (["--format", "yaml"], "found 'yaml', expected one of table, json, md"),
        (["--ignored", "conv3"], "conv3"),
    ],
)
def test_wrong_usage(
    files: Path, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert diagnose(*arguments) == 2
    assert sentence in capsys.readouterr().err


def test_what_was_quantized_as_json(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "-q",
        "default",
        "-m",
        "net.xml",
        "--data-source",
        "samples.npz",
        "-d",
        "--output-dir",
        "made",
    ]
    assert main([*arguments, "--format", "json", "-e"]) == 0
    found = json.loads(capsys.readouterr().out)
    (entry,) = found["models"]
    assert found["schema_version"] == 1
    assert Path(entry["model"]) == Path("made/optimized/net.xml") and Path(entry["weights"]).is_file()
    assert entry["check"]["decibels"] > 20 and not entry["check"]["is_lost"]
    assert entry["check"]["int8_layers"] <= entry["check"]["layers"] == 2
    assert all(value > 20 for value in found["metrics"].values()) and found["metrics"]
