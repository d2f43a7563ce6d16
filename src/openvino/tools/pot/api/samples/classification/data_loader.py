"""Images of a folder with the labels of a text file, as the ImageNet validation set is often kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from pydantic import FiniteFloat, field_validator, model_validator

from openvino.tools.pot.accuracy_checker.entries import chosen, listed
from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.api.samples.classification.preprocessing import STEPS
from openvino.tools.pot.api.samples.utils.configurations import File, Folder, as_list, checked
from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.data_loaders.images import ImageReader
from openvino.tools.pot.data_loaders.layout import ImageInput, image_input
from openvino.tools.pot.datasets.files import ARRAYS, find_files
from openvino.tools.pot.datasets.images import resized
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import ConfigError, Place, reason
from openvino.tools.pot.utils.runtime import core


class _Config(Parameters):
    data_source: Folder
    annotation_file: File | None = None
    has_background: bool = False
    preprocessing: Any = None
    color_order: Literal["BGR", "RGB"] = "BGR"
    mean_values: list[FiniteFloat] | None = None
    scale_values: list[FiniteFloat] | None = None
    layout: str | None = None

    _lists = field_validator("mean_values", "scale_values", mode="before")(as_list)

    @field_validator("scale_values")
    @classmethod
    def _divides(cls, values: list[float] | None) -> list[float] | None:
        if values is not None and 0 in values:
            raise ValueError(f"expected numbers other than 0, found {values}")
        return values

    @model_validator(mode="after")
    def _labels_to_shift(self) -> _Config:
        if self.has_background and self.annotation_file is None:
            raise ValueError("has_background shifts labels, but there is no annotation_file")
        return self


class ImageNetDataLoader(DataLoader):
    """Gives each image with its label, or with None where there is no annotation file.

    An item is ``((index, label), image)``. Without a model, an image is ``[3, height, width]``; with one, it has the
    layout, channels and sizes of the model's only input. It is uint8 unless there are mean or scale values.

    Args:
        config:
            ``data_source``: the folder of images.
            ``annotation_file``: a text file with a line ``file label`` for each image that counts, relative to the
            folder; labels are whole numbers. Absent: all images of the folder count, and have no labels.
            ``has_background``: whether the model knows one class more, before the others; labels then grow by 1.
            ``preprocessing``: steps in their order, ``{"type": "crop", "central_fraction": 0.875}`` and
            ``{"type": "resize", "height": 224, "width": 224}``.
            ``color_order``: ``BGR`` (default) or ``RGB``.
            ``mean_values``, ``scale_values``: what is subtracted from pixels, then what they are divided by; one
            number for each channel, or one.
            ``layout``: of the model's input, such as ``NCHW``, where its shape doesn't tell.
        model: what the images are for; of a cascade, its first network.

    Raises:
        ConfigError: a key or a value is none of these, or a path leads nowhere, or a line is no image and label.
        ModelError: the model's input can't take images.
    """

    def __init__(
        self, config: Mapping[str, Any], model: CompressedModel | ov.Model | str | Path | None = None
    ) -> None:
        super().__init__(config)
        given = checked(_Config, config, self, ImageNetDataLoader)
        self._folder = given.data_source
        labels = given.annotation_file
        self._annotations = {} if labels is None else _labelled(labels, given.has_background)
        self._names = list(self._annotations) if labels is not None else _images(given.data_source)
        at = Place("ImageNetDataLoader").at("preprocessing")
        self._steps = [chosen(STEPS, *each) for each in listed(given.preprocessing, at)]
        self._target = _target(model, given.layout)
        channels = self._target.channels or 3
        blue_first = given.color_order == "BGR"
        self._reader = ImageReader(ImageInput("image", "HWC", channels, None, None), blue_first)
        self._mean, self._scale = (
            _numbers(getattr(given, key), channels, key) for key in ("mean_values", "scale_values")
        )

    def __len__(self) -> int:
        """Number of images."""
        return len(self._names)

    def __getitem__(self, index: int) -> Any:
        """The image at ``index`` with its label.

        Raises:
            DataError: its file can't be read.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"there is no image {index}, expected 0 to {len(self) - 1}")
        name = self._names[index]
        return (index, self._annotations.get(name)), self._read_image(name)

    def _read_image(self, name: str) -> NDArray[Any]:
        """Hook: the image of a file of the folder as the model takes it."""
        pixels = self._preprocess(self._reader.read(self._folder / name))
        height, width = pixels.shape[:2]
        pixels = resized(pixels, (self._target.height or height, self._target.width or width))
        if self._mean is not None:
            pixels = pixels - self._mean
        if self._scale is not None:
            pixels = pixels / self._scale
        return np.ascontiguousarray(self._target.arranged(pixels))

    def _preprocess(self, image: NDArray[Any]) -> NDArray[Any]:
        """Hook: the steps of the configuration, on uint8 pixels ``[height, width, channels]``."""
        for step in self._steps:
            image = step.apply(image)
        return image


def _labelled(path: Path, has_background: bool) -> dict[str, int]:
    """The labels of the images that a file names, in its order."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"ImageNetDataLoader: annotation_file: {str(path)!r} can't be read: {reason(error)}"
        ) from error
    labels: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            name, label = _parted(line, f"line {number} of {str(path)!r}")
            if name in labels:
                raise ConfigError(f"ImageNetDataLoader: line {number} of {str(path)!r} repeats {name!r}")
            labels[name] = label + has_background
    if not labels:
        raise ConfigError(f"ImageNetDataLoader: annotation_file: {str(path)!r} names no image")
    return labels


def _images(folder: Path) -> list[str]:
    """The names of all images of a folder."""
    files = find_files([str(folder)], "ImageNetDataLoader: data_source")
    images = [file for file in files if file.suffix.lower() not in ARRAYS]
    if not images:
        raise ConfigError(f"ImageNetDataLoader: data_source: {str(folder)!r} holds no images")
    return [str(file.relative_to(folder)) for file in images]


def _numbers(values: Sequence[float] | None, channels: int, key: str) -> NDArray[np.float32] | None:
    if values is not None and len(values) not in (1, channels):
        raise ConfigError(f"ImageNetDataLoader: {key} is {values}, expected 1 or {channels} numbers")
    return None if values is None else np.array(values, np.float32)


def _parted(line: str, where: str) -> tuple[str, int]:
    parts = line.rsplit(maxsplit=1)
    if len(parts) != 2 or not parts[1].isdecimal():
        raise ConfigError(
            f"ImageNetDataLoader: {where} is {line!r}, expected a file and a label such as 'a.jpg 7'"
        )
    return parts[0].strip(), int(parts[1])


def _target(model: CompressedModel | ov.Model | str | Path | None, layout: str | None) -> ImageInput:
    """What the model takes; without one, colour images of any size, channels first."""
    if model is None:
        if layout is not None:
            raise ConfigError("ImageNetDataLoader: layout is that of a model's input, but no model is given")
        return ImageInput("image", "CHW", 3, None, None)
    if isinstance(model, CompressedModel):
        model = model.submodels[0].model
    network = model if isinstance(model, ov.Model) else core().read_model(model)
    parameters = network.get_parameters()
    if len(parameters) != 1:
        names = [parameter.get_friendly_name() for parameter in parameters]
        raise ConfigError(f"ImageNetDataLoader: the model has inputs {names}, expected one, for images")
    return image_input(parameters[0], layout)
