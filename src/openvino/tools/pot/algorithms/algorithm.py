"""The small interface of every algorithm, under POT's name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from openvino.tools.pot.algorithms.cascade import run_algorithms
from openvino.tools.pot.algorithms.context import Stage
from openvino.tools.pot.algorithms.sequence import collect_statistics
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.configs.parameters import OF_ALL_MODELS, MinMaxParameters
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.statistics.collector import StatisticsCollector
from openvino.tools.pot.utils.errors import ConfigError, Place


class Algorithm(ABC):
    """A named, configured sequence of stages.

    Args:
        config: the ``params`` of its entry in the list of algorithms.
        engine: what runs models over data.
    """

    name: str = ""

    def __init__(self, config: Mapping[str, Any] | None = None, engine: Engine | None = None) -> None:
        self.engine = engine
        self.config: Mapping[str, Any] = dict(config or {})
        self.stages: tuple[Stage, ...] = self._make_stages()
        self._by_model = {name: self._varied(name) for name in self.config.get("by_model") or ()}
        self._collector: StatisticsCollector | None = None

    @property
    @abstractmethod
    def sampling(self) -> MinMaxParameters | None:
        """The parameters that choose samples, None if another algorithm of the sequence does."""

    @abstractmethod
    def _make_stages(self) -> tuple[Stage, ...]:
        """Check the configuration and build the stages."""

    def of(self, name: str) -> Algorithm:
        """The algorithm for one model of a cascade, with the parameters of ``by_model``."""
        return self._by_model.get(name, self)

    def _varied(self, name: str) -> Algorithm:
        others = {key: value for key, value in self.config.items() if key != "by_model"}
        own = self.config["by_model"][name]
        where = Place(f"{self.name} params", f"by_model.{name}")
        for key in own:
            if key in OF_ALL_MODELS:
                raise ConfigError("it is the same for all models", where.at(key))
        try:
            return type(self)({**others, **own}, self.engine)
        except ConfigError as error:
            raise ConfigError(error.sentence, where.over(error.where)) from None

    def register_statistics(self, model: CompressedModel, collector: StatisticsCollector) -> None:
        """Let a collector measure what ``run`` needs; the model is whatever it will measure."""
        collector.register(self.name, lambda measured, engine: collect_statistics(measured, [self], engine))
        self._collector = collector

    def run(self, model: CompressedModel) -> CompressedModel:
        """Apply the algorithm; the given model is left as it is.

        Raises:
            EngineError: statistics were registered with a collector, which has not measured them.
        """
        collector = self._collector
        statistics = None if collector is None else collector.get_statistics_for_algorithm(self.name)
        return run_algorithms(model, [self], self.engine, statistics)
