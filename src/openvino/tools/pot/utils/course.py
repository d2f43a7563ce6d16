"""Where long work is: its steps, how far each has come, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Line:
    """A step.

    Attributes:
        name: in a word or two.
        place: its number and how many there are, ``1/4``; empty where it was not expected.
        count, total: of what is gone through at the moment, or was last.
        said: a few words about how it goes.
        seconds: that it took until it was left.
    """

    name: str
    place: str = ""
    count: int = 0
    total: int = 0
    said: str = ""
    seconds: float = 0.0
    _since: float | None = None
    _owner: object = None

    @property
    def taken(self) -> float:
        """Seconds so far."""
        return self.seconds + (0.0 if self._since is None else time.perf_counter() - self._since)

    def begin(self) -> None:
        """Go on."""
        self._since = time.perf_counter()

    def end(self) -> None:
        """Stop counting seconds."""
        self.seconds, self._since = self.taken, None

    def tracked(self, items: Iterable[T], total: int) -> Iterator[T]:
        """The same items, counted; of several the latest is shown until it ends, and then whichever goes on."""
        mark = object()
        self._owner, self.count, self.total = mark, 0, total
        try:
            for number, item in enumerate(items, 1):
                yield item
                if self._owner in (None, mark):
                    self._owner, self.count, self.total = mark, number, total
        finally:
            if self._owner is mark:
                self._owner = None

    def __str__(self) -> str:
        many = f"{self.count} of {self.total}, " if self.total else ""
        said = f" ({self.said})" if self.said else ""
        return f"{self.place} {self.name}: {many}{self.taken:.1f} s{said}".strip()


@dataclass
class Course:
    """Steps on their way.

    Attributes:
        expected: their names, in order.
        wanted: what the user said of progress, see ``progress.course``.
        lines: those that have begun, by name.
        at: the one at work.
        is_shown: whether somebody sees it, so that no lines are needed.
        left: the one that was at work last, of which there is no line yet.
    """

    expected: Mapping[str, None]
    wanted: bool | None = None
    lines: dict[str, Line] = field(default_factory=dict)
    at: Line | None = None
    is_shown: bool = False
    left: Line | None = None

    @contextmanager
    def step(self, name: str) -> Iterator[Line]:
        """Be at a step meanwhile."""
        if name not in self.lines:
            known = [*self.expected]
            place = f"{known.index(name) + 1}/{len(known)}" if name in known and len(known) > 1 else ""
            self.lines[name] = Line(name, place)
        self.at = line = self.lines[name]
        line.begin()
        try:
            yield line
        finally:
            line.end()
            self.at, self.left = None, line

    def tracked(self, items: Iterable[T], total: int) -> Iterator[T]:
        """Items that are counted at the step."""
        return iter(items) if self.at is None else self.at.tracked(items, total)

    def say(self, text: str) -> None:
        """Put a few words to the step."""
        if self.at is not None:
            self.at.said = text
