"""How engines run models: what all of them are configured with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator

from openvino.tools.pot.configs.validation import Parameters


class Runtime(Parameters):
    """How any engine runs models.

    Attributes:
        device: in capitals; absent: the CPU, or what a configuration of Accuracy Checker says.
    """

    name: str | None = None
    device: str | None = None
    stat_requests_number: int | None = Field(default=None, ge=0)
    eval_requests_number: int | None = Field(default=None, ge=0)

    @field_validator("device")
    @classmethod
    def _in_capitals(cls, value: str | None) -> str | None:
        return value.upper() if value else None

    @property
    def runtime(self) -> dict[str, Any]:
        """What of it is given."""
        return self.given("device", "stat_requests_number", "eval_requests_number")


class EngineConfig(Runtime):
    """What ``IEEngine`` is configured with.

    Attributes:
        batch_dim: axis along which samples are joined to a batch; absent: the first.
        recurrent_out_in_map: output name -> the name of the input that gets it at the next time step.
    """

    type: Any = None
    batch_dim: int | None = Field(default=None, ge=0)
    recurrent_out_in_map: dict[str, str] = {}

    @classmethod
    def keys_in(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """What of a configuration is of these keys."""
        return {key: value for key, value in config.items() if key in EngineConfig.model_fields}

    @field_validator("recurrent_out_in_map")
    @classmethod
    def _each_input_once(cls, value: dict[str, str]) -> dict[str, str]:
        first: dict[str, str] = {}
        for output, name in value.items():
            if first.setdefault(name, output) != output:
                both = f"outputs {first[name]!r} and {output!r}"
                raise ValueError(f"it maps {both} to input {name!r}, expected one for each input")
        return value
