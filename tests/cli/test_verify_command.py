"""``pot verify``: exit codes, what is printed, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from commands import go_to_a_network, pot

import builders
import faults
from openvino.tools.pot import quantize, save_model


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a float model, one that was made of it, and samples."""
    go_to_a_network(tmp_path, monkeypatch)
    save_model(quantize("net.xml", builders.images(2), self_check=False), ".", "int8")
    np.savez("samples.npz", x=np.concatenate(builders.images(3)))


@pytest.mark.long
def test_a_model_that_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    command = ("verify", "int8.xml", "-m", "net.xml", "--device", "CPU", "--no-instruction-sets")
    finished = pot(capsys, *command, "--format", "json")
    assert (finished.code, finished.err) == (0, "")
    found = json.loads(finished.out)
    assert (found["samples"], found["made_up"], found["agrees"]) == (8, True, True)
    assert found["identity"]["float_model"] == "the same"
    for kind, part in (("table", "8 made-up samples on CPU"), ("md", "| CPU | f32 | all |")):
        assert part in pot(capsys, *command, "--format", kind).out


@pytest.mark.long
def test_samples_of_a_source(capsys: pytest.CaptureFixture[str]) -> None:
    command = (
        "verify",
        "int8.xml",
        "--data-source",
        "samples.npz",
        "--no-instruction-sets",
        "--format",
        "json",
    )
    found = json.loads(pot(capsys, *command).out)
    assert (found["samples"], found["made_up"]) == (3, False)


@pytest.mark.long
def test_what_departs_exits_with_3(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ov.save_model(builders.network(seed=5), "other.xml", compress_to_fp16=False)
    finished = pot(capsys, "verify", "int8.xml", "-m", "other.xml", "--no-instruction-sets")
    assert finished.code == 3
    assert finished.out.splitlines()[-1] == "It is not what it says it is."
    faults.planted(monkeypatch, faults.scaled("conv1"))
    finished = pot(capsys, "verify", "int8.xml", "--no-instruction-sets")
    assert finished.code == 3
    assert "settings depart" in finished.out.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone.xml"], "model file 'gone.xml' does not exist"),
        (["int8.xml", "-m", "gone.xml"], "model file 'gone.xml' does not exist"),
        (["int8.xml", "--device", "CPUU"], "did you mean 'CPU'?"),
        (["int8.xml", "--data-source", "nowhere"], "nowhere"),
        (["int8.xml", "--subset-size", "0"], "--subset-size is 0, expected 1 at least"),
        (["int8.xml", "--fromat", "md"], "did you mean '--format'?"),
        ([], "required: MODEL"),
    ],
)
def test_what_verify_refuses(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, "verify", *arguments)
    assert finished.code == 2
    assert said in finished.sentence
    assert finished.out == ""
