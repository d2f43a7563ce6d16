"""From feeds to statistics: reading in the caller's thread, inference and reduction in one of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any

from openvino.tools.pot.engines.batches import Batch
from openvino.tools.pot.engines.stream import Outputs, copied, run_beside
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.measured import Statistics

Run = Callable[[Iterator[Any]], Iterator[tuple[Any, Outputs]]]
"""Gives the outputs for feeds, each with what it is of; None among feeds: the next one can't be had yet."""


def reduced(run: Run, layout: StatisticsLayout, fed: Iterator[Any], expected: int) -> Statistics:
    """What a layout finds on feeds.

    Args:
        run: runs the layout's model.
        layout: what is measured.
        fed: feeds, each behind what it is of; they may lie in one buffer that is filled again and again.
        expected: how many feeds there will be, as far as that is known.
    """
    read = ((tag, {name: copied(value) for name, value in feed.items()}) for tag, feed in fed)

    def work(ready: Iterator[Any]) -> Statistics:
        found = run(with_places(layout, ready))
        return layout.collect((outputs for _, outputs in found), expected)

    return run_beside(read, work)


def with_places(layout: StatisticsLayout, fed: Iterable[Any]) -> Iterator[Any]:
    """The same feeds, with what the measuring model gets beside them."""
    positions = count(layout.span.start)
    for entry in fed:
        if entry is not None:
            tag, feed = entry
            sample, position = sample_of(tag), next(positions)
            while layout.awaits(position):
                yield None
            entry = tag, layout.feed(position, feed, sample=sample)
        yield entry


def sample_of(tag: Any) -> object:
    """What is the same object for inferences of one sample."""
    if isinstance(tag, Batch):
        return tag.parts[0]
    return getattr(tag, "lane", tag)
