"""``python -m openvino.tools.pot.demo``."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from builders import signals_on_the_stack_of_the_process
from openvino.tools.pot.demo.__main__ import main

README = Path(__file__).resolve().parents[2] / "README.md"
COMMAND = (sys.executable, "-m", "openvino.tools.pot.demo")


def row_titles(table: str) -> list[str]:
    return [line.split("│")[1].strip() for line in table.splitlines() if line.startswith("│")]


@pytest.mark.process
def test_a_small_demo_shows_what_the_readme_shows(tmp_path: Path) -> None:
    run = subprocess.run(
        [*COMMAND, "--samples", "20"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=120,
        env={"PYTHONIOENCODING": "utf-8", "PATH": ""},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert row_titles(run.stdout) == row_titles(README.read_text(encoding="utf-8"))
    assert "10 of 11" in run.stdout
    for file in ("digits_int8.xml", "digits_int8.bin"):
        assert (tmp_path / "results/demo" / file).exists()
        assert str(Path("results/demo") / file) in run.stdout
    before, after = (float(figure) for figure in re.findall(r"([\d.]+)%", run.stdout))
    assert after >= before - 1


def test_an_interrupted_demo_shows_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(arguments: list[str] | None) -> int:
        signal.raise_signal(signal.SIGINT)
        return 0

    monkeypatch.setattr("openvino.tools.pot.demo.walkthrough.run", interrupted)
    signals_on_the_stack_of_the_process()
    assert main([]) == 130
    assert capsys.readouterr().err == "\nInterrupted.\n"


@pytest.mark.long
def test_a_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["--samples", "1", "--output", str(tmp_path / "file")]) == 1
    assert capsys.readouterr().err.startswith("error: model can't be written")


@pytest.mark.parametrize("samples", ["0", "301", "-1", "many"])
def test_a_wrong_number_of_samples_is_refused(samples: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([f"--samples={samples}"])
    assert "is not a whole number from 1 to 300" in capsys.readouterr().err
