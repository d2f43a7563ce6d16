"""Files of definitions: what datasets and launchers of a name have in common, kept apart from configurations."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openvino.tools.pot.configs.files import read_mapping
from openvino.tools.pot.datasets.sources import placed
from openvino.tools.pot.utils.errors import ConfigError

_KEY, _VARIABLE = "global_definitions", "DEFINITIONS_FILE"
_LISTS = ("preprocessing", "postprocessing", "metrics")


def with_definitions(config: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """A configuration with what the file of definitions says, as far as it doesn't say it itself.

    A dataset takes what the one of the same name has, a launcher what the one of the same framework has.

    Args:
        config: ``models``, or ``launchers`` and ``datasets``. The environment's ``DEFINITIONS_FILE``, or
            ``global_definitions`` here, names the file.
        folder: of the configuration.

    Raises:
        ConfigError: the file is missing, can't be read, or doesn't hold lists of mappings.
    """
    own = {key: value for key, value in config.items() if key != _KEY}
    named, key = os.environ.get(_VARIABLE), config.get(_KEY)
    if not named and not key:
        return own
    path = placed(named, (Path(), folder)) if named else placed(str(key), (folder, Path()))
    known = _complete(read_mapping(path), path)
    models = own.get("models")
    if not isinstance(models, (list, tuple)):
        return {**own, **_completed_model(own, known)}
    return {**own, "models": [_completed_model(each, known) for each in models]}


def _complete(definitions: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Definitions whose datasets have what steps and metrics of a type have in common."""
    for key in ("launchers", "datasets", *_LISTS):
        entries = definitions.get(key) or []
        if not isinstance(entries, list) or not all(isinstance(each, Mapping) for each in entries):
            raise ConfigError(f"definitions {str(path)!r}: {key}: expected a list of mappings")
    datasets = [_completed_lists(each, definitions) for each in definitions.get("datasets") or ()]
    return {**definitions, "datasets": datasets}


def _completed_lists(dataset: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    lists = {key: _merged(dataset[key], definitions.get(key), "type") for key in _LISTS if key in dataset}
    return {**dataset, **lists}


def _completed_model(model: Any, known: Mapping[str, Any]) -> Any:
    if not isinstance(model, Mapping):
        return model  # left to the checks that follow
    names = {"launchers": "framework", "datasets": "name"}
    found = {key: _merged(model[key], known.get(key), name) for key, name in names.items() if key in model}
    return {**model, **found}


def _merged(entries: Any, known: Any, key: str) -> Any:
    """Entries over the first known ones of the same name; what is no list or mapping of such is left to checks."""
    if isinstance(entries, Mapping):
        return {tag: _merged([each], known, key)[0] for tag, each in entries.items()}
    if not isinstance(entries, (list, tuple)):
        return entries
    by_name: dict[str, Mapping[str, Any]] = {}
    for each in known or ():
        by_name.setdefault(str(each.get(key)), each)
    return [
        {**by_name.get(str(each.get(key)), {}), **each} if isinstance(each, Mapping) else each
        for each in entries
    ]
