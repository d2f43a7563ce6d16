"""The samples of a dataset: each image is read and prepared when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.datasets.annotations import Sample, Seen, Size
from openvino.tools.pot.datasets.pictures import Picture, Step
from openvino.tools.pot.datasets.readers import Reader
from openvino.tools.pot.utils.errors import ConfigError


class ACDataLoader(DataLoader):
    """Images with annotations, or without.

    Args:
        samples: what is known of each image.
        folder: of the images.
        reader: of the images.
        steps: of preprocessing.

    Attributes:
        steps: of preprocessing.
        input_size: of the model's input, once the model is known and if its size is fixed.
    """

    def __init__(
        self, samples: Sequence[Sample], folder: Path, reader: Reader, steps: Sequence[Step]
    ) -> None:
        super().__init__()
        self._samples, self._folder, self._reader, self.steps = samples, folder, reader, steps
        self.input_size: Size | None = None

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> tuple[NDArray[Any], Any, Seen]:
        """An image ``[height, width, channels]``, its annotation, and how it came about."""
        sample = self._samples[index]
        picture = Picture(self._reader.read(self._folder / sample.name), self.input_size)
        size = picture.size
        for step in self.steps:
            picture = step.apply(picture)
        return picture.pixels, sample.annotation, Seen(sample.name, size, picture.resized)


@dataclass(frozen=True)
class Subset:
    """Which samples count.

    Attributes:
        size: how many, or a share such as ``10%``; None: all.
        seed: by which they are drawn.
        shuffle: whether they are drawn; otherwise they are the first ones.
    """

    size: int | str | None
    seed: int
    shuffle: bool

    def of(self, samples: Sequence[Sample]) -> list[Sample]:
        """The samples that count, all if there are no more than that.

        Raises:
            ConfigError: the size is none.
        """
        if self.size is None:
            return list(samples)
        count = self._count(len(samples))
        if count > len(samples):
            return list(samples)
        if not self.shuffle:
            return list(samples[:count])
        # Accuracy Checker's own way to draw, so that its subsets come out.
        chosen = np.random.RandomState(self.seed).choice(len(samples), count, replace=False)
        return [samples[position] for position in chosen]

    def _count(self, total: int) -> int:
        try:
            if isinstance(self.size, str) and self.size.strip().endswith("%"):
                share = float(self.size.strip()[:-1])
                count = (int(total * share / 100) or 1) if share > 0 else 0
            else:
                count = int(self.size or 0)
        except ValueError:
            count = 0
        if count < 1:
            raise ConfigError(f"found {self.size!r}, expected a number from 1 on, or a share such as '10%'")
        return count
