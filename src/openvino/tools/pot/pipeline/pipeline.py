"""A sequence of algorithms bound to an engine."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from itertools import pairwise
from typing import Any

import openvino as ov

from openvino.tools.pot.algorithms.accuracy.agreement import agreeing, agreement_in
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.parameters import placing
from openvino.tools.pot.algorithms.run import collect_statistics, run
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.engines.hooks import predicted, set_model
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.paths import offer
from openvino.tools.pot.statistics.measured import MeasuredModel, Statistics
from openvino.tools.pot.utils.errors import ConfigError, EngineError
from openvino.tools.pot.utils.progress import course, step
from openvino.tools.pot.workers.spreading import spread


def steps_of(algorithms: Sequence[Algorithm]) -> list[list[Algorithm]]:
    """The algorithms of a list that share a pass over the samples, for each pass, in the order of the list.

    Those that make a float model of a float one each are a step of their own; the last step are those that quantize.

    Raises:
        ConfigError: the algorithms don't go together in this order.
    """
    names = [algorithm.name for algorithm in algorithms]
    steps = [[algorithm] for algorithm in algorithms if algorithm.rewrites]
    rest = [algorithm for algorithm in algorithms if not algorithm.rewrites]
    fixed = [algorithm for algorithm in algorithms if not algorithm.stands_anywhere]
    for before, algorithm in pairwise(fixed):
        if algorithm.rewrites and not before.rewrites:
            raise ConfigError(
                f"{algorithm.name} stands behind {before.name}: put it before, as it changes the weights that are "
                "quantized"
            )
    alone = next((algorithm for algorithm in rest if algorithm.stands_alone), None)
    if alone is not None and len(rest) > 1:
        raise ConfigError(f"{alone.name} stands alone, found algorithms {names}")
    if rest or not steps:
        placing(rest)
        steps.append(rest)
    return steps


class Pipeline:
    """Applies algorithms to models and measures models.

    Args:
        engine: what runs models over data; only algorithms that need no data do without.
        progress: whether steps and a bar are shown. None: on a terminal and in notebooks, elsewhere lines are logged;
            True: elsewhere lines on standard error, too; False: nothing.

    Raises:
        EngineError: it is none.
    """

    def __init__(self, engine: Engine | None, progress: bool | None = None) -> None:
        if engine is not None and (isinstance(engine, type) or not hasattr(engine, "set_model")):
            raise EngineError(f"engine is {engine!r}, expected an Engine")
        self._engine, self._progress = engine, progress
        self._algo_seq: list[Algorithm] = []  # scripts of POT's time reach for it

    @property
    def algo_seq(self) -> list[Algorithm]:
        """The algorithms in their order."""
        return self._algo_seq

    @property
    def phases(self) -> tuple[str, ...]:
        """What a run goes through, as progress shows it."""
        steps = steps_of(self._algo_seq)
        return tuple(dict.fromkeys(phase for each in steps if each for phase in each[0].phases))

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
        self,
        model: CompressedModel | ov.Model,
        statistics: MeasuredModel | None = None,
        executor: Executor | None = None,
        progress: bool | None = None,
    ) -> CompressedModel:
        """Quantize a model; returns a new one, the given one is left as it is.

        Args:
            model: in float.
            statistics: from ``collect_statistics`` of the same model and algorithms, perhaps merged; absent, they
                are measured.
            executor: whose workers make the passes over the samples: those for statistics and for metrics; the model is
                the same as without. None: they are made here.
            progress: as of the pipeline, which says it where this is None.

        Raises:
            EngineError, ConfigError, DataError, ModelError: as the algorithms raise them; or workers have other
                versions.
        """
        if statistics is not None and not isinstance(statistics, (Statistics, dict)):
            raise EngineError(
                f"statistics are a {type(statistics).__name__}, expected those of collect_statistics"
            )
        result, steps = load_model(model), steps_of(self._algo_seq)
        measured = _measured_step(steps) if statistics is not None else None
        shown = self._progress if progress is None else progress
        with course(*self.phases, wanted=shown), spread(self._engine, executor):
            for algorithms in steps:
                given = statistics if algorithms is measured else None
                if len(algorithms) == 1:
                    result = algorithms[0].apply(result, self._engine, given)
                else:
                    result = run(result, algorithms, self._engine, given)
        return result

    def collect_statistics(
        self, model: CompressedModel | ov.Model, part: tuple[int, int] | None = None
    ) -> MeasuredModel:
        """What the algorithms want to know of a model, from the engine's samples: to be pickled, merged, and used.

        With the samples split over processes or machines, each measures its part, and
        ``openvino.tools.pot.statistics.merge`` joins what they found.

        Args:
            model: in float.
            part: ``(number, count)``: of that many equal parts of the engine's samples this one is measured, counted
                from zero. Merged in any order, all of them are to the last bit what one pass finds. None: all samples.

        Raises:
            EngineError, ConfigError, DataError, ModelError: as the algorithms raise them; or there is no such part.
        """
        if part is not None and not (len(part) == 2 and 0 <= part[0] < part[1]):
            raise ConfigError(f"part is {part!r}, expected (number, count), counted from zero")
        loaded, steps = load_model(model), steps_of(self._algo_seq)
        measured = _measured_step(steps)
        for algorithms in steps[: steps.index(measured)]:
            loaded = algorithms[0].apply(loaded, self._engine)
        if len(measured) == 1:
            return measured[0].collect(loaded, self._engine, part)
        return collect_statistics(loaded, measured, self._engine, part)

    def evaluate(
        self,
        model: CompressedModel | ov.Model,
        executor: Executor | None = None,
        progress: bool | None = None,
    ) -> dict[str, Any]:
        """The engine's metrics of a model over its whole data loader, an empty dict without a metric.

        Where a search went by agreement with the float model, it is that.

        Args:
            model: that is run.
            executor: whose workers run it; the metric gets their outputs here, sample after sample.
            progress: as of ``run``.

        Raises:
            EngineError, DataError, ModelError: as the engine raises them.
        """
        if self._engine is None:
            raise EngineError("evaluation needs an engine, the pipeline has none")
        agreement = agreement_in(self._algo_seq)
        if self._engine.metric is None and agreement is None:
            return {}
        set_model(self._engine, model)
        shown = self._progress if progress is None else progress
        with (
            course("evaluation", wanted=shown),
            step("evaluation"),
            spread(self._engine, executor),
            agreeing(self._engine, agreement),
        ):
            metrics: dict[str, Any] | None = predicted(self._engine, print_progress=True)[0]
        return metrics or {}


def _measured_step(steps: Sequence[list[Algorithm]]) -> list[Algorithm]:
    """The only step that measures anything, since those behind such a one measure what it made.

    Raises:
        EngineError: there are several, or none.
    """
    found = [step for step in steps if any(algorithm.needs_data for algorithm in step)]
    names = [step[0].name for step in found]
    if len(found) != 1:
        raise EngineError(
            f"statistics from elsewhere are of one pass, found algorithms that take {len(found)}: "
            f"{', '.join(names) or 'none'}"
        )
    return found[0]


offer(globals())
