"""``pot compare`` and ``pot frontier``: what they print, store and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import openvino as ov
import pytest
from commands import go_to_a_network, pot, write_images

import builders
from openvino.tools.pot import quantize, save_model


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with images and a float model; times say nothing, and cost nothing."""
    go_to_a_network(tmp_path, monkeypatch)
    write_images(Path("images"), 6)
    return tmp_path


@pytest.fixture
def int8() -> str:
    return save_model(quantize("net.xml", builders.images(2), self_check=False), ".", "int8")[0]["model"]


@pytest.mark.long
def test_models_side_by_side(int8: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("compare", "net.xml", int8, "--data-source", "images", "--subset-size", "4")
    finished = pot(capsys, *command, "--format", "json")
    assert (finished.code, finished.err) == (0, "")
    found = json.loads(finished.out)
    assert (found["schema_version"], found["samples"]) == (1, 4)
    assert [each["name"] for each in found["models"]] == ["net.xml", "int8.xml"]
    assert found["models"][1]["int8_layers"] == 2
    assert found["models"][1]["fidelity"] is not None
    for kind, part in (("table", "int8.xml"), ("md", "| int8.xml |")):
        finished = pot(capsys, *command, "--format", kind)
        assert finished.code == 0
        assert part in finished.out


@pytest.mark.long
def test_all_models_have_the_sizes_that_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    x = builders.parameter(ov.PartialShape([1, 3, -1, -1]))
    for name in ("a", "b"):
        ov.save_model(builders.model(builders.conv(x, 4, "conv"), x), f"{name}.xml", compress_to_fp16=False)
    finished = pot(
        capsys, "compare", "a.xml", "b.xml", "--data-source", "images", "--static", "--shape", "[1,3,8,8]"
    )
    assert (finished.code, finished.err) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["net.xml"], "compare needs two models at least, found 'net.xml' alone"),
        (["net.xml", "net.xml"], "compare needs data: --data-source, --ac-config, or --engine data_free"),
        (["net.xml", "gone.xml", "--data-source", "images"], "model file 'gone.xml' does not exist"),
        (["net.xml", "net.xml", "--data-source", "nowhere"], "nowhere"),
        (["net.xml", "other.xml", "--data-source", "images"], "model 'other.xml' has no input 'x'"),
        (["net.xml", "net.xml", "--data-source", "images", "--fromat", "md"], "did you mean '--format'?"),
    ],
)
def test_what_compare_refuses(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    x = builders.parameter([1, 3, 8, 8], "image")
    ov.save_model(builders.model(builders.conv(x, 4, "conv"), x), "other.xml")
    finished = pot(capsys, "compare", *arguments)
    assert finished.code == 2
    assert said in finished.sentence
    assert finished.out == ""


@pytest.mark.long
def test_models_between_float_and_int8(capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        "frontier",
        "-m",
        "net.xml",
        "--data-source",
        "images",
        "--points",
        "2",
        "--output-dir",
        "made",
    ]
    finished = pot(capsys, *command, "--format", "json")
    assert finished.code == 0, finished.err
    found = json.loads(finished.out)
    assert [len(point["in_float"]) for point in found["points"]] == [0, 1]
    assert [point["model"]["file"] for point in found["points"]] == [
        "made/net_int8.xml",
        "made/net_1_in_float.xml",
    ]
    assert sorted(path.name for path in Path("made").glob("*.xml")) == ["net_1_in_float.xml", "net_int8.xml"]


@pytest.mark.long
def test_the_table_of_a_frontier(capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, "frontier", "-m", "net.xml", "--data-source", "images", "--points", "2")
    assert finished.code == 0, finished.err
    assert "in float: conv" in finished.out
    assert "stored" not in finished.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["-m", "net.xml", "--data-source", "images", "--points", "1"],
            "points is 1, expected a number of models",
        ),
        (["-m", "net.xml"], "frontier needs data"),
        (["--data-source", "images"], "required: -m/--model"),
        (["-m", "gone.xml", "--data-source", "images"], "model file 'gone.xml' does not exist"),
        (["-m", "net.xml", "--data-source", "images", "--output-dir", "net.xml"], "can't be written"),
        (["-m", "net.xml", "--data-source", "images", "--target-device", "GNA"], "runs no layer in float"),
        (["-m", "net.xml", "--data-source", "images", "--target-device", "CPUU"], "CPUU"),
    ],
)
def test_what_frontier_refuses(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, "frontier", *arguments)
    assert finished.code == 2
    assert said in finished.sentence
    assert not Path("made").exists()
