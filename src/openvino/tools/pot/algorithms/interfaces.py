"""What a run needs of algorithms, and of their stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.graph.sizes import Sizes
from openvino.tools.pot.statistics.layout import StatisticsLayout
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


class Passes(Protocol):
    """Passes over the samples beside the first one."""

    @property
    def samples(self) -> int:
        """How many there are, or batches of them where the network takes these."""

    @property
    def sizes(self) -> Sizes:
        """Those that all of them have, where the network leaves them open."""

    def measure(self, layout: StatisticsLayout, order: Sequence[int]) -> Statistics:
        """What a layout for the network finds on samples by their numbers, in this order."""
        ...


class Refinement(Protocol):
    """A step behind all stages, which looks at the network as they decided.

    Attributes:
        otherwise: what becomes of a network on which it can't look, in words.
    """

    otherwise: str

    def refine(self, decisions: Decisions, passes: Passes) -> Decisions:
        """What was decided, and what this one makes of it in passes of its own; nothing is changed."""
        ...


class Configured(Protocol):
    """What a run needs of an algorithm; ``Algorithm`` says what its attributes are."""

    name: str
    places: bool
    prepares: bool
    rewrites: bool
    needs_data: bool
    config: Mapping[str, Any]
    recipe: Recipe
    stages: tuple[Stage, ...]
    refinements: tuple[Refinement, ...]

    def of(self, name: str) -> Configured:
        """The algorithm for one model of a cascade."""
        ...
