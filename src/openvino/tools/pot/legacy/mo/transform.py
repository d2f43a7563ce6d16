"""Transformations that the argument ``transform`` names."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import openvino as ov
from openvino._offline_transformations import (
    apply_low_latency_transformation,
    apply_make_stateful_transformation,
    apply_pruning_transformation,
)

from openvino.tools.pot.legacy.mo.arguments import is_given
from openvino.tools.pot.legacy.mo.texts import parts
from openvino.tools.pot.utils.errors import ConfigError, nearest, reason

_TRANSFORMATIONS: dict[str, Callable[..., None]] = {
    "LowLatency2": apply_low_latency_transformation,
    "MakeStateful": apply_make_stateful_transformation,
    "Pruning": apply_pruning_transformation,
}


def apply_transformations(model: ov.Model, given: Any) -> None:
    """Transform a model in place.

    Args:
        model: the model.
        given: text such as ``LowLatency2[use_const_initializer=False]``, or a list of names or of tuples of a name and
            a dict of parameters.

    Raises:
        ConfigError: there is no transformation of this name, or it can't be applied.
    """
    for name, parameters in _entries(given):
        if name not in _TRANSFORMATIONS:
            raise ConfigError(f"convert_model: transform has {name!r}{nearest(name, _TRANSFORMATIONS)}")
        try:
            _TRANSFORMATIONS[name](model, **parameters)
        except (RuntimeError, TypeError) as error:
            raise ConfigError(f"convert_model: transform {name} can't be applied: {reason(error)}") from error


def _entries(given: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not is_given(given):
        return
    if isinstance(given, str):
        for part in parts("transform", given):
            yield part.name, _parameters(part.content or "")
        return
    for each in [given] if isinstance(given, tuple) and isinstance(given[0], str) else given:
        if isinstance(each, str):
            yield from _entries(each)
        else:
            yield each[0], dict(each[1]) if len(each) > 1 else {}


def _parameters(text: str) -> dict[str, Any]:
    """What stands in brackets: ``key=value`` parted by semicolons."""
    found = {}
    for entry in filter(None, text.split(";")):
        key, _, value = entry.partition("=")
        try:
            found[key.strip()] = ast.literal_eval(value.strip())
        except (SyntaxError, ValueError) as error:
            raise ConfigError(f"convert_model: transform has {entry!r}, expected key=value") from error
    return found
