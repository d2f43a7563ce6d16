"""``pot doctor``: printed in three forms, with an exit code, also where OpenVINO does not work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import pot

from openvino.tools.pot.doctor import examining
from openvino.tools.pot.doctor.facts import Examination, Trouble


@pytest.mark.long
def test_the_last_line_is_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, "doctor")
    assert finished.code == 0, finished.out
    assert (
        finished.out.strip().splitlines()[-1] == "Fit: this machine quantizes, and runs INT8 models on CPU."
    )
    assert "Self-test: the embedded network" in finished.out and not finished.err


def test_json_can_be_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, "doctor", "--no-self-test", "--format", "json")
    found = Examination.model_validate_json(finished.out)
    assert finished.code == 0 and found.self_test is None and found.verdict == "fit"


def test_markdown_for_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, "doctor", "--no-self-test", "--format", "md")
    assert finished.out.startswith("- versions: openvino-pot ") and finished.out.strip().endswith("**")


def test_problems_are_exit_code_3_and_stand_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Trouble(name="package", weight="problem", finding="openvino-pot needs x", remedy="pip install x")
    remark = Trouble(name="memory", weight="note", finding="little")
    monkeypatch.setattr(examining, "troubles_of_packages", lambda: iter([remark, broken, broken]))
    finished = pot(capsys, "doctor", "--no-self-test", "--format", "json")
    found = json.loads(finished.out)
    assert finished.code == 3
    assert [trouble["name"] for trouble in found["troubles"]][:2] == ["package", "memory"]
    assert found["sentence"] == "1 problem: openvino-pot needs x"


@pytest.mark.process
def test_an_openvino_in_the_way_that_does_not_work_is_found(tmp_path: Path) -> None:
    (tmp_path / "openvino").mkdir()
    source = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
    (tmp_path / "openvino/__init__.py").write_text(source, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "openvino.tools.pot", "doctor", "--format", "json"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert run.returncode == 3, run.stderr
    found = json.loads(run.stdout)
    named = {trouble["name"] for trouble in found["troubles"]}
    assert {"shadow", "openvino"} <= named and "no_cpu" not in named
    assert found["self_test"] is None and found["verdict"] == "problems"
    told = next(trouble for trouble in found["troubles"] if trouble["name"] == "shadow")
    assert str(tmp_path / "openvino") in told["finding"] and "PYTHONPATH" in told["remedy"]
