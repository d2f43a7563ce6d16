"""The page for coding agents: the keys that it names are there, and its last block runs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import openvino as ov
import pytest

from openvino.tools.pot.algorithms.checking.verdict import Verdict
from openvino.tools.pot.cli.main import main
from openvino.tools.pot.demo import digits
from openvino.tools.pot.diagnosis import facts
from openvino.tools.pot.diagnosis.comparing import Candidate, Comparison
from openvino.tools.pot.diagnosis.frontiers import Frontier, Point
from openvino.tools.pot.doctor.facts import Examination, SelfTest, Trial, Trouble

PAGE = (Path(__file__).resolve().parents[2] / "docs/agents.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}")[1].split("\n## ")[0]


def first_cells(text: str) -> Iterator[str]:
    for cell in re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE):
        yield from re.findall(r"`([^`]+)`", cell)


def test_keys_of_a_diagnosis() -> None:
    keys, verdicts = section("3.").split("| `verdict` |")[0:2], section("3.").split("| `verdict` | means")[1]
    inner = {"parts": facts.Parts, "timing": facts.Timing}
    for key in first_cells("".join(keys)):
        outer, _, own = key.removesuffix("[]").partition(".")
        assert outer in facts.Diagnosis.model_fields, key
        assert not own or own in inner[outer].model_fields, key
    assert set(first_cells(verdicts)) == set(get_args(facts.Verdict))
    for kind, words in ((facts.Layer, "node share own so_far precision causes"), (facts.Cause, "name evidence"),
                        (facts.Remedy, "title won paid command config script")):  # fmt: skip
        assert {word for word in words.split() if f"`{word}" not in PAGE} == set()
        assert set(words.split()) <= set(kind.model_fields)


def test_verdicts_of_a_run() -> None:
    assert set(first_cells(section("2."))) == {"verdict", *get_args(Verdict)}


def test_keys_of_a_frontier_and_of_a_comparison() -> None:
    known = {*Candidate.model_fields, *Comparison.model_fields, *Frontier.model_fields, *Point.model_fields}
    text = section("4.").split("Keys: ")[1] + section("5.").split("Keys: ")[1].split(";")[0]
    words = {word.removesuffix("[]") for word in re.findall(r"`([a-z0-9_]+(?:\[\])?)`", text)}
    assert words <= known
    assert {"points", "models", "in_float", "beaten", "fidelity", "agreements"} <= words


def test_keys_of_an_examination() -> None:
    known = {*Examination.model_fields, *Trouble.model_fields, *Trial.model_fields, *SelfTest.model_fields}
    words = re.findall(r"`([a-z0-9_.]+)(?:\[\])?(?:\.\w+)?`", section("0.").split("Keys: ")[1])
    words = [part for word in words for part in word.split(".") if word not in ("fit", "problems")]
    assert {"verdict", "troubles", "remedy", "failure"} <= set(words) <= known


@pytest.mark.long
def test_its_last_block_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("openvino.tools.pot.diagnosis.pace._SLICE", 0.0)
    monkeypatch.setattr("openvino.tools.pot.diagnosis.pace._SECONDS", 0.0)
    monkeypatch.chdir(tmp_path)
    data = digits.load()
    ov.save_model(ov.Core().read_model(data.model_path), "model.xml", compress_to_fp16=False)
    np.save("images.npy", data.calibration_images[:20])
    np.save("held_out.npy", data.evaluation_images[:20])
    lines = re.findall(r"^    (pot .*)$", section("Try it"), re.MULTILINE)
    assert len(lines) == 6
    for line in lines:
        assert main([*shlex.split(line)[1:], "--log-level", "ERROR"]) == 0
        out = capsys.readouterr().out
        assert "--format" not in line or json.loads(out)
