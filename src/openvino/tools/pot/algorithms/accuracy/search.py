"""Finding the smallest set of layers that must stay in float; nothing of models or data is known here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from openvino.tools.pot.algorithms.halving import fewest

_PARTS = 8

Floats = frozenset[str]
Judge = Callable[[Floats], float]
"""The drop with these layers in float, or a lower bound of it where the drop is larger than that of the best."""


def reaching(
    ranked: Sequence[str],
    judge: Judge,
    is_met: Callable[[float], bool],
    start: float,
    first: int = 1,
    most: int | None = None,
    undo: bool = True,
) -> tuple[str, ...] | None:
    """Layers, as few as the ranking allows, with which in float the drop is met.

    Blocks of the ranked list go to float, each as large as all before it together, until the drop is met; of the last
    block, bisection finds how many of its layers are needed.

    Args:
        ranked: layers, the most promising first.
        judge: measures a set.
        is_met: whether a drop is allowed.
        start: the drop with no layer in float, which isn't.
        first: size of the first block.
        most: layers that may be in float at most, None for any number.
        undo: put a block that makes the drop larger behind all others.

    Returns:
        The layers, None where no set that was tried meets the drop.
    """
    most = len(ranked) if most is None else min(most, len(ranked))
    taken: list[str] = []
    queue, undone = list(ranked), 0
    drop, size = start, first
    while len(taken) < most and undone < len(queue):
        block = queue[: min(size, most - len(taken))]
        found = judge(frozenset([*taken, *block]))
        if is_met(found):
            break
        queue = queue[len(block) :]
        if found <= drop or not undo:
            taken, drop, undone = [*taken, *block], found, 0
        else:
            queue, undone = [*queue, *block], undone + len(block)
        size = max(size, len(taken))
    else:
        return None
    needed = fewest(len(block), lambda count: is_met(judge(frozenset([*taken, *block[:count]]))))
    return (*taken, *block[:needed])


def cleaned(chosen: Sequence[str], judge: Judge, is_met: Callable[[float], bool]) -> tuple[str, ...]:
    """The chosen layers without those that the drop doesn't need; what is left meets it.

    Parts of the list are taken out, half of it first, then smaller ones: of up to eight layers each is tried alone, of
    more no part smaller than an eighth, since what single ones are worth is less than what chance adds to a metric.

    Args:
        chosen: layers with which in float the drop is met, those to be rid of first in front.
        judge: measures a set.
        is_met: whether a drop is allowed.
    """
    left = list(chosen)
    size = len(left) // 2
    while size and size >= len(left) // _PARTS:
        start = 0
        while start < len(left):
            rest = [*left[:start], *left[start + size :]]
            if rest and is_met(judge(frozenset(rest))):
                left = rest
            else:
                start += size
        size //= 2
    return tuple(left)
