"""Errors a user can act on: one sentence naming the thing, what was expected and what was found."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_LONGEST = 200
"""Letters of an error that is not ours within a sentence of ours."""
_LONGEST_SENTENCE = 1000


@dataclass(frozen=True)
class Place:
    """Where something stands in what a user gave.

    Attributes:
        what: the whole is called: a file, ``DefaultQuantization params``, ``sample 3``.
        path: the keys that lead to it: ``models[0].datasets[0]``.
    """

    what: str = ""
    path: str = ""

    def at(self, *keys: int | str) -> Place:
        """The place further on."""
        path = self.path
        for key in keys:
            path = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}" if path else key
        return Place(self.what, path)

    def over(self, inner: Place) -> Place:
        """A place within what stands here, which those who were given it call by another name."""
        path = inner.path if inner.path.startswith("[") or not self.path else f".{inner.path}"
        return Place(self.what, self.path + path) if inner.path else self

    def around(self, inner: Place) -> Place:
        """A place within something that has a name of its own, and came from here."""
        return Place(f"{self}: {inner.what}", inner.path) if inner.what else self.over(inner)

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.what, self.path)))


def as_place(where: Place | str) -> Place:
    """A place that may be given by its name alone."""
    return Place(where) if isinstance(where, str) else where


class PotError(RuntimeError):
    """Base of every error raised on purpose by this package; as a text, the place and the sentence.

    Args:
        sentence: put on one line and, where what it quotes is long, left without its middle.
        where: in what the user gave the fault lies; absent: the sentence says it.

    Attributes:
        sentence, where: as they were given.
    """

    def __init__(self, sentence: str = "", where: Place | str = "") -> None:
        self.sentence, self.where = sentence, as_place(where)
        line = ": ".join(filter(None, (str(self.where), " ".join(map(str.strip, sentence.splitlines())))))
        if len(line) > _LONGEST_SENTENCE:
            half = _LONGEST_SENTENCE // 2 - 5
            line = f"{line[:half]} [...] {line[-half:]}"
        super().__init__(line)

    def __reduce__(self) -> tuple[Any, ...]:
        """Of the same sentence and place, where it comes from another process."""
        return type(self), (self.sentence, self.where)


class ConfigError(PotError, ValueError):
    """A parameter or configuration key is unknown, ill-typed or not supported."""


class ModelError(PotError):
    """A model can't be read, edited or written."""


class DataError(PotError):
    """A sample of the data loader doesn't fit the model."""


class NoSamplesError(DataError):
    """There is no sample at all."""

    def __init__(
        self,
        sentence: str = "the data loader is empty, expected at least one sample",
        where: Place | str = "",
    ) -> None:
        super().__init__(sentence, where)


class EngineError(PotError):
    """The engine lacks something that it needs: a model, a data loader, a metric."""


class GoneError(PotError, AttributeError):
    """A part of POT is used that has no counterpart; the sentence says what to use."""


def check_mapping(values: Any, where: str) -> None:
    """Refuse what is no mapping of the user's.

    Raises:
        ConfigError: it is none; what it should be is named.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where} is a {type(values).__name__}, expected a mapping")


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
    lines = [line.strip() for line in _text(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else type(error).__name__


def said(error: BaseException) -> str:
    """The type of an error of the user's own code and what it says, on one line, cut where it is long."""
    text = " ".join(_text(error).split()).rstrip(".")
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} [...]"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # of a class of the user's
        return ""


class naming:  # noqa: N801 - it reads as a function; contextmanager loses what is raised from a StopIteration
    """Say which part of the user's own code raised; their error is the cause, and interruptions pass.

    Raises:
        PotError: of the kind given; those that were raised on purpose stay what they are.
    """

    def __init__(self, what: str, kind: type[PotError]) -> None:
        self._what, self._kind = what, kind

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, PotError):
            raise self._kind(f"{self._what} raised {said(error)}") from error


@contextmanager
def placed(where: Place | str, kind: type[PotError] | None = None) -> Iterator[None]:
    """Say of errors where in what the user gave they come from; they stay of their kind, or become of the one given."""
    try:
        yield
    except PotError as error:
        raise (kind or type(error))(error.sentence, as_place(where).around(error.where)) from error
