"""POT's way to measure first and quantize afterwards, for scripts that run algorithms without a pipeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openvino.tools.pot.paths import offer
from openvino.tools.pot.statistics.measured import MeasuredModel
from openvino.tools.pot.utils.errors import EngineError

Collect = Callable[[Any, Any], MeasuredModel]


class StatisticsCollector:
    """Measures what algorithms ask for, each in a pass of its own.

    Args:
        engine: runs the model over samples.
    """

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._collects: dict[str, Collect] = {}
        self._found: dict[str, MeasuredModel] = {}

    def register(self, name: str, collect: Collect) -> None:
        """Take note of an algorithm: its name, and what measures for it, given a model and an engine."""
        self._collects[name] = collect

    def compute_statistics(self, model: Any) -> None:
        """Measure on a float model for all algorithms that have registered themselves.

        Raises:
            EngineError, ConfigError, DataError, ModelError: as the engine and the algorithms raise them.
        """
        self._found = {name: collect(model, self._engine) for name, collect in self._collects.items()}

    def get_statistics_for_algorithm(self, name: str) -> MeasuredModel:
        """What was measured for an algorithm.

        Raises:
            EngineError: nothing was: it isn't registered, or ``compute_statistics`` was not called.
        """
        if name not in self._found:
            raise EngineError(
                f"no statistics for {name!r}, expected register_statistics and compute_statistics before"
            )
        return self._found[name]


offer(globals())
