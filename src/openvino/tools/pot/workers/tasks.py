"""What is asked of a worker: the outputs, or the statistics, of a network on some samples."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import openvino as ov

from openvino.tools.pot.engines.batches import Batch
from openvino.tools.pot.engines.filling import Samples, feeds
from openvino.tools.pot.engines.hooks import Hooks
from openvino.tools.pot.engines.items import first_read
from openvino.tools.pot.engines.reducing import reduced
from openvino.tools.pot.engines.stream import Feed, OutputNames, Outputs, copied, run_stream
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.samplers.batch_sampler import BatchSampler
from openvino.tools.pot.statistics.layout import Span, StatisticsLayout
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.utils.errors import said
from openvino.tools.pot.workers.contents import Content, ModelContent

Fed = Iterator[tuple[Any, Feed]]


@dataclass(frozen=True)
class Network:
    """A network that is run.

    Attributes:
        model: the network.
        purpose: as ``compiling.compiled_for`` takes it.
        device: where it runs, as OpenVINO calls it.
        requests: side by side; 0: as the device likes.
        threads: of one worker; 0: as its environment or the device says.
    """

    model: ModelContent
    purpose: str
    device: str
    requests: int
    threads: int


class Keeper(Protocol):
    """What a worker keeps from task to task; ``Desk`` says more of each."""

    def compiled(self, network: Network) -> ov.CompiledModel:
        """A network, compiled."""
        ...

    def model(self, content: ModelContent) -> ov.Model:
        """A network, read."""
        ...

    def unpickled(self, content: Content) -> Any:
        """An object of one's own."""
        ...

    def engine(self, content: Content) -> AbstractContextManager[Hooks]:
        """An engine that nobody else uses meanwhile."""
        ...


class UnreadError(Exception):
    """An engine can't be unpickled where it is needed, or what it gives can't be pickled there."""


class Source(Protocol):
    """Where a worker has its feeds from."""

    @property
    def samples(self) -> int:
        """How many there are."""

    def fed(self, desk: Keeper) -> Fed:
        """What they are fed, each with what it is of."""
        ...


@dataclass(frozen=True)
class Told:
    """A sample that was read elsewhere.

    Attributes:
        text: says in errors which it is.
    """

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Sent:
    """Samples that were read elsewhere.

    Attributes:
        feeds: each with what it is of; the same object for what is of one sample.
    """

    feeds: tuple[tuple[Told, Feed], ...]

    @property
    def samples(self) -> int:
        """How many inferences there are of them."""
        return len(self.feeds)

    def fed(self, desk: Keeper) -> Fed:
        """What they are fed, each with what it is of."""
        yield from self.feeds

    def __str__(self) -> str:
        return f"{self.feeds[0][0]} and the {len(self.feeds) - 1} behind it"


@dataclass(frozen=True)
class Recipe:
    """How samples are read where they are needed.

    Attributes:
        engine: pickled, without models and metric.
        model: whose inputs are fed; nothing but these, where no hook of the user's sees more.
        single, apart: as ``filling.feeds`` takes them.
    """

    engine: Content
    model: ModelContent
    single: bool
    apart: bool

    def fed(self, desk: Keeper, indices: Sequence[int]) -> Iterator[tuple[Batch, Feed]]:
        """What samples are fed.

        Args:
            desk: of the worker.
            indices: of the samples in the data loader.
        """
        with desk.engine(self.engine) as engine:
            model = desk.model(self.model)
            engine._model = engine._given = CompressedModel(
                [SubModel(name := model.get_friendly_name(), model)], name
            )
            samples = Samples(BatchSampler(engine.data_loader, 1, indices))
            yield from first_read(feeds(engine, model, samples, single=self.single, apart=self.apart))


@dataclass(frozen=True)
class Read:
    """Samples that a worker reads itself.

    Attributes:
        recipe: how.
        indices: of the samples in the data loader.
    """

    recipe: Recipe
    indices: Sequence[int]

    @property
    def samples(self) -> int:
        """How many there are."""
        return len(self.indices)

    def fed(self, desk: Keeper) -> Fed:
        """What they are fed, each with what it is of."""
        return self.recipe.fed(desk, self.indices)

    def __str__(self) -> str:
        return f"sample {self.indices[0]} and the {len(self.indices) - 1} behind it"


class Task(Protocol):
    """A question to a worker."""

    def answer(self, desk: Keeper) -> Any:
        """The answer, from what the worker has.

        Raises:
            MissingError: contents must be sent first.
        """
        ...


@dataclass(frozen=True)
class Measure:
    """Statistics of some inferences of a pass.

    Attributes:
        network: that measures.
        layout: pickled, what it measures.
        source: the samples.
        span: which inferences they are.
    """

    network: Network
    layout: Content
    source: Source
    span: Span

    def __str__(self) -> str:
        return str(self.source)

    def answer(self, desk: Keeper) -> Statistics:
        """The statistics."""
        compiled = desk.compiled(self.network)
        layout: StatisticsLayout = desk.unpickled(self.layout).part(self.span)
        expected = self.source.samples
        run = partial(run_stream, compiled, requests=self.network.requests, copies=False)
        return reduced(run, layout, self.source.fed(desk), expected)


@dataclass(frozen=True)
class Infer:
    """Outputs of some inferences of a pass.

    Attributes:
        network: that is run.
        source: the samples.
    """

    network: Network
    source: Source

    def __str__(self) -> str:
        return str(self.source)

    def answer(self, desk: Keeper) -> tuple[OutputNames, list[tuple[Any, Outputs]]]:
        """What the outputs are called, and those of each inference with what it is of."""
        compiled = desk.compiled(self.network)
        found = list(run_stream(compiled, self.source.fed(desk), self.network.requests))
        return OutputNames.of(compiled), found


@dataclass(frozen=True)
class Compare:
    """Whether samples are read alike elsewhere, each time, and in another order.

    Attributes:
        recipe: how they are read.
        indices: of some; the one that is read first is read again at the end.
    """

    recipe: Recipe
    indices: tuple[int, ...]

    def __str__(self) -> str:
        return f"samples {', '.join(map(str, self.indices))}"

    def answer(self, desk: Keeper) -> tuple[dict[int, tuple[str, int]], bool]:
        """Of each sample a digest of what is fed and its bytes, and whether the first one was the same at the end.

        Raises:
            UnreadError: what comes with samples can't travel back.
        """
        found = {index: self._digest(desk, index) for index in self.indices}
        first = self.indices[0]
        return found, self._digest(desk, first) == found[first]

    def _digest(self, desk: Keeper, index: int) -> tuple[str, int]:
        digest, size = hashlib.blake2b(digest_size=16), 0
        for batch, feed in self.recipe.fed(desk, (index,)):
            try:
                pickle.dumps(batch)
            except Exception as error:
                raise UnreadError(f"what comes with a sample can't be pickled: {said(error)}") from error
            for name in sorted(feed):
                array = np.ascontiguousarray(copied(feed[name]))
                digest.update(f"{name} {array.dtype} {array.shape}".encode())
                digest.update(array.view(np.uint8).data if array.size else b"")
                size += array.nbytes
        return digest.hexdigest(), size
