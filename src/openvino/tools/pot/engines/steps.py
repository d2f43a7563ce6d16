"""The time steps of a sample, made ready for a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from openvino.tools.pot.engines.items import Item
from openvino.tools.pot.engines.recurrent import Recurrence
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.utils.errors import DataError, PotError


@dataclass(frozen=True)
class TimeStep:
    """One inference of a sample.

    Attributes:
        item: the sample, with the time step in its metadata, without data.
        sample: its place in the pass.
        number: of the time step, from 0.
        count: how many time steps the sample has.
        feed: what is known beforehand, in arrays of one's own.
        awaited: names of the inputs that the step before gives.
    """

    item: Item
    sample: int
    number: int
    count: int
    feed: Feed
    awaited: frozenset[str]

    @property
    def is_last(self) -> bool:
        """Whether it is the sample's last one."""
        return self.number == self.count - 1

    def feed_after(self, state: Feed) -> Feed:
        """The whole feed.

        Args:
            state: what the outputs of the step before are worth as inputs.
        """
        return {**self.feed, **{name: state[name] for name in self.awaited}}


def prepared(
    recurrence: Recurrence, item: Item, sample: int, fill: Callable[[list[Any]], Mapping[Any, Any]]
) -> list[TimeStep]:
    """The time steps of a sample.

    Args:
        recurrence: of the model.
        item: the sample.
        sample: its place in the pass.
        fill: from the arrays of a time step, a batch of one, to a feed.

    Raises:
        DataError: the sample doesn't fit; names it, and the time step.
    """
    steps = []
    for number, (arrays, awaited) in enumerate(recurrence.read(item.data, item.index)):
        where = f"sample {item.index}, time step {number}"
        try:
            feed = recurrence.without(fill([arrays]), awaited)
        except PotError as error:
            raise type(error)(error.sentence, where) from error.__cause__
        steps.append((feed, awaited))
    return [
        TimeStep(_item_at(item, number, len(steps)), sample, number, len(steps), *step)
        for number, step in enumerate(steps)
    ]


def _item_at(item: Item, number: int, count: int) -> Item:
    metadata = {} if item.metadata is None else copy(item.metadata)
    if not isinstance(metadata, MutableMapping):
        kind = type(metadata).__name__
        raise DataError(
            f"sample {item.index}: metadata is a {kind}, expected a dict that takes the time step"
        )
    metadata.update({"_batch_id": item.index, "_cur_time_step": number, "_max_time_step": count})
    return Item(item.index, None, item.annotation, metadata)
