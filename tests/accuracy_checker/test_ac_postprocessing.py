"""What outputs mean, and the steps from there to the metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from openvino.tools.pot.accuracy_checker.adapters import ADAPTERS
from openvino.tools.pot.accuracy_checker.entries import chosen
from openvino.tools.pot.accuracy_checker.postprocessing import POSTPROCESSING
from openvino.tools.pot.datasets.annotations import Detections, Meta, Objects, Seen
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError, Place

SEEN = Seen("a.png", (20, 40), (10, 10))


def predicted(adapter: Any, *arrays: Any, layout: str = "NCHW") -> list[Any]:
    outputs = {f"out{number}": np.asarray(array, np.float32) for number, array in enumerate(arrays)}
    return chosen(ADAPTERS, adapter, Place("here")).predictions(outputs, layout)


def processed(
    step: dict[str, Any], prediction: Any, annotation: Any = None, meta: Any = None
) -> tuple[Any, Any]:
    entry = chosen(POSTPROCESSING, step, Place("here"))
    return entry.apply(prediction, annotation, SEEN, meta or Meta())


def detections(*rows: list[float]) -> Detections:
    array = np.array(rows, np.float64).reshape(-1, 6)
    return Detections(array[:, 0].astype(np.int64), array[:, 1], array[:, 2:])


@pytest.mark.parametrize("shape", [(1, 4), (1, 4, 1, 1), (4,)])
def test_classes_come_the_likeliest_first(shape: tuple[int, ...]) -> None:
    scores = np.array([0.1, 0.5, 0.5, 0.2]).reshape(shape)
    (found,) = predicted("classification", scores)
    assert found.tolist() == [1, 2, 3, 0]


def test_each_image_of_a_batch_has_its_classes() -> None:
    first, second = predicted("classification", [[0, 1], [1, 0]])
    assert (first.tolist(), second.tolist()) == ([1, 0], [0, 1])


def test_an_output_may_be_the_class_itself_and_have_a_name() -> None:
    entry = {"type": "classification", "argmax_output": True, "classification_output": "out1"}
    assert [each.tolist() for each in predicted(entry, [[9]], [[3]])] == [[3]]
    with pytest.raises(ModelError) as raised:
        predicted(entry, [[9]])
    assert str(raised.value) == "adapter: the model has no output 'out1', its outputs are ['out0']"


def test_ssd_rows_end_with_image_minus_one() -> None:
    rows = [
        [0, 2, 0.5, 0, 0.25, 0.5, 1],
        [0, 1, 0.25, 0, 0, 1, 1],
        [-1, 0, 0, 0, 0, 0, 0],
        [0, 1, 1, 0, 0, 1, 1],
    ]
    (found,) = predicted("ssd", np.array(rows)[None, None])
    assert found.labels.tolist() == [2, 1]
    assert found.scores.tolist() == [0.5, 0.25]
    assert found.boxes.tolist() == [[0, 0.25, 0.5, 1], [0, 0, 1, 1]]


def test_ssd_finds_nothing() -> None:
    (found,) = predicted("ssd", np.full((1, 1, 3, 7), -1))
    assert found.boxes.shape == (0, 4)


SCORES = np.arange(2 * 3 * 4).reshape(1, 2, 3, 4) % 7


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_segmentation_scores_come_class_by_class(layout: str) -> None:
    output = SCORES if layout == "NCHW" else SCORES.transpose(0, 2, 3, 1)
    (scores,) = predicted("segmentation", output, layout=layout)
    assert (scores == SCORES[0]).all()
    (classes,) = predicted({"type": "segmentation", "make_argmax": True}, output, layout=layout)
    assert (classes == SCORES[0].argmax(0)).all()


def test_segmentation_classes_stay_as_they_are() -> None:
    assert predicted("segmentation", [[[0, 1]]])[0].tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("adapter", "shape", "message"),
    [
        ("classification", (1, 0), "output 'out0' has shape [1, 0], expected [batch, classes]"),
        ("ssd", (1, 100, 6), "output 'out0' has shape [1, 100, 6], expected [1, 1, objects, 7]"),
        (
            "segmentation",
            (1, 5),
            "output 'out0' has shape [1, 5], expected [batch, classes, height, width] or [batch, height, width]",
        ),
        (
            {"type": "segmentation", "make_argmax": True},
            (1, 5, 5),
            "make_argmax needs a score for each class, output 'out0' has shape [1, 5, 5]",
        ),
    ],
)
def test_outputs_of_another_form(adapter: Any, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ModelError) as raised:
        predicted(adapter, np.zeros(shape))
    name = adapter if isinstance(adapter, str) else adapter["type"]
    assert str(raised.value) == f"adapter {name}: {message}"


def test_boxes_become_pixels_of_the_image() -> None:
    found, _ = processed({"type": "resize_prediction_boxes"}, detections([1, 0.5, 0.25, 0.5, 0.5, 1]))
    assert found.boxes.tolist() == [[10, 10, 20, 20]]
    found, _ = processed(
        {"type": "resize_prediction_boxes", "rescale": True}, detections([1, 0.5, 2, 5, 5, 10])
    )
    assert found.boxes.tolist() == [[8, 10, 20, 20]]


@pytest.mark.parametrize(
    ("values", "box"),
    [
        ({}, [0, 0, 40, 20]),
        ({"size": 30}, [0, 0, 30, 30]),
        ({"dst_width": 50, "dst_height": 10}, [0, 0, 50, 10]),
        ({"boxes_normalized": True}, [0, 0, 1, 1]),
    ],
)
def test_boxes_end_at_the_border(values: dict[str, Any], box: list[float]) -> None:
    prediction = detections([1, 0.5, -3, -3, 60, 60])
    annotation = Objects.of([1], [[-3, -3, 60, 60]])
    for target in ("prediction", "annotation", "all"):
        step = {"type": "clip_boxes", "apply_to": target, **values}
        pair = processed(step, prediction, annotation)
        changed = [each.boxes[0].tolist() == box for each in pair]
        assert changed == [target != "annotation", target != "prediction"]


ROW = ([1, 0.9, 0, 0, 9, 9], [2, 0.8, 0, 5, 9, 14], [1, 0.7, 0, 0, 9, 9], [3, 0.95, 20, 20, 22, 22])


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({}, [0.9, 0.8, 0.95]),  # the second shares a third with the first, the third all
        ({"overlap": 0.3}, [0.9, 0.95]),
        ({"overlap": 0.34}, [0.9, 0.8, 0.95]),
        ({"overlap": 0.3, "include_boundaries": False}, [0.9, 0.8, 0.95]),
        ({"use_min_area": True, "overlap": 0.49}, [0.9, 0.95]),
        ({"keep_top_k": 1}, [0.95]),
    ],
)
def test_better_objects_cover_worse_ones(values: dict[str, Any], kept: list[float]) -> None:
    found, _ = processed({"type": "nms", **values}, detections(*ROW))
    assert found.scores.tolist() == kept
    assert len(found.labels) == len(found.boxes) == len(kept)


def test_nothing_to_cover() -> None:
    assert len(processed({"type": "nms"}, detections())[0].labels) == 0


@pytest.mark.parametrize(
    ("values", "size"),
    [({}, (20, 40)), ({"size": 4}, (4, 4)), ({"to_dst_image_size": True}, (10, 10))],
)
def test_masks_take_their_nearest_pixels(values: dict[str, Any], size: tuple[int, int]) -> None:
    mask = np.array([[0, 1], [2, 3]])
    step = {"type": "resize_segmentation_mask", "apply_to": "all", **values}
    prediction, annotation = processed(step, mask[None] / 2, mask)
    assert annotation.shape == size and prediction.shape == (1, *size)
    quarters = annotation.reshape(2, size[0] // 2, 2, size[1] // 2)
    assert (quarters == mask[:, None, :, None]).all()
    assert (prediction[0] * 2 == annotation).all()


def test_masks_that_stay_as_they_are() -> None:
    mask = np.zeros((2, 2))
    prediction, annotation = processed(
        {"type": "resize_segmentation_mask", "apply_to": "annotation", "size": 4}, mask, np.zeros((2, 2, 3))
    )
    assert prediction is mask and annotation.shape == (4, 4, 3)


@pytest.mark.parametrize("channels", [1, 3])
def test_colours_become_classes(channels: int) -> None:
    colors = np.array([[0, 0, 0], [128, 0, 0], [0, 0, 255], [9, 9, 9], [128, 0, 0]])
    mask = np.array([[[0, 0, 255], [128, 0, 0], [1, 2, 3], [9, 9, 9], [0, 0, 0]]], np.uint8)
    if channels == 1:
        colors, mask = np.array([5, 7, 200, 9, 7]), np.array([[200, 7, 1, 9, 5]], np.uint8)
    step = {"type": "encode_segmentation_mask", "apply_to": "annotation"}
    _, found = processed(step, None, mask, Meta(colors=colors))
    assert found.tolist() == [[2, 4, 0, 3, 0]]


def test_a_mask_has_one_size() -> None:
    step = {"type": "resize_segmentation_mask", "apply_to": "all", "size": 4, "to_dst_image_size": True}
    with pytest.raises(
        ConfigError, match="to_dst_image_size and a size contradict each other, expected one of them"
    ):
        processed(step, None)


def test_colours_need_to_be_known() -> None:
    step = {"type": "encode_segmentation_mask", "apply_to": "annotation"}
    with pytest.raises(ConfigError) as raised:
        chosen(POSTPROCESSING, step, Place("here")).require(Meta(), Place("here"))
    assert str(raised.value) == (
        "here: encode_segmentation_mask needs segmentation_colors in the dataset's meta file"
    )
    with pytest.raises(DataError) as unfit:
        processed(step, None, np.zeros((2, 2)), Meta(colors=np.zeros((4, 3), np.int64)))
    assert str(unfit.value) == (
        "mask of 'a.png' has shape [2, 2], which doesn't fit segmentation_colors of shape [4, 3]"
    )
