"""What the documents promise of the command and of saved models, done."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from PIL import Image

import builders
from openvino.tools.pot import quantize, save_model
from openvino.tools.pot.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
LINE_OF_LOG = re.compile(r"\d\d:\d\d:\d\d (INFO|WARNING): ")
DATA = ("-m", "net.xml", "--data-source", "images")
MISTAKES = {
    "nothing at the source": ("-q", "default", "-m", "net.xml", "--data-source", "nowhere"),
    "an unknown preset": ("-q", "default", *DATA, "--preset", "fast"),
    "an unknown node": ("-q", "default", *DATA, "--ignored", "conv9", "--stat-cache", "kept"),
    "made images for an unknown node": ("-q", "data_free", "-m", "net.xml", "--ignored", "conv9"),
    "an array for no input": ("-q", "default", "-m", "net.xml", "--data-source", "strange.npz"),
    "a page in place of a folder": ("-q", "default", *DATA, "--report", "images"),
    "results below a file": ("-q", "default", *DATA, "--output-dir", "net.xml/results"),
    "a diagnosis in place of a folder": ("diagnose", *DATA, "--report", "images"),
    "remedies in place of a file": ("diagnose", *DATA, "--apply", "net.xml"),
    "models in place of a file": ("frontier", *DATA, "--output-dir", "net.xml"),
    "rows in place of a folder": ("probe", "--quick", "--output", "images"),
    "models that are not there": ("compare", "net.xml", "other.xml", "--data-source", "images"),
    "nothing to verify": ("verify", "other.xml"),
    "a plan of nothing": ("plan", "-m", "other.xml"),
}


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    ov.save_model(builders.network(), "net.xml")
    Path("images").mkdir()
    random = np.random.default_rng(0)
    for number in range(4):
        pixels = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(f"images/{number}.png")
    np.savez("strange.npz", y=np.zeros((4, 3, 8, 8), np.float32))
    return tmp_path


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


@pytest.mark.long
@pytest.mark.parametrize("arguments", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_the_last_line_and_leaves_nothing_behind(
    arguments: tuple[str, ...], workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(workplace)
    with builders.logger_as_before():
        try:
            code = main(list(arguments))
        except SystemExit as ended:
            code = int(ended.code or 0)
    printed = capsys.readouterr()
    *log, last = printed.err.splitlines()
    assert code == 2 and printed.out == ""
    assert last.startswith("pot: error: ")
    assert all(LINE_OF_LOG.match(line) for line in log)
    assert everything(workplace) == before


@pytest.mark.long
def test_what_fails_at_work_leaves_its_log(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("images/2.png").write_bytes(b"no image")
    with builders.logger_as_before():
        assert main(["-q", "default", *DATA]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    (log,) = Path("results").rglob("*.*")
    assert log.name == "log.txt" and last.removeprefix("pot: error: ") in log.read_text("utf-8")


@pytest.mark.long
def test_a_page_and_its_folder_are_written_where_neither_was(workplace: Path) -> None:
    with builders.logger_as_before():
        assert main(["diagnose", *DATA, "--no-remedies", "--report", "new/folder/page.html"]) == 0
    assert "conv2" in Path("new/folder/page.html").read_text("utf-8")


@pytest.mark.process
def test_python_shows_warnings_of_the_log_alone() -> None:
    code = (
        "import builders; from openvino.tools.pot import quantize; "
        "quantize(builders.network(), builders.images(12))"
    )
    run = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'tests')!r}); {code}"]
    found = subprocess.run(run, capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout == ""
    assert "statistics come from 12 samples" in found.stderr  # a warning
    assert "layers quantized" not in found.stderr and "INT8 follows float" not in found.stderr


@pytest.mark.long
def test_openvino_s_own_save_model_stores_the_same_values(tmp_path: Path) -> None:
    made = quantize(builders.network(), builders.images(40), ignored=["conv2"])
    ov.save_model(made, tmp_path / "theirs.xml")
    save_model(made, tmp_path, "ours")
    ours, theirs = (ov.Core().read_model(tmp_path / f"{name}.xml") for name in ("ours", "theirs"))
    constants = [
        {
            node.get_friendly_name(): node.data
            for node in model.get_ordered_ops()
            if node.get_type_name() == "Constant"
        }
        for model in (ours, theirs)
    ]
    assert constants[0].keys() == constants[1].keys()
    for name, value in constants[0].items():
        assert value.dtype == constants[1][name].dtype and value.dtype != np.float16
        np.testing.assert_array_equal(value, constants[1][name])


# What is said of installing.


def files_with_commands() -> list[Path]:
    folders = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.*")]
    sources = (ROOT / "src/openvino/tools/pot").rglob("*.py")
    return [file for file in [*folders, *sources] if file.suffix in (".md", ".py", ".ipynb")]


def test_nothing_tells_to_install_a_name_that_no_index_has() -> None:
    for file in files_with_commands():
        commands = re.findall(r"pip install[^`\n]*", file.read_text("utf-8"))
        assert not [command for command in commands if "openvino-pot" in command], file


def test_extras_that_are_told_of_are_there() -> None:
    tomllib = pytest.importorskip("tomllib")  # of Python 3.11
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    known = set(project["optional-dependencies"])
    for file in files_with_commands():
        for extras in re.findall(r"pip install [^`\n]*\.\[([\w,]+)\]", file.read_text("utf-8")):
            assert set(extras.split(",")) <= known, file


def test_python_and_packages_that_the_readme_says_are_those_of_the_project() -> None:
    tomllib = pytest.importorskip("tomllib")  # of Python 3.11
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    readme = (ROOT / "README.md").read_text("utf-8")
    said = re.search(
        r"Python ([\d.]+) to [\d.]+ and OpenVINO ([\d.]+) or newer; pip brings (.*?)\.\s", readme, re.S
    )
    assert said is not None
    assert project["requires-python"] == f">={said[1]}"
    brought = {re.split(r"[<>=]", each)[0] for each in project["dependencies"]}
    assert f"openvino>={said[2]}" in project["dependencies"]
    assert {name.lower() for name in re.split(r",\s+|\sand\s", said[3])} == brought
