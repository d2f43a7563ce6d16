"""What there is in Accuracy Checker, by name, so that what is not built here is told from what is misspelt."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files


@cache
def known_names(room: str) -> frozenset[str]:
    """The names that Accuracy Checker has of a kind.

    Args:
        room: ``configuration``, ``launcher`` and ``dataset`` for the keys of these; ``adapters``, ``converters``,
            ``metrics``, ``postprocessing``, ``preprocessing``, ``readers`` or ``launchers`` for what they choose;
            ``preprocessing resize`` and the like for keys of what is chosen.
    """
    names: dict[str, list[str]] = json.loads(files(__package__).joinpath("names.json").read_text("utf-8"))
    return frozenset(names.get(room, ()))
