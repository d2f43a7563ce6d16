"""Batches of a fixed size, joined of samples that a loader gives one by one, and their outputs taken apart again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import openvino as ov

from openvino.tools.pot.engines.feeding import stack
from openvino.tools.pot.engines.items import Item
from openvino.tools.pot.engines.stream import Feed, Outputs, copied
from openvino.tools.pot.graph.batch import output_axes
from openvino.tools.pot.graph.names import port_name
from openvino.tools.pot.utils.errors import DataError

Fed = tuple[list[Item], Feed]
Held = tuple[list[Item], Feed, int]


@dataclass(frozen=True)
class Batch:
    """What one inference is of.

    Attributes:
        parts: what the loader gave at a time.
        rows: how much of the batch each of them is.
        size: of the batch; rows that are missing repeat others.
    """

    parts: tuple[list[Item], ...]
    rows: tuple[int, ...]
    size: int

    def __str__(self) -> str:
        return f"sample {self.parts[0][0].index}"

    @property
    def is_whole(self) -> bool:
        """Whether the loader gave it as it is."""
        return self.rows == (self.size,)


def as_they_are(feeds: Iterable[Fed]) -> Iterator[tuple[Batch, Feed]]:
    """Each feed as a batch, for models that take any number of samples."""
    for items, feed in feeds:
        yield Batch((items,), (1,), 1), feed


def joined(feeds: Iterable[Fed], size: int, axis: int) -> Iterator[tuple[Batch, Feed]]:
    """Batches of a fixed size.

    Args:
        feeds: of one sample or more.
        size: samples of a batch.
        axis: along which they lie.

    Raises:
        DataError: a feed has more samples than a batch.
    """
    held: list[Held] = []
    for items, feed in feeds:
        rows = _rows(feed, size, axis)
        if rows > size:
            raise DataError(f"sample {items[0].index}: found {rows} samples, the model has a batch of {size}")
        if sum(count for *_, count in held) + rows > size:
            yield from _filled(held, size, axis)
            held = []
        if rows == size:
            yield Batch((items,), (size,), size), feed
        else:  # Loaders may fill one buffer again and again.
            held.append((items, {name: copied(value) for name, value in feed.items()}, rows))
    yield from _filled(held, size, axis)


def taken_apart(feeds: Iterable[Fed], axis: int) -> Iterator[Fed]:
    """The samples of feeds, one by one, where all inputs have as many along the axis."""
    for items, feed in feeds:
        for place in range(rows := _rows(feed, 1, axis)):
            yield items, feed if rows == 1 else {k: v.take([place], axis) for k, v in feed.items()}


def _rows(feed: Feed, other: int, axis: int) -> int:
    """How many samples a feed has, ``other`` where inputs don't agree, which is for the model to judge."""
    counts = {np.shape(value)[axis] if np.ndim(value) > axis else 0 for value in feed.values()}
    return int(counts.pop()) if len(counts) == 1 else other


def _filled(held: Sequence[Held], size: int, axis: int) -> Iterator[tuple[Batch, Feed]]:
    if held:
        items, feeds, rows = zip(*held, strict=True)
        places = np.arange(size) % sum(rows)
        feed = {name: array.take(places, axis) for name, array in stack(list(feeds), axis).items()}
        yield Batch(items, rows, size), feed


def split(
    results: Iterable[tuple[Batch, Outputs]], model: ov.Model, axis: int, strict: bool = True
) -> Iterator[tuple[list[Item], Outputs]]:
    """What the loader gave at a time, with its part of the outputs.

    Args:
        results: batches with their outputs.
        model: that gave them.
        axis: of its inputs, along which samples lie.
        strict: whether each sample must get its own; otherwise batches stay whole where that can't be.

    Raises:
        DataError: it can't be told which part that is.
    """
    axes: list[int | None] = []
    for batch, outputs in results:
        if batch.size == 1 or batch.is_whole:
            yield batch.parts[0], outputs
            continue
        axes = axes or output_axes(model, axis)
        known = [axis for axis in axes if axis is not None]
        if len(known) == len(outputs):
            starts = accumulate(batch.rows, initial=0)
            for items, rows, start in zip(batch.parts, batch.rows, starts, strict=False):
                places = np.arange(start, start + rows)
                yield items, [output.take(places, own) for output, own in zip(outputs, known, strict=True)]
        elif not strict:
            yield [item for items in batch.parts for item in items], outputs
        else:
            name = port_name(model.outputs[axes.index(None)])
            raise DataError(
                f"{batch}: the model has a batch of {batch.size}, and which part of output {name!r} is of which "
                "sample can't be told: expected a data loader that gives whole batches, each with its annotations"
            )
