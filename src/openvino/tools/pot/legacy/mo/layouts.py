"""Layouts of inputs and outputs: as the framework has them, and as the converted model is to have them."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from typing import Any, NamedTuple

import openvino as ov

from openvino.tools.pot.legacy.mo.texts import parts
from openvino.tools.pot.utils.errors import ConfigError

LayoutMap = namedtuple("LayoutMap", ["source_layout", "target_layout"], defaults=[None, None])


class Layouts(NamedTuple):
    """The layout of a tensor in the framework's model, and that of the converted one if it differs."""

    source: ov.Layout | None = None
    target: ov.Layout | None = None


Given = list[tuple[str | None, Layouts]]


def read_layouts(layout: Any, source: Any, target: Any) -> Given:
    """The three arguments for layouts together.

    Args:
        layout: text such as ``nhwc``, ``nhwc->nchw``, ``a(nhwc->nchw),b(nc)``, a ``Layout``, ``LayoutMap``, a list of
            them in the order of the inputs, or a dict by name.
        source: the same without arrows.
        target: the same without arrows.

    Returns:
        Pairs of a name, absent where it goes by order, and layouts.

    Raises:
        ConfigError: it can't be read.
    """
    if layout is not None and not (isinstance(layout, (str, tuple, list, dict)) and not layout):
        return list(_entries("layout", layout))
    targets = dict(_entries("target_layout", target))
    found = dict(_entries("source_layout", source))
    for name, each in targets.items():
        if name not in found:
            raise ConfigError(
                f"convert_model: target_layout has {name or 'a layout'!r}, source_layout has not"
            )
        found[name] = Layouts(found[name].source, each.source)
    return list(found.items())


def _entries(argument: str, given: Any) -> Iterator[tuple[str | None, Layouts]]:
    if isinstance(given, dict):
        for name, each in given.items():
            yield name, _layouts(argument, each)
    elif isinstance(given, str) and "(" in given:
        for part in parts(argument, given):
            yield part.name or None, _layouts(argument, part.content or "")
    elif isinstance(given, list) or (isinstance(given, tuple) and not isinstance(given, LayoutMap)):
        for each in given:
            yield None, _layouts(argument, each)
    elif given:
        yield None, _layouts(argument, given)


def _layouts(argument: str, given: Any) -> Layouts:
    if isinstance(given, LayoutMap):
        return Layouts(_layout(argument, given.source_layout), _layout(argument, given.target_layout))
    if isinstance(given, str) and "->" in given:
        if argument != "layout":
            raise ConfigError(f"convert_model: {argument} has {given!r}, expected a layout without an arrow")
        source, target = given.split("->", 1)
        return Layouts(_layout(argument, source), _layout(argument, target))
    return Layouts(_layout(argument, given))


def _layout(argument: str, given: Any) -> ov.Layout | None:
    if given is None or isinstance(given, ov.Layout):
        return given
    try:
        return ov.Layout(given.strip())
    except (RuntimeError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"convert_model: {argument} has {given!r}, expected a layout such as nhwc, n?hw or n...c"
        ) from error
