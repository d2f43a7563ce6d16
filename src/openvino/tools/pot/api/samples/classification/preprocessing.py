"""The steps between an image as it is stored and what a classifier takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.datasets.images import pillow
from openvino.tools.pot.utils.errors import ConfigError, nearest

Step = Mapping[str, Any]

_KEYS = {"crop": {"central_fraction"}, "resize": {"height", "width"}}


def checked_steps(steps: Iterable[Any]) -> list[Step]:
    """The steps of a configuration.

    Raises:
        ConfigError: a step has another type, or other values, than ``crop`` and ``resize`` have.
    """
    if isinstance(steps, (str, Mapping)):
        raise ConfigError(f"preprocessing is {steps!r}, expected a list of steps")
    return [_checked(step, f"preprocessing step {number}") for number, step in enumerate(steps, 1)]


def preprocessed(image: NDArray[Any], steps: Sequence[Step]) -> NDArray[Any]:
    """An image of shape ``[height, width, channels]``, uint8, after the steps."""
    for step in steps:
        if step["type"] == "crop":
            image = cropped(image, step["central_fraction"])
        else:
            image = resized(image, step["height"], step["width"])
    return image


def cropped(image: NDArray[Any], fraction: float) -> NDArray[Any]:
    """The middle of an image: a part of its height and of its width, at least a pixel of each."""
    height, width = image.shape[:2]
    rows, columns = int(height * fraction) or 1, int(width * fraction) or 1
    top, left = (height - rows) // 2, (width - columns) // 2
    return image[top : top + rows, left : left + columns]


def resized(image: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """An image of shape ``[height, width, channels]``, uint8, bilinearly in other sizes."""
    if image.shape[:2] == (height, width):
        return image
    # Each channel by itself: as RGBA, Pillow would weight colours by the last one.
    planes = [pillow().fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(image, -1, 0)]
    return np.stack(
        [plane.resize((width, height), pillow().Resampling.BILINEAR) for plane in planes], axis=-1
    )


def _checked(step: Any, where: str) -> Step:
    if not isinstance(step, Mapping):
        raise ConfigError(f"{where} is {step!r}, expected a mapping with a type")
    kind = step.get("type")
    if kind not in _KEYS:
        hint = nearest(kind, _KEYS) if isinstance(kind, str) else ""
        raise ConfigError(f"{where}: type is {kind!r}, expected 'crop' or 'resize'{hint}")
    keys = set(step) - {"type"}
    if keys != _KEYS[kind]:
        raise ConfigError(f"{where}: {kind} has {sorted(keys)}, expected {sorted(_KEYS[kind])}")
    for key in sorted(keys):
        _check_number(step[key], key == "central_fraction", f"{where}: {key}")
    return dict(step)


def _check_number(value: Any, fraction: bool, where: str) -> None:
    number = isinstance(value, (int, float) if fraction else int) and not isinstance(value, bool)
    if not number or value <= 0 or (fraction and value > 1):
        expected = "a number above 0, at most 1" if fraction else "a positive whole number of pixels"
        raise ConfigError(f"{where} is {value!r}, expected {expected}")
