"""Samples of several time steps, side by side: order, bounds, and statistics that are of all steps."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from recurrent_runs import (
    ITEMS,
    LENGTHS,
    MAP,
    NETWORK,
    REQUESTS,
    STATES,
    by_hand,
    check_answers,
    engine,
    extremes,
    sample,
    updates,
)

import builders
from openvino.tools.pot import IEEngine, load_model
from openvino.tools.pot.engines import rounds
from openvino.tools.pot.engines.items import Item
from openvino.tools.pot.engines.recurrent import Recurrence, TimeStep
from openvino.tools.pot.engines.rounds import run_steps
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.measured import Statistics


@pytest.mark.parametrize("requests", [1, 2])
@pytest.mark.parametrize("room", [0, 300, 1 << 28])
def test_samples_come_in_order_however_many_are_under_way(
    requests: int, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "_ROOM", room)
    samples = [sample(seed, 1 + seed * 7 % 10) for seed in range(40)]
    seen = updates(engine([(data, 0) for data in samples], eval_requests_number=requests))
    check_answers(seen, samples)


@pytest.mark.parametrize(("room", "most"), [(1 << 28, 32), (0, 2)])
@pytest.mark.long
def test_samples_read_ahead_are_few(room: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "_ROOM", room)
    read, done = [], []

    class Counts(builders.Items):
        def __getitem__(self, index: int) -> Any:
            read.append(index)
            return super().__getitem__(index)

    class Watches(IEEngine):
        def postprocess_output(self, outputs: Any, metadata: Any) -> Any:
            done.append(metadata[0]["_batch_id"])
            assert len(read) <= len(set(done)) + most
            return super().postprocess_output(outputs, metadata)

    updates(engine(Counts([(sample(seed, 20), 0) for seed in range(60)]), kind=Watches))
    assert len(done) == 60 * 20


def test_outputs_that_wait_for_their_turn_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long sample comes first; the short ones behind it don't pile up."""
    monkeypatch.setattr(rounds, "_ROOM", 5000)
    own: list[Any] = []
    real = rounds._Rounds.__init__
    monkeypatch.setattr(
        rounds._Rounds, "__init__", lambda self, samples: (own.append(self), real(self, samples))[1]
    )
    held = []

    class Watches(IEEngine):
        def postprocess_output(self, outputs: Any, metadata: Any) -> Any:
            held.append(own[0]._held)
            return super().postprocess_output(outputs, metadata)

    samples = [sample(0, 100), *(sample(seed, 2) for seed in range(1, 200))]
    check_answers(updates(engine([(data, 0) for data in samples], kind=Watches)), samples)
    assert 0 < max(held) <= 5000 + 44 * 16


def test_what_stands_in_for_a_state_is_not_kept() -> None:
    steps = Recurrence(NETWORK, MAP).steps(Item(0, sample(0, 3), None, {}), 0, lambda images: images[0])
    assert [set(step.feed) for step in steps] == [{"x", "h"}, {"x"}, {"x"}]


def taken(lengths: Sequence[int], under_way: int) -> list[tuple[int, int]]:
    """The order in which steps are run, with so many requests."""

    def infer(feeds: Iterator[Any]) -> Iterator[Any]:
        running: deque[Any] = deque()
        for entry in feeds:
            if entry is None or len(running) == under_way:
                yield running.popleft(), []
            if entry is not None:
                running.append(entry[0])
        while running:
            yield running.popleft(), []

    samples = [
        [TimeStep(Item(s, None, None, {}), s, n, count, {}, frozenset()) for n in range(count)]
        for s, count in enumerate(lengths)
    ]
    return [(step.sample, step.number) for step, _ in run_steps(samples, lambda _: {}, infer, in_order=False)]


def test_the_order_of_steps_depends_on_their_numbers_alone() -> None:
    lengths = [1 + seed * 13 % 29 for seed in range(50)]
    order = taken(lengths, 1)
    assert sorted(order) == [(s, n) for s, count in enumerate(lengths) for n in range(count)]
    assert taken(lengths, 2) == taken(lengths, 7) == order


@pytest.mark.long
@pytest.mark.parametrize("samples", [2, 6, 16, 32])
@pytest.mark.parametrize("stride", [2, 8, 32])
def test_every_nth_inference_is_of_all_samples_alike(samples: int, stride: int) -> None:
    """Statistics that keep a part of the inferences keep it like that."""
    kept = taken([640] * samples, 3)[::stride]
    counts = Counter(own for own, _ in kept)
    fair = 640 / stride
    assert len(counts) == samples
    assert max(counts.values()) <= 1.6 * fair
    assert min(counts.values()) >= 0.4 * fair
    quarters = np.bincount([number // 160 for _, number in kept])
    assert quarters.max() <= 1.2 * quarters.min()


def test_statistics_are_of_all_steps() -> None:
    steps = [step for data, _, _ in ITEMS for step in by_hand(data)]
    expected = [
        pick(array)
        for place in (0, 2, 1)
        for pick in (np.min, np.max)
        for array in [[s[place] for s in steps]]
    ]
    found = extremes(engine())
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    first = extremes(engine([(sample(seed, 1), 0) for seed in range(len(ITEMS))]))
    assert first[1] == 0 < found[1]
    assert first[3] < found[3]


def test_the_number_of_inferences_is_that_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    own, taken, real = engine(), list[Any](), Statistics.add
    monkeypatch.setattr(Statistics, "add", lambda each, outputs: (taken.append(outputs), real(each, outputs)))
    own.set_model(load_model(NETWORK))
    found = own.predict(stats_layout=StatisticsLayout(NETWORK, REQUESTS))[1]
    assert (len(taken), found.samples) == (sum(LENGTHS), len(LENGTHS))


def quantized_bytes(items: Any, engine_config: Any, **params: Any) -> tuple[bytes, bytes]:
    return builders.stored(builders.quantized(NETWORK, builders.Items(items), engine_config, **params))


@pytest.mark.long
def test_statistics_do_not_depend_on_the_number_of_requests() -> None:
    items = [(sample(seed, 1 + seed * 7 % 20), 0) for seed in range(40)]
    found = {
        quantized_bytes(items, {"recurrent_out_in_map": MAP, "stat_requests_number": number})
        for number in (0, 1, 2)
    }
    assert len(found) == 1
    flat = [({"x": x, "h": np.zeros((1, STATES))}, 0) for data, _ in items for x in data["x"]]
    assert quantized_bytes(flat, {}) not in found


@pytest.mark.long
def test_statistics_of_one_step_are_those_without_the_map() -> None:
    items = [(sample(seed, 1), 0) for seed in range(8)]
    flat = [({name: arrays[0] for name, arrays in data.items()}, 0) for data, _ in items]
    assert quantized_bytes(items, {"recurrent_out_in_map": MAP}) == quantized_bytes(flat, {})


def test_loader_and_hooks_of_a_statistics_pass_stay_in_the_thread_of_the_caller() -> None:
    threads = set()

    class Loads(builders.Items):
        def __getitem__(self, index: int) -> Any:
            threads.add(threading.get_ident())
            return super().__getitem__(index)

    class Fills(IEEngine):
        def _fill_input(self, model: Any, image_batch: list[Any]) -> Any:
            threads.add(threading.get_ident())
            return super()._fill_input(model, image_batch)

    extremes(engine(Loads(ITEMS), kind=Fills))
    assert threads == {threading.get_ident()}
