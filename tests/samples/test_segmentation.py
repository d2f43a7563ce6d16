from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from openvino.tools.pot.api.samples.segmentation import MeanIOU, VOCSegmentationLoader
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError

AEROPLANE, BOTTLE = (128, 0, 0), (128, 0, 128)  # classes 1 and 5
OUTLINE = (224, 224, 192)


@pytest.fixture
def voc(tmp_path: Path) -> dict[str, Any]:
    """An image of 2 by 3 pixels with its mask."""
    colors = [[AEROPLANE, BOTTLE, OUTLINE], [(0, 0, 0), AEROPLANE, BOTTLE]]
    Image.fromarray(np.array(colors, np.uint8)).quantize(8).save(tmp_path / "a.png")
    Image.fromarray(np.full((2, 3, 3), (200, 100, 50), np.uint8)).save(tmp_path / "a.jpg", quality=100)
    (tmp_path / "val.txt").write_text("a\n", encoding="utf-8")
    folder = str(tmp_path)
    return {
        "data_source": folder,
        "mask_dir": folder,
        "imageset_file": f"{folder}/val.txt",
        "image_size": 5,
    }


def test_images_and_masks_are_padded_alike(voc: dict[str, Any]) -> None:
    loader = VOCSegmentationLoader(voc)
    assert len(loader) == 1
    (index, mask), image = loader[0]
    assert (index, image.shape, image.dtype) == (0, (3, 5, 5), np.uint8)
    assert mask.dtype == np.int16
    expected = np.zeros((5, 5), int)
    expected[1:3, 1:4] = [[1, 5, 0], [0, 1, 5]]
    assert mask.tolist() == expected.tolist()
    assert np.abs(image[:, 1, 1].astype(int) - [200, 100, 50]).max() <= 3
    assert (image.any(0) == (np.pad(np.ones((2, 3), bool), [(1, 2), (1, 1)]))).all()


def test_images_larger_than_the_input_are_refused(voc: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="2 pixels high and 3 wide, expected no more than image_size, 2"):
        VOCSegmentationLoader({**voc, "image_size": 2})[0]


def test_past_the_last_mask_there_is_none(voc: dict[str, Any]) -> None:
    with pytest.raises(IndexError):
        VOCSegmentationLoader(voc)[1]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"mask_dir": None}, "mask_dir: it is missing"),
        ({"image_size": "large"}, "image_size: .*integer, found 'large'"),
        ({"data_source": "nowhere"}, "data_source: folder 'nowhere' does not exist"),
        ({"imageset_file": "nowhere.txt"}, "imageset_file: file 'nowhere.txt' does not exist"),
    ],
)
def test_a_wrong_configuration_of_masks_is_refused(
    voc: dict[str, Any], changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        VOCSegmentationLoader({**voc, **changed})


def test_missing_masks_are_told_of_at_once(voc: dict[str, Any]) -> None:
    Path(voc["imageset_file"]).write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"1 of 2 masks are not in .*'b\.png'"):
        VOCSegmentationLoader(voc)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.float32])
@pytest.mark.parametrize("shape", [(1, 2, 3), (1, 1, 2, 3), (1, 2, 3, 1)])
def test_overlap_is_the_mean_over_classes_in_either_mask(kind: Any, shape: tuple[int, ...]) -> None:
    metric = MeanIOU(num_classes=4)
    predicted = np.array([[0, 0, 1], [1, 1, 2]], kind).reshape(shape)
    metric.update([predicted], [np.array([[0, 0, 0], [1, 1, 1]], np.int16)])
    # 0: 2 of 3 pixels, 1: 2 of 4, 2: none of 1, 3 is in neither.
    assert metric.value["mean_iou"] == pytest.approx([(2 / 3 + 2 / 4) / 3])
    assert metric.avg_value["mean_iou"] == pytest.approx((2 / 3 + 2 / 4) / 3)


def test_pixels_of_several_images_are_counted_together() -> None:
    metric = MeanIOU(num_classes=2)
    metric.update([np.zeros((1, 1, 4))], [np.array([[0, 0, 0, 1]])])
    metric.update([np.ones((1, 1, 4))], [np.array([[1, 1, 1, 1]])])
    assert metric.value["mean_iou"] == [1.0]
    assert metric.avg_value["mean_iou"] == pytest.approx((3 / 4 + 4 / 5) / 2)
    metric.reset()
    assert metric.value["mean_iou"] == []
    metric.update([np.ones((1, 1, 4))], [np.array([[1, 1, 1, 1]])])
    assert metric.avg_value["mean_iou"] == 1.0


def test_a_batch_of_masks_gives_a_value_for_each() -> None:
    metric = MeanIOU(num_classes=2)
    metric.update([np.zeros((2, 1, 4))], [np.array([[0, 0, 0, 0]]), np.array([[1, 1, 1, 1]])])
    assert metric.value["mean_iou"] == [1.0, 0.0]


def test_pixels_of_unknown_classes_do_not_count() -> None:
    metric = MeanIOU(num_classes=2)
    metric.update([np.array([[[0, 1, 7, 0]]])], [np.array([[0, 255, 1, -1]])])
    assert metric.value["mean_iou"] == [1.0]


@pytest.mark.parametrize(
    ("output", "target", "error", "sentence"),
    [
        ([np.zeros(1), np.zeros(1)], [None], ModelError, "found 2 outputs"),
        ([np.zeros((2, 1, 4))], [np.zeros((1, 4))], DataError, "expected 1 masks"),
        ([np.zeros((1, 2, 4))], [np.zeros((1, 4))], DataError, r"\[2, 4\], the annotated one \[1, 4\]"),
        ([np.zeros((1, 21, 3, 4))], [np.zeros((3, 4))], DataError, "ArgMax"),
        ([np.zeros((1, 3, 4))], [None], DataError, "no annotation"),
    ],
)
def test_what_is_no_mask_is_refused(
    output: list[Any], target: list[Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        MeanIOU(4).update(output, target)


def test_there_must_be_classes() -> None:
    with pytest.raises(ConfigError, match="num_classes is 0"):
        MeanIOU(0)
