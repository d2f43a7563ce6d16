"""Entries of a configuration: each checked by its class, each error with the keys that lead to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from openvino.tools.pot.accuracy_checker.names import known_names
from openvino.tools.pot.configs.validation import Parameters, validate
from openvino.tools.pot.utils.errors import ConfigError, Place, nearest

P = TypeVar("P", bound=Parameters)


class NotBuiltError(ConfigError):
    """Something that Accuracy Checker has, and that is not built here."""


def checked(kind: type[P], values: Any, place: Place, room: str | None = None) -> P:
    """A mapping as an object of its parameter class.

    Args:
        kind: the class.
        values: the mapping.
        place: of the entry.
        room: of Accuracy Checker's keys of such entries, if they are known.

    Raises:
        NotBuiltError: a key is Accuracy Checker's, and not built here.
        ConfigError: a key is misspelt or missing, or a value doesn't fit.
    """
    for key in values if room is not None and isinstance(values, Mapping) else ():
        if key not in kind.model_fields and key in known_names(room or ""):
            raise NotBuiltError("it is not built here", place.at(str(key)))
    return validate(kind, values, place)


def chosen(
    table: Mapping[str, type[P]], values: Any, place: Place, key: str = "type", room: str | None = None
) -> P:
    """A mapping as an object of the class that one of its keys names.

    Args:
        table: name -> class.
        values: the mapping, or the name alone.
        place: of the entry.
        key: whose value is the name.
        room: of Accuracy Checker's names of this kind, if they are known.

    Raises:
        NotBuiltError: Accuracy Checker has that name, and it is not built here.
        ConfigError: there is no such name, or parameters don't fit.
    """
    values = {key: values} if isinstance(values, str) else values
    if not isinstance(values, Mapping):
        raise ConfigError(f"found {values!r}, expected a mapping with {key!r}", place)
    if key not in values:
        raise ConfigError(f"it is missing, expected one of {', '.join(table)}", place.at(key))
    name = values[key]
    if not isinstance(name, str) or name not in table:
        expected = f"expected one of {', '.join(table)}"
        if room is not None and name in known_names(room):
            raise NotBuiltError(f"{name!r} is not built here, {expected}", place.at(key))
        raise ConfigError(f"{name!r} is not supported, {expected}{nearest(str(name), table)}", place.at(key))
    rest = {each: value for each, value in values.items() if each != key}
    return checked(table[name], rest, place, None if room is None else f"{room} {name}")


def listed(values: Any, place: Place) -> Iterator[tuple[Any, Place]]:
    """The entries of a list that may be absent, each with its place.

    Raises:
        ConfigError: it is no list.
    """
    if values is None:
        return
    if not isinstance(values, (list, tuple)):
        raise ConfigError(f"found {values!r}, expected a list", place)
    for position, value in enumerate(values):
        yield value, place.at(position)
