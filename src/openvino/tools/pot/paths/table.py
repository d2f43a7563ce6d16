"""Every import path that POT had, below ``openvino.tools.pot``, and what is there now.

The paths are those of POT 2021.3 to 2023.3, as the wheels had them, and what scripts of before import. Four files have,
by path, the names

- that a file at POT's own path has: ``here.json``;
- that another module of ours has, perhaps under another name, as ``module:name``: ``elsewhere.json``;
- that have no counterpart, by the sentence which says what to use, and is raised where they are called: ``gone.json``;
- that a module of POT's had only because it imported them from another one: ``imported.json``, which
  ``scripts/pot_names.py`` writes.

``compression`` offers the same paths, and those of ``MOVED``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import chain
from typing import NamedTuple

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


def _entries(file: str) -> Iterator[tuple[Same | str, ByPath]]:
    """The entries of a file, each with the paths and names that lead there."""
    content = json.loads(files(__package__).joinpath(file).read_text("utf-8"))
    if file == "here.json":
        yield Same(), content
    elif file == "gone.json":
        yield from content.items()
    else:
        yield from ((Same(*home.split(":")), paths) for home, paths in content.items())


def read(*tables: str) -> dict[str, Names]:
    """Path -> its names -> where the thing is, or the sentence, from some of the files; the last one holds."""
    found: dict[str, Names] = {}
    for lead, paths in chain.from_iterable(map(_entries, tables)):
        for path, names in paths.items():
            found.setdefault(path, {}).update(dict.fromkeys(names, lead))
            while path:  # the packages above it
                path = path.rpartition(".")[0]
                found.setdefault(path, {})
    return found


PATHS = read("imported.json", "here.json", "elsewhere.json", "gone.json")
"""Path -> its names -> where the thing is, or the sentence."""
