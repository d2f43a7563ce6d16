"""Each step of preprocessing, against figures worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ac_data import picture
from PIL import Image

from openvino.tools.pot.accuracy_checker.entries import chosen
from openvino.tools.pot.datasets.pictures import Picture
from openvino.tools.pot.datasets.preprocessing import STEPS
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError, Place

COUNTING = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)


def applied(pixels: Any, *steps: dict[str, Any], **picture: Any) -> Picture:
    found = Picture(np.asarray(pixels), **picture)
    for step in steps:
        found = chosen(STEPS, step, Place("here")).apply(found)
    return found


def refusal(step: Any) -> str:
    with pytest.raises(ConfigError) as raised:
        chosen(STEPS, step, Place("here"))
    return str(raised.value)


@pytest.mark.parametrize(
    ("scale", "image", "wanted", "size"),
    [
        ("width", (100, 200), (50, 60), (50, 120)),
        ("height", (100, 200), (50, 60), (25, 60)),
        ("greater", (100, 200), (50, 50), (50, 100)),
        ("greater", (200, 100), (50, 50), (100, 50)),
        ("greater", (333, 500), (256, 256), (256, 384)),
        ("fit_to_window", (100, 200), (50, 60), (30, 60)),
        ("min_ratio", (100, 200), (50, 60), (50, 100)),
        ("mask_rcnn_benchmark_aspect_ratio", (100, 200), (80, 50), (50, 100)),
        ("frcnn_keep_aspect_ratio", (100, 120), (50, 80), (50, 60)),
        ("frcnn_keep_aspect_ratio", (100, 200), (50, 80), (40, 80)),
        ("east_keep_aspect_ratio", (720, 1280), (2400, 32), (672, 1280)),
        ("east_keep_aspect_ratio", (50, 96), (2400, 32), (32, 96)),
        ("east_keep_aspect_ratio", (3000, 4800), (2400, 32), (1440, 2400)),
    ],
)
def test_sizes_that_keep_proportions(
    scale: str, image: tuple[int, int], wanted: tuple[int, int], size: tuple[int, int]
) -> None:
    step = {
        "type": "resize",
        "dst_height": wanted[0],
        "dst_width": wanted[1],
        "aspect_ratio_scale": scale,
        "interpolation": "NEAREST",
    }
    found = applied(np.zeros((*image, 3), np.uint8), step)
    assert found.size == found.resized == size


def test_resize_takes_opencvs_linear_pixels_in_float32() -> None:
    pixels = applied([[[0], [100]]] * 2, {"type": "resize", "dst_width": 4, "dst_height": 2}).pixels
    assert pixels.dtype == np.float32
    assert pixels[0, :, 0].tolist() == [0, 25, 75, 100]


@pytest.mark.parametrize("choice", [{"use_pillow": True}, {"resize_realization": "pillow"}])
@pytest.mark.parametrize(
    ("name", "method"), [("BILINEAR", "BILINEAR"), ("antialias", "LANCZOS"), ("Cubic", "BICUBIC")]
)
def test_resize_takes_pillows_pixels(choice: dict[str, Any], name: str, method: str) -> None:
    image = picture(1, 20, 30)
    found = applied(image, {"type": "resize", "size": 7, "interpolation": name, **choice}).pixels
    wanted = Image.fromarray(image).resize((7, 7), getattr(Image.Resampling, method))
    assert found.dtype == np.uint8
    assert (found == np.asarray(wanted)).all()


def test_resize_of_pillow_takes_floats_too() -> None:
    step = {"type": "resize", "size": 5, "use_pillow": True}
    image = picture(2, 20, 30)
    floats = applied(image.astype(np.float32) / 2, step).pixels
    assert np.abs(floats * 2 - applied(image, step).pixels).max() <= 1


def test_auto_resize_takes_the_size_of_the_input() -> None:
    assert applied(COUNTING, {"type": "auto_resize"}, input_size=(3, 4)).size == (3, 4)
    with pytest.raises(
        EngineError, match="auto_resize needs a model whose input has a fixed height and width"
    ):
        applied(COUNTING, {"type": "auto_resize"})


def test_crop_keeps_the_middle() -> None:
    found = applied(COUNTING, {"type": "crop", "dst_height": 3, "dst_width": 4}).pixels
    assert (found == COUNTING[1:4, 2:6]).all() and found.dtype == np.uint8


def test_crop_of_pillow_rounds_its_borders_otherwise() -> None:
    found = applied(COUNTING, {"type": "crop", "dst_height": 3, "dst_width": 5, "use_pillow": True}).pixels
    assert (found == COUNTING[2:5, 2:7]).all()


def test_crop_of_pillow_fills_small_images_up_with_zeros() -> None:
    found = applied(COUNTING, {"type": "crop", "dst_height": 8, "dst_width": 10, "use_pillow": True}).pixels
    assert found.shape == (8, 10, 3)
    assert (found[1:7, 1:9] == COUNTING).all()
    assert found.sum() == COUNTING.sum()


def test_crop_enlarges_small_images() -> None:
    found = applied(np.full((4, 8, 3), 50, np.uint8), {"type": "crop", "size": 8})
    assert found.size == (8, 8)
    assert (found.pixels == 50).all()


@pytest.mark.parametrize(
    ("how", "size"), [({"central_fraction": 0.5}, (3, 4)), ({"max_square": True}, (6, 6))]
)
def test_crop_by_a_share_and_to_a_square(how: dict[str, Any], size: tuple[int, int]) -> None:
    assert applied(COUNTING, {"type": "crop", **how}).size == size


@pytest.mark.parametrize(
    ("kind", "start"), [("center", (1, 1)), ("left_top", (2, 3)), ("right_bottom", (0, 0))]
)
def test_padding_puts_a_border_where_it_is_wanted(kind: str, start: tuple[int, int]) -> None:
    step = {"type": "padding", "dst_height": 8, "dst_width": 11, "pad_type": kind, "pad_value": "1,2,127.5"}
    found = applied(COUNTING, step).pixels
    rows, columns = slice(start[0], start[0] + 6), slice(start[1], start[1] + 8)
    assert found.shape == (8, 11, 3) and found.dtype == np.uint8
    assert (found[rows, columns] == COUNTING).all()
    border = np.ones((8, 11), bool)
    border[rows, columns] = False
    assert (found[border] == [1, 2, 128]).all()


def test_padding_fills_up_to_a_stride() -> None:
    assert applied(COUNTING, {"type": "padding", "stride": 4}).size == (8, 8)


def test_padding_fills_up_what_a_resize_left() -> None:
    resize = {"type": "resize", "size": 8, "aspect_ratio_scale": "fit_to_window"}
    found = applied(COUNTING, resize, {"type": "padding"})
    assert found.size == (8, 8) and found.resized == (6, 8)


def test_borders_of_one_channel() -> None:
    gray = np.array([[[1], [2]]], np.uint8)
    step = {"type": "padding", "dst_width": 4, "dst_height": 1, "pad_type": "right_bottom"}
    assert applied(gray, {**step, "pad_value": "7,8,9"}).pixels[0, :, 0].tolist() == [1, 2, 7, 7]


@pytest.mark.parametrize(
    ("mode", "row"),
    [
        ("constant", [0, 1, 5, 0]),
        ("edge", [1, 1, 5, 5]),
        ("maximum", [5, 1, 5, 5]),
        ("mean", [3, 1, 5, 3]),
        ("symmetric", [1, 1, 5, 5]),
        ("wrap", [5, 1, 5, 1]),
    ],
)
def test_borders_that_numpy_makes(mode: str, row: list[int]) -> None:
    step = {"type": "padding", "dst_width": 4, "dst_height": 1, "use_numpy": True, "numpy_pad_mode": mode}
    assert applied(np.array([[[1], [5]]], np.uint8), step).pixels[0, :, 0].tolist() == row


def test_padding_never_cuts() -> None:
    assert applied(COUNTING, {"type": "padding", "size": 3}).size == (6, 8)


@pytest.mark.parametrize(
    ("figures", "wanted"),
    [
        ({"mean": 2, "std": 4}, [2, 4.5, 7]),
        ({"mean": [1, 2, 3]}, [9, 18, 27]),
        ({"mean": "1, 2, 3", "std": "(2.0, 4.0, 8.0)"}, [4.5, 4.5, 3.375]),
        ({"std": "10"}, [1, 2, 3]),
        ({"mean": "imagenet"}, [10 - 104.00698793, 20 - 116.66876762, 30 - 122.67891434]),
        ({"std": "CIFAR10"}, [10 / 125.307, 20 / 122.961, 30 / 113.8575]),
        ({"mean": 0, "images_only": True}, [10, 20, 30]),
    ],
)
def test_normalization(figures: dict[str, Any], wanted: list[float]) -> None:
    found = applied(np.array([[[10, 20, 30]]], np.uint8), {"type": "normalization", **figures}).pixels
    assert found.dtype == np.float32
    assert found[0, 0].tolist() == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("name", ["bgr_to_rgb", "rgb_to_bgr"])
def test_channels_swap(name: str) -> None:
    assert applied([[[1, 2, 3]]], {"type": name}).pixels.tolist() == [[[3, 2, 1]]]


# What cv2.cvtColor (4.14) makes of the first, COLOR_BGR2GRAY, and of the second, COLOR_RGB2GRAY.
@pytest.mark.parametrize(
    ("name", "wanted"), [("bgr_to_gray", [140, 76, 255]), ("rgb_to_gray", [177, 29, 255])]
)
def test_brightness_is_that_of_opencv(name: str, wanted: list[int]) -> None:
    pixels = np.array([[[200, 200, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    whole = applied(pixels, {"type": name, "cast_to_float": False}).pixels
    assert whole.dtype == np.uint8
    assert whole[0, :, 0].tolist() == wanted
    cast = applied(pixels, {"type": name}).pixels
    assert cast.dtype == np.float32
    assert cast.shape == (1, 3, 1)
    np.testing.assert_array_equal(cast, whole)
    parts = applied(pixels.astype(np.float32) / 255, {"type": name}).pixels
    np.testing.assert_allclose(parts[0, :, 0] * 255, wanted, atol=0.5)


def test_steps_that_need_other_channels_say_so() -> None:
    gray = np.zeros((2, 2, 1), np.uint8)
    with pytest.raises(DataError, match="three channels, but the image has 1 channel there"):
        applied(gray, {"type": "bgr_to_gray"})
    with pytest.raises(
        DataError, match="normalization: mean has 3 numbers, but the image has 1 channel there"
    ):
        applied(gray, {"type": "normalization", "mean": [1, 2, 3]})


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"type": "resize"}, "a size is missing, expected size, or dst_width and dst_height"),
        ({"type": "resize", "dst_width": 3}, "dst_width and dst_height go together, found only one of them"),
        (
            {"type": "resize", "size": 3, "dst_width": 4},
            "size 3, dst_width 4 and dst_height None contradict each other",
        ),
        (
            {"type": "resize", "size": 3, "interpolation": "LANCZOS4"},
            "interpolation 'LANCZOS4' of OpenCV is not supported, expected one of NEAREST, LINEAR, BILINEAR, "
            "CUBIC, BICUBIC, AREA",
        ),
        (
            {"type": "crop", "size": 3, "max_square": True},
            "expected exactly one of a size (size, or dst_width and dst_height), central_fraction and max_square",
        ),
        ({"type": "normalization"}, "mean and std are missing, expected one of them at least"),
        ({"type": "normalization", "std": [1, 0, 1]}, "std divides the pixels, expected no zero in it"),
        (
            {"type": "normalization", "mean": "image_net"},
            "mean: expected one number or three, or one of imagenet, cifar10, found 'image_net'",
        ),
        (
            {"type": "normalization", "mean": [1, 2]},
            "mean: expected one number or three, or one of imagenet, cifar10, found [1, 2]",
        ),
        (
            {"type": "padding", "pad_value": "background"},
            "pad_value: expected one number or three, found 'background'",
        ),
    ],
)
def test_steps_that_make_no_sense(step: dict[str, Any], message: str) -> None:
    assert refusal(step) == f"here: {message}"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            {"type": "resize", "size": 2, "aspect_ratio_scale": "height"},
            "resize: an image of 9 x 1 pixels would shrink to 2 x 0 pixels",
        ),
        ({"type": "crop", "central_fraction": 0.5}, "crop: nothing is left of an image of 9 x 1 pixels"),
    ],
)
def test_images_of_which_nothing_is_left(step: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as raised:
        applied(np.zeros((1, 9, 3), np.uint8), step)
    assert str(raised.value) == message
