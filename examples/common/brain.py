"""Volumes for everyone: pieces of a template of the brain, with masks of grey and white matter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from common.packages import Archive, package_file
from openvino.tools.pot.api.samples.segmentation_3d.volumes import nibabel, read_volume
from openvino.tools.pot.utils.errors import ConfigError

NILEARN = Archive("nilearn==0.14.1", "725206484e9fb3f6691f9c2d20204a068759d5072f12055324702ee0cb2bbe8a")
_MEMBER = "nilearn/datasets/data/mni_icbm152_{}_tal_nlin_sym_09a_converted.nii.gz"
SIZE = (48, 48, 32)
"""Voxels of a piece, of one millimetre: from left to right, from back to front, from bottom to top."""
_HELD_OUT = (76, 108)  # the layers for evaluation: a half of the template, which is symmetric, would be known
_MARGIN = 8  # layers on either side that are in no piece
_LEAST = 0.25  # of a piece, which must be tissue

Part = Literal["training", "evaluation"]


@dataclass(frozen=True)
class Template:
    """A brain, or a piece of it.

    Attributes:
        image: T1-weighted, ``[width, length, height]``, 0 outside of the brain; uint8, of a piece float32.
        mask: 0, or 1 for grey and 2 for white matter, uint8, of the same shape.
    """

    image: NDArray[np.uint8] | NDArray[np.float32]
    mask: NDArray[np.uint8]


@cache
def template() -> Template:
    """MNI's template ICBM 152 of 2009, symmetric, with its maps of tissues.

    Raises:
        ConfigError: nibabel is not installed.
        DataError: it can't be downloaded.
    """
    image, grey, white = (
        read_volume(package_file(NILEARN, _MEMBER.format(name)))[0] for name in ("t1", "gm", "wm")
    )
    is_tissue = np.maximum(grey, white) >= 128
    return Template(image, np.where(is_tissue, np.where(white > grey, 2, 1), 0).astype(np.uint8))


def piece(part: Part, random: np.random.Generator) -> Template:
    """A piece of the template, as another scanner might have seen it: image float32, ``SIZE``.

    Args:
        part: of the brain: ``evaluation`` are layers that no piece for ``training`` comes near to.
        random: decides about the place, about light and contrast, and about noise.
    """
    brain = template()
    while True:
        place = tuple(slice(low, low + size) for low, size in zip(_corner(part, random), SIZE, strict=True))
        mask = brain.mask[place]
        if np.count_nonzero(mask) >= _LEAST * mask.size:
            return Template(_varied(brain.image[place], random), mask)


def write_pieces(folder: str | Path, part: Part, count: int, seed: int = 0) -> dict[str, Any]:
    """Write pieces of the template and their masks as NIfTI files.

    Args:
        folder: for the folders ``volumes`` and ``masks``, whose ``.nii`` files are removed first.
        part: of the brain.
        count: of the pieces.
        seed: of what is decided by chance.

    Returns:
        What ``BRATSDataLoader`` takes.

    Raises:
        ConfigError: there is no such part, the count is below 1, or nibabel is not installed.
        DataError: the template can't be downloaded.
    """
    if part not in get_args(Part):
        raise ConfigError(f"write_pieces: part is {part!r}, expected {' or '.join(get_args(Part))}")
    if count < 1:
        raise ConfigError(f"write_pieces: count is {count}, expected 1 or more")
    random, volumes, masks = np.random.default_rng(seed), Path(folder, "volumes"), Path(folder, "masks")
    for each in (volumes, masks):
        each.mkdir(parents=True, exist_ok=True)
        for old in each.glob("*.nii"):
            old.unlink()
    for index in range(count):
        made = piece(part, random)
        for target, content in ((volumes, made.image), (masks, made.mask)):
            nibabel().save(nibabel().Nifti1Image(content, np.eye(4)), target / f"{index:04}.nii")
    return {"data_source": str(volumes), "mask_dir": str(masks), "size": SIZE}


def _corner(part: Part, random: np.random.Generator) -> list[int]:
    """The first voxel of a piece."""
    depth, (low, high) = SIZE[2], _HELD_OUT
    width, length, height = template().image.shape
    below, above = range(low - _MARGIN - depth + 1), range(high + _MARGIN, height - depth + 1)
    layers = [low] if part == "evaluation" else [*below, *above]
    across = [
        int(random.integers(side - size + 1)) for side, size in zip((width, length), SIZE[:2], strict=True)
    ]
    return [*across, int(random.choice(layers))]


def _varied(image: NDArray[Any], random: np.random.Generator) -> NDArray[np.float32]:
    """Other contrast, light that grows in some direction, and noise; 0 stays 0, and all else above it."""
    shares = image.astype(np.float64) / 255
    contrast = shares ** random.uniform(0.7, 1.4)
    axes = np.meshgrid(*(np.linspace(-1, 1, size) for size in image.shape), indexing="ij")
    light = 1 + np.tensordot(random.uniform(-0.1, 0.1, 3), np.stack(axes), 1)
    noisy = contrast * light + random.normal(0, random.uniform(0, 0.03), image.shape)
    return np.where(image > 0, noisy.clip(0.001) * random.uniform(200, 2000), 0).astype(np.float32)
