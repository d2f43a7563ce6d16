"""Pages of the site: what they tell to run runs, on stand-ins for their files, and figures are those measured."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino as ov
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

import builders
from openvino.tools.pot.algorithms import ALGORITHMS
from openvino.tools.pot.cli.main import main
from openvino.tools.pot.paths.table import PATHS

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
from tables import between, rows

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
BENCHMARKS = DOCS / "benchmarks.md"


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def detector(path: Path) -> None:
    """A detector's form, of open sizes: two convolutions, boxes and scores in one tensor."""
    rng = np.random.default_rng(0)
    shapes = {"w1": (16, 3, 3, 3), "w2": (32, 16, 3, 3), "boxes": (4, 32, 1, 1), "scores": (3, 32, 1, 1)}
    weights = [
        numpy_helper.from_array(
            (rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32), name
        )
        for name, shape in shapes.items()
    ]
    steps: dict[str, Any] = {"strides": [2, 2], "pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Conv", ["images", "w1"], ["a"], name="first", **steps),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "w2"], ["c"], name="second", **steps),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("Conv", ["d", "boxes"], ["e"], name="third"),
        helper.make_node("Conv", ["d", "scores"], ["f"], name="fourth"),
        helper.make_node("Sigmoid", ["f"], ["g"]),
        helper.make_node("Concat", ["e", "g"], ["output"], axis=1),
    ]
    open_sizes = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, "h", "w"])
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["n", 7, None, None])
    graph = helper.make_graph(nodes, "detector", [open_sizes], [output], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages speak of, and nothing that outlasts it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("openvino.tools.pot.diagnosis.pace._SLICE", 0.0)
    monkeypatch.setattr("openvino.tools.pot.diagnosis.pace._SECONDS", 0.0)
    rng = np.random.default_rng(1)
    for folder, count in (("photos", 8), ("held_out", 4)):
        Path(folder).mkdir()
        for number in range(count):
            small = rng.integers(0, 256, (12, 16, 3), np.uint8)
            Image.fromarray(small).resize((400, 300), Image.Resampling.BICUBIC).save(f"{folder}/{number}.jpg")
    return tmp_path


def run(lines: str, capsys: pytest.CaptureFixture[str]) -> int:
    """Run commands of `pot`; returns how many there were."""
    commands = [shlex.split(line) for line in lines.replace("\\\n", " ").splitlines()]
    for tool, *arguments in commands:
        assert tool == "pot"
        assert main(arguments) == 0, capsys.readouterr().err
    return len(commands)


@pytest.mark.long
def test_the_tutorial_s_commands_run(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    detector(Path("detector.onnx"))
    text = page("tutorial")
    assert sum(run(block, capsys) for block in blocks(text, "sh")) == 4
    assert Path("int8/optimized/detector.xml").exists()
    space = execute("tutorial")
    assert space["report"].int8_layers > 0
    assert len(space["found"]) == 1


def execute(name: str) -> dict[str, Any]:
    """Run the Python blocks of a page, one after the other."""
    space: dict[str, Any] = {"__name__": name}
    found = blocks(page(name), "python")
    assert found
    for number, block in enumerate(found, 1):
        exec(compile(block, f"{name}.md, Python block {number}", "exec"), space)
    return space


@pytest.mark.parametrize("name", ["accuracy", "speed", "from_pot", "from_nncf"])
@pytest.mark.long
def test_python_of_pages_runs(name: str, workplace: Path) -> None:
    execute(name)


def test_the_command_that_converts_converts(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from openvino.tools.ovc.main import main as ovc

    detector(Path("detector.onnx"))
    (line,) = re.findall(r"^    (ovc .*)$", page("from_pot"), re.MULTILINE)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", shlex.split(line))
        assert not ovc()
    assert ov.Core().read_model("detector.xml").input(0).partial_shape == [1, 3, 320, 320]


@pytest.mark.long
def test_a_configuration_of_pot_runs_as_the_page_says(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ov.save_model(builders.network(), "model.xml", compress_to_fp16=False)
    engine = {"type": "simplified", "data_source": "photos", "stat_requests_number": 2}
    config = {
        "model": {"model_name": "model", "model": "model.xml", "weights": "model.bin"},
        "engine": engine,
        "compression": {"algorithms": [{"name": "DefaultQuantization", "params": {"preset": "performance"}}]},
    }
    Path("config.json").write_text(str(config).replace("'", '"'), encoding="utf-8")
    script, *others = "\n".join(blocks(page("from_pot"), "sh")).splitlines()
    assert script.startswith("pot run-script ")  # which takes its process over, and has tests of its own
    assert run("\n".join(others), capsys) == 1


def test_every_algorithm_of_pot_is_told_of() -> None:
    table = page("from_pot").split("## Algorithms")[1].split("\n## ")[0]
    told = {
        word
        for line in table.splitlines()
        for word in re.findall(r"`(\w+)`", line.split("|")[1] if "|" in line else "")
    }
    gone = {
        name for name, said in PATHS[""].items() if isinstance(said, str) and name.endswith("Quantization")
    }
    assert {*ALGORITHMS} - {"WeightCompression"} | gone <= told
    for name in re.findall(r"`(\w+)`", re.findall(r"^\| (.*) \| gone \|", table, re.MULTILINE)[0]):
        assert name not in ALGORITHMS


def test_figures_beside_pot_are_those_of_the_benchmark() -> None:
    measured = {row["network"]: row for row in rows(between(BENCHMARKS, "benchmark"))}
    shown = rows(page("from_pot").split("## Figures of 2022.3")[1])
    assert len(shown) == 3
    for row in shown:
        of_ours = measured[row["network"]]
        assert float(row["ours"]) == pytest.approx(float(of_ours["INT8"]), abs=0.0005)
        assert float(row["float"]) == pytest.approx(float(of_ours["float"]), abs=0.0005)
        assert float(row["our seconds"]) == pytest.approx(float(of_ours["quantizing, s"]), abs=0.051)


def test_what_is_said_of_decibels_is_so() -> None:
    """Of `accuracy.md`, "What a decibel is worth", and of the tutorial's detectors."""
    table = [row for name in ("accuracy", "others-accuracy") for row in rows(between(BENCHMARKS, name))]
    found = [
        (float(row[f"{side}fidelity, dB"]), 100 * (float(row[f"{side}INT8"]) - float(row["float"])))
        for row in table
        for side in ("", "NNCF: ")
    ]
    assert min(change for decibels, change in found if decibels > 25) > -1 / 3
    middle = [change for decibels, change in found if 15 <= decibels <= 25]
    assert sum(change >= 0 for change in middle) > 1 and sum(change < -10 for change in middle) == 1
    low = [change for decibels, change in found if decibels < 15]
    assert (len(low), sum(change < -2 for change in low)) == (8, 7)
    detectors = {"detect_yolo_fastestv2", "face_ultraface_rfb", "captcha_detection"}
    of_ours = [
        (float(row["fidelity, dB"]), float(row["INT8"])) for row in table if row["network"] in detectors
    ]
    assert (
        all(19 <= decibels <= 22.5 and 0.94 <= score < 0.995 for decibels, score in of_ours)
        and len(of_ours) == 3
    )


def test_the_search_on_the_page_is_the_one_in_the_table() -> None:
    course = between(BENCHMARKS, "course")
    (first, *_) = rows(course)
    assert first["what"] == "full INT8" and round(100 * float(first["drop"])) == 6
    assert "a drop of 0.03 allowed" in course
    assert "full INT8 lost 6 points and 3 were allowed" in page("accuracy")
