"""Images that are made up, for calibration without data.

Overlapping shapes of many sizes, with edges, shades and textures, have the statistics of photographs that matter
to the first layers of a network (the dead leaves model; Baradad et al., "Learning to See by Looking at Noise",
2021, section 3). They say nothing of what a network was trained to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.data_loaders.deciding import Decision
from openvino.tools.pot.data_loaders.images import ImageReader
from openvino.tools.pot.data_loaders.layout import ImageInput
from openvino.tools.pot.data_loaders.loaders import FileLoader, Files
from openvino.tools.pot.datasets.files import find_files
from openvino.tools.pot.datasets.images import pillow
from openvino.tools.pot.utils.errors import ConfigError, DataError, reason
from openvino.tools.pot.utils.folders import target_folder, working_folder
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.progress import track

logger = get_logger(__name__)

_STEM = "synthetic_"
_LEAVES = 60
"""Shapes in an image."""


class MadeLoader(FileLoader):
    """Images that are made when they are read, until ``keep`` has put them into files.

    Args:
        folder: for the files.
        count: of images.
        decision: what the model's input wants of them; its sizes are known.
    """

    def __init__(self, folder: Path, count: int, decision: Decision) -> None:
        super().__init__(_Made(count, decision.reader), decision)
        self._folder, self._count, self._reader = folder, count, decision.reader

    def keep(self) -> None:
        """Put the images into files, none of which is there before all are made, and read them from there.

        Raises:
            DataError: the folder can't be written.
        """
        _warn(self._count)
        names = [f"{_STEM}{index:05}.png" for index in range(self._count)]
        try:
            with target_folder(self._folder), working_folder(self._folder) as work:
                for index in track(range(self._count), self._count, "Images made"):
                    _image(index, self._reader.target).save(work / names[index])
                for stale in self._folder.glob(f"{_STEM}*.png"):
                    stale.unlink()
                for name in names:
                    (work / name).replace(self._folder / name)
        except OSError as error:
            raise DataError(
                f"images can't be written to folder {str(self._folder)!r}: {reason(error)}"
            ) from error
        self._samples = Files([self._folder / name for name in names], self._reader)


class _Made:
    def __init__(self, count: int, reader: ImageReader) -> None:
        self._count, self._reader = count, reader

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> NDArray[Any]:
        return self._reader.arranged(_image(index, self._reader.target))


def images_for(folder: Path, generate: bool | None, decision: Decision, count: int, where: str) -> FileLoader:
    """The images of a folder, or ones that are made.

    Args:
        folder: of the images.
        generate: make them even if there are some of an earlier run; None: if there are none; False: never.
        decision: how they are fed to the model's input.
        count: how many are made.
        where: names the section in messages.

    Raises:
        ConfigError: there are none and none shall be made, or others than made ones are there.
    """
    target = decision.reader.target
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{where}: data_source: {str(folder)!r} is a file, expected a folder for images")
    present = [file for file in folder.iterdir() if file.name[0] != "."] if folder.is_dir() else []
    foreign = [file for file in present if not file.name.startswith(_STEM)]
    if generate and foreign:
        raise ConfigError(
            f"{where}: data_source: folder {str(folder)!r} holds {foreign[0].name!r}, expected an empty folder, or "
            "one with images of an earlier run: generate_data makes new ones"
        )
    if generate is False or (present and not generate and (foreign or _suit(present, target, count))):
        files = find_files([str(folder)], f"{where}: data_source")
        logger.info("%d images of folder %s are used, none is made", len(files), folder)
        if not foreign:
            _warn(len(files))
        return FileLoader(Files(files, decision.reader), decision)
    return made_for(decision, count, where, folder)


def made_for(decision: Decision, count: int, where: str, folder: Path = Path()) -> MadeLoader:
    """Images that are made, and may be kept in a folder.

    Raises:
        ConfigError: the model leaves their sizes open.
    """
    target = decision.reader.target
    if target.height is None or target.width is None:
        raise ConfigError(
            f"{where}: shape: the sizes of input {target.name!r} are dynamic, expected them, as [1, 3, 224, 224]"
        )
    return MadeLoader(folder, count, decision)


def _suit(files: Sequence[Path], target: ImageInput, count: int) -> bool:
    """Whether the images of an earlier run are what would be made now."""
    if len(files) < count:
        return False
    with pillow().open(min(files)) as image:
        size, gray = image.size, image.mode == "L"
    return bool(size == (target.width, target.height) and gray == (target.channels == 1))


def _warn(count: int) -> None:
    logger.warning(
        "%d images for calibration are made up: the accuracy of the quantized model is not assured, a few real "
        "samples are better", count,
    )  # fmt: skip


def _image(seed: int, target: ImageInput) -> Any:
    assert target.height is not None
    assert target.width is not None
    image = pillow().fromarray(made_image(seed, target.height, target.width))
    return image.convert("L") if target.channels == 1 else image


def made_image(seed: int, height: int, width: int) -> NDArray[np.uint8]:
    """An image of shape ``[height, width, 3]``; the same seed gives the same one."""
    random = np.random.default_rng(seed)
    side = max(height, width)
    canvas = np.asarray(_leaves(random, side), np.float32)[:height, :width]
    texture = _noise(random, height, width, exponent=random.uniform(0.7, 1.3))
    shade = _noise(random, height, width, exponent=2.0)
    strength = random.uniform(0.05, 0.35)
    lit = canvas * (1 + strength * texture[..., None]) + 255 * random.uniform(0, 0.25) * shade[..., None]
    contrast, brightness = random.uniform(0.6, 1.2), random.uniform(-30, 30)
    pixels = (lit - lit.mean()) * contrast + lit.mean() + brightness
    return np.asarray(pixels.clip(0, 255), np.uint8)


def _leaves(random: np.random.Generator, side: int) -> Any:
    """Shapes over each other, larger ones less often, in colours near one of a few."""
    from PIL import ImageDraw

    palette = _muted(random.uniform(0, 255, (5, 3)), random.uniform(0.2, 1))
    image = pillow().new("RGB", (side, side), tuple(int(value) for value in palette[0]))
    draw = ImageDraw.Draw(image)
    # Sizes whose cubes' inverses are spread evenly: each scale covers as much of the image.
    radii = side * np.clip(0.04 / np.sqrt(random.uniform(0.01, 1, _LEAVES)), 0.02, 0.5)
    centres = random.uniform(0, side, (_LEAVES, 2))
    colours = (
        palette[random.integers(len(palette), size=_LEAVES)] + random.normal(0, 25, (_LEAVES, 3))
    ).clip(0, 255)
    for radius, centre, colour in zip(radii, centres, colours, strict=True):
        _draw(draw, random, centre, radius, tuple(int(value) for value in colour))
    return image


def _muted(colours: NDArray[Any], saturation: float) -> NDArray[Any]:
    """Colours closer to gray, as most things are."""
    gray = colours.mean(axis=1, keepdims=True)
    return np.asarray(gray + saturation * (colours - gray))


def _draw(
    draw: Any, random: np.random.Generator, centre: NDArray[Any], radius: float, colour: Sequence[int]
) -> None:
    """One shape: an ellipse, or a polygon of three to eight corners."""
    corners = int(random.integers(2, 9))
    if corners == 2:
        reach = radius * random.uniform(0.4, 1, 2)
        draw.ellipse([*(centre - reach), *(centre + reach)], fill=colour)
        return
    angles = np.sort(random.uniform(0, 2 * np.pi, corners))
    points = centre + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    draw.polygon([tuple(point) for point in points.tolist()], fill=colour)


def _noise(random: np.random.Generator, height: int, width: int, exponent: float) -> NDArray[np.float32]:
    """Noise whose amplitude falls with the frequency to a power, of mean 0 and deviation 1."""
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(random.standard_normal((height, width))) / frequency**exponent
    values = np.fft.irfft2(spectrum, (height, width))
    return np.asarray(values / (values.std() + 1e-12), np.float32)
