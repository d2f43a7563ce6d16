"""Where pixels go: sizes and places beside the arithmetic of those whose networks they are for."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from openvino.tools.pot.data_loaders.geometry import placing
from openvino.tools.pot.data_loaders.images import ImageReader
from openvino.tools.pot.data_loaders.layout import ImageInput
from openvino.tools.pot.data_loaders.stating.families import FAMILIES, LETTERBOX
from openvino.tools.pot.data_loaders.stating.statement import Resize

RANDOM = np.random.default_rng(5)
SIZES = [tuple(int(side) for side in RANDOM.integers(1, 900, 2)) for _ in range(200)]


def picture(height: int, width: int) -> Image.Image:
    """Smooth and bright, so that every border shows."""
    rows, columns = np.mgrid[:height, :width]
    planes = [200 + 40 * np.sin(rows / 9 + k) * np.cos(columns / 7 - k) for k in range(3)]
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def read(
    resize: Resize, size: tuple[int | None, int | None], image: Image.Image, **options: Any
) -> NDArray[Any]:
    target = ImageInput("x", "NHWC", 3, *size)
    return ImageReader(target, False, resize=resize, **options).arranged(image)[0]


def bilinear(pixels: NDArray[Any], height: int, width: int) -> NDArray[np.float64]:
    """Between the nearest four pixels, centres on centres, as OpenCV's INTER_LINEAR is defined."""

    def ends(new: int, old: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        at = ((np.arange(new) + 0.5) * old / new - 0.5).clip(0, old - 1)
        low = np.floor(at).astype(int)
        return low, np.minimum(low + 1, old - 1), at - low

    (top, bottom, down), (left, right, over) = ends(height, pixels.shape[0]), ends(width, pixels.shape[1])
    down, over = down[:, None, None], over[None, :, None]
    upper = pixels[top][:, left] * (1 - over) + pixels[top][:, right] * over
    lower = pixels[bottom][:, left] * (1 - over) + pixels[bottom][:, right] * over
    return np.asarray(upper * (1 - down) + lower * down)


@pytest.mark.parametrize("image", [(427, 640), (640, 427), (301, 299), (48, 50), (1, 77), (320, 320)])
@pytest.mark.parametrize("size", [(320, 320), (256, 416)])
def test_a_letterbox_is_that_of_ultralytics(image: tuple[int, int], size: tuple[int, int]) -> None:
    source = picture(*image)
    ratio = min(size[0] / image[0], size[1] / image[1])
    height, width = max(1, round(image[0] * ratio)), max(1, round(image[1] * ratio))
    top, left = round((size[0] - height) / 2 - 0.1), round((size[1] - width) / 2 - 0.1)
    bottom, right = round((size[0] - height) / 2 + 0.1), round((size[1] - width) / 2 + 0.1)
    expected = np.pad(
        bilinear(np.asarray(source, np.float64), height, width),
        ((top, bottom), (left, right), (0, 0)),
        constant_values=114,
    )
    found = read(LETTERBOX, size, source)
    assert found.shape == expected.shape == (*size, 3)
    assert np.abs(found - expected).max() < 0.501  # it is rounded
    inner = np.zeros(size, bool)
    inner[top : top + height, left : left + width] = True
    assert (found[~inner] == 114).all()
    assert (found[inner] > 114).all()


@pytest.mark.parametrize("seed", range(20))
def test_places_of_a_letterbox_are_those_of_its_authors(seed: int) -> None:
    for image in SIZES[10 * seed : 10 * seed + 10]:
        size = 320, 416
        way = placing(LETTERBOX, image, size)
        ratio = min(size[0] / image[0], size[1] / image[1])
        assert way.size == tuple(max(1, round(side * ratio)) for side in image)
        assert way.top == max(0, round((size[0] - way.size[0]) / 2 - 0.1))
        assert way.left == max(0, round((size[1] - way.size[1]) / 2 - 0.1))


def test_what_is_left_has_its_colour_after_scaling() -> None:
    mean, scale = np.float32([127.5]), np.float32([127.5])
    line = FAMILIES["ppocr-rec"][1].resize
    assert line is not None
    found = read(line, (48, 320), picture(40, 80), mean=mean, scale=scale)
    assert found.dtype == np.float32
    assert (found[:, 96:] == 0).all()
    assert (found[:, :96] > 0).all()


@pytest.mark.parametrize(
    ("image", "width"), [((40, 80), 320), ((10, 200), 960), ((7, 33), 320), ((13, 100), 369)]
)
def test_a_line_is_as_wide_as_its_text_where_the_width_is_open(image: tuple[int, int], width: int) -> None:
    line = FAMILIES["ppocr-rec"][1].resize
    assert line is not None
    way = placing(line, image, (48, None))
    # As PaddleOCR has it: the ratio of the widest line, no less than 320 to 48, times the height.
    assert way.canvas == (48, int(48 * max(320 / 48, image[1] / image[0])))
    assert way.canvas == (48, width)
    assert way.size == (48, min(width, ceil(48 * image[1] / image[0])))
    assert placing(line, image, (48, 100)).size == (48, min(100, way.size[1]))


def test_a_page_is_as_large_as_it_is_in_multiples() -> None:
    grid = FAMILIES["ppocr-det"][1].resize
    assert grid is not None
    assert placing(grid, (400, 600), (None, None)).canvas == (384, 608)
    assert placing(grid, (2000, 1000), (None, None)).canvas == (960, 480)
    assert placing(grid, (5, 9), (None, None)).canvas == (32, 32)
    assert placing(grid, (400, 600), (640, 640)).canvas == (640, 640)
    assert placing(Resize("grid", shortest=736, step=32), (400, 600), (None, None)).canvas == (736, 1088)


@pytest.mark.parametrize("image", [(427, 640), (640, 427), (301, 300), (100, 100)])
def test_a_crop_is_that_of_torchvision(image: tuple[int, int]) -> None:
    source, shorter = picture(*image), 256
    if image[0] <= image[1]:
        resized = source.resize((int(shorter * image[1] / image[0]), shorter), Image.Resampling.BILINEAR)
    else:
        resized = source.resize((shorter, int(shorter * image[0] / image[1])), Image.Resampling.BILINEAR)
    top, left = round((resized.height - 224) / 2.0), round((resized.width - 224) / 2.0)
    expected = np.asarray(resized)[top : top + 224, left : left + 224]
    np.testing.assert_array_equal(read(Resize("crop", part=0.875), (224, 224), source), expected)


def test_images_are_fitted_left_and_above() -> None:
    found = read(Resize("keep", fill=7), (100, 100), picture(50, 80))
    assert found.shape == (100, 100, 3)
    assert (found[62:] == 7).all()
    assert (found[:62] > 7).all()
    assert placing(Resize("keep", down=True), (51, 80), (100, 100)).size == (63, 100)
    assert placing(Resize("keep"), (51, 80), (100, 100)).size == (64, 100)


def test_the_middle_of_the_input_s_proportions_is_stretched() -> None:
    assert placing(Resize("cover"), (100, 300), (50, 100)).part == (100, 200)
    assert placing(Resize("cover"), (300, 100), (50, 50)).part == (100, 100)


@pytest.mark.parametrize("kind", ["stretch", "letterbox", "keep", "cover", "crop"])
def test_whatever_the_image_it_gets_the_size_of_the_input(kind: Any) -> None:
    for image in SIZES:
        way = placing(Resize(kind, part=0.9), image, (96, 128))
        assert way.canvas == (96, 128)
        assert all(way.part[axis] <= image[axis] for axis in (0, 1))
        assert all(1 <= way.middle[axis] <= way.size[axis] for axis in (0, 1))
        assert way.top + way.middle[0] <= 96
        assert way.left + way.middle[1] <= 128


@pytest.mark.parametrize("size", [(300, 200), (90, 400)])
def test_the_middle_of_what_was_stretched(size: tuple[int, int]) -> None:
    image = picture(*size)
    whole = np.asarray(image.resize((256, 256), Image.Resampling.BICUBIC))
    found = read(Resize("stretch", part=0.875, method="BICUBIC"), (224, 224), image)
    np.testing.assert_array_equal(found, whole[16:240, 16:240])
