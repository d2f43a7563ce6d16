"""The time a search may take."""

from __future__ import annotations

import time


class OutOfTimeError(Exception):
    """The time budget is used up."""


class Clock:
    """Seconds since the search began.

    Args:
        budget: seconds it may take, None for any number.
    """

    def __init__(self, budget: float | None) -> None:
        self._started, self._budget = time.monotonic(), budget

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._started

    @property
    def is_over(self) -> bool:
        """Whether the budget is used up."""
        return self._budget is not None and self.seconds >= self._budget

    def allows(self, seconds: float) -> bool:
        """Whether there is so much time left."""
        return self._budget is None or self.seconds + seconds <= self._budget

    def check(self) -> None:
        """Raise OutOfTimeError if the budget is used up."""
        if self.is_over:
            raise OutOfTimeError
