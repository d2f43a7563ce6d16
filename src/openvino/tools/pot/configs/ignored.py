"""What stays in float, as configurations say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import model_validator

from openvino.tools.pot.configs.validation import Parameters


class IgnoredOperation(Parameters):
    """Operations of one type, narrowed by attribute values."""

    type: str
    attributes: dict[str, Any] = {}


class IgnoredScope(Parameters):
    """What stays in float: nodes by name, operations by type, or all.

    Attributes:
        by_model: of a cascade, in place of the others; configurations have it as ``{model name: scope}``.
    """

    scope: list[str] = []
    operations: list[IgnoredOperation] = []
    skip_model: bool = False
    by_model: dict[str, IgnoredScope] = {}

    @model_validator(mode="before")
    @classmethod
    def _scopes_of_models(cls, value: Any) -> Any:
        return {"by_model": value} if is_by_model(value) else value

    def of(self, name: str) -> IgnoredScope:
        """What it says of one model."""
        return self.by_model.get(name, IgnoredScope()) if self.by_model else self


def is_by_model(ignored: Any) -> bool:
    """Whether what a configuration says to ignore is a mapping of model name to scope."""
    named = isinstance(ignored, Mapping) and ignored and not set(ignored) & set(IgnoredScope.model_fields)
    return bool(named and all(isinstance(each, Mapping) for each in ignored.values()))


def with_names(ignored: Any, names: Iterable[str]) -> dict[str, Any]:
    """What a configuration says to ignore, with further names in its scope.

    Args:
        ignored: a mapping, a name, names, or None.
        names: that are added where they aren't there yet.
    """
    before = (
        dict(ignored or {})
        if isinstance(ignored, Mapping) or ignored is None
        else {"scope": [ignored] if isinstance(ignored, str) else ignored}
    )
    scope = list(before.get("scope") or ())
    return {**before, "scope": [*scope, *(name for name in names if name not in scope)]}
