"""Packages that come with an extra of ours, imported when something needs them."""

from __future__ import annotations

import importlib
from typing import Any

from openvino.tools.pot.utils.errors import ConfigError

_DISTRIBUTIONS = {"PIL": "pillow"}  # where it is not the module's name


def optional(module: str, package: str, what: str, extra: str) -> Any:
    """A module of a package that need not be installed.

    Args:
        module: its name.
        package: what people call the package.
        what: needs it, as an error's sentence begins.
        extra: of ours that installs it.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        importlib.import_module(module.partition(".")[0])
        return importlib.import_module(module)
    except ImportError as error:
        raise ConfigError(f"{what} need {package}: {how_to_install(module, extra)}") from error


def how_to_install(module: str, extra: str) -> str:
    """The command that installs what a module is of; by its own name, wherever our package was installed from."""
    root = module.partition(".")[0]
    return f"pip install {_DISTRIBUTIONS.get(root, root)} (or '.[{extra}]' in the source tree)"
