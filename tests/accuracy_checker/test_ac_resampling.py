"""Images in other sizes, against what OpenCV 4.10 made of them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from openvino.tools.pot.datasets.resampling import INTERPOLATIONS, nearest_indices, resample

IMAGE = (np.arange(5 * 7 * 3).reshape(5, 7, 3) * 37 % 256).astype(np.uint8)
# The first channel of cv2.resize(IMAGE, (width, height), interpolation=...).
SMALLER = {
    "nearest": [[0, 111, 77, 43], [9, 120, 86, 52], [27, 138, 104, 70]],
    "linear": [[44, 207, 177, 115], [60, 222, 192, 130], [74, 87, 207, 145]],
    "cubic": [[35, 216, 188, 107], [51, 232, 203, 122], [78, 78, 221, 138]],
    "area": [[51, 168, 139, 110], [66, 183, 154, 124], [80, 109, 168, 139]],
}
LARGER = {
    "nearest": [
        [0, 0, 111, 222, 77, 77, 188, 43, 154],
        [0, 0, 111, 222, 77, 77, 188, 43, 154],
        [9, 9, 120, 231, 86, 86, 197, 52, 163],
    ],
    "linear": [
        [0, 74, 160, 190, 77, 163, 107, 80, 154],
        [4, 78, 164, 194, 81, 167, 111, 84, 158],
        [9, 83, 170, 199, 86, 173, 117, 89, 164],
    ],
    "cubic": [
        [0, 63, 182, 200, 76, 176, 103, 61, 160],
        [0, 67, 186, 204, 80, 180, 107, 65, 164],
        [2, 74, 193, 211, 87, 186, 114, 72, 171],
    ],
    "area": [
        [0, 79, 159, 201, 77, 172, 105, 75, 154],
        [4, 83, 162, 205, 80, 176, 109, 78, 157],
        [9, 88, 168, 210, 86, 181, 114, 84, 163],
    ],
}
TOLERANCE = {"nearest": 0, "linear": 0, "cubic": 1, "area": 1}


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_smaller_images_are_those_of_opencv(interpolation: str) -> None:
    found = resample(IMAGE, 3, 4, interpolation)
    assert found.dtype == np.float32 and found.shape == (3, 4, 3)
    assert np.abs(found[..., 0] - SMALLER[interpolation]).max() <= TOLERANCE[interpolation]


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_larger_images_are_those_of_opencv(interpolation: str) -> None:
    found = resample(IMAGE, 8, 9, interpolation)
    assert np.abs(found[:3, :, 0] - LARGER[interpolation]).max() <= TOLERANCE[interpolation]


def test_half_the_size_is_the_mean_of_four_pixels_rounded_up() -> None:
    image = np.array([[1, 2], [2, 1]], np.uint8)[..., None]
    assert resample(image, 1, 1, "linear") == [[[2]]]


def test_floats_are_not_rounded() -> None:
    image = np.array([[0, 1]], np.float32)[..., None]
    assert resample(image, 1, 4, "linear")[0, :, 0].tolist() == [0, 0.25, 0.75, 1]


def test_one_pixel_fills_any_size() -> None:
    assert (resample(np.full((1, 1, 3), 9, np.uint8), 4, 5, "cubic") == 9).all()


@pytest.mark.parametrize(("source", "target"), [(2, 7), (9, 4), (5, 5), (100, 33), (3, 16)])
def test_nearest_pixels_are_those_of_pillow(source: int, target: int) -> None:
    image = Image.fromarray(np.arange(source, dtype=np.uint8)[None])
    wanted = np.asarray(image.resize((target, 1), Image.Resampling.NEAREST))[0]
    assert nearest_indices(source, target).tolist() == wanted.tolist()
