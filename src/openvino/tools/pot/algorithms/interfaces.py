"""What a run needs of algorithms, and of their stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import Request


class Stage(Protocol):
    """A step of quantization: asks for statistics before the pass, decides on parameters after it."""

    def requests(self, network: PlannedNetwork) -> Iterable[Request]:
        """What must be measured on the float network."""
        ...

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """What earlier stages decided, and what this one makes of it and of the statistics; nothing is changed."""
        ...


class Configured(Protocol):
    """What a run needs of an algorithm; ``Algorithm`` says what its attributes are."""

    name: str
    places: bool
    rewrites: bool
    needs_data: bool
    config: Mapping[str, Any]
    recipe: Recipe
    stages: tuple[Stage, ...]

    def of(self, name: str) -> Configured:
        """The algorithm for one model of a cascade."""
        ...
