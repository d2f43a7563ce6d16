"""The items of data loaders: the batches of any sampler, and what an item holds, in whichever form it comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from addict import Dict

from openvino.tools.pot.utils.errors import DataError, Place, PotError, said

T = TypeVar("T")


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


def load_batches(sampler: Any) -> Iterator[list[Item]]:
    """The items of each batch of a sampler; every sample is read once, in order.

    Args:
        sampler: a ``BatchSampler``, or anything that iterates over lists of items.

    Raises:
        DataError: the data loader raised, with its error as the cause; the sample is named.
    """
    if _is_ours(sampler):
        for indices in sampler.batches():
            items = []
            for index in indices:
                with _Reading(index):
                    item = sampler.load(index)
                # Samples of one batch are held together: a loader may use one buffer for all of them.
                items.append(_held(parse_item(own(item) if len(indices) > 1 else item, index)))
            yield items
        return
    count = 0
    for batch in _guarded(sampler):
        yield [_held(parse_item(item, count + offset)) for offset, item in enumerate(batch)]
        count += len(batch)


def given_batches(sampler: Any) -> Iterator[tuple[list[int], Any]]:
    """The indices of each batch's samples, and the batch for an override of ``_process_batch``.

    Batches of a sampler that is not ours are handed on whatever they are, under their number.

    Args:
        sampler: as for ``load_batches``.

    Raises:
        DataError: as ``load_batches``.
    """
    if not _is_ours(sampler):
        for number, batch in enumerate(_guarded(sampler)):
            yield [number], batch
        return
    for items in load_batches(sampler):
        batch = [((item.index, item.annotation), item.data, item.metadata) for item in items]
        yield [item.index for item in items], batch


def _is_ours(sampler: Any) -> bool:
    return hasattr(sampler, "batches") and hasattr(sampler, "load")


def first_read(feeds: Iterator[T]) -> Iterator[T]:
    """The same feeds, the first read at once: one that doesn't fit is found before any long work."""
    first = next(feeds, None)
    if first is None:
        raise DataError("sample 0: there is nothing to feed, expected data for the model")
    return chain([first], feeds)


def _held(item: Item) -> Item:
    """Labels outlast the reading of further samples while inference goes on, data doesn't."""
    return replace(item, annotation=own(item.annotation), metadata=own(item.metadata))


def _guarded(sampler: Any) -> Iterator[Any]:
    batches, count, end = iter(sampler), 0, object()
    while True:
        with _Reading(count):
            batch = next(batches, end)
        if batch is end:
            return
        if not hasattr(batch, "__len__"):
            raise DataError(
                f"sample {count}: the sampler gave a {type(batch).__name__}, expected a list of items"
            )
        yield batch
        count += len(batch) if isinstance(batch, list) else 1


class _Reading:
    """Names the sample in errors of a user's loader; those of ours say all else there is to say.

    A class, since contextmanager takes what is raised from a StopIteration for that itself.
    """

    def __init__(self, index: int) -> None:
        self._place = Place(f"sample {index}")

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, PotError):
            raise DataError(error.sentence, self._place.around(error.where)) from error
        if isinstance(error, Exception):
            raise DataError(f"the data loader raised {said(error)}", self._place) from error
