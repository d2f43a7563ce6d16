"""Which samples a pass sees, and in which batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import gcd
from typing import Any

import numpy as np

from openvino.tools.pot.engines.items import own
from openvino.tools.pot.paths import offer
from openvino.tools.pot.utils.errors import ConfigError, DataError, naming

_MOST = 100_000_000
"""More samples than any pass can see."""

_GOLDEN = 0.6180339887498949

KEPT = 16
"""Items that are remembered: whether samples differ in size shows in the first ones."""


def count_samples(data_loader: Any, what: str = "data loader") -> int:
    """The length of a data loader, or of what else gives samples.

    Raises:
        DataError: it has none, or one that can't be.
    """
    with naming(f"the {what}, a {type(_given(data_loader)).__name__}, has no length: len", DataError):
        count = len(data_loader)
    if count > _MOST:
        raise DataError(f"the {what} says that it has {count} samples, expected at most {_MOST}")
    return count


def _given(data_loader: Any) -> Any:
    """The user's own."""
    return data_loader._loader if isinstance(data_loader, Remembered) else data_loader


class BatchSampler:
    """Batches of items of a data loader.

    Args:
        data_loader: the samples.
        batch_size: items of a batch; the last batch may be smaller.
        subset_indices: which samples, in which order; default all.

    Raises:
        ConfigError: the batch size is no number of samples, or the indices are no list.
        DataError: the data loader has no length.
    """

    def __init__(
        self, data_loader: Any, batch_size: int = 1, subset_indices: Sequence[int] | None = None
    ) -> None:
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ConfigError(f"batch_size is {batch_size!r}, expected a number of samples")
        if not isinstance(subset_indices, Iterable) and subset_indices is not None:
            raise ConfigError(f"subset_indices is {subset_indices!r}, expected a list of samples")
        self._data_loader = data_loader
        self.batch_size = batch_size
        chosen = range(count_samples(data_loader)) if subset_indices is None else subset_indices
        self._subset_indices = list(chosen)

    @property
    def is_plain(self) -> bool:
        """Whether batches and items are made here; of our own kinds, which know when to end, they are."""
        kind = type(self)
        own = ("load", "__iter__", "batches")
        ours = kind.__module__.startswith("openvino.tools.pot.")
        return ours or all(getattr(kind, name) is getattr(BatchSampler, name) for name in own)

    @property
    def data_loader(self) -> Any:
        """The samples."""
        return self._data_loader

    @property
    def indices(self) -> Sequence[int]:
        """Which of them, in their order."""
        return self._subset_indices

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
        """The item at an index, as the data loader gives it.

        Raises:
            DataError: it can only be iterated.
        """
        given = _given(self._data_loader)
        if not hasattr(given, "__getitem__") and isinstance(given, Iterable):
            raise DataError(
                f"the data loader, a {type(given).__name__}, can only be iterated, expected one with __getitem__, "
                "which gives a sample by its index"
            )
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


def mixed(indices: Sequence[int], count: int) -> list[int]:
    """So many of some indices, each as often as any other, in an order in which neighbours lie far apart."""
    step = max(1, round(_GOLDEN * len(indices)))
    while gcd(step, len(indices)) > 1:
        step += 1
    return [indices[number * step % len(indices)] for number in range(count)]


class Remembered:
    """A data loader whose first items are read once, however often a pass begins; some give the next at each call.

    Args:
        loader: of the user.
        most: items that are remembered.
    """

    def __init__(self, loader: Any, most: int = KEPT) -> None:
        self._loader, self._items, self._most = loader, dict[Any, Any](), most

    def __len__(self) -> int:
        return len(self._loader)

    def __reduce__(self) -> tuple[Any, ...]:
        """Without the items."""
        return Remembered, (self._loader, 0)

    def __getitem__(self, index: Any) -> Any:
        if index in self._items:
            return own(self._items[index])  # hooks may change it in place
        item = self._loader[index]
        if len(self._items) < self._most:
            self._items[index] = own(item)  # loaders may fill one buffer again and again
        return item

    @contextmanager
    def remembering(self, most: int) -> Iterator[None]:
        """Remember so many of the items that are read meanwhile, and none after them."""
        self._most = most
        try:
            yield
        finally:
            self._most = len(self._items)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


offer(globals())
