"""Parameters of WeightCompression."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from openvino.tools.pot.configs.parameters import SampleParameters

SMALLEST_GROUP = 16
"""Scales of smaller groups weigh as much as what 4 bits save."""

WeightMode = Literal["int8_asym", "int8_sym", "int4_sym", "int4_asym"]


class WeightCompressionParameters(SampleParameters):
    """Parameters of WeightCompression, beside those of all algorithms.

    Attributes:
        mode: how weights are stored: bits, and whether with a zero point (``asym``) or without (``sym``).
        group_size: of 4 bits: so many weights of a row share a scale, a power of two; -1: all of them. Where it does
            not divide a row, the next smaller one that does.
        ratio: of 4 bits: the share of the weights that may have them; the others get the backup.
        backup: how tables of embeddings, the last layer, convolutions and what exceeds the ratio are stored;
            ``none``: they stay as they are.
        weight_rounding: ``nearest``, or ``least_error`` at the layer's output, which takes data; absent: the latter
            where there is data.
        target_device: weights are stored the same for all devices that run floats; others are refused.
        model_type: taken, as lists of algorithms share it; without effect.
    """

    mode: WeightMode = "int8_asym"
    group_size: int = Field(default=64, ge=-1)
    ratio: float = Field(default=1.0, ge=0, le=1)
    backup: Literal["int8_asym", "int8_sym", "none"] = "int8_asym"
    weight_rounding: Literal["nearest", "least_error"] | None = None
    target_device: str = "ANY"
    model_type: str | None = None

    @model_validator(mode="after")
    def _of_four_bits(self) -> WeightCompressionParameters:
        others = self.group_size & (self.group_size - 1)  # which the CPU (2026.4) computes wrongly
        if self.group_size >= 0 and (others or self.group_size < SMALLEST_GROUP):
            raise ValueError(
                f"group_size is {self.group_size}, expected -1, for whole rows, or a power of two from "
                f"{SMALLEST_GROUP} on"
            )
        for name in ("group_size", "ratio", "backup"):
            if name in self.model_fields_set and self.mode.startswith("int8"):
                raise ValueError(f"{name} is for modes of 4 bits, found mode {self.mode}")
        return self
