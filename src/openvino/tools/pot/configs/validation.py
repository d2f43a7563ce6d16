"""Turning user mappings into frozen parameter objects, with one clear sentence where they don't fit."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from math import isnan
from pathlib import PurePath
from typing import Any, ClassVar, TypeVar, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from openvino.tools.pot.utils.errors import ConfigError, Place, as_place, nearest, nearest_name
from openvino.tools.pot.utils.logger import tell_of_strange

_A_SLIP = 0.7
"""How alike a key and its misspelling are at least; keys of POT's that mean nothing here are less like any of ours."""


class Parameters(BaseModel):
    """Base of parameter objects: frozen, strings not taken for numbers, ``null`` for no mapping or list at all, no NaN.

    Attributes:
        without_effect: keys of POT's that mean nothing here, and are told of.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    without_effect: ClassVar[frozenset[str]] = frozenset()

    @field_validator("*", mode="before")
    @classmethod
    def _as_meant(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, float) and isnan(value):
            raise ValueError("expected a value, found nan")
        field = cls.model_fields[str(info.field_name)]
        default = field.get_default()
        if value is None and isinstance(default, (BaseModel, dict, list)):
            return default
        takes_float = float in (field.annotation, *get_args(field.annotation))
        return _as_float(value) if takes_float else value

    def given(self, *names: str) -> dict[str, Any]:
        """Those of some parameters that are not None."""
        return {name: value for name in names if (value := getattr(self, name)) is not None}


P = TypeVar("P", bound=Parameters)
_KINDS = ("str", "int", "float", "bool")


def validate(kind: type[P], values: Any, where: Place | str) -> P:
    """Check a mapping against a parameter class.

    An unknown key that is like a known one is an error; one that is like no other is left out, which is told of. A
    whole number may be written as a float.

    Args:
        kind: the class.
        values: the user's mapping; an ``addict.Dict`` is fine.
        where: the mapping stands, or what it is called: ``DefaultQuantization params``.

    Raises:
        ConfigError: names the key path, what was found and what is allowed, and the nearest known key.
    """
    if isinstance(values, kind):
        return values
    place = as_place(where)
    if not isinstance(values, Mapping):
        raise ConfigError(f"found {values!r}, expected a mapping", place)
    values, strange = plain(values), []
    while True:
        try:
            found = kind.model_validate(values)
        except ValidationError as error:
            first = _first(error)
            if _is_strange(kind, first) and _removed(values, first["loc"]):
                strange.append(place.at(*first["loc"]).path)
            elif not _made_whole(values, first):
                raise _refusal(kind, first, place) from None
        else:
            tell_of_strange(strange, place.what)
            return found


def _first(error: ValidationError) -> Any:
    """What is wrong: a key with a slip in it says more than that the right one is missing."""
    found = error.errors()
    return next((each for each in found if each["type"] == "extra_forbidden"), found[0])


def _is_strange(kind: type[Parameters], first: Any) -> bool:
    """Whether what is wrong is a key that is like no known one, or is known to mean nothing."""
    if first["type"] != "extra_forbidden":
        return False
    *above, key = first["loc"]
    owner = _class_at(kind, tuple(above))
    return key in owner.without_effect or not nearest_name(str(key), owner.model_fields, _A_SLIP)


def _removed(values: Any, keys: tuple[int | str, ...]) -> bool:
    """Take out what stands under a path of keys; False where the path is none of the user's own."""
    owner = _owner(values, keys)
    return isinstance(owner, dict) and owner.pop(keys[-1], owner) is not owner


def _made_whole(values: Any, first: Any) -> bool:
    """Make an int of a float that is one, if that is what is wrong."""
    keys, found = _keys(first["loc"]), first["input"]
    owner = _owner(values, keys)
    wants_int = first["type"] in ("int_type", "literal_error")
    if owner is None or not wants_int or not isinstance(found, float) or not found.is_integer():
        return False
    owner[keys[-1]] = int(found)
    return True


def _owner(values: Any, keys: tuple[int | str, ...]) -> Any:
    """The user's own dict or list that the last of a path of keys belongs to, None where there is none."""
    for key in keys[:-1]:
        try:
            values = values[key]
        except (KeyError, IndexError, TypeError):
            return None
    return values if isinstance(values, (dict, list)) else None


def _keys(keys: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """A path of keys without which of the types that a value may have pydantic tried."""
    return keys[:-1] if len(keys) > 1 and keys[-1] in _KINDS else keys


def _as_float(value: Any) -> Any:
    """A whole number where a float is wanted, so that messages say what was compared."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if whole and abs(value) <= sys.float_info.max else value


def plain(value: Any) -> Any:
    """A configuration's value made of dicts, lists, and Python's own strings and numbers."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, PurePath):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value


def _refusal(kind: type[Parameters], first: Any, place: Place) -> ConfigError:
    *above, key = first["loc"] or ("",)
    if first["type"] == "extra_forbidden":
        near = nearest(str(key), _class_at(kind, tuple(above)).model_fields)
        return ConfigError(f"unknown parameter {key!r}{near}", place.at(*above))
    place, message = place.at(*_keys(first["loc"])), first["msg"]
    if first["type"] == "missing":
        return ConfigError("it is missing", place)
    if first["type"] == "value_error":
        return ConfigError(str(first["ctx"]["error"]), place)
    return ConfigError(f"{message[:1].lower()}{message[1:]}, found {first['input']!r}", place)


def _class_at(kind: type[Parameters], path: tuple[int | str, ...]) -> type[Parameters]:
    """The parameter class found by following ``path`` from ``kind``."""
    for part in path:
        if isinstance(part, str) and part in kind.model_fields:
            kind = _model_in(kind.model_fields[part].annotation) or kind
    return kind


def _model_in(annotation: Any) -> type[Parameters] | None:
    if isinstance(annotation, type) and issubclass(annotation, Parameters):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)
