"""A data loader whose first items are read once, however often a pass over it begins."""

from __future__ import annotations

from typing import Any

from openvino.tools.pot.engines.items import own

KEPT = 16
"""Items that are kept: whether samples differ in size shows in the first ones."""


class Remembered:
    """Stands for a data loader; some give the next item at each call, whatever the index.

    Args:
        loader: of the user.
    """

    def __init__(self, loader: Any) -> None:
        self._loader, self._items = loader, dict[Any, Any]()

    def __len__(self) -> int:
        return len(self._loader)

    def __getitem__(self, index: Any) -> Any:
        if index in self._items:
            return self._items[index]
        item = self._loader[index]
        if len(self._items) < KEPT:
            self._items[index] = own(item)  # loaders may fill one buffer again and again
        return item

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
