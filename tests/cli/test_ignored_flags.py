"""``--ignored`` with patterns and places, ``--ignored-types``, and the ten lines of ``pot plan``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import go_to_a_network, pot, write_images

from openvino.tools.pot import load_model


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    go_to_a_network(tmp_path, monkeypatch)
    write_images(tmp_path / "images", 4)
    return tmp_path


def quantizers(path: Path) -> set[str]:
    nodes = load_model(str(path)).submodels[0].model.get_ops()
    return {node.get_friendly_name() for node in nodes if node.get_type_name() == "FakeQuantize"}


def plan(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    finished = pot(capsys, "plan", "-m", "net.xml", "--format", "json", *arguments)
    assert finished.code == 0, finished.err
    found: dict[str, Any] = json.loads(finished.out)
    return found


def test_the_plan_counts_what_matches(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = plan(capsys, "--ignored", "after:first-convolution", "conv1", "--ignored-types", "Relu")
    assert found["matched"] == [
        {"name": "after:first-convolution", "nodes": 4, "layers": 1},
        {"name": "conv1", "nodes": 1, "layers": 1},
        {"name": "Relu", "nodes": 1, "layers": 0},
    ]
    assert found["layers"] == []
    assert found["gain"] == {"int8_multiplications": 0}


def test_the_plan_tells_how_much_of_the_work_is_in_int8(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second convolution has 4 x 5 channels, the first one 3 x 4, at as many places."""
    assert plan(capsys)["gain"] == {"int8_multiplications": 1}
    assert plan(capsys, "--ignored", "conv1")["gain"]["int8_multiplications"] == pytest.approx(20 / 32)


def test_the_plan_begins_with_ten_lines(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, "plan", "-m", "net.xml", "--ignored", "*2", "re:nothing")
    lines = finished.out.splitlines()
    assert finished.code == 0
    assert len(lines) <= 10
    assert lines[0] == "net.xml on CPU: 1 of 2 layers in INT8"
    text = "\n".join(lines)
    for part in ("in INT8     1 Convolution", "in float    1 Convolution: matched in the ignored scope as '*2'",
                 "'*2' matches 2 nodes, 1 of them layers", "times smaller", "38% of the multiplications are in INT8",
                 "the model has no node 're:nothing'", "--all"):  # fmt: skip
        assert part in text, text


def test_names_are_one_reason(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = pot(capsys, "plan", "-m", "net.xml", "--ignored", "conv1", "conv2").out
    assert "2 Convolution: named in the ignored scope" in out
    assert "in INT8     nothing" in out


def test_all_of_a_plan_is_in_tables(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = pot(capsys, "plan", "-m", "net.xml", "--all", "--ignored", "*2").out
    for title in (
        "inputs (1)",
        "in integers (1)",
        "quantized activations (1)",
        "stays in float",
        "ignored (1)",
    ):
        assert title in out, title


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--ignored-types", "Convoluton"),
            "--ignored-types: the model has no operation of type 'Convoluton'; did you mean 'Convolution'?",
        ),
        (
            ("--ignored", "re:("),
            "--ignored: 're:(' is no regular expression: missing ), unterminated subpattern at position 0",
        ),
        (
            ("--ignored", "between:conv1"),
            "--ignored: 'between:conv1' has no two ends, expected between:FIRST..LAST",
        ),
    ],
)
def test_what_a_plan_refuses(
    arguments: tuple[str, ...], sentence: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished = pot(capsys, "plan", "-m", "net.xml", *arguments)
    assert (finished.code, finished.sentence) == (2, sentence)


@pytest.mark.long
def test_quantizing_takes_the_same(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("-q", "default", "-m", "net.xml", "--data-source", "images", "-d", "--keep-uncompressed-weights")
    finished = pot(capsys, *given, "--ignored", "before:relu1")
    assert finished.code == 0, finished.err
    assert "ignored.scope: 'before:relu1' matches 2 nodes, 1 of them layers" in finished.err
    assert quantizers(Path("results/optimized/net.xml")) == {"conv2/fq_input_0", "conv2/fq_weights_1"}
    finished = pot(capsys, *given, "--ignored-types", "Convolution")
    assert "ignored.operations: 2 are of type Convolution" in finished.err
    assert quantizers(Path("results/optimized/net.xml")) == set()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--ignored", "cnv*"), "ignored.scope: the model has no node 'cnv*'; did you mean 'conv"),
        (
            ("--ignored-types", "Rleu"),
            "--ignored-types: the model has no operation of type 'Rleu'; did you mean 'Relu'?",
        ),
    ],
)
def test_what_matches_nothing_is_refused_before_any_work(
    arguments: tuple[str, ...], sentence: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished = pot(capsys, "-q", "default", "-m", "net.xml", "--data-source", "images", *arguments)
    assert finished.code == 2
    assert sentence in finished.sentence
    assert not Path("results").exists()


@pytest.mark.long
def test_frontier_and_diagnose_take_the_same_and_say_what_matches(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("-m", "net.xml", "--data-source", "images", "--format", "json")
    ignored = ("--ignored", "*2", "--ignored-types", "Relu")
    for command in (("diagnose", "--no-remedies"), ("frontier", "--points", "2")):
        finished = pot(capsys, *command, *data, *ignored)
        assert finished.code == 0, finished.err
        json.loads(finished.out)
        assert "pot: ignored: '*2' matches 2 nodes, 1 of them layers\n" in finished.err
        assert "pot: ignored: 'Relu' matches 1 node, 0 of them layers\n" in finished.err
    found = json.loads(pot(capsys, "diagnose", "--no-remedies", *data, *ignored).out)
    assert {layer["node"]: layer["quantized"] for layer in found["layers"]} == {"conv1": True, "conv2": False}


def test_types_stay_in_what_a_remedy_says() -> None:
    from openvino.tools.pot.configs.ignored import with_names
    from openvino.tools.pot.diagnosis.remedies import lines

    params = {"ignored": with_names({"scope": ["*2"], "operations": [{"type": "MatMul"}]}, ["a", "*2"])}
    assert params["ignored"] == {"scope": ["*2", "a"], "operations": [{"type": "MatMul"}]}
    assert lines(params)["command"].endswith("--ignored '*2' 'a' --ignored-types 'MatMul'")
    narrowed = {"ignored": {"operations": [{"type": "MatMul", "attributes": {"transpose_b": True}}]}}
    assert lines(narrowed)["command"] == ""  # no flag says it


def test_weights_alone_say_what_matches(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(
        capsys, "-q", "weights", "-m", "net.xml", "-d", "--ignored", "*1", "--ignored-types", "Relu"
    )
    assert finished.code == 0, finished.err
    assert "ignored.scope: '*1' matches 3 nodes, 1 of them layers" in finished.err
    assert "ignored.operations: 1 are of type Relu" in finished.err
