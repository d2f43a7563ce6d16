"""What the documents show of a run is what that run prints, but for seconds."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import builders
from openvino.tools.pot.algorithms.checking.bench import Bench
from openvino.tools.pot.cli.main import main
from openvino.tools.pot.demo import digits
from openvino.tools.pot.demo.__main__ import main as demo

ROOT = Path(__file__).resolve().parents[2]
TIME = re.compile(r"[\d.]+ ms|[\d.]+x faster|took [\d.]+ s| +(?=│|\n)")
DECIBELS = re.compile(r"([\d.]+) (?=dB|%)")


def shown(document: str, first: str, last: str) -> str:
    """Lines of a document, from one to another, without their indentation."""
    whole = (ROOT / document).read_text("utf-8")
    block = re.search(rf"^( *){re.escape(first)}.*?^ *{re.escape(last)}.*?$", whole, re.MULTILINE | re.DOTALL)
    assert block is not None
    return re.sub(rf"^{block[1]}", "", block[0], flags=re.MULTILINE)


def without_times(lines: str) -> str:
    """Columns move with the length of a time."""
    return re.sub(r"[ ─━]+", " ", TIME.sub(" ", lines))


@pytest.mark.long
@pytest.mark.parametrize("document", ["README.md", "docs/command_line.md"])
def test_the_end_of_a_run(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for measured in ("as_fast", "as_fast_in_turns"):  # a verdict is of the machine, too
        monkeypatch.setattr(Bench, measured, lambda *_: 2.3)
    data = digits.load()
    for suffix in (".xml", ".bin"):
        shutil.copy(data.model_path.with_suffix(suffix), f"model{suffix}")
    np.save("images.npy", np.stack(list(data.calibration_images)))
    arguments = [
        "-q",
        "default",
        "-m",
        "model.xml",
        "--data-source",
        "images.npy",
        "-d",
        "--output-dir",
        "made",
    ]
    with builders.logger_as_before():
        assert main(arguments) == 0
    said, found = shown(document, "model\n    GOOD", "next "), capsys.readouterr().err
    printed = re.split(r"\n[\d.]+ s in all", found[found.index("model\nGOOD") :])[0].rstrip()
    figures = [[float(each) for each in DECIBELS.findall(lines)] for lines in (said, printed)]
    assert len(figures[0]) == 4 and figures[1] == pytest.approx(figures[0], rel=0.1)
    assert without_times(DECIBELS.sub("", printed)) == without_times(DECIBELS.sub("", said))


@pytest.mark.long
def test_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert demo([]) == 0
    said = shown("README.md", "Quantizing the embedded", "Next, in the source tree")
    assert without_times(capsys.readouterr().out.rstrip()) == without_times(said)
