"""Which samples a pass sees, and in which batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


class BatchSampler:
    """Batches of items of a data loader.

    Args:
        data_loader: the samples.
        batch_size: items of a batch; the last batch may be smaller.
        subset_indices: which samples, in which order; default all.
    """

    def __init__(
        self, data_loader: Any, batch_size: int = 1, subset_indices: Sequence[int] | None = None
    ) -> None:
        self._data_loader = data_loader
        self.batch_size = batch_size
        self._subset_indices = list(range(len(data_loader)) if subset_indices is None else subset_indices)

    @property
    def num_samples(self) -> int:
        """The number of samples."""
        return len(self._subset_indices)

    def __len__(self) -> int:
        """The number of samples."""
        return len(self._subset_indices)

    def batches(self) -> Iterator[list[int]]:
        """The sample indices of each batch."""
        for start in range(0, len(self._subset_indices), self.batch_size):
            yield self._subset_indices[start : start + self.batch_size]

    def load(self, index: int) -> Any:
        """The item at an index, as the data loader gives it."""
        return self._data_loader[index]

    def __iter__(self) -> Iterator[list[Any]]:
        """The items of each batch, as the data loader gives them."""
        for batch in self.batches():
            yield [self.load(index) for index in batch]


def choose_subset(length: int, size: int | None, shuffle: bool, seed: int) -> list[int]:
    """The indices of a calibration subset: the first ``size`` samples, or as many drawn by ``seed``."""
    indices = np.arange(length)
    if shuffle:
        np.random.default_rng(seed).shuffle(indices)
    return [int(index) for index in indices[: size or length]]
