"""What a plan must do without, since a device was seen to compute it wrongly, or since it costs too much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from openvino.tools.pot.graph.tensors import TensorId

Stored = Literal["none", "convolutions", "all"]


@dataclass(frozen=True)
class Avoided:
    """Forms that a plan leaves out, each with its reason.

    Attributes:
        floats: node -> why it stays in float.
        divided: tensor -> why all of its channels have one range.
        stored: which of the nodes in float have their weights in 8 bits.
        repeated: why rows that repeat within a sample count once in what is decided; empty: they count as often.
    """

    floats: Mapping[str, str] = field(default_factory=dict)
    divided: Mapping[TensorId, str] = field(default_factory=dict)
    stored: Stored = "none"
    repeated: str = ""

    def __bool__(self) -> bool:
        return bool(self.floats or self.divided or self.repeated)

    def and_float(self, nodes: Mapping[str, str]) -> Avoided:
        """The same, with more nodes in float."""
        return replace(self, floats={**self.floats, **nodes})

    def and_undivided(self, tensors: Mapping[TensorId, str]) -> Avoided:
        """The same, with more tensors of one range."""
        return replace(self, divided={**self.divided, **tensors})


NOTHING = Avoided()
