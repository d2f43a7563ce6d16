"""What a data loader's item holds, in whichever of the known forms it comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from addict import Dict

from openvino.tools.pot.utils.errors import DataError


@dataclass(frozen=True)
class Item:
    """One sample: what is fed, what it is compared with, and what the user's hooks want to know of it."""

    index: int
    data: Any
    annotation: Any
    metadata: Any


def parse_item(item: Any, index: int) -> Item:
    """Tell the forms of items apart.

    ``(data, annotation[, metadata])``; ``((index, annotation), data[, metadata])``, the older order, known by
    a pair in the first place that isn't data itself; ``(data,)``; or data alone.
    """
    if not isinstance(item, (tuple, list)):
        return Item(index, item, None, {})
    if len(item) not in (1, 2, 3):
        raise DataError(
            f"sample {index}: the data loader gave a {type(item).__name__} of {len(item)} elements, expected "
            f"(data, annotation) or (data, annotation, metadata)"
        )
    first, second, metadata = (*item, None, None)[:3]
    metadata = {} if metadata is None else metadata
    if isinstance(first, (tuple, list)) and len(first) == 2 and not _is_data(first, second):
        return Item(index, second, first[1], metadata)
    return Item(index, first, second, metadata)


def own(value: Any) -> Any:
    """``value`` with copies of its arrays and tensors, so that the loader may fill its buffers anew."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if is_tensor(value):
        return value.detach().clone()
    if type(value) in (list, tuple):
        return type(value)(own(part) for part in value)
    if type(value) in (dict, Dict):
        return type(value)({key: own(part) for key, part in value.items()})
    return value


def is_tensor(value: Any) -> bool:
    """Whether a value is a torch tensor, perhaps on a device or with a gradient."""
    # An addict.Dict has any attribute.
    return hasattr(value, "detach") and not isinstance(value, Mapping)


def _is_data(pair: Any, second: Any) -> bool:
    """Whether a pair in the first place is data for two inputs, or a list of two numbers, not an index and a label."""
    if all(is_array(part) for part in pair):
        return True
    numbers = isinstance(pair, list) and all(isinstance(part, (int, float)) for part in pair)
    return numbers and not is_array(second) and not isinstance(second, Mapping)


def is_array(value: Any) -> bool:
    """Whether a value is an array or a tensor with axes, or a list."""
    if isinstance(value, list) or is_tensor(value):
        return True
    return not isinstance(value, Mapping) and hasattr(value, "__array__") and getattr(value, "ndim", 1) > 0
