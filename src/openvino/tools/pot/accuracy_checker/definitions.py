"""Files of definitions, and the folders that Open Model Zoo's tools name in the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openvino.tools.pot.config.files import read_mapping
from openvino.tools.pot.utils.errors import ConfigError

_FILE, _KEY = "DEFINITIONS_FILE", "global_definitions"


@dataclass(frozen=True)
class Folders:
    """What relative paths start from.

    Attributes:
        config: the configuration's own folder.
        data: of images and what annotations are converted from: ``DATA_DIR``, else the configuration's.
        annotations: of converted annotations and their meta files: ``ANNOTATIONS_DIR``, else the configuration's.
    """

    config: Path
    data: Path
    annotations: Path

    @staticmethod
    def of(config: Path, environment: Mapping[str, str]) -> Folders:
        """The folders of a configuration.

        Args:
            config: its own one.
            environment: the process's variables.
        """
        data, annotations = (environment.get(key) or config for key in ("DATA_DIR", "ANNOTATIONS_DIR"))
        return Folders(config, Path(data), Path(annotations))


def with_definitions(
    config: Mapping[str, Any], folder: Path, environment: Mapping[str, str]
) -> Mapping[str, Any]:
    """A configuration whose datasets are completed by those of the same name in the file of definitions.

    Args:
        config: ``models``, or ``launchers`` and ``datasets``; what it says itself counts. ``global_definitions`` beside
            them names the file.
        folder: what that path starts from.
        environment: otherwise, ``DEFINITIONS_FILE`` names the file; without both, nothing changes.

    Raises:
        ConfigError: the file can't be read, or doesn't hold a list of datasets.
    """
    said = config.get(_KEY)
    config = {key: value for key, value in config.items() if key != _KEY}
    path = folder / str(said) if said else environment.get(_FILE)
    if not path:
        return config
    listed = read_mapping(path).get("datasets") or []
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) for each in listed):
        raise ConfigError(f"definitions {str(path)!r}: datasets: expected a list of mappings")
    defined = {each["name"]: each for each in listed if "name" in each}
    if isinstance(config.get("models"), list):
        return {**config, "models": [_completed(model, defined) for model in config["models"]]}
    completed: Mapping[str, Any] = _completed(config, defined)
    return completed


def _completed(model: Any, defined: Mapping[Any, Mapping[str, Any]]) -> Any:
    datasets = model.get("datasets") if isinstance(model, Mapping) else None
    if not isinstance(datasets, list):
        return model
    return {**model, "datasets": [_with_defined(each, defined) for each in datasets]}


def _with_defined(dataset: Any, defined: Mapping[Any, Mapping[str, Any]]) -> Any:
    if not isinstance(dataset, Mapping):
        return dataset
    return {**defined.get(dataset.get("name"), {}), **dataset}
