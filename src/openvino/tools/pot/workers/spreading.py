"""Passes of an engine made by workers: which samples go to whom, and what their answers are together."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import reduce
from itertools import chain, islice, repeat
from math import prod
from typing import Any

import openvino as ov

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.engines.batches import split
from openvino.tools.pot.engines.filling import Samples, feeds
from openvino.tools.pot.engines.hooks import Found, Hooks
from openvino.tools.pot.engines.items import first_read
from openvino.tools.pot.engines.reducing import sample_of
from openvino.tools.pot.engines.results import is_taken_apart
from openvino.tools.pot.engines.stream import Feed, OutputNames, Outputs, copied
from openvino.tools.pot.graph.batch import fixed_batch
from openvino.tools.pot.samplers.batch_sampler import BatchSampler
from openvino.tools.pot.statistics.layout import Span, StatisticsLayout
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.progress import track
from openvino.tools.pot.utils.timing import timed
from openvino.tools.pot.workers.client import Workers
from openvino.tools.pot.workers.recipes import Recipes
from openvino.tools.pot.workers.sizes import MOST_SENT, inferences_of_a_part, inferences_with_outputs
from openvino.tools.pot.workers.tasks import Infer, Measure, Network, Read, Recipe, Sent, Told

logger = get_logger(__name__)

Part = tuple[list[Any] | None, Read | Sent]
"""The samples of a task, and what its inferences are of where that is known here."""


@contextmanager
def spread(engine: Engine | None, executor: Any) -> Iterator[None]:
    """Let workers make the passes of an engine meanwhile; without an executor it makes them itself.

    Raises:
        EngineError: that is no executor.
    """
    if executor is None or engine is None:
        yield
        return
    with closing(Workers(executor)) as workers:
        if not isinstance(engine, Hooks):
            kind = type(engine).__name__
            logger.warning(
                "the executor is not used: a %s makes its passes itself, expected an IEEngine", kind
            )
            yield
            return
        before, engine._elsewhere = engine._elsewhere, Spread(workers)
        try:
            yield
        finally:
            engine._elsewhere = before


class Spread:
    """Passes made by workers, to the bit what they are without.

    Samples are read by workers where the engine and its loader can be pickled, and give there what they give here. Else
    they are read here and sent.

    Args:
        workers: that make them.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers, self._recipes = workers, Recipes(workers)

    def measured(self, engine: Hooks, layout: StatisticsLayout, sampler: Any, show: bool) -> Statistics:
        """The statistics of a pass; see ``passes.collect``."""
        with timed("sending"):
            network = self._network(layout.model, "measured", engine, engine._options.stat_requests)
            content = self._workers.depot.add(pickle.dumps(layout, protocol=5))
            recipe = self._recipes.of(engine, sampler, single=True, apart=is_taken_apart(engine, layout))
        batch = fixed_batch(engine._single_model(), engine._options.batch_axis)
        whole = -(-len(sampler) // batch)
        if recipe is not None:
            part = inferences_of_a_part(whole, self._workers.count) * batch
            tasks = (
                Measure(network, content, source, Span(number * part // batch, whole))
                for number, source in enumerate(_read(recipe, sampler, part))
            )
            found = self._merged(tasks, len(sampler), show)
            if list(found.spans) == [(0, whole)]:
                return found
            self._recipes.refuse(
                engine, recipe, "they are several inferences each, whose numbers must be known"
            )
        return self._measured_here(engine, layout, Samples(sampler, "Statistics", show), network, content)

    def _measured_here(
        self, engine: Hooks, layout: StatisticsLayout, samples: Samples, network: Network, content: Any
    ) -> Statistics:
        """The statistics of a pass whose samples are read here."""
        model, apart = engine._single_model(), is_taken_apart(engine, layout)
        whole = -(-len(samples.sampler) // fixed_batch(model, engine._options.batch_axis))
        part = inferences_of_a_part(whole, self._workers.count)
        # What is kept of the first samples is all in the first part, which knows what is of one sample.
        first = layout.most_watched if apart else 0

        def tasks() -> Iterator[Measure]:
            start = 0
            fed = first_read(feeds(engine, model, samples, single=True, apart=apart))
            for _, source in _sent(fed, first, part):
                yield Measure(network, content, source, Span(start, whole))
                start += source.samples

        return self._merged(tasks(), 0, show=False)

    def results(self, engine: Hooks, samples: Samples, strict: bool) -> Iterator[Found]:
        """Outputs, in the order of samples; see ``results.results``."""
        model, options, names = engine._single_model(), engine._options, list[OutputNames]()
        recipe = self._recipes.of(engine, samples.sampler, hooks_behind=True)
        batch = fixed_batch(model, options.batch_axis)
        whole = -(-len(samples.sampler) // batch)
        part = inferences_with_outputs(whole, self._workers.count, _size_of_outputs(model))
        if recipe is not None:
            parts: Iterator[Part] = ((None, own) for own in _read(recipe, samples.sampler, part * batch))
        else:
            parts = _sent(first_read(feeds(engine, model, samples)), 0, part)
            samples = Samples(samples.sampler)  # progress is shown where they are read
        network = self._network(model, "evaluated", engine, options.eval_requests)
        found = self._outputs(network, parts, names)
        for items, outputs in samples.tracked(split(found, model, options.batch_axis, strict)):
            yield names[0], items, outputs

    def _outputs(
        self, network: Network, parts: Iterable[Part], names: list[OutputNames]
    ) -> Iterator[tuple[Any, Outputs]]:
        """What each inference is of, and its outputs; what these are called is added to ``names``."""
        waiting: deque[list[Any] | None] = deque()

        def tasks() -> Iterator[Infer]:
            for known, source in parts:
                waiting.append(known)
                yield Infer(network, source)

        for _, (called, found) in self._workers.answers(tasks(), in_order=True):
            names.append(called)
            tags = waiting.popleft() or [tag for tag, _ in found]
            yield from zip(tags, (outputs for _, outputs in found), strict=True)

    def _network(self, model: ov.Model, purpose: str, engine: Hooks, requests: int) -> Network:
        content = self._workers.depot.add_model(model)
        return Network(content, purpose, engine._options.device, requests, self._workers.threads)

    def _merged(self, tasks: Iterable[Measure], samples: int, show: bool) -> Statistics:
        """What all tasks find; shown sample by sample."""
        with timed("pass"):
            found = ((own, task.source.samples) for task, own in self._workers.answers(tasks))
            parts = _tracked(found, samples) if show else (own for own, _ in found)
            return reduce(Statistics.join, parts)


def _read(recipe: Recipe, sampler: BatchSampler, part: int) -> Iterator[Read]:
    """The samples of a sampler, so many at a time, for workers that read them."""
    batches = sampler.batches()
    while indices := [index for batch in islice(batches, part) for index in batch]:
        in_a_row = range(indices[0], indices[-1] + 1)
        yield Read(recipe, in_a_row if indices == [*in_a_row] else tuple(indices))


def _sent(fed: Iterator[tuple[Any, Feed]], first: int, part: int) -> Iterator[Part]:
    """Feeds that were read here, at most so many at a time, but ``first`` of the first ones in any case."""
    most, entries, size = max(first, part), list[tuple[Any, Feed]](), 0
    for tag, feed in fed:
        entries.append((tag, {name: copied(value) for name, value in feed.items()}))
        size += sum(value.nbytes for value in entries[-1][1].values())
        if len(entries) >= most or (size >= MOST_SENT and len(entries) >= first):
            yield _joined(entries)
            first, most, entries, size = 0, part, [], 0
    if entries:
        yield _joined(entries)


def _joined(entries: Sequence[tuple[Any, Feed]]) -> Part:
    tags = [tag for tag, _ in entries]
    told = {id(sample_of(tag)): Told(str(tag)) for tag in tags}
    return tags, Sent(tuple((told[id(sample_of(tag))], feed) for tag, feed in entries))


def _tracked(found: Iterable[tuple[Statistics, int]], total: int) -> Iterator[Statistics]:
    """The same statistics, with the progress of samples shown."""
    steps = (step for own, count in found for step in chain(repeat(None, count - 1), [own]))
    return (step for step in track(steps, total, "Statistics pass") if step is not None)


def _size_of_outputs(model: ov.Model) -> int:
    """Bytes of the outputs of one inference, 0 where sizes are open."""
    shapes = [(port.get_partial_shape(), port.get_element_type().size) for port in model.outputs]
    if any(shape.is_dynamic for shape, _ in shapes):
        return 0
    return sum(prod(shape.to_shape()) * size for shape, size in shapes)
