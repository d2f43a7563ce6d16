"""The benchmark runs on the embedded network, and writes only between its markers."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, ROOT / "benchmarks/zoo.py")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_tables", ROOT / "benchmarks/tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_embedded_network_without_a_zoo(tmp_path: Path) -> None:
    finished = run("--zoo", tmp_path, "--repeats", "1", "--limit", "40")
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert record["name"] == "digits"
    assert record["int8_layers"] == record["layers"] == 11
    assert record["fidelity"] > 20
    assert record["size"] < 0.3


def test_an_incomplete_run_writes_nothing(tmp_path: Path) -> None:
    assert "needs the zoo" in run("--zoo", tmp_path, "--write").stderr


def test_an_unknown_entry_is_named(tmp_path: Path) -> None:
    assert "no entry 'digit', there are: digits" in run("digit", "--zoo", tmp_path).stderr


def test_tables_go_between_the_markers(tables: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("head\n<!-- m: begin -->\nold\n<!-- m: end -->\ntail\n")
    body = tables.table(
        [{"a": 1}, {"a": 2}], [("name", lambda r: "n"), ("", lambda r: ""), ("x", lambda r: str(r["a"]))]
    )
    tables.write_between(file, "m", body)
    assert file.read_text() == (
        "head\n<!-- m: begin -->\n| name |  | x |\n| --- | --- | ---: |\n| n |  | 1 |\n| n |  | 2 |\n"
        "<!-- m: end -->\ntail\n"
    )
    with pytest.raises(SystemExit):
        tables.write_between(file, "other", "")


@pytest.mark.parametrize("document", ["README.md", "docs/benchmarks.md"])
def test_the_documents_have_the_markers_once(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert text.count("<!-- benchmark: begin -->") == text.count("<!-- benchmark: end -->") == 1
