"""Choosing samples as POT's algorithms did."""

from __future__ import annotations

from collections.abc import Sequence

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.paths import offer
from openvino.tools.pot.samplers.batch_sampler import BatchSampler, choose_subset, count_samples
from openvino.tools.pot.utils.errors import ConfigError, EngineError


def create_sampler(
    engine: Engine,
    samples: int | Sequence[int],
    shuffle_data: bool = False,
    seed: int = 0,
    batch_size: int = 1,
) -> BatchSampler:
    """Batches of an engine's samples.

    Args:
        engine: its data loader has the samples.
        samples: how many are taken, or which.
        shuffle_data: whether as many are drawn by ``seed`` in place of the first ones.
        seed: of the draw.
        batch_size: samples of a batch.

    Raises:
        EngineError: there is no data loader.
        ConfigError: a number or a list is none.
    """
    loader = getattr(engine, "data_loader", None)
    if loader is None:
        raise EngineError(f"a sampler needs an engine with a data loader, found {engine!r}")
    if isinstance(samples, str) or (isinstance(samples, int) and samples < 0):
        raise ConfigError(f"samples is {samples!r}, expected a number of samples, or a list of them")
    if isinstance(samples, int):
        samples = choose_subset(count_samples(loader), samples, shuffle_data, seed)
    return BatchSampler(loader, batch_size, samples)


offer(globals())
