"""Which inputs a converted model has: their names, shapes and types."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import openvino as ov

from openvino.tools.pot.legacy.mo.texts import parts, split
from openvino.tools.pot.utils.errors import ConfigError

InputCutInfo = namedtuple(
    "InputCutInfo", ["name", "shape", "type", "value"], defaults=[None, None, None, None]
)

_PORT = re.compile(r"(\d+:)|(:\d+)")
_TYPES = {
    "f64": ov.Type.f64,
    "float64": ov.Type.f64,
    "f32": ov.Type.f32,
    "float32": ov.Type.f32,
    "f16": ov.Type.f16,
    "float16": ov.Type.f16,
    "i64": ov.Type.i64,
    "int64": ov.Type.i64,
    "i32": ov.Type.i32,
    "int32": ov.Type.i32,
    "i8": ov.Type.i8,
    "int8": ov.Type.i8,
    "u8": ov.Type.u8,
    "uint8": ov.Type.u8,
    "boolean": ov.Type.boolean,
    "bool": ov.Type.boolean,
}


@dataclass(frozen=True)
class Input:
    """What is asked of one input; absent is as the model has it."""

    name: str | None = None
    shape: ov.PartialShape | None = None
    type: ov.Type | None = None

    def as_tuple(self) -> tuple[Any, ...]:
        """For ``openvino.convert_model``."""
        return tuple(value for value in (self.name, self.shape, self.type) if value is not None)


def read_inputs(given: Any, shapes: Any) -> list[Input]:
    """The arguments ``input`` and ``input_shape`` together.

    Args:
        given: names, text such as ``"a[1,3],b{i32}"``, tuples of name, shape and type, or ``InputCutInfo``.
        shapes: one shape or one for each input, as text, numbers or ``PartialShape``.

    Returns:
        What is asked of inputs, in the order in which it was given; empty if nothing was.

    Raises:
        ConfigError: it can't be read, freezes an input, or there are fewer or more shapes than names.
    """
    inputs, found = _inputs(given), read_shapes(shapes)
    if not inputs:
        return [Input(shape=shape) for shape in found]
    if not found:
        return inputs
    if len(found) != len(inputs):
        raise ConfigError(
            f"convert_model: there are {len(inputs)} inputs, but input_shape gives {len(found)}"
        )
    return [replace(each, shape=shape) for each, shape in zip(inputs, found, strict=True)]


def read_shapes(given: Any) -> list[ov.PartialShape]:
    """The shapes of the argument ``input_shape``.

    Raises:
        ConfigError: it can't be read.
    """
    if given is None:
        return []
    if isinstance(given, str):
        entries = split(given) if given.lstrip().startswith(("[", "(")) else [given]
        return [_shape(entry) for entry in entries if entry]
    if is_shape(given):
        return [_shape(given)]
    return [_shape(each) for each in given]


def is_shape(value: Any) -> bool:
    """Whether a value is one shape, rather than a list of them."""
    if isinstance(value, (ov.PartialShape, ov.Shape)):
        return True
    return isinstance(value, (list, tuple, np.ndarray)) and all(
        isinstance(size, (int, np.integer, ov.Dimension)) and not isinstance(size, bool) for size in value
    )


def _shape(value: Any) -> ov.PartialShape:
    try:
        if isinstance(value, str):
            sizes = re.split(r"\s*,\s*|\s+", value.strip().strip("[]()").strip())
            return ov.PartialShape(f"[{','.join(sizes)}]")
        if isinstance(value, (ov.PartialShape, ov.Shape)):
            return ov.PartialShape(value)
        return ov.PartialShape([size if isinstance(size, ov.Dimension) else int(size) for size in value])
    except (RuntimeError, TypeError, ValueError) as error:
        raise ConfigError(
            f"convert_model: {value!r} is no shape, expected such as [1,3,224,224], [1,?,8] or [1..4,3]"
        ) from error


def _inputs(given: Any) -> list[Input]:
    if given is None or (isinstance(given, (str, list, tuple)) and not given):
        return []
    if isinstance(given, str):
        return [_from_text(*part) for part in parts("input", given)]
    if not isinstance(given, (list, tuple)) or is_shape(given) or _is_one(given):
        return [_input(given)]
    return [each for entry in given for each in _inputs(entry)]


def _is_one(given: Sequence[Any]) -> bool:
    """Whether a list or tuple holds the name, shape and type of one input, each at most once."""
    if isinstance(given, InputCutInfo):
        return True
    kinds = [
        "name" if isinstance(each, str) else "shape" if is_shape(each) else "type"
        for each in given
        if is_shape(each) or not isinstance(each, (list, tuple))
    ]
    return len(kinds) == len(given) == len(set(kinds)) and len(kinds) > 1


def _from_text(name: str, shape: str | None, rest: str) -> Input:
    if "->" in name or "->" in rest:
        raise ConfigError(
            f"convert_model: input {name!r} is frozen to a value, which has no counterpart in OpenVINO"
        )
    kind = None
    braces = re.fullmatch(r"\{(\w+)\}", rest)
    if rest and braces is None:
        raise ConfigError(f"convert_model: input {name!r} is followed by {rest!r}, expected a type in braces")
    if "{" in name:
        raise ConfigError(f"convert_model: input {name!r} can't be read")
    if braces is not None:
        kind = _type(braces[1])
    return Input(_without_port(name) or None, None if shape is None else _shape(shape), kind)


def _without_port(name: str) -> str:
    """A name without the number of a port, which Model Optimizer allowed before and after it."""
    match = _PORT.match(name) or _PORT.search(name)
    if match is None:
        return name
    if match.group().strip(":") != "0":
        raise ConfigError(f"convert_model: input {name!r} names a port, but only whole inputs can be chosen")
    return name.replace(match.group(), "", 1)


def _input(given: Any) -> Input:
    """One input: an ``InputCutInfo``, or name, shape and type in any order, or one of these."""
    if isinstance(given, InputCutInfo):
        if given.value is not None:
            raise ConfigError(
                f"convert_model: input {given.name!r} is frozen to a value, which has no counterpart in OpenVINO"
            )
        values: Sequence[Any] = [each for each in given[:3] if each is not None]
    else:
        values = given if isinstance(given, (list, tuple)) and not is_shape(given) else (given,)
    found = Input()
    for value in values:
        if isinstance(value, str):
            found = replace(found, name=_without_port(value))
        elif is_shape(value):
            found = replace(found, shape=_shape(value))
        else:
            found = replace(found, type=_type(value))
    return found


def _type(value: Any) -> ov.Type:
    if isinstance(value, ov.Type):
        return value
    if isinstance(value, str):
        if value in _TYPES:
            return _TYPES[value]
        raise ConfigError(f"convert_model: {value!r} is no type, expected one of {', '.join(_TYPES)}")
    try:
        return ov.Type(np.dtype(value))
    except TypeError as error:
        raise ConfigError(f"convert_model: {value!r} is neither a name nor a shape nor a type") from error
