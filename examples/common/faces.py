"""Images with faces for everyone: faces of scikit-image's pictures, pasted into its photographs, and portraits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.packages import Archive, package_file
from openvino.tools.pot.api.samples.face_detection.utils import Floats, calculate_iou
from openvino.tools.pot.datasets.images import pillow, read_image, rgb
from openvino.tools.pot.utils.errors import ConfigError, DataError

# One wheel of many, whatever it runs on: only its pictures are read.
SCIKIT_IMAGE = Archive(
    "scikit-image==0.26.0",
    "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
    (
        *("--only-binary", ":all:", "--implementation", "cp", "--python-version", "3.11"),
        *("--platform", "manylinux_2_28_x86_64"),
    ),
)
# Pip asks its setup.py for metadata, but installs nothing.
FACE_RECOGNITION = Archive(
    "face_recognition==1.3.0", "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"
)
_PORTRAITS = ("biden", "obama", "obama2", "obama3", "obama_partial_face", "obama_partial_face2")
_PORTRAIT_SIZE = 600  # pixels of the longer side
_PHOTOGRAPHS = (
    *("brick.png", "chelsea.png", "coffee.png", "grass.png", "gravel.png", "hubble_deep_field.jpg"),
    *("motorcycle_left.png", "motorcycle_right.png", "rocket.jpg"),
)
_ASTRONAUT = (145, 30, 305, 230)  # her head
_PEOPLE = 100  # of the crops in lfw_subset; the others show no faces
_SIZE = (400, 300)  # of the images that are made
_HEIGHTS = (70, 170)  # of the pasted crops
_TRIES = 5  # images made for each that is wanted

Image = NDArray[np.uint8]
Detector = Callable[[Image], Floats]


@dataclass(frozen=True)
class Pasted:
    """An image with faces.

    Attributes:
        image: RGB, shape ``[height, width, 3]``.
        places: of what was pasted: rows of x_min, y_min, x_max, y_max.
    """

    image: Image
    places: Floats


def write_faces(folder: str | Path, detect: Detector, count: int, seed: int = 0) -> dict[str, str]:
    """Write images with faces, and the boxes that a detector finds at these faces, as WIDER FACE is annotated.

    Args:
        folder: for the images and ``annotations.txt``.
        detect: gives rows of x_min, y_min, x_max, y_max, score for an RGB image.
        count: of the images; on each at least one face is found.
        seed: even seeds show the astronaut and one half of the other faces, odd seeds only the other half.

    Returns:
        What ``WiderFaceLoader`` takes.

    Raises:
        ConfigError: the count is below 1.
        DataError: the pictures can't be downloaded, or the detector finds too few faces.
    """
    if count < 1:
        raise ConfigError(f"write_faces: count is {count}, expected 1 or more")
    random, faces = np.random.default_rng(seed), _faces(seed % 2)
    found: list[tuple[Image, Floats]] = []
    for _ in range(_TRIES * count):
        if len(found) == count:
            break
        made = paste(_background(random), faces, random)
        boxes = _at(detect(made.image), made.places)
        if len(boxes):
            found.append((made.image, boxes))
    if len(found) < count:
        raise DataError(
            f"the detector finds faces on {len(found)} of {_TRIES * count} images, expected {count}"
        )
    return write_annotated(folder, found)


def write_portraits(folder: str | Path, detect: Detector, count: int | None = None) -> dict[str, str]:
    """Write photographs of two politicians, and the boxes that a detector finds on them.

    Args:
        folder: for the images and ``annotations.txt``.
        detect: gives rows of x_min, y_min, x_max, y_max, score for an RGB image.
        count: the most photographs, default all six.

    Returns:
        What ``WiderFaceLoader`` takes.

    Raises:
        DataError: the pictures can't be downloaded.
    """
    images = [_portrait(name) for name in _PORTRAITS[:count]]
    return write_annotated(folder, [(image, detect(image)) for image in images])


def _portrait(name: str) -> Image:
    path = package_file(FACE_RECOGNITION, f"tests/test_images/{name}.jpg")
    photograph = pillow().fromarray(read_image(path, rgb))
    photograph.thumbnail((_PORTRAIT_SIZE, _PORTRAIT_SIZE))
    return np.asarray(photograph)


def write_annotated(folder: str | Path, found: Iterable[tuple[Image, Floats]]) -> dict[str, str]:
    """Write images and the boxes on them as WIDER FACE is annotated; returns what ``WiderFaceLoader`` takes.

    Args:
        folder: for the images and ``annotations.txt``.
        found: RGB images, each with rows of x_min, y_min, x_max, y_max.
    """
    folder, lines = Path(folder), []
    folder.mkdir(parents=True, exist_ok=True)
    for number, (image, boxes) in enumerate(found):
        name = f"{number:04}.png"
        pillow().fromarray(image).save(folder / name)
        lines += [name, str(len(boxes)), *_rows(boxes)]
    annotations = folder / "annotations.txt"
    annotations.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {"data_source": str(folder), "annotation_file": str(annotations)}


def _at(boxes: Floats, places: Floats) -> Floats:
    """The boxes whose middle is in the middle half of something pasted: others are mistakes of the detector."""
    middle = (boxes[:, None, :2] + boxes[:, None, 2:4]) / 2
    quarter = (places[:, 2:] - places[:, :2]) / 4
    inside = (middle > places[:, :2] + quarter) & (middle < places[:, 2:] - quarter)
    large = calculate_iou(boxes, places) > 0.2
    kept: Floats = boxes[(inside.all(axis=2) & large).any(axis=1)]
    return kept


def _rows(boxes: Floats) -> list[str]:
    low, high = boxes[:, :2].round(), boxes[:, 2:4].round()
    return [" ".join(map(str, row)) for row in np.hstack([low, high - low]).astype(int).tolist()]


def paste(background: Image, faces: Sequence[Image], random: np.random.Generator) -> Pasted:
    """Paste one to three faces side by side into an image, in sizes, places and light that chance decides.

    Args:
        background: RGB, shape ``[height, width, 3]``.
        faces: RGB.
        random: what decides.
    """
    image, places = background.astype(np.float64), []
    height, width = image.shape[:2]
    number = int(random.integers(1, 4))
    column = width // number
    for position in range(number):
        face = _varied(faces[int(random.integers(len(faces)))], column, height, random)
        rows, columns = face.shape[:2]
        y = int(random.integers(height - rows + 1))
        x = position * column + int(random.integers(column - columns + 1))
        mask, part = _oval(rows, columns), image[y : y + rows, x : x + columns]
        part += mask * (face - part)
        places.append((x, y, x + columns - 1, y + rows - 1))
    return Pasted(image.round().clip(0, 255).astype(np.uint8), np.array(places, np.float64))


def _varied(face: Image, width: int, height: int, random: np.random.Generator) -> Floats:
    """A face no wider and higher than there is room, perhaps mirrored, brighter or darker."""
    rows, columns = face.shape[:2]
    wanted = random.uniform(*_HEIGHTS)
    scale = min(wanted / rows, width / columns, height / rows)
    size = (int(columns * scale), int(rows * scale))
    resized = np.asarray(pillow().fromarray(face).resize(size, pillow().Resampling.BICUBIC), np.float64)
    light, contrast = random.uniform(-25, 25), random.uniform(0.8, 1.2)
    mirrored = resized[:, ::-1] if random.random() < 0.5 else resized
    return (mirrored - 128) * contrast + 128 + light


def _oval(rows: int, columns: int) -> Floats:
    """1 inside of an oval, 0 in the corners, with a soft border; shape ``[rows, columns, 1]``."""
    y, x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)[None]
    return ((1.25 - x**2 - y**2) / 0.35).clip(0, 1)[..., None]


def _background(random: np.random.Generator) -> Image:
    """A piece of a photograph, perhaps mirrored."""
    photograph = _picture(_PHOTOGRAPHS[random.integers(len(_PHOTOGRAPHS))])
    height, width = photograph.shape[:2]
    part = min(width / _SIZE[0], height / _SIZE[1]) * random.uniform(0.6, 1)
    columns, rows = int(_SIZE[0] * part), int(_SIZE[1] * part)
    x, y = int(random.integers(width - columns + 1)), int(random.integers(height - rows + 1))
    piece = pillow().fromarray(photograph[y : y + rows, x : x + columns])
    resized = np.asarray(piece.resize(_SIZE, pillow().Resampling.BILINEAR))
    return resized[:, ::-1] if random.random() < 0.5 else resized


@cache
def _picture(name: str) -> Image:
    path = package_file(SCIKIT_IMAGE, f"skimage/data/{name}")
    return read_image(path, rgb)


def _faces(half: int) -> list[Image]:
    """Half of the crops of ``lfw_subset``; in the first, the astronaut is as frequent as ten of them."""
    crops: Any = np.load(package_file(SCIKIT_IMAGE, "skimage/data/lfw_subset.npy"))[half:_PEOPLE:2]
    people = list(np.repeat((crops * 255).round().astype(np.uint8)[..., None], 3, axis=3))
    x, y, right, bottom = _ASTRONAUT
    return people if half else [*people, *[_picture("astronaut.png")[y:bottom, x:right]] * 10]
