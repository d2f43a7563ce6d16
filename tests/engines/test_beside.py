"""Work in another thread: order, overlap, bounded look-ahead, failures on either side."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from openvino.tools.pot.engines.stream import run_beside


def test_items_come_in_order_in_another_thread() -> None:
    threads = set()

    def got() -> Iterator[int]:
        for number in range(20):
            assert threading.current_thread() is threading.main_thread()
            yield number

    def work(items: Iterator[int]) -> list[int]:
        threads.add(threading.get_ident())
        return list(items)

    assert run_beside(got(), work) == list(range(20))
    assert threads and threading.get_ident() not in threads


def test_no_items() -> None:
    assert run_beside([], list) == []


def test_work_goes_on_while_the_next_item_is_waited_for() -> None:
    """Or the one who waits, for the work on the first item, would wait for ever."""
    done = threading.Event()

    def got() -> Iterator[int]:
        yield 0
        assert done.wait(timeout=30)
        yield 1

    def work(items: Iterator[int]) -> list[int]:
        first = next(items)
        done.set()
        return [first, *items]

    assert run_beside(got(), work) == [0, 1]


def test_what_lies_ready_is_bounded() -> None:
    log: list[int] = []
    ahead = []

    def got() -> Iterator[int]:
        for number in range(30):
            log.append(number)
            yield number

    def work(items: Iterator[int]) -> None:
        for number in items:
            time.sleep(0.005)
            ahead.append(len(log) - number)

    run_beside(got(), work)
    assert max(ahead) <= 4  # the one under work, two that lie ready, one that waits for room


def test_work_that_fails_ends_the_getting() -> None:
    log: list[int] = []

    def got() -> Iterator[int]:
        for number in range(1000):
            log.append(number)
            yield number

    def work(items: Iterator[int]) -> None:
        next(items)
        raise KeyError("work")

    with pytest.raises(KeyError, match="work"):
        run_beside(got(), work)
    assert len(log) < 1000


def test_work_that_ends_early_ends_the_getting() -> None:
    assert run_beside(iter(range(1000)), next) == 0


def test_getting_that_fails_is_reported_and_leaves_no_thread() -> None:
    before, seen = threading.active_count(), []

    def got() -> Iterator[int]:
        yield 1
        raise KeyError("got")

    with pytest.raises(KeyError, match="got"):
        run_beside(got(), seen.extend)
    assert seen == [1]
    assert threading.active_count() == before
