"""The script that proves a refactoring: the same models twice are the same, and what differs is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/same_models.py"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPT, "engine c", "engine p", "command two", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.process
def test_what_differs_is_named(tmp_path: Path) -> None:
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
    found["engine cascade"]["b"]["weights"] = "another"
    del found["engine plain"]
    kept.write_text(json.dumps(found), encoding="utf-8")
    finished = run(tmp_path, "--against")
    assert finished.returncode == 1
    assert finished.stdout.splitlines()[-3:] == [
        "engine cascade, b: weights", "engine plain: new", "3 cases, 2 models differ",
    ]  # fmt: skip
