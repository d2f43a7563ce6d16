"""What jobs ask for, from one pass of the user's engine over its samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from openvino.tools.pot.algorithms.cached import CachedPass, is_known, pass_key, samples_key
from openvino.tools.pot.algorithms.job import FREE, THRIFTY, Frugality, Job
from openvino.tools.pot.algorithms.layouts import layout_of, watched_samples
from openvino.tools.pot.algorithms.telling import FEW_SAMPLES, check_outputs, check_span, tell_of_choice
from openvino.tools.pot.algorithms.thrift import Bounded, kept_within
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.configs.parameters import MinMaxParameters
from openvino.tools.pot.engines.hooks import set_model
from openvino.tools.pot.engines.passes import fed_shapes, measure
from openvino.tools.pot.engines.probes import (
    batch_axis,
    feeds,
    feeds_as_read,
    feeds_samples,
    reads_samples,
    using,
)
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.batch import fixed_batch
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.sizes import Sizes, common_sizes, is_static, sizes_of
from openvino.tools.pot.samplers.batch_sampler import BatchSampler, Remembered, choose_subset, count_samples
from openvino.tools.pot.statistics.cache import StatisticsCache
from openvino.tools.pot.statistics.layout import OtherSizesError, Span, StatisticsLayout
from openvino.tools.pot.statistics.measured import Measured, Statistics
from openvino.tools.pot.statistics.way import Way
from openvino.tools.pot.utils.errors import DataError, EngineError, NoSamplesError
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.memory import own_bytes
from openvino.tools.pot.utils.timing import timed

logger = get_logger(__name__)

Jobs = Mapping[str, Job]
"""By the names of networks."""

OPEN: Sizes = MappingProxyType({})
"""Of models whose sizes are not known."""


@dataclass
class Measuring:
    """An engine's samples, for statistics of the networks of a model.

    Attributes:
        model: in float.
        engine: what measures.
        sampling: the parameters that choose samples.
        fed: network of a cascade -> the sizes in which it is fed, where these are others than it has.
        tells: whether what there is to say of the choice of samples has not been said.
        part: which of how many equal parts of the samples is measured, counted from zero; None: all.
        remembers: whether passes of before count, where the parameters name a folder for them.
        pass_of_before: the last pass that was asked for, where a folder may know it.
        frugal: what is done behind the pass to need little memory.
    """

    model: CompressedModel
    engine: Engine | None
    sampling: MinMaxParameters
    fed: Mapping[str, Sizes] = field(default_factory=dict)
    tells: bool = True
    part: tuple[int, int] | None = None
    remembers: bool = True
    pass_of_before: CachedPass | None = None
    frugal: Frugality = FREE
    _way: Way | None = None
    _began: int | None = field(default_factory=own_bytes)
    _samples: str | None = None

    def __post_init__(self) -> None:
        if self.sampling.max_memory is not None:
            self.frugal = THRIFTY

    def shapes(self) -> dict[str, Sizes]:
        """The sizes in which the networks of a cascade are fed, as ``fed``, from one sample.

        Raises:
            EngineError: the engine can't run a cascade, or has no data loader.
            DataError: the data loader is empty.
        """
        engine, subset = self._ready()
        found = fed_shapes(engine, BatchSampler(engine.data_loader, 1, subset[:1]))
        return {
            name: {
                key: tuple(None if size.is_dynamic else size.get_length() for size in shape)
                for key, shape in shapes.items()
            }
            for name, shapes in found.items()
        }

    def first(self, count: int, room: int) -> Iterator[Feed]:
        """What the model is fed for the first samples; none where hooks feed it otherwise, or there are too few.

        Each may be overwritten by the next.

        Args:
            count: of samples, at most.
            room: bytes that they may take, but for the first one.

        Raises:
            EngineError, DataError: as ``measured``.
        """
        if not self._reads_one_by_one or not feeds_as_read(self.engine) or self.engine.data_loader is None:
            return
        engine, subset = self._ready()
        loader = engine.data_loader
        if len(subset) < FEW_SAMPLES:
            return
        with loader.remembering(count) if isinstance(loader, Remembered) else nullcontext():
            for feed in feeds(self.engine, self.model, subset[:count]):
                yield feed
                room -= sum(value.nbytes for value in feed.values())
                if room < 0:
                    return

    @property
    def _reads_one_by_one(self) -> bool:
        """Whether the samples of a single network are asked for one by one."""
        return not self.model.is_cascade and self.sampling.stat_batch_size == 1

    def measured(self, jobs: Jobs) -> Measured:
        """What jobs ask for.

        Raises:
            EngineError: there is no engine or data loader, or a network is never run.
            DataError: the data loader is empty, or a sample doesn't fit the model.
        """
        self.pass_of_before = cached = self._cached(jobs)
        if cached is None:
            return self._measured(jobs)
        ((name, job),) = jobs.items()
        found = {name: cached.measured(job, lambda own: self._measured({name: own})[name])}
        if cached.knew and self.sampling.max_memory is not None:
            engine, subset = self._ready()
            self._bound(jobs, {name: layout_of(job, batch_axis(engine), False, Span())}, len(subset))
        return found

    def _cached(self, jobs: Jobs) -> CachedPass | None:
        """The folder of passes that were made before, for one that can be known by what it is fed."""
        folder = self.sampling.stat_cache
        if folder is None or not self.remembers:
            return None
        (_, subset), engine = self._ready(), self.engine
        if self._reads_one_by_one and feeds_samples(engine) and not engine._options.out_in_map:
            (job,) = jobs.values()
            if is_known(job, engine, next(feeds(engine, self.model, subset[:1]))):
                cache = StatisticsCache(Path(folder), self.sampling.stat_cache_size)
                if self._samples is None:
                    self._samples = samples_key(engine, self.model, subset)
                return CachedPass(
                    cache,
                    pass_key(
                        job,
                        self._samples,
                        engine,
                        [watched_samples(job), *self.sampling.given("max_memory").values()],
                    ),
                )
        logger.warning(
            "stat_cache is not used: expected a single network without time steps or networks within operations, "
            "samples one by one, an engine that feeds them, and a device by its own name"
        )
        return None

    def _measured(self, jobs: Jobs) -> Measured:
        """What jobs ask for, measured."""
        found = self._pass(jobs, guarded=False)
        if all(statistics.is_finite for statistics in found.values()):
            return found
        for name, statistics in found.items():
            check_outputs(statistics.witness, name if self.model.is_cascade else self.model.name)
        logger.warning(
            "model %r computes NaN or infinite values inside: they are left out of all statistics",
            self.model.name,
        )
        return self._pass(jobs, guarded=True)

    def _pass(self, jobs: Jobs, guarded: bool) -> Measured:
        engine, subset = self._ready()
        axis, span, wanted = batch_axis(engine), Span(), subset
        if self.part is not None:
            span, wanted = self._part(jobs, subset)
        with timed("statistics graph"):
            layouts = {name: layout_of(job, axis, guarded, span) for name, job in jobs.items()}
        together = 1 if self.model.is_cascade else self.sampling.stat_batch_size
        self._bound(jobs, layouts, len(wanted))
        found = measure(engine, layouts, BatchSampler(engine.data_loader, together, wanted))
        for name, statistics in found.items():
            statistics.sizes = self.fed.get(name, dict(jobs[name].sizes))
            if self.part is not None:
                check_span(statistics, span, -(-len(wanted) // fixed_batch(jobs[name].network, axis)))
        return found

    def _bound(self, jobs: Jobs, layouts: Mapping[str, StatisticsLayout], samples: int) -> None:
        """Let a pass take no more memory than it may.

        Raises:
            ConfigError: it can't.
        """
        most, engine = self.sampling.max_memory, self.engine
        if most is None:
            return
        if not self._reads_one_by_one or not feeds_samples(engine) or engine._options.out_in_map:
            logger.warning(
                "max_memory does not bound this pass: expected a single network without time steps, samples one by "
                "one, and an engine that feeds them"
            )
            return
        ((name, layout),) = layouts.items()
        expected = layout.span.whole or -(-samples // fixed_batch(jobs[name].network, batch_axis(engine)))
        taken = max(0, (own_bytes() or 0) - (self._began or 0))
        run = Bounded(jobs[name], layout, expected, engine._elsewhere is not None, self._way)
        self.frugal = kept_within(most, taken, run, self.part is None)
        self._way = layout.way

    def _part(self, jobs: Jobs, subset: Sequence[int]) -> tuple[Span, list[int]]:
        """The inferences of one of several parts, and its samples.

        Raises:
            EngineError: nobody knows which inferences of a whole pass those of a part are.
            DataError: there are fewer inferences than parts.
        """
        assert self.part is not None
        number, count = self.part
        if not self._reads_one_by_one or not reads_samples(self.engine) or self.engine._options.out_in_map:
            raise EngineError(
                f"part {self.part} of the samples is asked for, expected a single network without time steps, an "
                "engine that feeds it, and stat_batch_size 1"
            )
        batch = max(fixed_batch(job.network, batch_axis(self.engine)) for job in jobs.values())
        whole = -(-len(subset) // batch)
        start, stop = (each * whole // count for each in (number, number + 1))
        if start == stop:
            raise DataError(f"part {self.part} of the samples is empty: there are {whole} inferences")
        return Span(start, whole), list(subset[start * batch : stop * batch])

    def further(self, name: str, job: Job) -> Further:
        """Passes beside the first one, for one network.

        Raises:
            EngineError, DataError: as ``measured``.
        """
        engine, subset = self._ready()
        batch = 1 if self.model.is_cascade else fixed_batch(job.network, batch_axis(engine))
        return Further(self, name, len(subset) // batch, self.fed.get(name, job.sizes), batch)

    def measured_by(
        self, name: str, layout: StatisticsLayout, order: Sequence[int] | None = None
    ) -> Statistics:
        """What a layout for one network finds on samples, by their numbers in the subset; absent: on all of it.

        Raises:
            EngineError, DataError: as ``measured``.
        """
        engine, subset = self._ready()
        together = 1 if self.model.is_cascade else self.sampling.stat_batch_size
        chosen = subset if order is None else [subset[number] for number in order]
        sampler = BatchSampler(engine.data_loader, together, chosen)
        return measure(engine, {name: layout}, sampler)[name]

    def measured_in_sizes(self, jobs: Jobs, plan: Callable[[Sizes], Jobs]) -> tuple[Jobs, Measured]:
        """Jobs planned for the sizes that samples show, where a model leaves sizes open, and their statistics.

        Where samples turn out to differ in size, all begins anew without the sizes that they differ in.

        Args:
            jobs: planned without samples.
            plan: plans them for sizes.

        Raises:
            EngineError, DataError: as ``measured``.
        """
        engine = self.engine
        if not self._reads_one_by_one or is_static(self.model) or not reads_samples(engine):
            return jobs, self.measured(jobs)
        _, subset = self._ready()
        with using(engine, Remembered(engine.data_loader), engine.metric):
            sizes = sizes_of(next(feeds(engine, self.model, [subset[0]])))
            while sizes:
                sized = plan(sizes)
                try:
                    return sized, self.measured(sized)
                except OtherSizesError as other:
                    agreed = common_sizes(sizes, other.sizes)
                    logger.info(
                        "model %r: samples differ in size, measuring begins anew: %s", self.model.name, other
                    )
                    sizes = {} if agreed == sizes else agreed
            return plan(OPEN), self.measured(jobs)

    def _ready(self) -> tuple[Engine, list[int]]:
        """The engine, with the model set, and the indices of the samples."""
        if self.engine is not None:
            set_model(self.engine, self.model)  # some engines find their samples then
        if self.engine is None or self.engine.data_loader is None:
            raise EngineError("quantization needs an engine with a data loader, found none")
        length, wanted = count_samples(self.engine.data_loader), self.sampling.stat_subset_size
        if length == 0:
            raise NoSamplesError
        if self.tells:
            tell_of_choice(length, wanted)
            self.tells = False
        subset = choose_subset(length, wanted, self.sampling.shuffle_data, self.sampling.seed)
        return self.engine, subset


@dataclass(frozen=True)
class Further:
    """Passes over the samples of an engine beside the first one, for one network.

    Attributes:
        measuring: the samples.
        name: of the network.
        samples: how many batches there are.
        sizes: of samples, as far as the network leaves these open and they are known.
        batch: how many samples the network always takes at a time.
    """

    measuring: Measuring
    name: str
    samples: int
    sizes: Sizes
    batch: int

    def measure(self, layout: StatisticsLayout, order: Sequence[int]) -> Statistics:
        """What a layout finds on batches of samples by their numbers."""
        samples = [each * self.batch + number for each in order for number in range(self.batch)]
        return self.measuring.measured_by(self.name, layout, samples)
