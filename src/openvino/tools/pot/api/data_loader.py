"""The interface through which users give their data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from addict import Dict


class DataLoader(ABC):
    """Access by index to the samples of a dataset; implement ``__len__`` and ``__getitem__``.

    An item is ``(data, annotation)`` or ``(data, annotation, metadata)``, or in the older order
    ``((index, annotation), data)`` or ``((index, annotation), data, metadata)``. ``data`` is an array, or a
    dict of model input name to array, with or without the batch dimension. ``annotation`` may be ``None``.

    Args:
        config: any mapping; kept as ``self.config``, a dict with attribute access, others as they are.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        plain = config is None or (isinstance(config, dict) and not isinstance(config, Dict))
        self.config = Dict(config) if plain else config

    @abstractmethod
    def __len__(self) -> int:
        """Number of samples."""

    @abstractmethod
    def __getitem__(self, index: int) -> Any:
        """The sample at ``index``, 0 <= index < len(self)."""
