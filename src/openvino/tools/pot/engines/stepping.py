"""Passes over samples that have time steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import openvino as ov

from openvino.tools.pot.engines.recurrent import Recurrence
from openvino.tools.pot.engines.rounds import run_steps
from openvino.tools.pot.engines.steps import TimeStep
from openvino.tools.pot.engines.stream import Feed, Outputs, run_stream
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.measured import Statistics

T = TypeVar("T")


def results(
    compiled: ov.CompiledModel, recurrence: Recurrence, samples: Iterable[Sequence[TimeStep]], requests: int
) -> Iterator[tuple[TimeStep, Outputs]]:
    """The steps of one sample after the other, with their outputs.

    Args:
        compiled: what runs.
        recurrence: of that model.
        samples: the steps of each.
        requests: parallel requests, 0 lets the device choose.

    Raises:
        DataError: an inference failed; names the sample and the time step.
    """
    return run_steps(
        samples, recurrence.state, partial(run_stream, compiled, requests=requests), in_order=True
    )


def statistics(
    compiled: ov.CompiledModel,
    recurrence: Recurrence,
    samples: Iterable[Sequence[TimeStep]],
    requests: int,
    layout: StatisticsLayout,
    expected: int,
) -> Statistics:
    """What is measured at all steps.

    Args:
        compiled: the layout's model, whose last outputs are those of ``recurrence.outputs``.
        recurrence: of the float model.
        samples: the steps of each.
        requests: parallel requests, 0 lets the device choose.
        layout: what is measured.
        expected: the number of samples.

    Raises:
        DataError: as ``results``.
    """
    measured = len(compiled.outputs) - len(recurrence.outputs)

    def infer(feeds: Iterator[tuple[Any, Feed] | None]) -> Iterator[tuple[Any, Outputs]]:
        return run_stream(compiled, with_places(layout, feeds, lambda tag: tag[0]), requests, copies=False)

    def state(outputs: Outputs) -> Feed:
        return recurrence.state(dict(zip(recurrence.outputs, outputs[measured:], strict=True)))

    steps = run_steps(samples, state, infer, in_order=False)
    return layout.collect((outputs[:measured] for _, outputs in steps), expected)


def single_steps(
    compiled: ov.CompiledModel, recurrence: Recurrence, samples: Iterable[Sequence[TimeStep]], count: int
) -> Iterator[tuple[TimeStep, Feed]]:
    """One step of each sample with its whole feed: near the first sample's beginning, ..., near the last one's end.

    Args:
        compiled: what gives the states.
        recurrence: of that model.
        samples: the steps of each.
        count: the number of samples.

    Raises:
        DataError: as ``results``.
    """
    infer = partial(run_stream, compiled, requests=1)
    for number, steps in enumerate(samples):
        chosen, state = steps[len(steps) * (2 * number + 1) // (2 * count)], Feed()
        before = steps[: chosen.number]
        for _, outputs in run_steps([before] if before else [], recurrence.state, infer, in_order=False):
            state = recurrence.state(outputs)
        yield chosen, chosen.feed_after(state)


def with_places(
    layout: StatisticsLayout,
    feeds: Iterable[tuple[T, Feed] | None],
    sample_of: Callable[[T], object] = lambda _: None,
) -> Iterator[tuple[T, Feed] | None]:
    """The same feeds, with what the measuring model gets beside them.

    Args:
        layout: that measures.
        feeds: tags and feeds.
        sample_of: what tells the sample of a tag; see ``Witness.note_feed``.
    """
    position = 0
    for entry in feeds:
        if entry is None:
            yield None
            continue
        tag, feed = entry
        yield tag, layout.feed(position, feed, sample=sample_of(tag))
        position += 1
