"""Errors a user can act on: one sentence naming the thing, what was expected and what was found."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PotError(RuntimeError):
    """Base of every error raised on purpose by this package."""


class ConfigError(PotError, ValueError):
    """A parameter or configuration key is unknown, ill-typed or not supported."""


class ModelError(PotError):
    """A model can't be read, edited or written."""


class DataError(PotError):
    """A sample of the data loader doesn't fit the model."""


class EngineError(PotError):
    """The engine lacks something that it needs: a model, a data loader, a metric."""


class GoneError(PotError, AttributeError):
    """A part of POT is used that has no counterpart; the sentence says what to use."""


def nearest(name: str, candidates: Iterable[str]) -> str:
    """The clause ``"; did you mean 'x'?"`` for the candidate closest to ``name``, or an empty string."""
    close = nearest_name(name, candidates)
    return f"; did you mean {close!r}?" if close else ""


def nearest_name(name: str, candidates: Iterable[str], likeness: float = 0.5) -> str:
    """The candidate closest to ``name`` in all but case and hyphens, an empty string where none is close."""
    by_letters = {_letters(candidate): candidate for candidate in candidates}
    close = difflib.get_close_matches(_letters(name), list(by_letters), n=1, cutoff=likeness)
    return by_letters[close[0]] if close else ""


def _letters(name: str) -> str:
    return name.lower().replace("-", "_")


def reason(error: BaseException) -> str:
    """What an error of OpenVINO or Python says, in one line: its last one, where OpenVINO states the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
