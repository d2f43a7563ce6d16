"""A thread beside the main one."""

from __future__ import annotations

import time
from threading import Event

import pytest

from openvino.tools.pot.utils.threads import one_thread


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
