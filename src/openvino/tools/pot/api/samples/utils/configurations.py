"""Configurations of the samples' loaders, checked by parameter classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from pydantic import BeforeValidator

from openvino.tools.pot.configs.validation import Parameters, validate

P = TypeVar("P", bound=Parameters)


def checked(kind: type[P], config: Any, loader: object, owner: type) -> P:
    """A loader's configuration as an object of its parameter class.

    Args:
        kind: the class.
        config: the user's mapping, in which None stands for what is absent.
        loader: that is made; keys of a subclass of ``owner`` which are not in ``kind`` are its own.
        owner: of the parameter class; its name begins messages.

    Raises:
        ConfigError: a key is missing or misspelt, or a value doesn't fit.
    """
    if isinstance(config, Mapping):
        known = config if type(loader) is owner else kind.model_fields
        config = {key: value for key, value in config.items() if key in known and value is not None}
    return validate(kind, config, owner.__name__)


def as_list(value: Any) -> Any:
    """An array as a list, and a number alone as a list of one."""
    return np.atleast_1d(value).tolist() if isinstance(value, (np.ndarray, int, float)) else value


def _path(value: Any) -> Path:
    if not isinstance(value, (str, Path)) or not str(value):
        raise ValueError(f"expected a path, found {value!r}")
    return Path(value).expanduser()


def _existing(value: Any) -> Path:
    path = _path(value)
    if not path.exists():
        raise ValueError(f"{str(path)!r} does not exist")
    return path


def _folder(value: Any) -> Path:
    path = _path(value)
    if not path.is_dir():
        raise ValueError(f"folder {str(path)!r} does not exist")
    return path


def _file(value: Any) -> Path:
    path = _path(value)
    if not path.is_file():
        raise ValueError(f"file {str(path)!r} does not exist")
    return path


AnyPath = Annotated[Path, BeforeValidator(_path)]
Existing = Annotated[Path, BeforeValidator(_existing)]
Folder = Annotated[Path, BeforeValidator(_folder)]
File = Annotated[Path, BeforeValidator(_file)]
