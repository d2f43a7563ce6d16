"""The samples of a diagnosis, read anew by each pass: none of them is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.hooks import Hooks
from openvino.tools.pot.engines.items import own
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.samplers.batch_sampler import choose_subset, count_samples
from openvino.tools.pot.utils.errors import NoSamplesError


@dataclass(frozen=True)
class Samples:
    """What a float model is fed.

    Attributes:
        engine: has the samples, and feeds them as the user's hooks say.
        model: in float.
        indices: of the samples that are used.
    """

    engine: Hooks
    model: CompressedModel
    indices: Sequence[int]

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[Feed]:
        return iter(probes.feeds(self.engine, self.model, self.indices))

    def spread(self, count: int) -> list[Feed]:
        """So many of them, evenly spread, or all."""
        return [own(feed) for feed in self.few(count)]

    def few(self, count: int) -> Samples:
        """So many of them, evenly spread, or all, to be read."""
        return Samples(self.engine, self.model, self.numbers(count))

    def numbers(self, count: int) -> list[int]:
        """Which samples ``few`` and ``spread`` give."""
        count = min(count, len(self))
        places = [number * (len(self) - 1) // max(count - 1, 1) for number in range(count)]
        return [self.indices[place] for place in places]


def first_of(engine: Hooks, model: CompressedModel, count: int) -> Samples:
    """The first samples of an engine for a model.

    Raises:
        DataError: there are none.
    """
    length = count_samples(engine.data_loader)
    if not length:
        raise NoSamplesError
    return Samples(engine, model, choose_subset(length, count, shuffle=False, seed=0))
