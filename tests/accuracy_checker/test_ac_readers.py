"""Images and masks, read as Accuracy Checker's readers give them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ac_data import picture
from PIL import Image

from openvino.tools.pot.accuracy_checker.entries import chosen
from openvino.tools.pot.datasets.masks import MaskFile
from openvino.tools.pot.datasets.readers import READERS
from openvino.tools.pot.utils.errors import ConfigError, DataError, Place

IMAGE = picture(1, 4, 6)


def read(reader: Any, path: Path) -> Any:
    return chosen(READERS, reader, Place("reader")).read(path)


def saved(folder: Path, image: Any, name: str = "a.png", **options: Any) -> Path:
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(folder / name, **options)
    return folder / name


def test_opencv_gives_blue_first_and_pillow_red_first(tmp_path: Path) -> None:
    path = saved(tmp_path, IMAGE)
    assert (read("opencv_imread", path) == IMAGE[..., ::-1]).all()
    assert (read({"type": "pillow_imread", "to_rgb": True}, path) == IMAGE).all()


def test_only_opencv_turns_images_as_their_camera_says(tmp_path: Path) -> None:
    image = Image.fromarray(IMAGE)
    turned = image.getexif()
    turned[0x0112] = 6  # a quarter turn
    path = saved(tmp_path, image, exif=turned)
    assert read("opencv_imread", path).shape == (6, 4, 3)
    assert read("pillow_imread", path).shape == (4, 6, 3)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK"])
def test_all_kinds_of_images_have_three_channels(tmp_path: Path, mode: str) -> None:
    path = saved(tmp_path, Image.fromarray(IMAGE).convert(mode), f"a.{'tif' if mode == 'CMYK' else 'png'}")
    assert read("opencv_imread", path).shape == (4, 6, 3)


def test_transparent_pixels_keep_their_colours(tmp_path: Path) -> None:
    path = saved(tmp_path, np.dstack([IMAGE, np.zeros((4, 6), np.uint8)]))
    assert (read("pillow_imread", path) == IMAGE).all()


def test_of_16_bits_the_higher_8_count_for_opencv_alone(tmp_path: Path) -> None:
    path = saved(tmp_path, IMAGE[..., 0].astype(np.uint16) * 256 + 200)
    assert (read("opencv_imread", path) == IMAGE[..., :1]).all()
    with pytest.raises(
        DataError, match=r"can't be read: its pixels are of mode I;16, expected 8 bits a channel$"
    ):
        read("pillow_imread", path)


def test_a_file_that_is_no_image(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text("text")
    with pytest.raises(DataError, match=r"^image '.*a\.png' can't be read: "):
        read("opencv_imread", path)


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        (
            "json_reader",
            "reader: type: 'json_reader' is not supported, expected one of opencv_imread, pillow_imread, scipy_imread, "
            "skimage_imread, tf_imread, numpy_reader; did you mean 'numpy_reader'?",
        ),
        (
            {"type": "opencv_imread", "reading_flag": "gray"},
            "reader: reading_flag: input should be 'color', found 'gray'",
        ),
    ],
)
def test_other_readers(reader: Any, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(reader, Path())
    assert str(raised.value) == message


def test_masks_as_classes_or_as_colours(tmp_path: Path) -> None:
    classes = np.array([[0, 1], [1, 2]], np.uint8)
    image = Image.fromarray(classes)
    image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    path = saved(tmp_path, image)
    colors = np.array([[0, 0, 0], [128, 0, 0], [0, 128, 0]])[classes]
    assert (MaskFile(path, "pillow").read() == classes).all()
    assert (MaskFile(path, "scipy").read() == colors).all()
    assert (MaskFile(path, "pillow_convert_to_rgb").read() == colors).all()
    assert (MaskFile(path, "opencv").read() == colors[..., ::-1]).all()


def test_masks_of_numpy(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[0, 1]]))
    assert MaskFile(tmp_path / "a.npy", "numpy").read().tolist() == [[0, 1]]
    np.save(tmp_path / "b.npy", np.zeros(3))
    with pytest.raises(DataError, match=r"b\.npy' holds no array of 2 or 3 axes$"):
        MaskFile(tmp_path / "b.npy", "numpy").read()
    (tmp_path / "c.npy").write_text("text")
    with pytest.raises(DataError, match=r"^mask '.*c\.npy' can't be read: "):
        MaskFile(tmp_path / "c.npy", "numpy").read()
