"""Choosing samples as POT's algorithms did."""

from __future__ import annotations

from collections.abc import Sequence

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.samplers.batch_sampler import BatchSampler, choose_subset


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
    """
    loader = engine.data_loader
    chosen = choose_subset(len(loader), samples, shuffle_data, seed) if isinstance(samples, int) else samples
    return BatchSampler(loader, batch_size, chosen)
