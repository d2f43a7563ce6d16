"""``pot -q weights``, and WeightCompression in configurations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from commands import pot
from openvino import opset13 as op

from builders import model, parameter, weights
from openvino.tools.pot import load_model, save_model


@pytest.fixture
def source(tmp_path: Path) -> Path:
    x = parameter([-1, 64])
    hidden = op.relu(op.matmul(x, op.constant(weights((96, 64))), False, True, name="first"))
    last = op.matmul(hidden, op.constant(weights((32, 96), 1)), False, True, name="last")
    return Path(save_model(load_model(model(last, x)), tmp_path, "m")[0]["model"])


def kinds(file: Path) -> list[str]:
    """The types of constants of more than a few numbers."""
    nodes = [
        node for node in ov.Core().read_model(file).get_ordered_ops() if node.get_type_name() == "Constant"
    ]
    return [
        node.get_output_element_type(0).get_type_name()
        for node in nodes
        if np.prod(node.get_output_shape(0)) > 999
    ]


def test_without_data(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--mode", "int4_sym", "--group-size", 32, "--output-dir", tmp_path, "-d", "--format", "json")
    done = pot(capsys, "-q", "weights", "-m", source, *map(str, options))
    assert done.code == 0
    (found,) = json.loads(done.out)["models"]
    assert kinds(found["model"]) == ["i4", "u8"] and found["check"] is None
    assert [(each["mode"], each["group_size"]) for each in found["compressed"]] == [
        ("int4_sym", 32),
        ("int8_asym", 96),
    ]


@pytest.mark.long
def test_with_data_and_figures(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    for position in range(40):
        np.save(tmp_path / f"{position}.npy", rng.normal(size=(2, 64)).astype(np.float32))
    options = ("--data-source", tmp_path, "--output-dir", tmp_path / "r", "-d", "-e", "--format", "json")
    done = pot(capsys, "-q", "weights", "-m", source, *map(str, options))
    assert done.code == 0
    found = json.loads(done.out)
    assert all(each["output_decibels"] > 35 for each in found["models"][0]["compressed"])
    assert next(iter(found["metrics"].values())) > 35


@pytest.mark.parametrize("engine", [{}, {"engine": {"type": "none"}}])
def test_a_configuration_needs_no_engine(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], engine: dict[str, Any]
) -> None:
    algorithm = {"name": "WeightCompression", "params": {"mode": "int8_sym"}}
    values = {
        "model": {"model": str(source)},
        **engine,
        "compression": {"target_device": "CPU", "algorithms": [algorithm]},
    }
    (tmp_path / "c.json").write_text(json.dumps(values))
    assert pot(capsys, "-c", tmp_path / "c.json", "--output-dir", tmp_path, "-d").code == 0
    assert kinds(next((tmp_path / "optimized").glob("*.xml"))) == ["i8", "i8"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-q", "default", "--mode", "int8_sym"), "--mode is for --quantize weights, found default"),
        (("-q", "weights", "--preset", "mixed"), "--preset is for other kinds of --quantize than weights"),
        (("-q", "weights", "--shape", "[1,64]"), "--shape is for data, which there is none of"),
        (("-q", "weights", "-e"), "engine.type: it is 'none', expected one that has samples to measure with"),
        (("-q", "weights", "--report", "page.html"), "--report is about layers in INT8"),
        (("-q", "weights", "--ratio", "0.5"), "ratio is for modes of 4 bits, found mode int8_asym"),
    ],
)
def test_what_does_not_go_together_is_said(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    done = pot(capsys, *arguments, "-m", source, "--output-dir", tmp_path / "r")
    assert done.code == 2 and said in done.sentence
    assert not (tmp_path / "r").exists()


def test_other_algorithms_need_samples(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = {
        "model": {"model": str(source)},
        "engine": {"type": "none"},
        "compression": {"algorithms": [{"name": "DefaultQuantization"}]},
    }
    (tmp_path / "c.json").write_text(json.dumps(values))
    done = pot(capsys, "-c", tmp_path / "c.json")
    assert done.code == 2
    assert "engine.type: found 'none', expected one that has samples for DefaultQuantization" in done.sentence
