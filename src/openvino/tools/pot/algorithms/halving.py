"""The few things that make the difference, found by halving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

_MOST = 6
"""Culprits that are looked for one by one; where there are more, what lies behind them goes, too."""


def fewest(most: int, is_enough: Callable[[int], bool]) -> int:
    """The smallest number that is enough, where the largest is, and none is not, as far as halving finds it."""
    too_few, enough = 0, most
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if is_enough(middle) else (middle, enough)
    return enough


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
        if len(found) == _MOST or not rest:
            return [*found, *rest]
        # B023: it is called within this turn of the loop alone.
        wrong = fewest(len(rest), lambda count: not right_without([*found, *rest[count:]]))  # noqa: B023
        found.append(rest[wrong - 1])
    return found
