"""`benchmarks/published.py` on stand-ins: small folders of the known layouts, and models whose figures are known."""

from __future__ import annotations

import importlib
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op
from PIL import Image

import builders

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
COLORS = {"blue": (0, 0, 255), "green": (0, 255, 0), "red": (255, 0, 0)}  # in the order of their names
CHANNELS = (2, 1, 0)  # of each class
CORNERS = ((0, 0), (16, 0), (0, 16), (16, 16))  # left and top of each quarter of an image of 32
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["published.py", *map(str, arguments)])
        capfd.readouterr()
        code = 0
        try:
            runpy.run_path(str(BENCHMARKS / "published.py"), run_name="__main__")
        except SystemExit as ended:
            code = int(ended.code or 0)
        return subprocess.CompletedProcess("published.py", code, *capfd.readouterr())

    return run


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("published_data")


def by_class(source: Any) -> Any:
    """A layer whose channels are the classes' colours."""
    weights = np.eye(3, dtype=np.float32)[list(CHANNELS)].reshape(3, 3, 1, 1)
    return op.convolution(source, op.constant(weights), [1, 1], [0, 0], [0, 0], [1, 1], name="layer")


def classifier(file: str, classes: int = 3, batch: int = 1) -> None:
    """Of the mean colour of an image of 8 by 8; classes beyond the third are never right."""
    x = builders.parameter([batch, 3, 8, 8])
    scores = op.squeeze(op.reduce_mean(by_class(x), op.constant([2, 3]), True), op.constant([2, 3]))
    more = op.constant(np.full((1, classes - 3), -9, np.float32))
    result = op.concat([scores, more], 1) if classes > 3 else scores
    ov.save_model(builders.model(result.output(0), x), file)


def detector(file: str, joined: bool = True) -> None:
    """Each quarter of an image of 32 by 32 is a box, of the class of its colour."""
    x = builders.parameter([1, 3, 32, 32])
    pooled = op.avg_pool(by_class(x), [16, 16], [0, 0], [0, 0], [16, 16], False)
    scores = op.reshape(pooled, op.constant([1, 3, 4]), False)
    boxes = np.array([[left + 8, top + 8, 16, 16] for left, top in CORNERS], np.float32).T[None]
    found = op.concat([op.constant(boxes), scores], 1) if joined else scores
    ov.save_model(builders.model(found.output(0), x), file)


def painted(color: tuple[int, int, int], size: int = 8) -> Image.Image:
    return Image.new("RGB", (size, size), color)


def folders_of_classes(root: Path, each: int = 4) -> Path:
    for name, color in COLORS.items():
        (root / name).mkdir(parents=True)
        for number in range(each):
            painted(color).save(root / name / f"{number}.png")
    return root


def scene(quarter: int, label: int) -> Image.Image:
    image = painted((0, 0, 0), 32)
    image.paste(painted(list(COLORS.values())[label], 16), CORNERS[quarter])
    return image


SCENES = [(quarter, label) for quarter in range(4) for label in range(3)]


def of_coco(root: Path) -> Path:
    """With COCO's own annotations; categories have numbers with gaps, as COCO's have."""
    (root / "val2017").mkdir(parents=True)
    (root / "annotations").mkdir()
    for number, case in enumerate(SCENES):
        scene(*case).save(root / f"val2017/{number:03}.png")
    content = {
        "images": [
            {"id": n, "file_name": f"{n:03}.png", "height": 32, "width": 32} for n in range(len(SCENES))
        ],
        "categories": [{"id": 3 * n + 1, "name": name} for n, name in enumerate(COLORS)],
        "annotations": [
            {
                "id": n,
                "image_id": n,
                "category_id": 3 * label + 1,
                "bbox": [*CORNERS[quarter], 16, 16],
                "area": 256,
            }
            for n, (quarter, label) in enumerate(SCENES)
        ],
    }
    (root / "annotations/instances_val2017.json").write_text(json.dumps(content))
    return root


def of_ultralytics(root: Path) -> Path:
    for folder in ("images/train2017", "labels/train2017"):
        (root / folder).mkdir(parents=True)
    for number, (quarter, label) in enumerate(SCENES):
        scene(quarter, label).save(root / f"images/train2017/{number:03}.png")
        middle = [(side + 8) / 32 for side in CORNERS[quarter]]
        line = " ".join(map(str, [label, *middle, 0.5, 0.5]))
        (root / f"labels/train2017/{number:03}.txt").write_text(line + "\n")
    painted((0, 0, 0), 32).save(root / "images/train2017/nothing.png")
    return root


def figures(printed: str) -> dict[str, dict[str, str]]:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in printed.splitlines()
        if line[:1] == "|"
    ]
    return {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[2:]}


@pytest.mark.long
@pytest.mark.parametrize("inside", ["", "val"])
def test_classifiers_on_folders_of_classes(run: Run, tmp_path: Path, inside: str) -> None:
    folders_of_classes(tmp_path / "imagenet" / inside)
    classifier("resnet18.xml")
    classifier("mine.xml")
    found = run("--imagenet", tmp_path / "imagenet", "resnet18.xml", "timm/dla34=mine.xml", "--samples", 6)
    assert found.returncode == 0, found.stderr
    rows = figures(found.stdout)
    row = rows["torchvision/resnet18"]
    assert (row["images"], row["float"], row["INT8"], row["lost"]) == ("12", "1.0000", "1.0000", "0.0000")
    assert (row["published float"], row["published INT8"], row["lost there"]) == (
        "0.6978",
        "0.6948",
        "0.0030",
    )
    assert row["by"] == "NNCF" and rows["timm/dla34"]["published float"] == "0.7463"
    assert "torchvision/resnet18: in float 1.0000, published 0.6978" in found.stderr


@pytest.mark.long
def test_a_list_of_names_and_classes_beside_images(run: Run, tmp_path: Path) -> None:
    (tmp_path / "flat").mkdir()
    for number in range(12):
        painted(list(COLORS.values())[number % 3]).save(tmp_path / f"flat/{number}.png")
    wrong = {5: 0}
    lines = [f"{number}.png {wrong.get(number, number % 3)}" for number in range(12)]
    (tmp_path / "val.txt").write_text("\n".join(lines) + "\n")
    classifier("resnet18.xml", classes=5)
    found = run("--imagenet", "flat", "resnet18.xml")
    assert found.returncode == 0, found.stderr
    assert figures(found.stdout)["torchvision/resnet18"]["float"] == "0.9167"
    few = run("--imagenet", "flat", "resnet18.xml", "--limit", 4)
    assert figures(few.stdout)["torchvision/resnet18"]["images"] == "4"


@pytest.mark.long
@pytest.mark.parametrize("layout", [of_coco, of_ultralytics])
def test_detectors_on_both_layouts_of_coco(run: Run, tmp_path: Path, layout: Callable[[Path], Path]) -> None:
    detector("yolo26n.xml")
    found = run("--coco", layout(tmp_path / "coco"), "yolo26n.xml")
    assert found.returncode == 0, found.stderr
    row = figures(found.stdout)["yolo26n"]
    assert row["float"] == row["INT8"] == "1.0000" and row["by"] == "Ultralytics"
    assert (row["published float"], row["published INT8"], row["lost there"]) == (
        "0.4734",
        "0.4652",
        "0.0082",
    )


@pytest.mark.long
def test_inputs_of_open_sizes_are_of_the_size_that_is_said(run: Run, tmp_path: Path) -> None:
    folders_of_classes(tmp_path / "imagenet")
    classifier("resnet18.xml", batch=-1)
    model = ov.Core().read_model("resnet18.xml")
    model.reshape({model.input(0): [-1, 3, -1, -1]})
    ov.save_model(model, "timm_open.xml")
    refused = run("--imagenet", "imagenet", "resnet18=timm_open.xml")
    assert refused.returncode == 2
    assert "is [?,3,?,?], expected [1, 3, height, width]; --size says it where it is open" in refused.stderr
    found = run("--imagenet", "imagenet", "resnet18=timm_open.xml", "--size", 8)
    assert figures(found.stdout)["torchvision/resnet18"]["float"] == "1.0000"


MISTAKES = {
    "no counterpart": (["--imagenet", "imagenet", "mine.xml"], "nothing is published of 'mine'"),
    "a slip in a name": (["--imagenet", "imagenet", "resnet81=mine.xml"], "did you mean 'resnet18'?"),
    "a file that is not there": (
        ["--imagenet", "imagenet", "resnet18.onnx"],
        "model 'resnet18.onnx' does not exist",
    ),
    "no data for it": (
        ["--imagenet", "imagenet", "yolo26n=mine.xml"],
        "'yolo26n' is published on coco, expected",
    ),
    "no ImageNet": (
        ["--imagenet", "empty", "resnet18=mine.xml"],
        "'empty' is no ImageNet: expected a folder of",
    ),
    "other classes": (
        ["--imagenet", "imagenet", "resnet18=five.xml"],
        "holds 3 folders, the model has 5 classes",
    ),
    "no COCO": (
        ["--coco", "empty", "yolo26n=boxes.xml"],
        "'empty' is no COCO: expected annotations/instances_val",
    ),
    "no images of COCO": (
        ["--coco", "half", "yolo26n=boxes.xml"],
        "'half' has annotations of val2017, expected their",
    ),
    "no boxes": (["--coco", "coco", "yolo26n=scores.xml"], "expected boxes as Ultralytics exports them"),
}


@pytest.mark.parametrize(("arguments", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told_in_a_sentence(
    run: Run, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    folders_of_classes(tmp_path / "imagenet", 1)
    of_coco(tmp_path / "coco")
    (tmp_path / "empty").mkdir()
    (tmp_path / "half/annotations").mkdir(parents=True)
    (tmp_path / "half/annotations/instances_val2017.json").write_text("{}")
    classifier("mine.xml")
    classifier("five.xml", classes=5)
    detector("boxes.xml")
    detector("scores.xml", joined=False)
    found = run(*arguments)
    assert found.returncode == 2 and found.stdout == ""
    assert sentence in found.stderr.splitlines()[-1]


def test_boxes_come_back_to_where_they_were_in_images_of_any_proportions(data: ModuleType) -> None:
    """Through the letterbox and out again, with and without boxes that overlap."""
    image, size = (30, 60), (32, 32)  # scaled by 32/60, 8 rows of gray above
    box = np.array([10.0, 6.0, 40.0, 24.0])
    scale, left, top = data._place(image, size)
    fed = box * scale + [left, top, left, top]
    middle, sides = (fed[:2] + fed[2:]) / 2, fed[2:] - fed[:2]
    one = np.array([*middle, *sides, 0.1, 0.9])
    twice = np.stack([one, one * [1, 1, 1, 1, 1, 0.9]], axis=1)[None]
    found = data._detections(twice, image, size)
    assert found.labels.tolist() == [1] and found.scores.tolist() == [0.9]
    np.testing.assert_allclose(found.boxes, [box], atol=1e-9)
    apart = data._detections(np.array([[[*fed, 0.9, 7.0], [*fed, 0.0, 3.0]]]), image, size)
    assert apart.labels.tolist() == [7]
    np.testing.assert_allclose(apart.boxes, [box], atol=1e-9)
    pixels: NDArray[np.float32] = data._letterboxed(np.full((*image, 3), 255, np.uint8), size)
    assert pixels.shape == (3, 32, 32)
    np.testing.assert_allclose(pixels[:, 0], 114 / 255, rtol=1e-6)
    np.testing.assert_allclose(pixels[:, 16], 1)


def test_classifiers_are_fed_as_timm_says_beside_them(data: ModuleType, tmp_path: Path) -> None:
    assert data.Feeding.beside(tmp_path / "model.xml") == data.Feeding()
    halves = [0.5, 0.5, 0.5]
    said = {"mean": halves, "std": halves, "crop_pct": 1.0, "interpolation": "bicubic"}
    (tmp_path / "config.json").write_text(json.dumps({"pretrained_cfg": said}))
    feeding = data.Feeding.beside(tmp_path / "model.xml")
    assert (feeding.crop, feeding.interpolation) == (1.0, "bicubic")
    fed = data._cropped(np.full((20, 40, 3), 255, np.uint8), (8, 8), feeding)
    np.testing.assert_allclose(fed, np.ones((3, 8, 8)))


def test_all_published_figures_have_a_source_and_are_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.loads((BENCHMARKS / "published.json").read_text("utf-8"))
    assert {each["of"] for each in content} == {"NNCF", "Ultralytics"}
    for each in content:
        assert re.match(r"github\.com/\S+, \S+ at [0-9a-f]{7}: ", each["source"])
        for figures_of in each["figures"].values():
            assert {"float"} < set(figures_of) <= {"float", "int8", "int8_bias_correction"}
            assert all(0 < figure < 1 for figure in figures_of.values())
