"""The samples run at once, and what is worse than it may be is named."""

import importlib.util
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from openvino.tools.pot.report.comparison import Comparison, Row, metric_row

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts/samples.py"
PAGE = (ROOT / "docs/samples.md").read_text(encoding="utf-8")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPT, *arguments, "--zoo", str(folder / "zoo")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def samples() -> ModuleType:
    spec = importlib.util.spec_from_file_location("all_samples", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


@pytest.mark.process
def test_a_sample_has_a_line_and_one_that_lacks_its_network_says_so(tmp_path: Path) -> None:
    finished = run(tmp_path, "digits", "cifar_resnet20", "detect_yolo_fastestv2")
    assert finished.returncode == 0, finished.stderr
    assert "| image_classification | digits | top-1 accuracy, 600 images | 0.9933 |" in finished.stdout
    assert finished.stdout.splitlines()[-2:] == [
        "image_classification, cifar_resnet20: did not run: the zoo folder has no cifar_resnet20",
        "object_detection, detect_yolo_fastestv2: did not run: the zoo folder has no detect_yolo_fastestv2",
    ]
    path = tmp_path / "results/samples/digits/results/image_classification/comparison.json"
    assert Comparison.load(path).total("layers").after == 10


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["digit"], "no network 'digit', there are: digits,"), (["digits", "--write"], "needs all networks")],
)
@pytest.mark.process
def test_wrong_arguments_are_named(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    finished = run(tmp_path, *arguments)
    assert finished.returncode == 2
    assert sentence in finished.stderr


def compared(after: float, int8_layers: int = 5) -> Comparison:
    rows = (
        Row("one request", 0.002, 0.001, "seconds"),
        Row("weights", 4000, 1000, "bytes"),
        Row("layers in INT8", 0, int8_layers, "layers", (6, 6)),
    )
    return Comparison(metric_row("recall", [0.9, after]), rows)


@pytest.mark.parametrize(
    ("comparison", "sentence"),
    [
        (compared(0.89), ""),
        (compared(0.95), ""),
        (compared(0.88), "recall: 0.8800 in INT8, expected at least 0.8900"),
        (compared(float("nan")), "recall: nan in INT8, expected at least 0.8900"),
        (compared(0.9, 0), "layers in INT8: none"),
    ],
)
def test_int8_may_be_worse_than_float_by_its_tolerance(
    samples: ModuleType, comparison: Comparison, sentence: str
) -> None:
    assert samples.shortcoming(comparison, 0.01) == sentence


def test_a_further_figure_may_count_as_well(samples: ModuleType) -> None:
    plain = compared(0.9)
    both = Comparison(plain.metric, (metric_row("F1, 9 pairs", [0.8, 0.78]), *plain.others))
    assert samples.shortcoming(both, 0.01) == ""
    assert samples.shortcoming(both, 0.01, ("F1",)) == "F1, 9 pairs: 0.7800 in INT8, expected at least 0.7900"


@pytest.mark.parametrize(
    ("comparison", "code", "line"),
    [
        (compared(0.88), 1, "face_detection, mtcnn: recall: 0.8800 in INT8, expected at least 0.8900"),
        (compared(0.89), 0, "| face_detection | mtcnn | recall | 0.9000 | 0.8900 | 4.00 kB | 1.00 kB |"),
    ],
)
def test_the_exit_code_tells_whether_all_is_well(
    comparison: Comparison,
    code: int,
    line: str,
    samples: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sample = samples.Sample("face_detection", "mtcnn", 0.01, samples.fixed())
    monkeypatch.setattr(samples, "SAMPLES", (sample,))
    monkeypatch.setattr(samples, "run", lambda sample, zoo: (comparison, ""))
    monkeypatch.setattr(sys, "argv", ["samples.py"])
    assert samples.main() == code
    assert line in capsys.readouterr().out


@pytest.mark.parametrize(
    ("message", "trouble", "failed"),
    [
        (
            "package a==1 can't be downloaded: no route",
            "did not run: package a==1 can't be downloaded",
            False,
        ),
        ("no tokenizers", "failed: no tokenizers", True),
        (0, "failed: comparison 'results/samples/b/results/a/comparison.json' can't be read: ", True),
    ],
)
@pytest.mark.process
def test_a_sample_without_data_is_no_failure(
    message: str | int,
    trouble: str,
    failed: bool,
    samples: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = tmp_path / "examples/a/quantize.py"
    script.parent.mkdir(parents=True)
    script.write_text(f"import sys\nsys.exit({message!r})\n", encoding="utf-8")
    monkeypatch.setattr(samples, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    outcome = samples.outcome(samples.Sample("a", "b", 0.01, samples.fixed()), tmp_path)
    assert outcome.trouble.startswith(trouble)
    assert outcome.failed == failed


def test_images_of_the_zoo_become_files_without_loss(samples: ModuleType, tmp_path: Path) -> None:
    network = tmp_path / "zoo/a"
    network.mkdir(parents=True)
    (network / "model.xml").touch()
    entry = {"layout": "NHWC", "mean": [1, 2.5, 3], "std": [4, 5, 6]}
    (network / "entry.json").write_text(json.dumps(entry), encoding="utf-8")
    photographs = []
    for seed in range(3):
        file = io.BytesIO()
        pixels = np.random.default_rng(seed).integers(0, 256, (8, 9, 3), np.uint8)
        Image.fromarray(pixels).save(file, "jpeg")
        photographs.append(file.getvalue())
    data = {"eval_y": np.array([7, 0, 3])}
    for part in ("calib", "eval"):
        data[f"{part}_jpeg"] = np.frombuffer(b"".join(photographs), np.uint8)
        data[f"{part}_len"] = np.array([len(content) for content in photographs])
    np.savez(network / "data.npz", **data)

    arguments = " ".join(samples.with_images(network, tmp_path))
    assert arguments.startswith(f"-m {network / 'model.xml'} --layout NHWC -d evaluation -a labels.txt")
    assert arguments.endswith("--color-order RGB --mean-values 1 2.5 3 --scale-values 4 5 6")
    lines = (tmp_path / "labels.txt").read_text(encoding="utf-8").splitlines()
    assert lines == ["00000.png 7", "00001.png 0", "00002.png 3"]
    for index, content in enumerate(photographs):
        with (
            Image.open(io.BytesIO(content)) as written,
            Image.open(tmp_path / f"evaluation/{index:05}.png") as read,
        ):
            assert np.array_equal(written, read)


def test_every_sample_is_on_the_page(samples: ModuleType) -> None:
    for sample in samples.SAMPLES:
        assert f"(../examples/{sample.example}/README.md)" in PAGE
        assert f"| {sample.example} | {sample.network} |" in PAGE
    assert PAGE.count("<!-- samples: begin -->") == PAGE.count("<!-- samples: end -->") == 1


def test_what_make_installs_for_tests_is_enough_for_samples() -> None:
    tomllib = pytest.importorskip("tomllib")  # of Python 3.11

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert set(extras["samples"]) <= set(extras["dev"])


def in_pages() -> dict[str, list[str]]:
    """Example -> the lines that its page shows of a run."""
    pages = {path.parent.name: path.read_text(encoding="utf-8") for path in ROOT.glob("examples/*/README.md")}
    runs = {
        name: re.search(r"<!-- run: begin -->\n(.*?)<!-- run: end -->", page, re.DOTALL)
        for name, page in pages.items()
    }
    return {name: run[1].splitlines() for name, run in runs.items() if run is not None}


def test_pages_of_examples_show_the_figures_of_the_table() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.splitlines()
        if line[:2] == "| "
    ]
    pages, first = in_pages(), {}
    for row in rows:
        first.setdefault(row[0], row)
    assert len(pages) == 7
    for example, lines in pages.items():
        metric, before, after = first[example][2:5]
        assert [re.split(r" {2,}", line) for line in lines].count([metric, before, after]) == 1


def test_what_the_page_says_of_tolerances_and_f1(samples: ModuleType) -> None:
    said = re.sub(r"\s+", " ", PAGE)
    found = re.search(
        r"than it may be, ([\d.]+) \(([\d.]+) for the recall of faces, ([\d.]+) for Dice's index, ([\d.]+) for",
        said,
    )
    assert found is not None
    tolerances = {each.example: each.tolerance for each in samples.SAMPLES}
    special = ("face_detection", "segmentation_3d", "speech")
    assert [float(each) for each in found.groups()[1:]] == [tolerances.pop(name) for name in special]
    assert set(tolerances.values()) == {float(found[1])}
    (f1,) = (line.split()[-2:] for line in in_pages()["text_classification"] if line.startswith("F1"))
    assert f"it is {f1[0]} in float and {f1[1]} in INT8" in said
