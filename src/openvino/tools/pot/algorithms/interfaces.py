"""What a run needs of algorithms, and of their stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork
from openvino.tools.pot.configs.parameters import MinMaxParameters
from openvino.tools.pot.statistics.layout import Request, Statistics


class Stage(Protocol):
    """A step of quantization: asks for statistics before the pass, decides on parameters after it."""

    def requests(self, network: PlannedNetwork) -> Iterable[Request]:
        """What must be measured on the float network."""
        ...

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """What earlier stages decided, and what this one makes of it and of the statistics; nothing is changed."""
        ...


class Configured(Protocol):
    """What a run needs of an algorithm."""

    @property
    def name(self) -> str:
        """In lists of algorithms."""

    @property
    def config(self) -> Mapping[str, Any]:
        """The ``params`` of its entry in the list."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """In their order."""

    @property
    def sampling(self) -> MinMaxParameters | None:
        """The parameters that place quantizers and choose samples, None if another algorithm of the list does."""

    def of(self, name: str) -> Configured:
        """The algorithm for one model of a cascade."""
