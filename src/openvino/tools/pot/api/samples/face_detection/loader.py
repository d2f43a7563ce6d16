"""Images with faces, annotated as WIDER FACE is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.api.samples.utils.configurations import AnyPath, checked
from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.datasets.images import read_image, rgb
from openvino.tools.pot.utils.errors import DataError

_SUFFIXES = (".jpg", ".jpeg", ".png")


class _Config(Parameters):
    data_source: AnyPath
    annotation_file: AnyPath
    min_height: float = 60


class WiderFaceLoader(DataLoader):
    """RGB images as uint8 ``[height, width, 3]``, and ``{"bboxes": [[x_min, y_min, x_max, y_max]], "difficult": [n]}``.

    ``difficult`` numbers the faces that nobody needs to find, as they are small.

    Args:
        config: ``data_source`` (folder of the images), ``annotation_file`` (text: a line with the image's path in
            that folder, one with the number of faces, and one ``x y width height ...`` for each), and
            ``min_height`` (pixels of faces that count, default 60).

    Raises:
        ConfigError: a path is missing in the config.
        DataError: the annotation file is missing, or a line of it is not as expected.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        given = checked(_Config, config, self, WiderFaceLoader)
        self._folder = given.data_source
        faces = _read(given.annotation_file)
        self._names = list(faces)
        self._annotations = [_annotation(boxes, given.min_height) for boxes in faces.values()]

    def __len__(self) -> int:
        """Number of images."""
        return len(self._names)

    def __getitem__(self, index: int) -> Any:
        """``((index, annotation), image)``."""
        if index >= len(self):
            raise IndexError(f"image {index} of {len(self)}")
        path = self._folder / self._names[index]
        return (index, self._annotations[index]), read_image(path, rgb)


def _annotation(faces: NDArray[np.int64], min_height: float) -> dict[str, Any]:
    boxes = np.hstack([faces[:, :2], faces[:, :2] + faces[:, 2:]])
    return {"bboxes": boxes.tolist(), "difficult": np.flatnonzero(faces[:, 3] < min_height).tolist()}


def _read(path: Path) -> dict[str, NDArray[np.int64]]:
    """Image -> its faces, rows of x, y, width, height."""
    if not path.is_file():
        raise DataError(f"annotation file {str(path)!r} does not exist")
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    starts = [number for number, line in enumerate(lines) if line.lower().endswith(_SUFFIXES)]
    if not starts:
        raise DataError(
            f"annotation file {str(path)!r} names no image: expected lines that end with .jpg or .png"
        )
    return {lines[start]: _faces(path, lines, start) for start in starts}


def _faces(path: Path, lines: list[str], start: int) -> NDArray[np.int64]:
    try:
        count = int(lines[start + 1])
        rows = [line.split()[:4] for line in lines[start + 2 : start + 2 + count]]
        return np.array(rows, np.float64).astype(np.int64).reshape(count, 4)
    except (ValueError, IndexError) as error:
        raise DataError(
            f"annotation file {str(path)!r}, line {start + 1}: after {lines[start]!r} it expects the number of faces "
            "and for each a line 'x y width height'"
        ) from error
