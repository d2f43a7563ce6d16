"""The small interface of every algorithm, under POT's name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from openvino.tools.pot.algorithms.interfaces import Refinement, Stage
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.algorithms.run import collect_statistics, run
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.configs.parameters import OF_ALL_MODELS, MinMaxParameters, SampleParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.paths import offer
from openvino.tools.pot.statistics.collector import StatisticsCollector
from openvino.tools.pot.statistics.measured import MeasuredModel
from openvino.tools.pot.utils.errors import ConfigError, Place


class Algorithm(ABC):
    """A named, configured sequence of stages.

    Args:
        config: the ``params`` of its entry in the list of algorithms.
        engine: what runs models over data.

    Attributes:
        parameters: the class of its parameters.
        places: whether it places quantizers and chooses samples; otherwise one before it in a list does.
        prepares: whether it stands before that one instead.
        rewrites: whether it makes a float model of a float one, by itself.
        stands_anywhere: whether such a one may stand behind others, though it is carried out before them.
        stands_alone: whether it makes many models to choose from, so that nothing may stand beside it in a list.
        needs_data: whether it can't do without an engine that has samples.
        phases: what it goes through, as progress shows it.
        recipe: what the parameters mean on the device.
        stages: in their order.
        refinements: what follows on the stages of all algorithms of a list, in passes of its own.
        report: what was found, of those that report, once they have run.

    Raises:
        ConfigError: a parameter is unknown, ill-typed or not supported.
    """

    name: str = ""
    parameters: type[SampleParameters] = MinMaxParameters
    places: bool = True
    prepares: bool = False
    rewrites: bool = False
    stands_anywhere: bool = False
    stands_alone: bool = False
    needs_data: bool = True
    phases: tuple[str, ...] = ("statistics", "parameters", "checking")
    report: Any = None

    def __init__(self, config: Mapping[str, Any] | None = None, engine: Engine | None = None) -> None:
        self.engine = engine
        self.config: Mapping[str, Any] = dict(config or {})
        self.recipe = self._make_recipe()
        self.stages: tuple[Stage, ...] = self._make_stages(self.recipe)
        self.refinements: tuple[Refinement, ...] = self._make_refinements(self.recipe)
        self._by_model = {name: self._varied(name) for name in self.config.get("by_model") or ()}
        self._collector: StatisticsCollector | None = None

    def _make_recipe(self) -> Recipe:
        """Check the configuration, and resolve what it means."""
        assert issubclass(self.parameters, MinMaxParameters)
        return Recipe.of(validate(self.parameters, self.config, f"{self.name} params"))

    @abstractmethod
    def _make_stages(self, recipe: Recipe) -> tuple[Stage, ...]:
        """The stages of a recipe, in their order."""

    def _make_refinements(self, recipe: Recipe) -> tuple[Refinement, ...]:
        """What follows on the stages, none for most."""
        return ()

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

    def apply(
        self, model: CompressedModel, engine: Engine | None, statistics: MeasuredModel | None = None
    ) -> CompressedModel:
        """Apply the algorithm by itself; the given model is left as it is.

        Args:
            model: in float.
            engine: what measures.
            statistics: what ``collect`` gave for the same model; then nothing is measured.
        """
        return run(model, [self], engine, statistics)

    def collect(
        self, model: CompressedModel, engine: Engine | None, part: tuple[int, int] | None = None
    ) -> MeasuredModel:
        """What the algorithm by itself wants to know of a model, from the engine's samples, or a part of them."""
        return collect_statistics(model, [self], engine, part)

    def register_statistics(self, model: CompressedModel, collector: StatisticsCollector) -> None:
        """Let a collector measure what ``run`` needs; the model is whatever it will measure."""
        collector.register(self.name, self.collect)
        self._collector = collector

    def run(self, model: CompressedModel) -> CompressedModel:
        """Apply the algorithm; the given model is left as it is.

        Raises:
            EngineError: statistics were registered with a collector, which has not measured them.
        """
        collector = self._collector
        statistics = None if collector is None else collector.get_statistics_for_algorithm(self.name)
        return self.apply(model, self.engine, statistics)


offer(globals())
