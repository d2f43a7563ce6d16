"""How a model input takes images: where its channels, rows and columns lie, and how large they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.datasets.images import CHANNELS
from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.utils.errors import ConfigError, ModelError, PotError

_COLOURS = (3, 4)
"""Numbers of channels that no picture has for its rows."""


@dataclass(frozen=True)
class ImageInput:
    """A model input that takes images.

    Attributes:
        name: of the input.
        layout: the letters N, C, H and W in the order of its axes; N may be missing.
        channels, height, width: its sizes, None where they are dynamic.
    """

    name: str
    layout: str
    channels: int | None
    height: int | None
    width: int | None

    def arranged(self, image: NDArray[Any]) -> NDArray[Any]:
        """An image of shape ``[height, width, channels]`` as the input wants it, one sample in the batch."""
        array = image.transpose(["HWC".index(axis) for axis in self.layout if axis != "N"])
        return np.expand_dims(array, self.layout.index("N")) if "N" in self.layout else array


def image_input(
    parameter: ov.Node,
    layout: str | None = None,
    given: Sequence[int | None] | None = None,
    stated: str | None = None,
) -> ImageInput:
    """How a model input takes images.

    Args:
        parameter: the input's node.
        layout: such as ``NCHW``, in any case, with or without brackets and commas; absent: the model's own,
            or what its sizes tell.
        given: sizes of the input, as many as it has, for those that it leaves open.
        stated: what else is said about the model's layout, which counts before its sizes.

    Raises:
        ConfigError: the layout isn't one of images, or doesn't fit the input, or is needed and absent.
        ModelError: the input can't take images.
    """
    name, shape = input_name(parameter.output(0)), parameter.get_partial_shape()
    if shape.rank.is_dynamic:
        raise ModelError(f"input {name!r} has no fixed rank, expected 3 or 4 axes for images")
    sizes = [None if size.is_dynamic else size.get_length() for size in shape]
    if given is not None:
        sizes = [own or size for own, size in zip(sizes, given, strict=True)]
    if len(sizes) not in (3, 4):
        raise ModelError(f"input {name!r} has shape {shape}, expected 3 or 4 axes for images")
    stated = stated if len(stated or "") == len(sizes) else None
    axes = _letters(layout) if layout else (_own_layout(parameter) or stated or _guessed(sizes, name))
    if sorted(axes) not in (sorted("NCHW"), sorted("CHW")) or len(axes) != len(sizes):
        raise ConfigError(
            f"layout is {layout or axes!r}, expected the letters N, C, H and W once for each axis of input "
            f"{name!r} with shape {shape}"
        )
    by_axis = dict(zip(axes, sizes, strict=True))
    if by_axis["C"] not in (None, *CHANNELS):
        raise ConfigError(
            f"layout {axes} makes {by_axis['C']} channels of input {name!r} with shape {shape}, expected "
            f"{', '.join(map(str, CHANNELS[:-1]))} or {CHANNELS[-1]}"
        )
    if layout and by_axis["C"] is None and by_axis["H"] in _COLOURS:
        raise ConfigError(
            f"layout {axes} makes {by_axis['H']} rows, and open channels, of input {name!r} with shape {shape}, "
            f"expected {_guessed(sizes, name)}"
        )
    return ImageInput(name, axes, by_axis["C"], by_axis["H"], by_axis["W"])


@dataclass(frozen=True)
class ImageAndInfo:
    """A model of two inputs, as detectors have them: an image, and its height, width and scale.

    Attributes:
        image, info: which input is which.
        layout: of the image.
        per_image: whether each image of a batch has numbers of its own.
    """

    image: int
    info: int
    layout: str
    per_image: bool

    def about(self, shape: Sequence[int]) -> NDArray[np.float32]:
        """Height, width and scale of images of this shape, which were not scaled."""
        sizes = dict(zip(self.layout, shape, strict=True))
        count = sizes.get("N", 1) if self.per_image else 1
        return np.tile(np.array([sizes["H"], sizes["W"], 1], np.float32), (count, 1))


def image_and_info(parameters: Sequence[ov.Node]) -> ImageAndInfo | None:
    """Which input of a model takes an image, and which the three numbers about it; None for other models.

    Args:
        parameters: the inputs' nodes.
    """
    shapes = [parameter.get_partial_shape() for parameter in parameters]
    if len(shapes) != 2 or any(shape.rank.is_dynamic for shape in shapes):
        return None
    info = next((position for position, shape in enumerate(shapes) if len(shape) == 2), None)
    if info is None or shapes[info][1] != 3:
        return None
    try:
        image = image_input(parameters[1 - info])
    except PotError:
        return None
    batch = shapes[info][0]
    return ImageAndInfo(1 - info, info, image.layout, batch.is_dynamic or batch != 1)


def _letters(layout: str) -> str:
    return "".join(letter for letter in layout.upper() if letter not in "[], ")


def _own_layout(parameter: ov.Node) -> str:
    """The layout that the model states, an empty string where it states none of images."""
    stated = ov.layout_helpers.get_layout(parameter.output(0))
    axes = "" if stated.empty else _letters(stated.to_string())
    return axes if sorted(axes) in (sorted("NCHW"), sorted("CHW")) else ""


def _guessed(sizes: list[int | None], name: str) -> str:
    """The layout that sizes tell: channels are few, and come before or behind rows and columns."""
    first, last = sizes[-3] in CHANNELS, sizes[-1] in CHANNELS
    prefix = "N" if len(sizes) == 4 else ""
    if first and last:  # rows of very few pixels, or very few rows: the smaller size is that of the channels
        first = (sizes[-3] or 0) <= (sizes[-1] or 0)
        last = not first
    if first == last:
        shown = ", ".join("?" if size is None else str(size) for size in sizes)
        raise ConfigError(
            f"the layout of input {name!r} with shape [{shown}] can't be told from its sizes, expected it in the "
            "configuration, such as NCHW"
        )
    return prefix + ("CHW" if first else "HWC")
