"""What docstrings say of fields, in the schemas that pydantic makes."""

from __future__ import annotations

import inspect
import re
from typing import Any

_ENTRY = re.compile(r"^([a-z_0-9]+(?:, [a-z_0-9]+)*): (.+)$")


def described(schema: dict[str, Any], kind: type) -> None:
    """Give a schema the words of a class: its first paragraph, and those of ``Attributes`` at each field.

    Readers must take fields that they don't know, as some are added under the same version: the schema lets them pass.

    Args:
        schema: of the class, which is changed.
        kind: the class; what is inherited is described where it was written.
    """
    schema["description"] = " ".join(inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].split())
    schema.pop("additionalProperties", None)
    words = {name: text for base in reversed(kind.__mro__) for name, text in attributes(base).items()}
    for name, entry in schema.get("properties", {}).items():
        entry.pop("title", None)
        if name in words:
            entry["description"] = words[name]
        if name == "schema_version":
            entry["const"] = entry["default"]


def attributes(kind: type) -> dict[str, str]:
    """What the docstring of a class says of each of its attributes."""
    _, _, text = inspect.cleandoc(kind.__dict__.get("__doc__") or "").partition("\nAttributes:\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in inspect.cleandoc(text).splitlines():
        entry = _ENTRY.match(line)
        if entry:
            names = entry[1].split(", ")
            found |= dict.fromkeys(names, entry[2])
        elif line.strip():
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found
