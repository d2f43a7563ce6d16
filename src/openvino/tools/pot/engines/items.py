"""What a data loader's item holds, in whichever of the known forms it comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openvino.tools.pot.utils.errors import DataError


@dataclass(frozen=True)
class Item:
    """One sample: what is fed, what it is compared with, and what the user's hooks want to know of it."""

    index: int
    data: Any
    annotation: Any
    metadata: dict[str, Any]


def parse_item(item: Any, index: int) -> Item:
    """Tell the forms of items apart.

    ``(data, annotation[, metadata])``; ``((index, annotation), data[, metadata])``, the older order, known by
    a pair in the first place; or data alone.
    """
    if not isinstance(item, (tuple, list)):
        return Item(index, item, None, {})
    if len(item) not in (2, 3):
        raise DataError(
            f"sample {index}: the data loader gave a {type(item).__name__} of {len(item)} elements, expected "
            f"(data, annotation) or (data, annotation, metadata)"
        )
    first, second = item[0], item[1]
    metadata = _metadata(item[2] if len(item) == 3 else None, index)
    if isinstance(first, (tuple, list)) and len(first) == 2 and not _is_nested_numbers(first):
        return Item(index, second, first[1], metadata)
    return Item(index, first, second, metadata)


def _is_nested_numbers(value: Any) -> bool:
    """Whether a pair is itself an array, written as nested lists."""
    return isinstance(value, list) and all(isinstance(part, list) for part in value)


def _metadata(value: Any, index: int) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise DataError(f"sample {index}: metadata is a {type(value).__name__}, expected a mapping")
    return dict(value)
