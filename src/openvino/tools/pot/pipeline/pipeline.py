"""A sequence of algorithms bound to an engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import openvino as ov

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.run import collect_statistics, run
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.engines.hooks import predicted, set_model
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.statistics.measured import MeasuredModel, Statistics
from openvino.tools.pot.utils.errors import ConfigError, EngineError


def alone_in(algorithms: Sequence[Algorithm]) -> Algorithm | None:
    """The algorithm of a list that stands alone in it, since it makes many models to choose from; None without one.

    Raises:
        ConfigError: it does not stand alone.
    """
    found = next((algorithm for algorithm in algorithms if algorithm.stands_alone), None)
    if found is not None and len(algorithms) > 1:
        names = [algorithm.name for algorithm in algorithms]
        raise ConfigError(f"{found.name} stands alone, found algorithms {names}")
    return found


class Pipeline:
    """Applies algorithms to models and measures models.

    Args:
        engine: what runs models over data; only algorithms that need no data do without.

    Raises:
        EngineError: it is none.
    """

    def __init__(self, engine: Engine | None) -> None:
        if engine is not None and (isinstance(engine, type) or not hasattr(engine, "set_model")):
            raise EngineError(f"engine is {engine!r}, expected an Engine")
        self._engine = engine
        self._algo_seq: list[Algorithm] = []  # scripts of POT's time reach for it

    @property
    def algo_seq(self) -> list[Algorithm]:
        """The algorithms in their order."""
        return self._algo_seq

    def add_algo(self, algorithm: Algorithm) -> None:
        """Append an algorithm.

        Raises:
            ConfigError: it is none.
        """
        if not isinstance(algorithm, Algorithm):
            raise ConfigError(
                f"algorithm is {algorithm!r}, expected one made by create_pipeline or get_algorithm"
            )
        self._algo_seq.append(algorithm)

    def run(
        self, model: CompressedModel | ov.Model, statistics: MeasuredModel | None = None
    ) -> CompressedModel:
        """Quantize a model; returns a new one, the given one is left as it is.

        Args:
            model: in float.
            statistics: from ``collect_statistics`` of the same model and algorithms, perhaps merged; absent, they
                are measured.

        Raises:
            EngineError, ConfigError, DataError, ModelError: as the algorithms raise them.
        """
        if statistics is not None and not isinstance(statistics, (Statistics, dict)):
            raise EngineError(
                f"statistics are a {type(statistics).__name__}, expected those of collect_statistics"
            )
        loaded, alone = load_model(model), alone_in(self._algo_seq)
        if alone is not None:
            return alone.apply(loaded, self._engine, statistics)
        return run(loaded, self._algo_seq, self._engine, statistics)

    def collect_statistics(self, model: CompressedModel | ov.Model) -> MeasuredModel:
        """What the algorithms want to know of a model, from the engine's samples: to be pickled, merged, and used.

        With the samples split over processes or machines, each measures its part, and
        ``openvino.tools.pot.statistics.merge`` joins what they found.

        Raises:
            EngineError, ConfigError, DataError, ModelError: as the algorithms raise them.
        """
        loaded, alone = load_model(model), alone_in(self._algo_seq)
        if alone is not None:
            return alone.collect(loaded, self._engine)
        return collect_statistics(loaded, self._algo_seq, self._engine)

    def evaluate(self, model: CompressedModel | ov.Model) -> dict[str, Any]:
        """The engine's metrics of a model over its whole data loader, an empty dict without a metric.

        Raises:
            EngineError, DataError, ModelError: as the engine raises them.
        """
        if self._engine is None:
            raise EngineError("evaluation needs an engine, the pipeline has none")
        if self._engine.metric is None:
            return {}
        set_model(self._engine, model)
        metrics: dict[str, Any] | None = predicted(self._engine, print_progress=True)[0]
        return metrics or {}
