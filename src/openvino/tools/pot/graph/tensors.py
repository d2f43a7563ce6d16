"""Names for places in a model; the one key that every stage uses."""

from __future__ import annotations

from typing import NamedTuple


class TensorId(NamedTuple):
    """An output of a node: the tensor that leaves ``node`` at output ``port``."""

    node: str
    port: int = 0

    def __str__(self) -> str:
        return self.node if self.port == 0 else f"{self.node}:{self.port}"


class InputId(NamedTuple):
    """An input of a node: where ``node`` reads a tensor at input ``port``."""

    node: str
    port: int

    def __str__(self) -> str:
        return f"{self.node}:in{self.port}"
