"""From samples to feeds, through the hooks of an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import openvino as ov

from openvino.tools.pot.engines.batches import Batch, Fed, as_they_are, joined, taken_apart
from openvino.tools.pot.engines.feeding import named
from openvino.tools.pot.engines.hooks import Hooks
from openvino.tools.pot.engines.items import Item, given_batches, load_batches, own
from openvino.tools.pot.engines.recurrent import KEY, Recurrence, TimeStep
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.batch import fixed_batch, is_batch
from openvino.tools.pot.utils.errors import ConfigError, DataError, PotError, reason
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.progress import track

logger = get_logger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Samples:
    """What a pass goes through.

    Attributes:
        sampler: gives batches of items.
        title: of the pass, empty where nobody is to notice it.
        shown: whether progress is.
    """

    sampler: Any
    title: str = ""
    shown: bool = False

    def tracked(self, batches: Iterable[T]) -> Iterable[T]:
        """The same batches, with their progress shown if it is to be."""
        if not self.shown:
            return batches
        count = -(-len(self.sampler) // int(getattr(self.sampler, "batch_size", 1)))
        return track(batches, count, f"{self.title} pass")


def feeds(
    engine: Hooks, model: ov.Model, samples: Samples, single: bool = False, apart: bool = False
) -> Iterator[tuple[Batch, Feed]]:
    """What inferences are fed: samples as the sampler and the loader join them, or a fixed batch of them.

    Args:
        engine, model, samples: whose hooks fill inputs of what with what.
        single: leave it to the model alone how many samples are fed at a time, not to the sampler.
        apart: whether the samples of a loader's batches are fed one by one, too.

    Raises:
        DataError: a sample doesn't fit the model; its index is named.
    """
    axis = engine._options.batch_axis
    found, size = filled(engine, model, samples, single), fixed_batch(model, axis)
    if size == 1:
        yield from as_they_are(taken_apart(found, axis) if apart else found)
        return
    for batch, feed in joined(found, size, axis):
        if not batch.is_whole and not is_batch(model, axis):
            engine._filler.tell(
                f"the model takes {size} samples at a time, if its first axis is one of samples"
            )
        if samples.title and (missing := size - sum(batch.rows)):
            logger.info("the model has a batch of %d: the last one repeats %d samples", size, missing)
        yield batch, feed


def filled(engine: Hooks, model: ov.Model, samples: Samples, single: bool = False) -> Iterator[Fed]:
    """What hooks make of the batches of a sampler, or of each image in them; see ``feeds``."""
    fill = _filling(engine, model)
    for items, images in _processed(engine, samples):
        if not single or (isinstance(images, np.ndarray) and len(items) == 1):
            yield items, fill(items, images)
            continue
        # The hook before may have made several images of one sample.
        for position, image in enumerate(images):
            owner = [items[min(position, len(items) - 1)]]
            yield owner, fill(owner, [image])


def time_steps(
    engine: Hooks, model: ov.Model, recurrence: Recurrence, samples: Samples
) -> Iterator[list[TimeStep]]:
    """The time steps of each sample.

    Raises:
        ConfigError: there are several in a batch.
        DataError: a sample doesn't fit the model; its index is named.
    """
    fill = _filling(engine, model)
    for position, (items, images) in enumerate(_processed(engine, samples)):
        if not len(items) == len(images) == 1:
            found = max(len(items), len(images))
            raise ConfigError(
                f"{KEY}: samples are fed one by one, found a batch of {found}: leave stat_batch_size at 1"
            )
        item = replace(items[0], data=images[0])
        yield recurrence.steps(item, position, partial(fill, items))


def _processed(engine: Hooks, samples: Samples) -> Iterator[tuple[list[Item], list[Any]]]:
    """The samples of each batch, without data, and what there is to feed of them."""
    if not engine._overrides("_process_batch"):
        for read in samples.tracked(load_batches(samples.sampler)):
            engine._filler.indices = [item.index for item in read]
            yield [replace(item, data=None) for item in read], [item.data for item in read]
        return
    for indices, batch in samples.tracked(given_batches(samples.sampler)):
        engine._filler.indices = indices
        with _naming(indices[0]):
            labels, images, metadata = engine._process_batch(batch)
            if labels is None:
                labels = [(index, None) for index in indices]
            pairs = zip(labels, metadata or [{}] * len(labels), strict=True)
            # What it gives may be views of a buffer that the loader fills anew.
            items = [Item(index, None, own(label), own(meta)) for (index, label), meta in pairs]
        yield items, images


def _filling(engine: Hooks, model: ov.Model) -> Callable[[list[Item], Any], Feed]:
    """What feeds a model, by the names that the default gives inputs."""
    overridden = engine._overrides("_fill_input")

    def fill(items: list[Item], images: Any) -> Feed:
        engine._filler.indices = [item.index for item in items]
        with _naming(items[0].index):
            feed = engine._fill_input(model, images)
            return named(model, feed) if overridden else feed

    return fill


@contextmanager
def _naming(index: int) -> Iterator[None]:
    """Name the sample in errors of hooks."""
    try:
        yield
    except PotError:
        raise
    except Exception as error:
        found = f"{type(error).__name__}: {reason(error)}"
        raise DataError(f"it can't be fed to the model: {found}", f"sample {index}") from error
