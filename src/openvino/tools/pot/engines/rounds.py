"""Samples of several time steps, some of them side by side: whose turn it is, and what comes back in which order."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from openvino.tools.pot.engines.recurrent import TimeStep
from openvino.tools.pot.engines.stream import Feed, Outputs

_SIDE_BY_SIDE = 16
"""Samples that are under way together, whatever the number of requests: the order of the inferences depends on it."""

_ROOM = 1 << 28
"""Bytes: of their data together, and of outputs that wait; one sample may be larger."""

_GOLDEN = 0.6180339887498949


class _Lane:
    """A sample on its way.

    Attributes:
        steps: still to come.
        size: of its data, in bytes.
        state: what the next step gets from the one before; None while that is under way.
    """

    def __init__(self, steps: Sequence[TimeStep]) -> None:
        self.steps = deque(steps)
        self.size = sum(array.nbytes for step in steps for array in step.feed.values())
        self.state: Feed | None = {}


class _Turn(NamedTuple):
    lane: _Lane
    step: TimeStep

    def __str__(self) -> str:
        return f"sample {self.step.item.index}, time step {self.step.number}"


_Feeds = Iterator[tuple[_Turn, Feed] | None]
Infer = Callable[[_Feeds], Iterator[tuple[_Turn, Outputs]]]


def run_steps(
    samples: Iterable[Sequence[TimeStep]], state: Callable[[Outputs], Feed], infer: Infer, in_order: bool
) -> Iterator[tuple[TimeStep, Outputs]]:
    """Yield each step with its outputs.

    Args:
        samples: the steps of each, in the order of the pass.
        state: from the outputs of a step to what its sample's next one gets.
        infer: ``run_stream`` with a compiled model.
        in_order: whether one sample comes after the other; then ``infer`` must copy outputs. Otherwise samples take
            turns, in an order that depends on nothing but their numbers of steps and sizes.

    Raises:
        DataError: an inference failed; names the sample and the time step.
    """
    rounds = _Rounds(iter(samples))

    def results() -> Iterator[tuple[TimeStep, Outputs]]:
        for (lane, step), outputs in infer(rounds.feeds()):
            lane.state = {} if step.is_last else state(outputs)
            yield step, outputs

    yield from rounds.in_order(results()) if in_order else results()


class _Rounds:
    """Gives turns to samples, round after round.

    Args:
        samples: the steps of each.
    """

    def __init__(self, samples: Iterator[Sequence[TimeStep]]) -> None:
        self._samples = samples
        self._lanes: deque[_Lane] = deque()
        self._turns, self._shift = 0, 0.0
        self._held = 0

    def feeds(self) -> _Feeds:
        """The feed of each step, None where that depends on a result that hasn't been taken yet."""
        more = True
        while more or self._lanes:
            if more and self._has_room():
                steps = next(self._samples, None)
                if steps is None:
                    more = False
                    continue
                lane = _Lane(steps)
            else:
                lane = self._next()
            while lane.state is None:
                yield None
            step, state, lane.state = lane.steps.popleft(), lane.state, None
            yield _Turn(lane, step), step.feed_after(state)
            if lane.steps:
                self._lanes.append(lane)

    def _has_room(self) -> bool:
        size = sum(lane.size for lane in self._lanes)
        return not self._lanes or (size < _ROOM and len(self._lanes) < _SIDE_BY_SIDE)

    def _next(self) -> _Lane:
        """The sample whose turn it is."""
        if self._held >= _ROOM:
            oldest = min(self._lanes, key=lambda lane: lane.steps[0].sample)
            self._lanes.remove(oldest)
            return oldest
        self._turns += 1
        if self._turns > len(self._lanes):
            self._begin_round()
        return self._lanes.popleft()

    def _begin_round(self) -> None:
        """Let now and then another sample be the first of its round.

        Statistics that keep every second, fourth, ... inference would otherwise be of every second, fourth, ...
        sample. With the multiples of the golden ratio, all have their turn at any distance.
        """
        self._turns = 1
        self._shift += _GOLDEN
        if self._shift >= 1:
            self._shift -= 1
            self._lanes.rotate(-1)

    def in_order(self, results: Iterable[tuple[TimeStep, Outputs]]) -> Iterator[tuple[TimeStep, Outputs]]:
        """The same results, one sample after the other; those of later samples wait, without their feeds."""
        waiting: defaultdict[int, deque[tuple[TimeStep, Outputs]]] = defaultdict(deque)
        first = 0
        for step, outputs in results:
            waiting[step.sample].append((replace(step, feed={}), outputs))
            self._held += _size(outputs)
            while waiting[first]:
                own, found = waiting[first].popleft()
                self._held -= _size(found)
                yield own, found
                if own.is_last:
                    del waiting[first]
                    first += 1


def _size(outputs: Outputs) -> int:
    return sum(output.nbytes for output in outputs)
