"""Every script in examples runs as it stands and leaves a quantized model."""

import subprocess
import sys
from pathlib import Path

import openvino as ov
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
# Notebooks are run as such by test_notebooks.py; modules of common are no scripts.
SCRIPTS = sorted(
    file for file in EXAMPLES.rglob("*.py") if file.name != "notebook.py" and file.parent.name != "common"
)

# What takes long is done to fewer images, or for less time; README files have the figures of full runs.
QUICK = {
    "accuracy_aware": ("--images", "150"),
    "face_detection": ("--images", "1", "--calibration", "1", "--photographs", "1", "--repeats", "3"),
    "object_detection": ("--time-budget", "0.2", "--photographs", "8"),
    "segmentation_3d": ("--volumes", "1", "--calibration", "2"),
    "speech": ("--calibration", "300"),
    "text_classification": ("--calibration", "24", "--pairs", "40"),
    "text_similarity": ("--calibration", "24", "--length", "64"),
}


def keeps_the_accuracy_on_files_that_it_wrote(printed: str, folder: Path) -> None:
    (row,) = [line for line in printed.splitlines() if line.startswith("top-1 accuracy, 600 images")]
    before, after = (float(word) for word in row.split() if "." in word)
    assert before == pytest.approx(0.9933, abs=1e-4)
    assert after >= before - 0.01
    images = folder / "results/image_classification/digits"
    assert [len(list((images / part).glob("*.png"))) for part in ("calibration", "evaluation")] == [300, 600]


# What else is asked of a run.
CHECKS = {"image_classification": keeps_the_accuracy_on_files_that_it_wrote}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.parent.name)
@pytest.mark.process
def test_script(script: Path, tmp_path: Path) -> None:
    command = (sys.executable, script, *QUICK.get(script.parent.name, ()))
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    if run.returncode and (
        "can't be downloaded" in run.stderr or "object_detection needs the network" in run.stderr
    ):
        pytest.skip(run.stderr.strip().splitlines()[-1])
    assert run.returncode == 0, run.stderr
    saved = list(tmp_path.rglob("*.xml"))
    assert saved
    for file in saved:
        assert str(file.relative_to(tmp_path)) in run.stdout
        types = [node.get_type_name() for node in ov.Core().read_model(file).get_ops()]
        assert "FakeQuantize" in types
    if script.parent.name in CHECKS:
        CHECKS[script.parent.name](run.stdout, tmp_path)


def test_what_is_quick_is_there() -> None:
    assert {*QUICK, *CHECKS} <= {script.parent.name for script in SCRIPTS}


def test_every_example_is_described_with_its_command() -> None:
    index = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for script in SCRIPTS:
        command = f"python {script.relative_to(EXAMPLES.parent).as_posix()}"
        assert command in (script.parent / "README.md").read_text(encoding="utf-8")
        assert command in script.read_text(encoding="utf-8")
        assert f"({script.parent.name}/README.md)" in index
