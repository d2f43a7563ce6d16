"""The command lines of the samples, with tiny models."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from PIL import Image

from builders import conv, model, parameter, weights
from openvino.tools.pot import load_model
from openvino.tools.pot.api.samples.classification import classification_sample
from openvino.tools.pot.api.samples.object_detection import object_detection_sample
from openvino.tools.pot.api.samples.segmentation import segmentation_sample
from openvino.tools.pot.api.samples.utils.command_line import image_side
from openvino.tools.pot.utils.errors import PotError

COLORS = [(200, 40, 40), (40, 200, 40), (40, 40, 200)]
SAMPLES = "openvino.tools.pot.api.samples"


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the folder ``images`` of six pictures of one colour each."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images").mkdir()
    for number in range(6):
        Image.new("RGB", (16, 12), COLORS[number % 3]).save(tmp_path / f"images/{number}.jpg", quality=100)
    return tmp_path


def save(network: ov.Model) -> list[str]:
    ov.save_model(network, "tiny.xml", compress_to_fp16=False)
    return ["-m", "tiny.xml", "-d", "images"]


def printed(main: Callable[[list[str]], None], arguments: list[str], capsys: Any) -> dict[str, float]:
    """What a command line prints, once it has quantized the model."""
    main(arguments)
    saved, *lines = capsys.readouterr().out.splitlines()[-3:]
    assert saved == f"Saved {Path('optimized/tiny.xml')}"
    types = [node.get_type_name() for node in ov.Core().read_model("optimized/tiny.xml").get_ops()]
    assert "FakeQuantize" in types
    return {name.strip(): float(value) for name, value in (line.split(":") for line in lines)}


def color_scores(x: ov.Output, channels: int, order: tuple[int, ...]) -> ov.Output:
    """A score in each pixel for each class, of which some follow a colour of the input."""
    values = weights((channels, 3, 1, 1), scale=0.001)
    for channel, label in enumerate(order):
        values[label, channel] = 0.02
    made: ov.Output = op.convolution(x, op.constant(values), [1, 1], [0, 0], [0, 0], [1, 1]).output(0)
    return made


def classifier(classes: int, first: int) -> ov.Model:
    """Finds red in the class ``first``, then green and blue; it takes BGR."""
    x = parameter([1, 3, 8, 8])
    scores = op.reduce_mean(color_scores(x, 5, (first + 2, first + 1, first)), np.array([2, 3]), False)
    return model(op.pad(scores, np.array([0, 0]), np.array([0, classes - 5]), "constant", np.float32(-9)), x)


@pytest.mark.long
@pytest.mark.parametrize(("classes", "background"), [(5, 0), (1001, 1)])
def test_classification(images: Path, capsys: Any, classes: int, background: int) -> None:
    lines = [f"{number}.jpg {number % 3 if number else 4}\n" for number in range(6)]
    (images / "labels.txt").write_text("".join(lines), encoding="utf-8")
    arguments = [*save(classifier(classes, background)), "-a", "labels.txt"]
    metrics = printed(classification_sample.main, arguments, capsys)
    assert metrics == pytest.approx({"accuracy@top1 before": 5 / 6, "accuracy@top1": 5 / 6})


def detector() -> ov.Model:
    """Sees a thing of class 3 in the left half of anything."""
    x = parameter([1, 3, 8, 8])
    features = op.relu(conv(x, 8, "conv"))
    pooled = op.reduce_mean(features, np.array([2, 3]), False)
    logits = op.add(op.matmul(pooled, weights((8, 4), scale=1e-3), False, False), np.float32([[0, 0, 0, 9]]))
    moves = op.multiply(op.reduce_sum(pooled, np.array([1]), True), np.zeros((1, 4), np.float32))
    prior = np.array([[[0, 0, 0.5, 1], [0.1, 0.1, 0.2, 0.2]]], np.float32)
    attributes = {
        "background_label_id": 0,
        "top_k": 10,
        "keep_top_k": [10],
        "nms_threshold": 0.5,
        "confidence_threshold": 0.1,
        "code_type": "caffe.PriorBoxParameter.CENTER_SIZE",
        "normalized": True,
        "share_location": True,
    }
    return model(op.detection_output(moves, op.softmax(logits, 1), op.constant(prior), attributes), x)


@pytest.mark.long
def test_object_detection(images: Path, capsys: Any) -> None:
    listed = [{"id": n, "file_name": f"{n}.jpg", "height": 12, "width": 16} for n in range(6)]
    left = {"category_id": 3, "bbox": [0, 0, 8, 12], "iscrowd": 0}
    content = {
        "images": listed,
        "categories": [{"id": 3, "name": "thing"}],
        "annotations": [{"id": n + 1, "image_id": n, **left} for n in range(6)],
    }
    (images / "instances.json").write_text(json.dumps(content), encoding="utf-8")
    arguments = [*save(detector()), "--annotation-path", "instances.json"]
    metrics = printed(object_detection_sample.main, arguments, capsys)
    assert metrics == pytest.approx({"MAP before": 1.0, "MAP": 1.0})


@pytest.mark.long
def test_segmentation(images: Path, capsys: Any) -> None:
    (images / "masks").mkdir()
    for number in range(6):  # left aeroplane, 1; right bicycle, 2
        mask = np.zeros((12, 16, 3), np.uint8)
        mask[:, :8, 0], mask[:, 8:, 1] = 128, 128
        Image.fromarray(mask).save(images / f"masks/{number}.png")
    (images / "val.txt").write_text("".join(f"{number}\n" for number in range(6)), encoding="utf-8")
    x = parameter([1, 3, 16, 16])
    scores = op.add(color_scores(x, 21, (1, 2, 3)), np.eye(1, 21, dtype=np.float32).reshape(1, 21, 1, 1))
    classes = op.topk(scores, np.int64(1), 1, "max", "none").output(1)
    arguments = [*save(model(classes, x)), "--imageset-file", "val.txt", "--mask-dir", "masks"]
    metrics = printed(segmentation_sample.main, arguments, capsys)
    # Of 1 and 2 a third of the images is found in that half; 3 is nowhere; the padding is class 0.
    expected = (1 + 2 * (2 * 96) / (6 * 96 + 2 * 96) + 0) / 4
    assert metrics == pytest.approx({"mean_iou before": expected, "mean_iou": expected})


@pytest.mark.parametrize(
    ("name", "rest", "sentence"),
    [
        ("classification", ["-a", "labels.txt"], "annotation_file: file 'labels.txt' does not exist"),
        ("object_detection", ["--annotation-path", "a.json"], "file 'a.json' does not exist"),
        ("segmentation", ["--imageset-file", "a.txt", "--mask-dir", "masks"], "'masks' does not exist"),
    ],
)
@pytest.mark.process
def test_what_is_wrong_is_said_in_one_sentence(
    images: Path, name: str, rest: list[str], sentence: str
) -> None:
    command = [sys.executable, "-m", f"{SAMPLES}.{name}.{name}_sample", *save(classifier(5, 0)), *rest]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert line.startswith("error: ") and sentence in line


def test_a_model_that_is_not_there(images: Path) -> None:
    with pytest.raises(PotError, match=r"nowhere\.xml"):
        segmentation_sample.main(
            ["-m", "nowhere.xml", "-d", "images", "--imageset-file", "a", "--mask-dir", "b"]
        )


@pytest.mark.parametrize(
    ("shape", "side"), [([1, 3, -1, -1], 513), ([1, 3, 3, 3], 3), ([1, 3, 8, 8], 8), ([-1, -1, -1, -1], 513)]
)
def test_the_side_of_images_is_the_models(shape: list[int], side: int) -> None:
    x = parameter(ov.PartialShape(shape))
    assert image_side(load_model(model(op.relu(x), x)), 513) == side


@pytest.mark.parametrize("shape", [[1, -1, -1, 3], [1, 300, 300, 3]])
def test_models_with_channels_last_are_refused(shape: list[int]) -> None:
    x = parameter(ov.PartialShape(shape))
    with pytest.raises(PotError, match="expected channels first"):
        image_side(load_model(model(op.relu(x), x)), 513)


def test_models_of_any_size_get_images_of_pots(images: Path) -> None:
    x = parameter(ov.PartialShape([1, 3, -1, -1]))
    with pytest.raises(PotError, match="513"):
        (images / "masks").mkdir()
        Image.new("RGB", (600, 600)).save("images/large.jpg")
        Image.new("RGB", (600, 600)).save("masks/large.png")
        (images / "val.txt").write_text("large\n", encoding="utf-8")
        network = model(op.topk(conv(x, 21, "c"), np.int64(1), 1, "max", "none").output(1), x)
        segmentation_sample.main([*save(network), "--imageset-file", "val.txt", "--mask-dir", "masks"])
