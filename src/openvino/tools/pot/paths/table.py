"""Every import path that POT had, below ``openvino.tools.pot``, and what is there now.

The paths are those of POT 2022.3, as its own package listed them, less what was None there, and what scripts of before
import. Three files have, by path, the names

- that a file at POT's own path has: ``here.json``;
- that another module of ours has, perhaps under another name, as ``module:name``: ``elsewhere.json``;
- that have no counterpart, by the sentence which says what to use, and is raised where they are called: ``gone.json``.

``compression`` offers the same paths, and those of ``MOVED``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, NamedTuple

MOVED = {"custom": "api", "custom.metric": "api.metric", "data_loaders.data_loader": "api.data_loader"}
"""Paths below ``compression`` alone -> where POT moved them."""


class Same(NamedTuple):
    """Where a thing of ours is.

    Attributes:
        module: below ``openvino.tools.pot``; empty: POT's own path.
        name: in that module; empty: POT's own name.
    """

    module: str = ""
    name: str = ""


ByPath = Mapping[str, list[str]]
Names = dict[str, Same | str]


def _paths(here: ByPath, elsewhere: Mapping[str, ByPath], gone: Mapping[str, ByPath]) -> dict[str, Names]:
    leads: list[tuple[Same | str, ByPath]] = [(Same(), here), *gone.items()]
    leads += [(Same(*home.split(":")), paths) for home, paths in elsewhere.items()]
    found: dict[str, Names] = {}
    for lead, paths in leads:
        for path, names in paths.items():
            found.setdefault(path, {}).update(dict.fromkeys(names, lead))
            while path:  # the packages above it
                path = path.rpartition(".")[0]
                found.setdefault(path, {})
    return found


def _read(name: str) -> Any:
    return json.loads(files(__package__).joinpath(name).read_text("utf-8"))


PATHS = _paths(_read("here.json"), _read("elsewhere.json"), _read("gone.json"))
"""Path -> its names -> where the thing is, or the sentence."""
