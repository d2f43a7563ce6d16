"""Keys of mappings that users give: those that are known, slips of these, and those of something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openvino.tools.pot.utils.errors import ConfigError, nearest, nearest_name
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


def check_keys(
    values: Mapping[Any, Any],
    known: Iterable[str],
    where: str,
    without_effect: Iterable[str] = (),
    what: str = "key",
) -> None:
    """Refuse keys that are known ones misspelt, and tell of those that are like no other.

    Args:
        values: the user's mapping.
        known: the keys that it may have.
        where: what the mapping is, for messages.
        without_effect: keys that are told of however much they are like a known one.
        what: a key is called.

    Raises:
        ConfigError: names the key and the nearest known one.
    """
    known, strange = frozenset(known), [str(key) for key in values if key not in frozenset(known)]
    for key in strange:
        if key not in without_effect and is_misspelt(key, known):
            raise ConfigError(f"{where}: unknown {what} {key!r}{nearest(key, known)}")
    tell_of_strange(strange, where)


def tell_of_strange(keys: Sequence[str], where: str) -> None:
    """Log that keys have no effect, in one line."""
    if keys:
        logger.warning("%s: without effect here: %s", where, ", ".join(map(repr, keys)))
