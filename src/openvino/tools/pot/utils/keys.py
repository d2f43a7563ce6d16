"""Keys of mappings that users give: those that are known, slips of these, and those of something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openvino.tools.pot.utils.errors import ConfigError, nearest_name
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_A_SLIP = 0.7
"""How alike a key and its misspelling are at least; keys of POT's that mean nothing here are less like any of ours."""


def is_misspelt(name: str, known: Iterable[str]) -> bool:
    """Whether an unknown key is one of the known keys with a slip in it, rather than a key of something else."""
    return bool(nearest_name(name, known, _A_SLIP))


def check_mapping(values: Any, where: str) -> None:
    """Refuse what is no mapping of the user's.

    Raises:
        ConfigError: it is none; what it should be is named.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where} is a {type(values).__name__}, expected a mapping")


def tell_of_strange(keys: Sequence[str], where: str) -> None:
    """Log that keys have no effect, in one line."""
    if keys:
        logger.warning("%s: without effect here: %s", where, ", ".join(map(repr, keys)))
