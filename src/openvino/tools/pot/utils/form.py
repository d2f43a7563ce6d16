"""What all plain data that commands print has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from openvino.tools.pot.utils.described import described

SCHEMA = 1
"""Version of the form; it grows with each change that readers must know of."""


class Facts(BaseModel):
    """Frozen data with known fields only; numbers that can't be told are None."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra=described,
        json_schema_serialization_defaults_required=True,
    )
