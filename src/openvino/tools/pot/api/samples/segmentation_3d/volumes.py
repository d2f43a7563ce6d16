"""Arithmetic of volumes, and reading them from NIfTI files with nibabel, which comes with the extra ``samples``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.utils.errors import DataError, reason
from openvino.tools.pot.utils.optional import optional

Floats = NDArray[np.float32]


@cache
def nibabel() -> Any:
    """The module ``nibabel``.

    Raises:
        ConfigError: it is not installed.
    """
    return optional("nibabel", "nibabel", "volumes", "samples")


def read_volume(path: Path) -> NDArray[Any]:
    """The volume of a NIfTI file, ``[channels, height, width, depth]``; its last axis, if there are four, is channels.

    Raises:
        DataError: the file can't be read, or holds no volume.
    """
    try:
        volume = np.asarray(nibabel().load(path).dataobj)
    except (OSError, EOFError, ValueError, nibabel().filebasedimages.ImageFileError) as error:
        raise DataError(f"volume {str(path)!r} can't be read: {reason(error)}") from error
    if volume.ndim not in (3, 4):
        raise DataError(
            f"volume {str(path)!r} has shape {list(volume.shape)}, expected three axes, or four of which the last is "
            "channels"
        )
    return volume[np.newaxis] if volume.ndim == 3 else np.moveaxis(volume, -1, 0)


def box_of(volume: NDArray[Any]) -> NDArray[np.int64]:
    """The smallest box around what is not zero in any channel: first voxels, and those behind the last, ``[2, 3]``.

    All of a volume that is zero everywhere.
    """
    filled = volume.any(axis=0)
    if not filled.any():
        return np.array([(0, 0, 0), filled.shape], np.int64)
    along = [np.flatnonzero(np.any(filled, axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    return np.array([[each[0] for each in along], [each[-1] + 1 for each in along]], np.int64)


def normalised(volume: NDArray[Any]) -> Floats:
    """Each channel less the mean of its positive voxels, divided by their standard deviation.

    A channel without positive voxels is left as it is; one whose positive voxels are all alike is only shifted.
    """
    values = volume.astype(np.float64)
    positive = values > 0
    count = np.maximum(_sum(positive, positive), 1)
    centred = values - _sum(values, positive) / count
    deviation = np.sqrt(_sum(centred**2, positive) / count)
    return (centred / np.where(deviation > 0, deviation, 1)).astype(np.float32)


def _sum(volume: NDArray[Any], where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The sum of some voxels of each channel, ``[channels, 1, 1, 1]``."""
    total: NDArray[np.float64] = volume.sum(axis=(1, 2, 3), keepdims=True, where=where, dtype=np.float64)
    return total


def resize3d(image: NDArray[Any], shape: Sequence[int]) -> Floats:
    """An array in another shape, interpolated linearly along each axis; first and last voxels stay where they are.

    Args:
        image: of any number of axes.
        shape: of the result, one size for each axis.
    """
    result = np.asarray(image, np.float32)
    for axis, size in enumerate(shape):
        result = _resized(result, axis, size)
    return result


def _resized(image: Floats, axis: int, size: int) -> Floats:
    length = image.shape[axis]
    if length == size:
        return image
    places = np.linspace(0, length - 1, size)
    low = places.astype(np.int64).clip(max=max(length - 2, 0))
    share = (
        (places - low).astype(np.float32).reshape([-1 if each == axis else 1 for each in range(image.ndim)])
    )
    first, second = image.take(low, axis), image.take((low + 1).clip(max=length - 1), axis)
    mixed: Floats = first + share * (second - first)
    return mixed
