"""Images of a folder with the labels of a text file, as the ImageNet validation set is often kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.api.samples.classification.preprocessing import checked_steps, preprocessed, resized
from openvino.tools.pot.data_loaders.images import ImageReader
from openvino.tools.pot.data_loaders.layout import ImageInput, image_input
from openvino.tools.pot.datasets.files import ARRAYS, find_files
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import ConfigError, nearest, reason
from openvino.tools.pot.utils.runtime import core

_KEYS = (
    "data_source",
    "annotation_file",
    "has_background",
    "preprocessing",
    "color_order",
    "mean_values",
    "scale_values",
    "layout",
)
_ORDERS = ("BGR", "RGB")


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
        if not isinstance(config, Mapping):
            raise ConfigError(f"ImageNetDataLoader: config is {config!r}, expected a mapping")
        super().__init__(config)
        if type(self) is ImageNetDataLoader:  # keys of a subclass are its own
            _check_keys(config)
        self._folder = self._path("data_source")
        self._annotations, self._names = self._labelled() if self._given("annotation_file") else self._found()
        self._steps = checked_steps(self._given("preprocessing") or ())
        self._target = _target(model, self._given("layout"))
        channels = self._target.channels or 3
        self._reader = ImageReader(ImageInput("image", "HWC", channels, None, None), self._blue_first())
        self._mean, self._scale = (self._numbers(key, channels) for key in ("mean_values", "scale_values"))

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
        pixels = resized(pixels, self._target.height or height, self._target.width or width)
        if self._mean is not None:
            pixels = pixels - self._mean
        if self._scale is not None:
            pixels = pixels / self._scale
        return np.ascontiguousarray(self._target.arranged(pixels))

    def _preprocess(self, image: NDArray[Any]) -> NDArray[Any]:
        """Hook: the steps of the configuration, on uint8 pixels ``[height, width, channels]``."""
        return preprocessed(image, self._steps)

    def _labelled(self) -> tuple[dict[str, int], list[str]]:
        path = self._path("annotation_file")
        shift = int(bool(self._given("has_background")))
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"ImageNetDataLoader: annotation_file: {str(path)!r} can't be read: {reason(error)}"
            ) from error
        labels = {}
        for number, line in enumerate(lines, 1):
            if line.strip():
                name, label = _parted(line, f"line {number} of {str(path)!r}")
                if name in labels:
                    raise ConfigError(f"ImageNetDataLoader: line {number} of {str(path)!r} repeats {name!r}")
                labels[name] = label + shift
        if not labels:
            raise ConfigError(f"ImageNetDataLoader: annotation_file: {str(path)!r} names no image")
        return labels, list(labels)

    def _found(self) -> tuple[dict[str, int], list[str]]:
        if self._given("has_background"):
            raise ConfigError(
                "ImageNetDataLoader: has_background shifts labels, but there is no annotation_file"
            )
        files = find_files([str(self._folder)], "ImageNetDataLoader: data_source")
        images = [file for file in files if file.suffix.lower() not in ARRAYS]
        if not images:
            raise ConfigError(f"ImageNetDataLoader: data_source: {str(self._folder)!r} holds no images")
        return {}, [str(file.relative_to(self._folder)) for file in images]

    def _given(self, key: str) -> Any:
        return (self.config or {}).get(key)

    def _path(self, key: str) -> Path:
        value = self._given(key)
        if not isinstance(value, (str, Path)) or not str(value):
            raise ConfigError(f"ImageNetDataLoader: {key} is {value!r}, expected a path")
        found = Path(value).expanduser()
        if not (found.is_dir() if key == "data_source" else found.is_file()):
            kind = "folder" if key == "data_source" else "file"
            raise ConfigError(f"ImageNetDataLoader: {key}: {kind} {str(found)!r} does not exist")
        return found

    def _blue_first(self) -> bool:
        order = self._given("color_order") or "BGR"
        if order not in _ORDERS:
            raise ConfigError(f"ImageNetDataLoader: color_order is {order!r}, expected 'BGR' or 'RGB'")
        return bool(order == "BGR")

    def _numbers(self, key: str, channels: int) -> NDArray[np.float32] | None:
        value = self._given(key)
        if value is None:
            return None
        try:
            numbers = np.atleast_1d(np.asarray(value, np.float32))
        except (TypeError, ValueError):
            numbers = np.empty(0, np.float32)
        wrong = numbers.shape not in ((1,), (channels,)) or not np.isfinite(numbers).all()
        if wrong or (key == "scale_values" and not numbers.all()):
            kind = "numbers other than 0" if key == "scale_values" else "numbers"
            raise ConfigError(f"ImageNetDataLoader: {key} is {value!r}, expected 1 or {channels} {kind}")
        return numbers


def _check_keys(config: Mapping[str, Any]) -> None:
    for key in config:
        if key not in _KEYS:
            raise ConfigError(
                f"ImageNetDataLoader: there is no key {key!r}, expected some of {list(_KEYS)}"
                f"{nearest(str(key), _KEYS)}"
            )


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
