"""Samplers, the reading of their batches, and the subset of samples that statistics are taken from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import builders
from openvino.tools.pot import IEEngine
from openvino.tools.pot.engines.items import load_batches
from openvino.tools.pot.samplers.batch_sampler import BatchSampler, choose_subset
from openvino.tools.pot.utils.errors import DataError

ITEMS = builders.Items([(np.full(2, float(n)), n) for n in range(5)])


def test_batches_of_a_sampler() -> None:
    sampler = BatchSampler(ITEMS, 2)
    assert (len(sampler), sampler.num_samples, sampler.batch_size) == (5, 5, 2)
    assert [[label for _, label in batch] for batch in sampler] == [[0, 1], [2, 3], [4]]


def test_chosen_indices_keep_their_order() -> None:
    sampler = BatchSampler(data_loader=ITEMS, batch_size=1, subset_indices=[3, 0])
    assert [[label for _, label in batch] for batch in sampler] == [[3], [0]]
    assert [item.index for batch in load_batches(sampler) for item in batch] == [3, 0]


class Own:
    """A user's sampler: lists of items, nothing more."""

    def __init__(self, fail_at: int = -1) -> None:
        self.fail_at = fail_at

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Iterator[list[Any]]:
        for number in range(3):
            if number == self.fail_at:
                raise OSError("gone")
            yield [(builders.images(3)[number], number)]


def test_a_sampler_of_the_users() -> None:
    assert [item.annotation for batch in load_batches(Own()) for item in batch] == [0, 1, 2]
    seen = []

    class Sees(IEEngine):
        def _update_metrics(
            self, output: Any, annotations: Any, need_metrics_per_sample: bool = False
        ) -> None:
            seen.extend(annotations)

    engine = Sees({})
    engine.set_model(builders.network())
    engine.predict(sampler=Own())
    assert seen == [(0, 0), (1, 1), (2, 2)]


def test_an_error_in_a_sampler_of_the_users() -> None:
    with pytest.raises(DataError, match="sample 1: the data loader raised OSError: gone") as caught:
        list(load_batches(Own(fail_at=1)))
    assert type(caught.value.__cause__) is OSError


def test_evaluation_of_a_subset_gives_the_loaders_indices() -> None:
    seen = []

    class Sees(IEEngine):
        def _update_metrics(
            self, output: Any, annotations: Any, need_metrics_per_sample: bool = False
        ) -> None:
            seen.extend(annotations)

    loader = builders.labelled(builders.images(5))
    engine = Sees({}, loader)
    engine.set_model(builders.network())
    engine.predict(sampler=BatchSampler(loader, 1, [4, 2]))
    assert seen == [(4, 4), (2, 2)]


def test_subsets() -> None:
    assert choose_subset(5, None, False, 0) == [0, 1, 2, 3, 4]
    assert choose_subset(5, 3, False, 0) == [0, 1, 2]
    assert choose_subset(5, 9, False, 0) == [0, 1, 2, 3, 4]
    drawn = choose_subset(100, 10, True, 1)
    assert drawn == choose_subset(100, 10, True, 1) != choose_subset(100, 10, True, 2)
    assert len(set(drawn)) == 10
    assert drawn != sorted(drawn)
