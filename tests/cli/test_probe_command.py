"""``pot probe``: what a device does, printed, stored and kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import pot

from openvino.tools.pot.hardware import Probed, kept
from openvino.tools.pot.hardware.probing import probe
from openvino.tools.pot.hardware.probing.forms import Form
from openvino.tools.pot.hardware.probing.measure import measured

ASKED = (
    Form("MatMul"),
    Form("ConvolutionBackpropData", {"data": "with a zero point"}),
    Form("AvgPool, counting padding", {"data": "with a zero point"}),
    Form("GRUSequence, linear before reset"),
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, a cache of the test's own, and few forms, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENVINO_POT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(
        probe, "rows_of", lambda *_, **__: (measured(form, "CPU", timed=False) for form in ASKED)
    )


@pytest.mark.long
def test_what_departs_is_told_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, "probe")
    assert finished.code == 0, finished.err
    first, *lines = finished.out.strip().splitlines()
    assert "of 4 forms 1 run in 8 bits and are right, 1 run in float, 1 are wrong, 1 don't run." in first
    assert lines[1].endswith("in f32") and "in 8 bits, WRONG by" in lines[2]
    assert "does not compile: could not create" in lines[3]
    (file,) = Path("cache").iterdir()
    assert lines[-1].endswith(str(file.resolve())) or str(file) in lines[-1]


@pytest.mark.long
def test_a_quick_one_is_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert pot(capsys, "probe", "--quick").code == 0
    assert not Path("cache").exists()


@pytest.mark.long
def test_rows_are_stored_where_that_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, "probe", "--output", "rows.json", "--format", "json")
    stored = Probed.model_validate_json(Path("rows.json").read_text("utf-8"))
    assert json.loads(finished.out) == json.loads(stored.model_dump_json())
    assert [row.form for row in stored.rows] == [form.name for form in ASKED]
    assert kept.seen("CPU") == stored


@pytest.mark.long
def test_all_rows_as_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    out = pot(capsys, "probe", "--quick", "--format", "md").out
    assert out.count("\n| ") == 2 + len(ASKED) and "| MatMul | in 8 bits |" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--device", "TPU"), "device is 'TPU', found"),
        (("--output", "rows.json/there"), "results 'rows.json' can't be written"),
    ],
)
def test_what_can_t_be_done_is_said_before(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("rows.json").touch()
    finished = pot(capsys, "probe", *arguments)
    assert finished.code == 2 and said in finished.err and not finished.out
