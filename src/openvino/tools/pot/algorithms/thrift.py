"""What a run takes of memory, foreseen from shapes, and what it does to take no more than it may.

What costs nothing but time comes first: fewer samples that the device works on at a time, then parts of the network
one after the other, statistics that are let go before the check, weights of the result in a file. Fewer vectors are
kept only where that is not enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from openvino.tools.pot.algorithms.foresight import Foresight
from openvino.tools.pot.algorithms.job import FREE, THRIFTY, Frugality, Job
from openvino.tools.pot.graph.segments import has_known_sizes
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.way import QUICK, Way
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.memory import megabytes
from openvino.tools.pot.utils.runtime import processors

logger = get_logger(__name__)

_SHARES = (1.0, 0.5, 0.25, 0.125)

_EXACT = 1_000_000
"""Bytes to which the least that would do is told."""

_TOGETHER = (8, 4)
"""Samples that go through a part together, at least, before fewer vectors are kept, and in any case: each part is
compiled anew."""

_FACTORS = (1.0, 1.25, 1.5, 2.0, 4.0)
"""By which a bound may be exceeded, rather than leave what was begun."""

_FRUGALITIES = (FREE, Frugality(lets_go=True), THRIFTY)


@dataclass(frozen=True)
class Bounded:
    """A pass that takes no more memory than it may.

    Attributes:
        job: planned.
        layout: what it measures; its way is set.
        expected: inferences of it.
        elsewhere: whether workers make it.
        before: how a pass of the same run went, which this one completes; None: it is the first.
    """

    job: Job
    layout: StatisticsLayout
    expected: int
    elsewhere: bool = False
    before: Way | None = None


def kept_within(most: int, taken: int, run: Bounded, may_keep_less: bool) -> Frugality:
    """Choose how a pass goes, and what is done behind it, so that a run takes no more than it may.

    What was begun is brought to its end, as close to the bound as that can be.

    Args:
        most: bytes that the run may take.
        taken: what it has taken so far.
        run: the pass.
        may_keep_less: whether fewer vectors may be kept.

    Raises:
        ConfigError: nothing is enough, and this is the first pass.
    """
    layout, before = run.layout, run.before
    if not has_known_sizes(GraphView(layout.model)):
        logger.warning("max_memory does not bound this pass: expected samples of one size")
        layout.way = Way(streams=1)
        return THRIFTY
    if run.elsewhere and before is None:
        logger.warning("max_memory is for this process, and bounds none of the workers")
    foresight = Foresight(run.job, layout, run.expected, processors(), run.elsewhere)
    for factor in _FACTORS:
        try:
            layout.way, frugal = within(foresight, int(factor * most) - taken, most, may_keep_less)
            return frugal
        except ConfigError:
            if before is None:
                raise
    layout.way = Way(1, share=1.0 if before is None else before.share)
    return THRIFTY


def within(foresight: Foresight, room: int, said: int, may_keep_less: bool = True) -> tuple[Way, Frugality]:
    """What keeps a run within some memory.

    Args:
        foresight: of the run.
        room: bytes that are left.
        said: the parameter.
        may_keep_less: whether fewer vectors may be kept.

    Raises:
        ConfigError: nothing does.
    """
    whole = foresight.whole()
    found = _found(foresight, room, may_keep_less)
    if found is None:
        raise ConfigError(
            f"max_memory is {megabytes(said)}, expected at least {_least(foresight, room, said, may_keep_less)}: as it "
            f"is, quantizing would take about {megabytes(whole)}"
        )
    way, frugal = found
    if (way, frugal) != (QUICK, FREE):
        logger.info(
            "max_memory is %s, where about %s would be taken: %s", megabytes(said), megabytes(whole),
            ", ".join(_described(way, frugal)),
        )  # fmt: skip
    return found


def _least(foresight: Foresight, room: int, said: int, may_keep_less: bool) -> str:
    """What would do, and what would without the check, where that is less."""
    leasts = []
    for each in (foresight, foresight.without_check()):
        low, high = 0, max(each.whole(), room)
        while high - low > _EXACT:
            middle = (low + high) // 2
            low, high = (low, middle) if _found(each, middle, may_keep_less) else (middle, high)
        leasts.append(said - room + high)
    checked, unchecked = leasts
    less = f", or {megabytes(unchecked)} with self_check: false" if unchecked + 2 * _EXACT < checked else ""
    return f"{megabytes(checked)}{less}"


def _found(foresight: Foresight, room: int, may_keep_less: bool) -> tuple[Way, Frugality] | None:
    shares = _SHARES if may_keep_less else _SHARES[:1]
    for fewest, share in product(_TOGETHER, shares):
        if foresight.deciding(share) > room:
            continue
        ways = foresight.ways(room, share, fewest)
        way = next((each for each in ways if foresight.measuring(each) <= room), None)
        frugal = next((each for each in _FRUGALITIES if foresight.checking(each, share) <= room), None)
        if way is not None and frugal is not None:
            return way, frugal
    return None


def _described(way: Way, frugal: Frugality) -> Iterator[str]:
    if way.streams:
        yield f"{way.streams} at a time"
    if way.parts is not None:
        yield f"the network in {len(way.parts.cuts) + 1} parts, {way.parts.together} samples through each"
    if frugal.lets_go:
        yield "statistics are let go before the check"
    if frugal.in_files:
        yield "weights of the result in temporary files"
    if way.share < 1:
        yield f"{way.share:.0%} of the vectors are kept"
