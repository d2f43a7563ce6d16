"""Each metric, against figures worked out by hand or by the package that defines it."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from openvino.tools.pot.accuracy_checker.entries import chosen
from openvino.tools.pot.datasets.annotations import Detections, Meta, Objects
from openvino.tools.pot.datasets.boxes import overlaps
from openvino.tools.pot.datasets.metrics import METRICS, Measure
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError, Place

ANIMALS = Meta({0: "background", 1: "cat", 2: "dog", 3: "cow"}, 0)


def measure(entry: Any, meta: Meta = ANIMALS) -> Measure:
    return chosen(METRICS, entry, Place("here")).measure(meta, Place("here"))


def figure(entry: Any, *images: tuple[Any, Any], meta: Meta = ANIMALS) -> float:
    found = measure(entry, meta)
    for image in images:
        found.update(*image)
    return found.of_all()


def refusal(entry: Any, meta: Meta = ANIMALS) -> str:
    with pytest.raises(ConfigError) as raised:
        measure(entry, meta)
    return str(raised.value)


def test_accuracy_is_a_share_of_images() -> None:
    images = [(np.array(order), label) for order, label in [([2, 0, 1], 0), ([1, 2, 0], 1), ([0, 1, 2], 2)]]
    assert figure("accuracy", *images) == pytest.approx(1 / 3)
    assert figure({"type": "accuracy", "top_k": 2}, *images) == pytest.approx(2 / 3)
    assert measure("accuracy").of_one(*images[0]) == 0
    assert measure({"type": "accuracy", "top_k": 2}).of_one(*images[0]) == 1
    assert figure("accuracy") == 0


def test_a_reset_forgets() -> None:
    found = measure("accuracy")
    found.update(np.array([0]), 1)
    found.reset()
    found.update(np.array([0]), 0)
    assert found.of_all() == 1


def found_objects(*rows: tuple[int, float, tuple[float, ...]]) -> Detections:
    return Detections(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.float64),
        np.array([row[2] for row in rows], np.float64).reshape(-1, 4),
    )


def objects(*rows: tuple[int, tuple[float, ...]], difficult: Any = None, crowd: Any = None) -> Objects:
    return Objects.of([row[0] for row in rows], [row[1] for row in rows], difficult, crowd)


LEFT, RIGHT, FAR = (0, 0, 9, 9), (20, 0, 29, 9), (50, 50, 59, 59)


def test_overlap_with_and_without_the_last_pixels() -> None:
    boxes = np.array([LEFT, (5, 0, 14, 9), FAR], np.float64)
    assert overlaps(boxes[:1], boxes, True)[0].tolist() == pytest.approx([1, 50 / 150, 0])
    assert overlaps(boxes[:1], boxes, False)[0].tolist() == pytest.approx([1, 36 / 126, 0])
    assert overlaps(boxes[:1], np.array([[0, 0, 4, 9.0]]), True, "first")[0, 0] == 0.5
    assert overlaps(boxes[:1], np.array([[0, 0, 4, 9.0]]), True, "smaller")[0, 0] == 1


# One class, three objects. By falling score: right, wrong (the same object again), right, wrong.
PREDICTED = (
    found_objects((1, 0.9, LEFT), (1, 0.8, (1, 0, 10, 9)), (1, 0.6, FAR)),
    found_objects((1, 0.7, LEFT)),
)
ANNOTATED = (objects((1, LEFT), (1, RIGHT)), objects((1, LEFT)))
IMAGES = tuple(zip(PREDICTED, ANNOTATED, strict=True))


def test_map_is_the_area_under_precision() -> None:
    # Recall rises to 1/3 with precision 1, and to 2/3 with precision 2/3.
    assert figure("map", *IMAGES) == pytest.approx(1 / 3 * 1 + 1 / 3 * 2 / 3)


def test_map_of_eleven_points() -> None:
    # Recall 0, .1, .2 and .3 at precision 1, .4, .5 and .6 at precision 2/3.
    assert figure({"type": "map", "integral": "11point"}, *IMAGES) == pytest.approx((4 + 3 * 2 / 3) / 11)


def test_map_is_a_mean_over_classes_that_are_there() -> None:
    # Cats: found. Dogs: missed. Cows: one too many. Class 0 is the background.
    image = (
        found_objects((1, 0.9, LEFT), (3, 0.9, RIGHT), (0, 0.9, FAR)),
        objects((1, LEFT), (2, RIGHT)),
    )
    assert figure("map", image) == pytest.approx(1 / 3)
    assert measure("map").of_one(*image) == pytest.approx(1 / 2)


def test_map_of_images_with_nothing_in_them() -> None:
    found = measure("map")
    assert found.of_one(found_objects(), objects()) == 1
    assert found.of_one(found_objects((1, 0.9, LEFT)), objects()) == 0
    assert figure("map", (found_objects(), objects())) == 0
    assert figure("map") == 0


HARD = (
    found_objects((1, 0.9, RIGHT), (1, 0.85, RIGHT), (1, 0.8, LEFT)),
    objects((1, LEFT), (1, RIGHT), difficult=[False, True]),
)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({}, 1 / 2),  # the first finds a difficult object and is left out, the second is wrong
        ({"allow_multiple_matches_per_ignored": True}, 1),
        ({"ignore_difficult": False}, 1 / 2 + 1 / 2 * 2 / 3),
    ],
)
def test_map_with_difficult_objects(values: dict[str, Any], wanted: float) -> None:
    assert figure({"type": "map", **values}, HARD) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"overlap_threshold": 0.4}, 0),
        ({"overlap_threshold": 0.33}, 1),
        ({"overlap_threshold": 0.33, "include_boundaries": False}, 0),
        ({"overlap_threshold": 0.5, "overlap_method": "ioa"}, 1),
        ({"overlap_threshold": 0.51, "overlap_method": "ioa"}, 0),
    ],
)
def test_map_by_overlap(values: dict[str, Any], wanted: float) -> None:
    image = (found_objects((1, 0.9, (5, 0, 14, 9))), objects((1, LEFT)))
    assert figure({"type": "map", **values}, image) == wanted


def test_map_with_equal_scores_together() -> None:
    image = (found_objects((1, 0.5, LEFT), (1, 0.5, FAR)), objects((1, LEFT)))
    assert figure("map", image) == 1
    assert figure({"type": "map", "distinct_conf": True}, image) == 0.5


def test_map_of_the_best_match_only() -> None:
    # Both overlap the left object best, so the right one is missed.
    near = (6, 0, 15, 9)
    image = (found_objects((1, 0.9, LEFT), (1, 0.8, (1, 0, 10, 9))), objects((1, LEFT), (1, near)))
    assert figure({"type": "map", "overlap_threshold": 0.2}, image) == 0.5


def random_images(count: int, crowds: bool = True) -> list[tuple[Detections, Objects]]:
    random = np.random.default_rng(4)
    images = []
    for _ in range(count):
        number = int(random.integers(0, 6))
        starts = random.uniform(0, 50, (number, 2))
        boxes = np.hstack([starts, starts + random.uniform(5, 40, (number, 2))])
        labels = random.integers(1, 4, number)
        annotation = Objects.of(labels, boxes, crowd=random.random(number) < 0.15 * crowds)
        again = random.integers(0, max(number, 1), 3 * (number > 0))
        guesses = boxes[again] + random.normal(0, 2, (len(again), 4))
        extra = np.hstack([starts, starts + random.uniform(5, 40, (number, 2))])
        found = np.vstack([guesses, extra])
        classes = np.concatenate([labels[again], random.integers(1, 4, number)])
        images.append((Detections(classes, random.random(len(found)).round(2), found), annotation))
    return images


def by_pycocotools(images: Any, thresholds: list[float], most: int, classes: list[int]) -> float:
    from pycocotools.coco import COCO  # type: ignore[import-untyped]
    from pycocotools.cocoeval import COCOeval  # type: ignore[import-untyped]

    def entries(number: int, labels: Any, boxes: Any, **more: Any) -> list[dict[str, Any]]:
        return [
            {
                "image_id": number,
                "category_id": int(label),
                "bbox": [*box[:2], *(box[2:] - box[:2])],
                "area": float((box[2:] - box[:2]).prod()),
                **{key: values[position] for key, values in more.items()},
            }
            for position, (label, box) in enumerate(zip(labels, boxes, strict=True))
        ]

    with contextlib.redirect_stdout(io.StringIO()):
        truth, found = COCO(), []
        annotations: list[dict[str, Any]] = []
        for number, (prediction, annotation) in enumerate(images):
            marks = annotation.crowd.astype(int).tolist()
            annotations += entries(number, annotation.labels, annotation.boxes, iscrowd=marks)
            found += entries(number, prediction.labels, prediction.boxes, score=prediction.scores.tolist())
        truth.dataset = {
            "images": [{"id": number} for number in range(len(images))],
            "categories": [{"id": label} for label in classes],
            "annotations": [{"id": number, **each} for number, each in enumerate(annotations, 1)],
        }
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
        evaluation.params.iouThrs, evaluation.params.maxDets = np.array(thresholds), [1, most]
        evaluation.evaluate()
        evaluation.accumulate()
    precision: NDArray[np.float64] = evaluation.eval["precision"][:, :, :, 0, -1]
    return float(precision[precision > -1].mean())


@pytest.mark.parametrize(
    ("values", "thresholds", "most"),
    [
        ({}, np.linspace(0.5, 0.95, 10).tolist(), 20),
        ({"threshold": 0.5}, [0.5], 20),
        ({"threshold": "0.75"}, [0.75], 20),
        ({"threshold": ".5:.1:.7", "max_detections": 2}, [0.5, 0.6, 0.7], 2),
        ({"threshold": [0.3, 0.6]}, [0.3, 0.6], 20),
    ],
)
def test_coco_precision_is_that_of_pycocotools(values: Any, thresholds: list[float], most: int) -> None:
    images = random_images(25)
    found = figure({"type": "coco_precision", **values}, *images)
    assert found == pytest.approx(by_pycocotools(images, thresholds, most, [1, 2, 3]), abs=1e-12)
    assert 0.05 < found < 0.95


def test_coco_precision_of_one_image() -> None:
    found = measure("coco_precision")
    both = objects((1, LEFT), (2, RIGHT))
    assert found.of_one(found_objects((1, 0.9, LEFT), (2, 0.9, RIGHT)), both) == pytest.approx(1)
    assert found.of_one(found_objects((1, 0.9, LEFT), (3, 0.9, RIGHT)), both) == pytest.approx(0.5)
    assert found.of_one(found_objects(), objects()) == 1
    assert found.of_one(found_objects((1, 0.9, LEFT)), objects()) == 0


def test_coco_precision_leaves_difficult_objects_out() -> None:
    image = (found_objects((1, 0.9, RIGHT), (1, 0.8, LEFT)), objects((1, LEFT), (1, RIGHT), difficult=[0, 1]))
    assert figure("coco_precision", image) == pytest.approx(1)


def test_coco_precision_where_nothing_is_annotated() -> None:
    assert np.isnan(figure("coco_precision", (found_objects((1, 0.9, LEFT)), objects())))


def test_coco_precision_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    figure("coco_precision", *random_images(2))
    assert capsys.readouterr() == ("", "")


def test_coco_precision_names_the_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools.coco", None)
    assert refusal("coco_precision") == (
        "here: coco_precision needs pycocotools: pip install pycocotools (or '.[coco]' in the source tree)"
    )


THINGS = Meta({0: "sky", 1: "road", 2: "tree"})
TRUTH = np.array([[0, 0, 1], [1, 2, 255]], np.uint8)
GUESS = np.array([[0, 1, 1], [1, 0, 2]])
# Sky: 1 of 3. Road: 2 of 3. Tree: 0 of 1, as the pixel 255 is none.


def scores(classes: NDArray[Any]) -> NDArray[np.float32]:
    return np.eye(3, dtype=np.float32)[classes].transpose(2, 0, 1)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [({}, (1 / 3 + 2 / 3 + 0) / 3), ({"ignore_label": 0}, 1.0)],
)
def test_mean_iou(values: dict[str, Any], wanted: float) -> None:
    assert figure({"type": "mean_iou", **values}, (scores(GUESS), TRUTH), meta=THINGS) == pytest.approx(
        wanted
    )
    entry = {"type": "mean_iou", "use_argmax": False, **values}
    for mask in (GUESS, GUESS[None]):
        assert figure(entry, (mask, TRUTH), meta=THINGS) == pytest.approx(wanted)
        assert measure(entry, THINGS).of_one(mask, TRUTH) == pytest.approx(wanted)


def test_mean_iou_adds_images_up() -> None:
    first, second = (np.array([[0, 0]]), np.array([[0, 1]])), (np.array([[1, 1]]), np.array([[1, 1]]))
    entry = {"type": "mean_iou", "use_argmax": False}
    assert figure(entry, first, second, meta=THINGS) == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_mean_iou_where_nothing_counts() -> None:
    entry = {"type": "mean_iou", "use_argmax": False}
    nothing = np.full((2, 2), 255)
    assert measure(entry, THINGS).of_one(np.zeros((2, 2)), nothing) == 1
    assert figure(entry, (np.zeros((2, 2)), nothing), meta=THINGS) == 0


@pytest.mark.parametrize(
    ("entry", "mask", "truth", "error", "message"),
    [
        (
            "mean_iou",
            GUESS,
            TRUTH,
            ModelError,
            "mean_iou: use_argmax needs a score for each class, found a mask of shape [2, 3], "
            "expected use_argmax: false",
        ),
        (
            {"type": "mean_iou", "use_argmax": False},
            GUESS[:1],
            TRUTH,
            DataError,
            "mean_iou: the predicted mask has shape [1, 3], the annotated one [2, 3], expected them to be equal: "
            "postprocessing resize_segmentation_mask may be missing",
        ),
        (
            "mean_iou",
            scores(GUESS),
            np.zeros((2, 3, 3)),
            DataError,
            "mean_iou: the predicted mask has shape [2, 3], the annotated one [2, 3, 3], expected them to be equal: "
            "postprocessing encode_segmentation_mask may be missing",
        ),
    ],
)
def test_masks_that_can_not_be_compared(entry: Any, mask: Any, truth: Any, error: Any, message: str) -> None:
    with pytest.raises(error) as raised:
        measure(entry, THINGS).update(mask, truth)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("entry", "meta", "message"),
    [
        ("map", Meta(), "map needs the classes of the dataset, expected label_map in its dataset_meta"),
        (
            "mean_iou",
            Meta(),
            "mean_iou needs the classes of the dataset, expected label_map in its dataset_meta",
        ),
        (
            "mean_iou",
            Meta({1: "a", 3: "b"}),
            "mean_iou needs classes numbered from 0 without gaps, found [1, 3]",
        ),
        (
            {"type": "coco_precision", "threshold": "often"},
            ANIMALS,
            "threshold: expected numbers from 0 to 1, or text such as '0.5' or '.50:.05:.95', found 'often'",
        ),
    ],
)
def test_metrics_that_can_not_be(entry: Any, meta: Meta, message: str) -> None:
    assert refusal(entry, meta) == f"here: {message}"


def test_a_label_to_ignore_must_be_there() -> None:
    entry = {"type": "mean_iou", "ignore_label": 3}
    assert refusal(entry, THINGS) == "here: ignore_label: there is no class 3, expected 0 to 2"
