"""Volumes with masks, as the data of the Medical Segmentation Decathlon is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, PositiveInt, field_validator

from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.api.samples.segmentation_3d.volumes import (
    Floats,
    box_of,
    nibabel,
    normalised,
    read_volume,
    resize3d,
)
from openvino.tools.pot.api.samples.utils.configurations import Folder, as_list, checked
from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.utils.errors import ConfigError, DataError

_SUFFIXES = (".nii", ".nii.gz")


class _Config(Parameters):
    data_source: Folder
    mask_dir: Folder
    modality_order: list[NonNegativeInt] | None = Field(default=None, min_length=1)
    size: list[PositiveInt] = Field(default=[128, 128, 128], min_length=3, max_length=3)

    _lists = field_validator("modality_order", "size", mode="before")(as_list)


class BRATSDataLoader(DataLoader):
    """Gives each volume with its mask, and with where in the file's volume the network looks.

    An item is ``((index, mask), volume, {"image_shape", "bbox"})``. The volume is cut to the box around what is not
    zero, normalised by its positive voxels, and resized: float32, ``[channels, *size]``. The mask holds the class of
    each voxel as the file has it: ``[1, height, width, depth]``. ``image_shape`` is that of the file,
    ``[channels, height, width, depth]``, and ``bbox`` the box: its first voxels, and those behind its last,
    ``[2, 3]``.

    Args:
        config: ``data_source``, the folder of volumes, ``.nii`` or ``.nii.gz``; ``mask_dir``, that of masks, of the
            same names; ``modality_order``, the channels that the network takes, in its order, default all;
            ``size``, three numbers of voxels of what the network takes, default 128 each.

    Raises:
        ConfigError: a key or a value is not as expected, a folder or a mask is missing, or so is nibabel.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        nibabel()  # so that a missing package shows before the model runs
        given = checked(_Config, config, self, BRATSDataLoader)
        self._folder, self._masks = given.data_source, given.mask_dir
        self._order, self._size = given.modality_order, given.size
        self._names = sorted(path.name for path in self._folder.iterdir() if path.name.endswith(_SUFFIXES))
        if not self._names:
            raise ConfigError(f"BRATSDataLoader: there is no .nii or .nii.gz file in {str(self._folder)!r}")
        missing = [name for name in self._names if not (self._masks / name).is_file()]
        if missing:
            raise ConfigError(
                f"BRATSDataLoader: {len(missing)} of {len(self._names)} masks are not in {str(self._masks)!r}, "
                f"such as {missing[0]!r}"
            )

    def __len__(self) -> int:
        """Number of volumes."""
        return len(self._names)

    def __getitem__(self, index: int) -> Any:
        """The volume at ``index`` with its mask.

        Raises:
            DataError: a file can't be read, has no such channel, or the mask has another shape.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"there is no volume {index}, expected 0 to {len(self) - 1}")
        name = self._names[index]
        volume, mask = read_volume(self._folder / name), read_volume(self._masks / name)
        if mask.shape != (1, *volume.shape[1:]):
            raise DataError(
                f"mask {name!r} has shape {list(mask.shape)}, expected {[1, *volume.shape[1:]]}, as its volume has"
            )
        prepared, metadata = self._preprocess_image(self._modalities(volume, name))
        return (index, mask), prepared, {**metadata, "image_shape": volume.shape}

    def _preprocess_image(self, image: NDArray[Any]) -> tuple[Floats, dict[str, Any]]:
        """Hook: a volume as the network takes it, and what of it that is: ``image_shape`` and ``bbox``."""
        box = box_of(image)
        low, high = box
        cut = image[:, low[0] : high[0], low[1] : high[1], low[2] : high[2]]
        prepared = resize3d(normalised(cut), (len(image), *self._size))
        return prepared, {"image_shape": image.shape, "bbox": box}

    def _modalities(self, volume: NDArray[Any], name: str) -> NDArray[Any]:
        if self._order is None:
            return volume
        if max(self._order) >= len(volume):
            raise DataError(
                f"volume {name!r} has {len(volume)} channels, expected {max(self._order) + 1} or more for "
                f"modality_order {self._order}"
            )
        return volume[self._order]
