"""The script that proves a refactoring: the same models twice are the same, and what differs is named."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/same_models.py"


NAMES = ["engine c", "engine p", "command two"]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPT, *NAMES, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def run_on(made: object, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of ``--against``, where those models are made."""
    spec = importlib.util.spec_from_file_location("same_models", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up by name
    monkeypatch.setattr(sys, "path", [*sys.path])
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.layers, "layer_seconds", module.layers.layer_seconds)  # which main changes
    monkeypatch.setattr(module, "made", lambda names, zoo: made)
    monkeypatch.setattr(sys, "argv", ["same_models.py", *NAMES, "--against"])
    monkeypatch.chdir(folder)
    return int(module.main())


@pytest.mark.process
def test_what_differs_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path).returncode == 0
    kept = tmp_path / ".same_models.json"
    found = json.loads(kept.read_text(encoding="utf-8"))
    assert sorted(found["engine cascade"]) == ["a", "b"]
    assert all(
        len(digest) == 16
        for models in found.values()
        for model in models.values()
        for digest in model.values()
    )
    finished = run(tmp_path, "--against")
    assert finished.returncode == 0 and finished.stdout.endswith("3 cases, 0 models differ\n"), (
        finished.stdout
    )
    made = json.loads(kept.read_text(encoding="utf-8"))
    found["engine cascade"]["b"]["weights"] = "another"
    del found["engine plain"]
    kept.write_text(json.dumps(found), encoding="utf-8")
    assert run_on(made, tmp_path, monkeypatch) == 1
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "engine cascade, b: weights", "engine plain: new", "3 cases, 2 models differ",
    ]  # fmt: skip
