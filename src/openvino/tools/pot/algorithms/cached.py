"""Passes that need not be made again: their statistics are in a folder, known by all that they depend on."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot import version
from openvino.tools.pot.algorithms.job import Job
from openvino.tools.pot.engines.hooks import Hooks
from openvino.tools.pot.engines.probes import batch_axis, device_of, feeds, feeds_as_read
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.batch import takes_samples_apart
from openvino.tools.pot.graph.digest import digest_of, sources_digest
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.view import bodies_of
from openvino.tools.pot.statistics.cache import OtherSizes, StatisticsCache, key_of
from openvino.tools.pot.statistics.kept import Kept
from openvino.tools.pot.statistics.layout import OtherSizesError
from openvino.tools.pot.statistics.measured import JoinedStatistics, Statistics, unanswered
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.runtime import core
from openvino.tools.pot.utils.timing import timed

logger = get_logger(__name__)

_THREADS, _BLOCK = 4, 1 << 19
"""Of those that look at a large array at most, and the bytes that one of them looks at."""

DECLARED = "cache_key"
"""Attribute of a data loader: a text that is another one whenever its samples are."""


class CachedPass:
    """A pass over samples of one network, as far as a folder does not have it.

    Args:
        cache: the folder.
        key: of all that statistics of the pass depend on but what is asked for.

    Attributes:
        knew: whether nothing had to be measured.
    """

    def __init__(self, cache: StatisticsCache, key: str) -> None:
        self._cache, self._key, self._computed = cache, key, Kept()
        self.knew = False

    def measured(self, job: Job, measure: Callable[[Job], Statistics]) -> Statistics:
        """What a job asks for, of which only that is measured which is not known.

        Args:
            job: of the network.
            measure: measures what a job asks for.

        Raises:
            OtherSizesError: as ``measure``, now or when it was asked before.
        """
        with timed("statistics cache"):
            found = self._cache.entries(self._key)
        for entry in found:
            if isinstance(entry, OtherSizes):
                raise OtherSizesError(entry.sizes, entry.position)
            if isinstance(entry, Kept):
                self._computed = entry
        known = [entry for entry in found if isinstance(entry, Statistics)]
        missing = unanswered(job.requests, known)
        self.knew = bool(known) and not missing
        if not self.knew:
            known.append(self._measured(replace(job, requests=missing) if known else job, measure))
        else:
            logger.info("statistics are known from a pass of before: nothing is measured")
        alone = (own for own in known if not unanswered(job.requests, [own]))
        return JoinedStatistics(known if (own := next(alone, None)) is None else [own], self._computed)

    def _measured(self, job: Job, measure: Callable[[Job], Statistics]) -> Statistics:
        """What a job asks for, which is kept."""
        try:
            found = measure(job)
        except OtherSizesError as other:
            self._cache.add(self._key, OtherSizes(other.sizes, other.position))
            raise
        with timed("statistics cache"):
            _ = found.digest  # which is kept with them
            self._cache.add(self._key, found)
        return found

    def keep(self) -> None:
        """Keep what was computed of the statistics, if that has become more."""
        if self._computed.has_more:
            with timed("statistics cache"):
                self._cache.add(self._key, self._computed)
            self._computed.has_more = False


def is_known(job: Job, engine: Hooks, first: Feed) -> bool:
    """Whether a key tells a pass from all others that could have other figures.

    Whether batches that a loader gives are taken apart depends on what is asked for. Devices that choose others don't
    say which. Networks within operations are left out until keys of such ones have been tried.

    Args:
        job: of the network.
        engine: measures.
        first: what it feeds for the first sample.
    """
    axis = engine._options.batch_axis
    batches = any(value.ndim > axis and value.shape[axis] > 1 for value in first.values())
    apart = batches and takes_samples_apart(job.network, axis)
    nested = any(bodies_of(node) for node in job.network.get_ops())
    return not apart and not nested and device_of(engine) in core().available_devices


def pass_key(job: Job, samples: str, engine: Hooks, settings: Sequence[object]) -> str:
    """The key of a pass: network, samples, device, versions, and what else figures depend on.

    Args:
        job: has the network, in the sizes of samples as far as they are known.
        samples: as ``samples_key`` gives it.
        engine: measures.
        settings: of the pass.
    """
    device = device_of(engine)
    names = [f"{node.get_friendly_name()} {node.get_output_size()}" for node in job.network.get_ordered_ops()]
    inputs = [str(port.get_partial_shape()) for port in job.network.inputs]
    network = digest_of(job.network)
    about = [core().get_property(device, name) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
    versions = [ov.__version__, np.__version__, version.__version__, sources_digest()]
    rest = [device, *about, sorted(job.sizes.items()), batch_axis(engine), *settings]
    return key_of([samples, network.graph, network.weights, *names, *inputs, *versions, *map(str, rest)])


def samples_key(engine: Hooks, model: CompressedModel, subset: Sequence[int]) -> str:
    """What tells samples from others: what their data loader declares, or a digest of all that the model is fed.

    A loader knows nothing of hooks that feed what it gives otherwise, so beside these it is not believed.

    Raises:
        DataError: a sample doesn't fit the model; its index is named.
    """
    declared = getattr(engine.data_loader, DECLARED, None)
    if isinstance(declared, str) and feeds_as_read(engine):
        return key_of([f"declared {declared}", str(engine.config), str(list(subset))])
    with timed("digest of samples"):
        return key_of(_digests(feeds(engine, model, subset)))


def _digests(fed: Iterator[Any]) -> Iterator[str]:
    """A few bytes of each array: checksums, and the sum of its words, at the speed of memory."""
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as threads:
        for feed in fed:
            for name in sorted(feed):
                values = np.ascontiguousarray(feed[name])
                content = values.reshape(-1).view(np.uint8)
                blocks = [content[start : start + _BLOCK] for start in range(0, content.size, _BLOCK)]
                found = threads.map(_checked, blocks) if len(blocks) > 1 else map(_checked, blocks)
                yield f"{name} {values.dtype.str} {values.shape} {list(found)}"


def _checked(content: NDArray[np.uint8]) -> tuple[int, int]:
    """A checksum, and the sum of words."""
    words = content[: content.size // 8 * 8].view(np.uint64)
    return zlib.crc32(content.data), int(np.add.reduce(words, dtype=np.uint64))
