"""The few things that must go for the rest to be right, found by halving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

_MOST = 6
"""Culprits that are looked for one by one; where there are more, what lies behind them goes, too."""


def culprits(things: Sequence[T], right_without: Callable[[Sequence[T]], bool]) -> list[T]:
    """Things without which all is right.

    Args:
        things: in an order in which trouble begins at one of them, whatever comes behind it.
        right_without: whether all is right without some of them; it must be without all.

    Returns:
        As few as halving finds: each is the last of the shortest beginning that is wrong.
    """
    found: list[T] = []
    while not right_without(found):
        rest = [thing for thing in things if thing not in found]
        right, wrong = 0, len(rest)  # how many of the first may stay, and how many may not
        if len(found) == _MOST or not rest:
            return [*found, *rest]
        while wrong - right > 1:
            middle = (right + wrong) // 2
            if right_without([*found, *rest[middle:]]):
                right = middle
            else:
                wrong = middle
        found.append(rest[wrong - 1])
    return found
