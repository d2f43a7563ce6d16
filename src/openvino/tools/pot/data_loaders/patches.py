"""Anomalies that are made: a patch of an image, in other colours, at another place of it.

Who trains a network that finds anomalies has images without any. Activations reach much further where there is one,
and ranges that were measured without cut all of them down to what is usual. Pasted patches come close to real ones
(Li et al., "CutPaste: Self-Supervised Learning for Anomaly Detection and Localization", 2021, section 2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openvino.tools.pot.datasets.images import pillow

if TYPE_CHECKING:
    from PIL import Image

EVERY = 4
"""Of so many images, one gets a patch."""
_AREA = 0.02, 0.15
"""Of the image."""
_ASPECT = 0.3, 3.3
_CONTRAST = 0.5, 3.0
_COLOUR = -128.0, 383.0
"""As much beyond the ends as between: activations reach the furthest for colours at the ends."""


def with_patch(image: Image.Image, seed: int) -> Image.Image:
    """An image with a part of itself pasted elsewhere, its contrast changed around a colour of chance.

    Args:
        image: of Pillow's, with bands of bytes.
        seed: the same one makes the same patch.
    """
    chance = np.random.default_rng(seed)
    pixels = np.array(image)
    whole = np.array(pixels.shape[:2])
    aspect = np.exp(chance.uniform(*np.log(_ASPECT)))
    sides = np.sqrt(chance.uniform(*_AREA) * whole.prod() * np.array([aspect, 1 / aspect]))
    height, width = np.clip(np.rint(sides).astype(int), 1, whole)
    (top, left), (up, aside) = chance.integers(0, whole - (height, width) + 1, (2, 2))
    patch = pixels[top : top + height, left : left + width].astype(np.float64)
    middle = patch.mean((0, 1))
    changed = (patch - middle) * chance.uniform(*_CONTRAST) + chance.uniform(*_COLOUR, middle.shape)
    pixels[up : up + height, aside : aside + width] = np.clip(np.rint(changed), 0, 255)
    found: Image.Image = pillow().fromarray(pixels, image.mode)
    return found
