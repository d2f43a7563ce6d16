"""Small pictures of what models were fed, as PNG."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_BYTES = 10_000

_AREAS = (128**2, 96**2, 80**2, 64**2, 56**2)
"""Pixels that are tried; so many as the last fit uncompressed."""

_CHANNELS = (1, 3)
_KINDS = {1: 0, 3: 2}
"""Number of channels -> what PNG calls that."""


def image_of(value: NDArray[Any]) -> NDArray[np.float64] | None:
    """The first image of a batch in rows, columns and channels; None where it is none of one or three channels."""
    if value.ndim != 4 or value.dtype.kind not in "fiu" or not value.size:
        return None
    first = np.asarray(value[0], np.float64)
    if first.shape[0] in _CHANNELS and min(first.shape[1:]) > 1:
        return first.transpose(1, 2, 0)
    return first if first.shape[2] in _CHANNELS and min(first.shape[:2]) > 1 else None


def as_uri(image: NDArray[np.float64]) -> str:
    """A picture of rows, columns and channels for a page, of so many pixels that it is small."""
    known = np.isfinite(image)
    values = image[known] if known.any() else np.zeros(1)
    least, most = float(values.min()), float(values.max())
    grey = np.where(known, image - least, 0.0) * (255 / ((most - least) or 1.0))
    found = b""
    for area in _AREAS:
        found = png(np.rint(_smaller(grey, area)).astype(np.uint8))
        if len(found) <= MOST_BYTES:
            break
    return f"data:image/png;base64,{b64encode(found).decode()}"


def _smaller(image: NDArray[np.float64], area: int) -> NDArray[np.float64]:
    """Means of blocks, so that there are no more pixels than these."""
    rows, columns = image.shape[:2]
    side = max(1, ceil(sqrt(rows * columns / area)))
    while ceil(rows / side) * ceil(columns / side) > area:
        side += 1
    if side == 1:
        return image
    for axis, size in enumerate((rows, columns)):
        starts = np.arange(0, size, side)
        counts = np.diff(np.append(starts, size)).reshape([-1 if own == axis else 1 for own in range(3)])
        image = np.add.reduceat(image, starts, axis=axis) / counts
    return image


def png(image: NDArray[np.uint8]) -> bytes:
    """A picture of rows, columns and one or three channels as the bytes of a file."""
    rows, columns, channels = image.shape
    lines = image.reshape(rows, -1)
    # Each line as what it adds to the one above, which packs photographs better: PNG's filter 2.
    changes = lines - np.vstack([np.zeros_like(lines[:1]), lines[:-1]])
    packed = zlib.compress(np.hstack([np.full((rows, 1), 2, np.uint8), changes]).tobytes(), 9)
    head = struct.pack(">IIBBBBB", columns, rows, 8, _KINDS[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
