"""Reading samples: the batches of a sampler as items, whatever the sampler and the data loader give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, TypeVar

from openvino.tools.pot.engines.items import Item, own, parse_item
from openvino.tools.pot.utils.errors import DataError, PotError, said

T = TypeVar("T")


def load_batches(sampler: Any) -> Iterator[list[Item]]:
    """The items of each batch of a sampler; every sample is read once, in order.

    Args:
        sampler: a ``BatchSampler``, or anything that iterates over lists of items.

    Raises:
        DataError: the data loader raised, with its error as the cause; the sample is named.
    """
    if _is_ours(sampler):
        for indices in sampler.batches():
            # Samples of one batch are held together: a loader may use one buffer for all of them.
            loaded = ((index, _load(sampler, index)) for index in indices)
            many = len(indices) > 1
            yield [_held(parse_item(own(item) if many else item, index)) for index, item in loaded]
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


def _load(sampler: Any, index: int) -> Any:
    try:
        return sampler.load(index)
    except Exception as error:
        raise _raised(index, error) from error


def _guarded(sampler: Any) -> Iterator[Any]:
    batches, count = iter(sampler), 0
    while True:
        try:
            batch = next(batches)
        except StopIteration:
            return
        except Exception as error:
            raise _raised(count, error) from error
        if not hasattr(batch, "__len__"):
            raise DataError(
                f"sample {count}: the sampler gave a {type(batch).__name__}, expected a list of items"
            )
        yield batch
        count += len(batch) if isinstance(batch, list) else 1


def _raised(index: int, error: Exception) -> DataError:
    if isinstance(error, PotError):  # one of our own loaders, which says all there is to say
        return DataError(f"sample {index}: {error}")
    return DataError(f"sample {index}: the data loader raised {said(error)}")
