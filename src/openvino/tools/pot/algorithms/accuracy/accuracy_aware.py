"""AccuracyAwareQuantization: the fastest INT8 model whose metrics stay close to those of the float model."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from openvino.tools.pot.algorithms.accuracy.agreement import (
    Agreement,
    agreeing,
    agreement_with,
    tell_of_doubt,
)
from openvino.tools.pot.algorithms.accuracy.annotations import predicted_annotations
from openvino.tools.pot.algorithms.accuracy.candidates import Candidates, Variant, variants
from openvino.tools.pot.algorithms.accuracy.clock import Clock
from openvino.tools.pot.algorithms.accuracy.course import Search, counting
from openvino.tools.pot.algorithms.accuracy.report import AccuracyReport
from openvino.tools.pot.algorithms.accuracy.state import identity, open_state
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.interfaces import Stage
from openvino.tools.pot.algorithms.networks import by_name
from openvino.tools.pot.algorithms.quantization.default import DefaultQuantization
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.configs.accuracy import AccuracyAwareParameters, SearchParameters
from openvino.tools.pot.configs.parameters import DefaultQuantizationParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.metrics import directions_of
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.samplers.batch_sampler import count_samples
from openvino.tools.pot.statistics.measured import MeasuredModel
from openvino.tools.pot.utils.errors import ConfigError, EngineError, NoSamplesError


class AccuracyAwareQuantization(Algorithm):
    """Quantizes, and puts back to float as few and as cheap layers as the metrics ask for.

    The search evaluates full INT8 first, then variants of the parameters, then growing sets of layers in float,
    ranked by how much of the error at the outputs is gone with each for the time that it costs; layers that turn out
    not to be needed go back to INT8. Ctrl-C and ``time_budget`` end it with the best model so far.

    Args:
        config: parameters of this algorithm and of the base algorithm, side by side.
        engine: an ``IEEngine`` with a data loader and a metric.

    Attributes:
        report: the course of the last search, None before the first.
        agreement: with the float model of the last search, where that was asked for in place of a metric.

    Raises:
        ConfigError: a parameter is unknown, ill-typed or not supported.
    """

    name = "AccuracyAwareQuantization"
    stands_alone = True
    phases = ("float model", "statistics", "search", "checking")

    def __init__(self, config: Mapping[str, Any] | None = None, engine: Engine | None = None) -> None:
        super().__init__(config, engine)
        self.report: AccuracyReport | None = None
        self.agreement: Agreement | None = None

    def _make_recipe(self) -> Recipe:
        base = DefaultQuantizationParameters.model_fields
        where = f"{self.name} params"
        self._parameters = validate(SearchParameters, self.config, where)
        self._base_config = {key: value for key, value in self.config.items() if key in base}
        self._base = DefaultQuantization(self._base_config, self.engine)
        device = self._base.recipe.device
        if device.integers is not None:
            raise ConfigError(
                f"target_device {device.name!r} runs no layer in float, which is what the search needs", where
            )
        return self._base.recipe

    def _make_stages(self, recipe: Recipe) -> tuple[Stage, ...]:
        return self._base.stages

    def collect(
        self, model: CompressedModel, engine: Engine | None, part: tuple[int, int] | None = None
    ) -> MeasuredModel:
        """What all variants of the parameters ask for, from one pass over the engine's samples, or over a part of them.

        Raises:
            EngineError, DataError: as ``apply``.
        """
        candidates = Candidates(model, engine, self._base_config)
        measuring = candidates.networks.measuring
        measuring.part, measuring.remembers = part, False
        candidates.measure(self._variants(), in_sizes=False)
        (found,) = candidates.known.passes
        return found if model.is_cascade else next(iter(found.values()))

    def _variants(self) -> tuple[Variant, ...]:
        parameters = self._parameters
        return variants(self._base_config, parameters.convert_to_mixed_preset, parameters.tune_hyperparams)

    def apply(
        self, model: CompressedModel, engine: Engine | None, statistics: MeasuredModel | None = None
    ) -> CompressedModel:
        """The best model that was found; the given one is left as it is.

        Args:
            model: in float.
            engine: what measures and evaluates.
            statistics: of an earlier pass, absent: measured.

        Raises:
            EngineError: the engine is no IEEngine, or has no data loader or metric.
            DataError: the data loader is empty, or a sample doesn't fit the model.
            ConfigError: ``metrics`` names one that isn't there, or ``state_dir`` holds another search.
        """
        parameters = self._parameters
        engine = _checked(engine, parameters)
        facts = identity(model, engine, dict(self.config))
        state = open_state(parameters.state_dir, facts)
        known = by_name(model, statistics)
        candidates = Candidates(
            model, engine, self._base_config, state.passes or ([] if known is None else [known])
        )
        clock = Clock(parameters.time_budget)
        with self._labels(engine, model):
            search = Search(parameters, self._variants(), engine, candidates, state, clock)
            self.report = search.report
            if self.agreement is not None:
                search.report.agreement = tuple(self.agreement.lines)
            found = search.run()
        if self.agreement is not None:
            tell_of_doubt(self.report.baseline)
        return found

    def _labels(self, engine: IEEngine, model: CompressedModel) -> AbstractContextManager[None]:
        """What the engine evaluates by: its metric, what the float model predicts, or agreement with it."""
        parameters = self._parameters
        self.agreement = None
        if parameters.agreement is not None:
            self.agreement = agreement_with(engine, model, parameters.agreement)
            return agreeing(engine, self.agreement)
        if parameters.annotation_free:
            return predicted_annotations(engine, model, parameters.annotation_conf_threshold)
        return nullcontext()


def _checked(engine: Engine | None, parameters: AccuracyAwareParameters) -> IEEngine:
    if not isinstance(engine, IEEngine):
        found = "none" if engine is None else type(engine).__name__
        raise EngineError(f"AccuracyAwareQuantization needs an IEEngine, found {found}")
    if engine.data_loader is None:
        raise EngineError("AccuracyAwareQuantization needs an engine with a data loader, found none")
    if count_samples(engine.data_loader) == 0:
        raise NoSamplesError
    if parameters.agreement is not None:
        return engine
    if engine.metric is None and not parameters.annotation_free:
        raise EngineError(
            "AccuracyAwareQuantization needs an engine with a metric, found none; agreement: 'auto' does without"
        )
    if engine.metric is not None:
        directions_of(engine.metric, counting(parameters))
    return engine
