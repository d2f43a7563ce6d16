"""Turning user mappings into frozen parameter objects, with one clear sentence where they don't fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any, TypeVar, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from openvino.tools.pot.utils.errors import ConfigError, nearest


class Parameters(BaseModel):
    """Base of parameter objects: frozen, unknown keys refused, strings not taken for numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


P = TypeVar("P", bound=Parameters)
_KINDS = ("str", "int", "float", "bool")


def validate(kind: type[P], values: Any, where: str, path: str = "") -> P:
    """Check a mapping against a parameter class.

    Args:
        kind: the class.
        values: the user's mapping; an ``addict.Dict`` is fine.
        where: what the mapping is, for messages: ``DefaultQuantization params``, or a file.
        path: the keys that lead to the mapping there: ``compression.algorithms[0]``.

    Raises:
        ConfigError: names the key path, what was found and what is allowed, and the nearest known key.
    """
    if isinstance(values, kind):
        return values
    if not isinstance(values, Mapping):
        place = f"{where}: {path}" if path else where
        raise ConfigError(f"{place}: found {values!r}, expected a mapping")
    try:
        return kind.model_validate(plain(values))
    except ValidationError as error:
        raise ConfigError(_sentence(kind, error, where, path)) from None


def as_float(value: Any) -> Any:
    """A whole number where a float is wanted, so that messages say what was compared."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def joined(path: str, keys: Iterable[int | str]) -> str:
    """The path of keys that lead on from ``path``: ``engine.data_source[0]``."""
    for key in keys:
        path = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}" if path else key
    return path


def plain(value: Any) -> Any:
    """A configuration's value made of dicts, lists, and Python's own strings and numbers."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, PurePath):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value


def _sentence(kind: type[BaseModel], error: ValidationError, where: str, start: str) -> str:
    first = error.errors()[0]
    keys = first["loc"]
    if len(keys) > 1 and keys[-1] in _KINDS:  # which of the types that a value may have pydantic tried
        keys = keys[:-1]
    path = joined(start, keys)
    if first["type"] == "extra_forbidden":
        known = _fields_at(kind, first["loc"][:-1])
        return f"{where}: unknown parameter {path!r}{nearest(str(first['loc'][-1]), known)}"
    if first["type"] == "missing":
        return f"{where}: {path}: it is missing"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error" and not path:
        return f"{where}: {message}"
    found = f", found {first['input']!r}" if first["type"] != "value_error" else ""
    return f"{where}: {path}: {message[:1].lower()}{message[1:]}{found}"


def _fields_at(kind: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """The field names of the parameter class found by following ``path`` from ``kind``."""
    for part in path:
        if isinstance(part, str) and part in kind.model_fields:
            kind = _model_in(kind.model_fields[part].annotation) or kind
    return list(kind.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)
