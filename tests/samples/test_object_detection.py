import json
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from PIL import Image

from builders import model, parameter
from openvino.tools.pot import IEEngine, load_model
from openvino.tools.pot.api.samples.object_detection import MAP, COCOLoader
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError

HEIGHT, WIDTH = 40, 80
LABELS = [3, 7]


def dataset(folder: Path, objects: list[list[tuple[Any, ...]]], **config: Any) -> dict[str, Any]:
    """COCO images, each of one colour, with objects as category, box and whether it is a crowd."""
    (folder / "images").mkdir()
    for number in range(len(objects)):
        pixels = np.full((HEIGHT, WIDTH, 3), (10 * number, 100, 200), np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{number}.png")
    rows = [(number, *each) for number, some in enumerate(objects) for each in some]
    content = {
        "images": [
            {"id": 50 - number, "file_name": f"{number}.png", "height": HEIGHT, "width": WIDTH}
            for number in range(len(objects))
        ],
        "categories": [{"id": label, "name": f"thing {label}"} for label in LABELS],
        "annotations": [
            {"id": place, "image_id": 50 - row[0], "category_id": row[1], "bbox": row[2], "iscrowd": row[3]}
            for place, row in enumerate(rows, 1)
        ],
    }
    (folder / "instances.json").write_text(json.dumps(content), encoding="utf-8")
    paths = {"images_path": str(folder / "images"), "annotation_path": str(folder / "instances.json")}
    return {**paths, **config}


def truth(*objects: tuple[int, list[float], int]) -> list[Any]:
    """An annotation as COCOLoader gives it, of labels, boxes from side to side, and marks of crowds."""
    labels, boxes, crowd = zip(*objects, strict=True) if objects else ((), (), ())
    annotation = {"labels": np.array(labels), "boxes": np.array(boxes), "iscrowd": np.array(crowd)}
    return [annotation, (HEIGHT, WIDTH)]


def found(*rows: list[float]) -> list[Any]:
    """An output of DetectionOutput that ends early."""
    end = [-1.0, 0, 0, 0, 0, 0, 0]
    beyond = [0.0, 3, 0.99, 0, 0, 1, 1]
    return [np.array([*rows, end, beyond], np.float32)[None, None]]


def test_images_come_with_the_objects_of_their_annotation(tmp_path: Path) -> None:
    config = dataset(tmp_path, [[], [(7, [10, 20, 30, 15], 0), (3, [0, 0, 80, 40], 1)]])
    (tmp_path / "images" / "notes.txt").write_text("not an image", encoding="utf-8")
    loader = COCOLoader(config)
    assert (len(loader), loader.labels, loader.images) == (2, LABELS, ["0.png", "1.png"])
    (index, (annotation, size)), image = loader[1]
    assert (index, size, image.shape, image.dtype) == (1, (HEIGHT, WIDTH), (640, 640, 3), np.uint8)
    assert image[0, 0].tolist() == [200, 100, 10]
    first = COCOLoader({**config, "layout": "CHW"})[1][1]
    assert np.array_equal(first, image.transpose(2, 0, 1)) and first.flags.c_contiguous
    assert annotation["boxes"].tolist() == [[10, 20, 40, 35], [0, 0, 80, 40]]
    assert annotation["labels"].tolist() == [7, 3]
    assert annotation["iscrowd"].tolist() == [0, 1]
    assert annotation["x_maxs"].tolist() == [40, 80]
    assert annotation["y_mins"].tolist() == [20, 0]
    assert loader[0][0][1][0]["boxes"].shape == (0, 4)


def test_the_size_of_images_is_configured_and_their_form_overridden(tmp_path: Path) -> None:
    class Halves(COCOLoader):
        def _read_and_preprocess_image(self, image_path: str) -> Any:
            return super()._read_and_preprocess_image(image_path) / 2

    _, image = Halves(dataset(tmp_path, [[]], image_size=16))[0]
    assert image.shape == (16, 16, 3)
    assert image[0, 0, 0] == 100


def test_past_the_last_image_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(IndexError):
        COCOLoader(dataset(tmp_path, [[]]))[1]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"images_path": None}, "images_path: it is missing"),
        ({"images_path": "nowhere"}, "folder 'nowhere' does not exist"),
        ({"annotation_path": "nowhere.json"}, "file 'nowhere.json' does not exist"),
        ({"image_size": 0}, "image_size: .*greater than or equal to 1, found 0"),
        ({"layout": "NCHW"}, "layout: .*found 'NCHW'"),
    ],
)
def test_a_wrong_configuration_of_images_is_refused(
    tmp_path: Path, changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        COCOLoader({**dataset(tmp_path, [[]]), **changed})


def test_a_misspelt_key_is_named_and_a_strange_one_told_of(tmp_path: Path, caplog: Any) -> None:
    config = dataset(tmp_path, [[]])
    with pytest.raises(ConfigError, match=r"COCOLoader: unknown parameter 'image_sise'.*'image_size'"):
        COCOLoader({**config, "image_sise": 4})
    assert len(COCOLoader({**config, "name": "mine", "layout": None})) == 1
    assert "COCOLoader: without effect here: 'name'" in caplog.text


def test_a_subclass_has_keys_of_its_own(tmp_path: Path, caplog: Any) -> None:
    class Flipped(COCOLoader):
        pass

    assert Flipped({**dataset(tmp_path, [[]]), "image_sise": 4}).image_size == 640
    assert caplog.text == ""


def test_images_without_sizes_are_refused(tmp_path: Path) -> None:
    config = dataset(tmp_path, [[]])
    file = Path(config["annotation_path"])
    file.write_text(file.read_text(encoding="utf-8").replace('"height"', '"hight"'), encoding="utf-8")
    with pytest.raises(DataError, match="no height or width"):
        COCOLoader(config)


def test_boxes_are_shares_of_the_image() -> None:
    metric = MAP(91, LABELS)
    metric.update(found([0, 3, 0.9, 0.25, 0.25, 0.5, 0.75]), [truth((3, [20, 10, 40, 30], 0))])
    assert metric.value["MAP"] == pytest.approx([1.0])
    assert metric.avg_value["MAP"] == pytest.approx(1.0)


def test_precision_is_the_mean_over_overlaps_and_categories() -> None:
    metric = MAP(91, LABELS)
    # The first box covers 0.72 of what is there: enough for 0.5 to 0.7, 5 of 10 thresholds. Nothing is found of 7.
    metric.update(found([0, 3, 0.9, 0, 0, 0.36, 1]), [truth((3, [0, 0, 40, 40], 0), (7, [40, 0, 80, 40], 0))])
    assert metric.avg_value["MAP"] == pytest.approx(0.25)
    metric.thresholds = np.array([0.5])
    assert metric.avg_value["MAP"] == pytest.approx(0.5)


def test_wrong_detections_cost_when_they_are_surer() -> None:
    there = [truth((3, [0, 0, 40, 40], 0))]
    right, wrong = [0.0, 0, 0.5, 1], [0.5, 0, 1, 1]
    values = []
    for sure in (0.9, 0.1):
        metric = MAP(91, LABELS)
        metric.update(found([0, 3, 0.5, *right], [0, 3, sure, *wrong]), there)
        values.append(metric.avg_value["MAP"])
    assert values == pytest.approx([0.5, 1.0])


def test_crowds_need_not_be_found() -> None:
    metric = MAP(91, LABELS)
    metric.update(found([0, 3, 0.9, 0, 0, 0.5, 1]), [truth((3, [0, 0, 40, 40], 0), (3, [40, 0, 80, 40], 1))])
    assert metric.avg_value["MAP"] == pytest.approx(1.0)


def test_a_batch_gives_a_value_for_each_image() -> None:
    metric = MAP(91, LABELS)
    there = [truth((3, [0, 0, 40, 40], 0)), truth((3, [0, 0, 40, 40], 0)), truth()]
    metric.update(found([1, 3, 0.9, 0, 0, 0.5, 1]), there)
    assert metric.value["MAP"] == pytest.approx([0.0, 1.0, 1.0])
    assert metric.avg_value["MAP"] == pytest.approx(51 / 101)
    metric.reset()
    assert metric.value == {"MAP": []}


def test_more_than_a_hundred_detections_count() -> None:
    boxes = [[0.0, number / 200, 1.0, (number + 1) / 200] for number in range(200)]
    there = (
        {"labels": np.full(200, 3), "boxes": np.array(boxes) * [80, 40, 80, 40], "iscrowd": np.zeros(200)},
        (HEIGHT, WIDTH),
    )
    metric = MAP(91, LABELS)
    metric.update(found(*([0, 3, 0.5, *box] for box in boxes)), [there])
    assert metric.avg_value["MAP"] == pytest.approx(1.0)


def test_labels_must_fit_the_classes() -> None:
    with pytest.raises(ConfigError, match="found 2 labels, expected 1 to 1"):
        MAP(1, LABELS)
    with pytest.raises(ConfigError, match="found 0 labels"):
        MAP(1, [])


@pytest.mark.parametrize(
    ("output", "target", "error", "sentence"),
    [
        ([np.zeros((1, 4)), np.zeros((1, 4))], [truth()], ModelError, "found 2 outputs"),
        ([np.zeros((1, 4))], [truth()], ModelError, r"shape \[1, 4\]"),
        (found([2, 3, 0.9, 0, 0, 1, 1]), [truth()], DataError, "of 3 images, expected 1"),
        (found(), [{"boxes": []}], DataError, "as COCOLoader gives it"),
    ],
)
def test_what_is_no_detection_is_refused(
    output: list[Any], target: list[Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        MAP(91, LABELS).update(output, target)


def test_the_engine_measures_a_detector_on_the_loader(tmp_path: Path) -> None:
    half = [0, 0, 40, 40]
    loader = COCOLoader(dataset(tmp_path, [[(3, half, 0)], [(7, half, 0)]], image_size=4, layout="CHW"))
    x = parameter([1, 3, 4, 4])
    nothing = op.multiply(op.reduce_sum(x, np.array([0, 1, 2, 3]), False), np.float32(0))
    rows = op.constant(np.array([0, 3, 0.9, 0, 0, 0.5, 1], np.float32).reshape(1, 1, 1, 7))
    engine = IEEngine({"device": "CPU"}, loader, MAP(91, loader.labels))
    engine.set_model(load_model({"model_name": "tiny", "model": save(tmp_path, op.add(rows, nothing), x)}))
    values, mean = engine.predict(metric_per_sample=True)[0]
    assert [each["result"] for each in values] == pytest.approx([1.0, 0.0])
    assert mean["MAP"] == pytest.approx(0.5)  # all of 3, none of 7


def save(folder: Path, output: Any, x: Any) -> str:
    ov.save_model(model(output, x), folder / "tiny.xml", compress_to_fp16=False)
    return str(folder / "tiny.xml")
