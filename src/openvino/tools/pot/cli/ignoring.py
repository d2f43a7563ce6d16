"""What ``--ignored`` and ``--ignored-types`` mean in a model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from openvino.tools.pot.graph.model import SubModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.selecting import Selected, Selector
from openvino.tools.pot.utils.errors import ConfigError, nearest


def scope_of(names: Sequence[str] | None, types: Sequence[str] | None) -> dict[str, Any] | None:
    """What flags say to leave in float, as configurations have it; None where they say nothing."""
    found: dict[str, Any] = {"scope": [*names]} if names else {}
    if types:
        found["operations"] = [{"type": kind} for kind in types]
    return found or None


def of_flags(options: argparse.Namespace, sub: SubModel) -> list[str]:
    """What patterns, places and types of flags match, a line each; nothing is said of names.

    Raises:
        ConfigError: the model has no operation of a type, or a pattern can't be read.
    """
    found = [each for each in matched(options.ignored, options.ignored_types, sub) if not each.by_name]
    return [f"ignored: {each.line}" for each in found if each.nodes]


def matched(names: Sequence[str] | None, types: Sequence[str] | None, sub: SubModel) -> list[Selected]:
    """What flags mean, in their order; names and patterns that mean nothing are there without nodes.

    Raises:
        ConfigError: the model has no operation of a type, or a pattern can't be read.
    """
    selector = Selector(GraphView(sub.model), sub)
    found = [selector.select(name) for name in names or ()]
    for kind in types or ():
        own = selector.of_type(kind)
        if not own.nodes:
            raise ConfigError(
                f"--ignored-types: the model has no operation of type {kind!r}{nearest(kind, selector.types)}"
            )
        found.append(own)
    return found
