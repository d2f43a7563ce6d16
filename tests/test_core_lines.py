"""The count of the core: it holds, and it sees what is too long."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from rooms import ROOT


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("core_lines", ROOT / "scripts/core_lines.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.long
def test_the_core_is_as_short_as_it_may_be(script: ModuleType) -> None:
    assert script.complaints(script.POT) == []


def test_what_is_too_long_is_named_and_what_is_short_enough_is_no_exception(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "graph/a.py": "def short():\n    pass\n\n\ndef long():\n    a\n    b\n    c\n",
        "graph/b.py": "x\n" * 12,
        "cli/c.py": "x\n" * 20,
        "api/samples/d.py": "x\n" * 20,
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(script, "FILE", 10)
    monkeypatch.setattr(script, "FUNCTION", 3)
    assert script.complaints(tmp_path, {}, core=19) == [
        "graph/a.py:long has 4 lines, expected 3 at most",
        "graph/b.py has 12 lines, expected 10 at most",
        "the core has 20 lines, expected 19 at most",
    ]
    allowed = {"graph/a.py:long": 4, "graph/b.py": 11, "graph/c.py": 20}
    assert script.complaints(tmp_path, allowed, core=20) == [
        "graph/b.py has 12 lines, expected 11 at most",
        "graph/c.py is in LONGER, but short enough or gone",
    ]
