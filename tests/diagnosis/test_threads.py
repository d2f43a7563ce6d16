"""A thread beside the main one."""

from __future__ import annotations

import time
from threading import Event

import pytest

from openvino.tools.pot.diagnosis.threads import one_thread


def test_things_are_done_one_after_the_other() -> None:
    done: list[int] = []
    with one_thread() as thread:
        last = [thread.submit(done.append, number) for number in range(9)][-1]
        last.result()
    assert done == [*range(9)]


def test_what_is_not_begun_is_dropped_when_the_block_is_left() -> None:
    begun, done = Event(), list[str]()

    def first() -> None:
        begun.set()
        time.sleep(0.2)
        done.append("first")

    with pytest.raises(KeyboardInterrupt), one_thread() as thread:
        thread.submit(first)
        second = thread.submit(done.append, "second")
        begun.wait()
        raise KeyboardInterrupt
    assert done == ["first"] and second.cancelled()


def test_without_a_thread_things_are_done_once_when_their_results_are_asked_for() -> None:
    done: list[int] = []
    with one_thread(at_once=False) as thread:
        first, second, third = (thread.submit(done.append, number) for number in range(3))
        third.result()
        first.result()
        first.result()
    assert done == [2, 0] and not second.done()
    failing = thread.submit(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        failing.result()
