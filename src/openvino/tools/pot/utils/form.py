"""What all plain data that commands print has in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from openvino.tools.pot.utils.described import described
from openvino.tools.pot.utils.sheets import Sheet, block, line, table

SCHEMA = 1
"""Version of the form; it grows with each change that readers must know of."""

_SAID = frozenset({"schema_version", "verdict", "sentence", "notes"})
"""Fields that have a place of their own, or none."""


class Facts(BaseModel):
    """Frozen data with known fields only; numbers that can't be told are None."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra=described,
        json_schema_serialization_defaults_required=True,
    )

    def _repr_html_(self) -> str:
        """Single values as one table, and what there are several of as one each; figures in the units of the JSON."""
        known = {name: value for name, value in _fields(self) if name not in _SAID}
        single = [(name, _cell(value)) for name, value in known.items() if not _is_several(value)]
        notes = getattr(self, "notes", ())
        return block(
            Sheet(str(getattr(self, "verdict", "")), str(getattr(self, "sentence", ""))).html(),
            table((), single, (0, 1)),
            *(line(f"{name}") + _table(value) for name, value in known.items() if _is_several(value)),
            *map(line, notes),
        )


def _fields(facts: Facts) -> Iterator[tuple[str, Any]]:
    """The fields of one, with those of what it holds under its own names."""
    for name in type(facts).model_fields:
        value = getattr(facts, name)
        if isinstance(value, Facts):
            yield from ((f"{name}.{inner}", own) for inner, own in _fields(value))
        else:
            yield name, value


def _is_several(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(each, Facts) for each in value)


def _table(several: Sequence[Facts]) -> str:
    """A row for each; columns that are empty everywhere are left out."""
    rows = [dict(_fields(each)) for each in several]
    titles = dict.fromkeys(name for row in rows for name, value in row.items() if value not in (None, "", ()))
    cells = [[_cell(row.get(name)) for name in titles] for row in rows]
    words = [
        number for number, name in enumerate(titles) if any(isinstance(row.get(name), str) for row in rows)
    ]
    return table(tuple(titles), cells, words)


def _cell(value: Any) -> str:
    """A value in a few words."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Facts):
        return " ".join(filter(None, (_cell(own) for _, own in _fields(value))))
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_cell(own)}" for key, own in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(_cell, value))
    return str(value)
