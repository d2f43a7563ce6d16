"""Calling engines, whose methods and hooks users write: what they raise and give is named."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.utils.errors import EngineError, naming

_OURS = "openvino.tools.pot."


def set_model(engine: Engine, model: Any) -> None:
    """Call ``set_model``.

    Raises:
        EngineError: a method of the user's raised.
    """
    with naming_hook(engine, "set_model"):
        engine.set_model(model)


def predicted(engine: Engine, **arguments: Any) -> tuple[Any, Any]:
    """What ``predict`` gives: metrics and statistics.

    Raises:
        EngineError: a method of the user's raised, or gave no such pair.
    """
    with naming_hook(engine, "predict"):
        found = engine.predict(**arguments)
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise EngineError(
            f"engine {type(engine).__name__}: predict gave {found!r}, expected a pair of metrics and statistics"
        )
    return found[0], found[1]


def naming_hook(engine: Engine, member: str) -> AbstractContextManager[None]:
    """Say of errors that they are of a user's override; those of methods of ours stay as they are."""
    method = getattr(type(engine), member, None)
    if str(getattr(method, "__module__", "")).startswith(_OURS):
        return nullcontext()
    return naming(f"engine {type(engine).__name__}: {member}", EngineError)
