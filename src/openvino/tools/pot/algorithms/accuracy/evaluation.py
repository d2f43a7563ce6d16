"""Metrics of candidates over the user's samples, no further than it takes to be sure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from openvino.tools.pot.algorithms.accuracy.clock import Clock, OutOfTimeError
from openvino.tools.pot.algorithms.accuracy.target import Target
from openvino.tools.pot.engines.hooks import predicted
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.metrics import ValuesError, as_number, attributes_of, directions_of
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.samplers.batch_sampler import BatchSampler, count_samples
from openvino.tools.pot.utils.errors import EngineError

_CLOSE = 1e-6
"""Relative difference up to which an average is that of the values per sample."""


@dataclass(frozen=True)
class Evaluation:
    """What a model is worth.

    Attributes:
        metrics: by name; where the evaluation stopped early, those that can be bounded, with the best that they can
            still end up with.
        complete: whether all samples were seen.
        values: metric name -> its value for each sample, where the metric has them.
    """

    metrics: Mapping[str, float]
    complete: bool
    values: Mapping[str, Sequence[float]]


class Evaluator:
    """Evaluates models with an engine's metric, over its whole data loader.

    Where a metric is the mean of values per sample that can't leave the range from 0 to 1 (its type is
    ``accuracy``), an evaluation stops as soon as the remaining samples can't bring the model back above a bar.

    Args:
        engine: with a data loader and a metric.
        clock: evaluations end with OutOfTimeError when it is over.
        names: metrics that count, and so must be numbers; absent: all.

    Attributes:
        bounded: metrics that are such means, as far as complete evaluations tell.
        samples_seen: by all evaluations together.
    """

    def __init__(self, engine: IEEngine, clock: Clock, names: Collection[str] | None = None) -> None:
        self._engine, self._clock, self._names = engine, clock, names
        self._has_values: bool | None = None
        self.bounded: frozenset[str] = frozenset()
        self.samples_seen = 0

    @property
    def size(self) -> int:
        """The number of samples."""
        return count_samples(self._engine.data_loader)

    def directions(self, names: Iterable[str]) -> dict[str, bool]:
        """Metric name -> whether a larger value is a better one: as its attributes say, or the metric as a whole."""
        counting = [name for name in names if self._names is None or name in self._names]
        return directions_of(self._engine.metric, counting)

    def baseline(self, model: CompressedModel) -> Evaluation:
        """All metrics of the float model; learns which of them may be means over samples."""
        found = self._run(model, _Reachable(self._engine, self.size, {}, {}))
        types = {name: str(own.get("type", "")) for name, own in attributes_of(self._engine.metric).items()}
        self.bounded = frozenset(name for name in found.values if types.get(name) == "accuracy")
        self._keep_means(found)
        return found

    def _keep_means(self, found: Evaluation) -> None:
        """Leave out metrics that are no means over samples: where all are right, any figure looks like one."""
        self.bounded = frozenset(
            name
            for name in self.bounded
            if name in found.metrics
            and len(values := found.values.get(name, ())) == self.size
            and _is_mean(found.metrics[name], values)
            and min(values) >= 0
            and max(values) <= 1
        )

    def evaluate(self, model: CompressedModel, target: Target, worst: float) -> Evaluation:
        """Metrics of a candidate.

        Args:
            model: the candidate.
            target: what counts.
            worst: a drop beyond which nothing needs to be known of it.

        Raises:
            OutOfTimeError: the clock is over before the last sample.
        """
        higher = {goal.name: goal.higher_better for goal in target.goals if goal.name in self.bounded}
        found = self._run(model, _Reachable(self._engine, self.size, higher, target.bounds(worst)))
        if found.complete:
            self._keep_means(found)
        return found

    def _run(self, model: CompressedModel, reachable: _Reachable) -> Evaluation:
        sampler = _Watched(self._engine.data_loader, self._clock, reachable.is_hopeless)
        # Engines of cascades may reshape what they run.
        self._engine.set_model(model.clone() if model.is_cascade else model)
        try:
            averages, values = self._predict(sampler)
        except EngineError:  # of a metric that can't do with a part of the samples
            if not sampler.was_stopped:
                raise
            averages, values = {}, {}
        self.samples_seen += sampler.given
        if not sampler.was_stopped:
            return Evaluation(_figures(averages, self._names), True, values)
        if self._clock.is_over:
            raise OutOfTimeError
        return Evaluation(reachable.best(), False, values)

    def _predict(self, sampler: _Watched) -> tuple[Mapping[str, Any], dict[str, list[float]]]:
        if self._has_values is not False:
            try:
                found = self._with_values(sampler)
            except ValuesError:  # only values per sample are missing
                if self._has_values:
                    raise
                self._has_values, sampler.given = False, 0
            else:
                self._has_values = True
                return found
        return predicted(self._engine, sampler=sampler, print_progress=True)[0] or {}, {}

    def _with_values(self, sampler: _Watched) -> tuple[Mapping[str, Any], dict[str, list[float]]]:
        found = predicted(self._engine, sampler=sampler, metric_per_sample=True, print_progress=True)[0]
        if not isinstance(found, tuple) or len(found) != 2:
            raise ValuesError(f"engine {type(self._engine).__name__}: predict gives no values per sample")
        records, metrics = found
        values: dict[str, list[float]] = defaultdict(list)
        for record in records:
            value = as_number(record["result"])
            if value is not None:
                values[record["metric_name"]].append(value)
        return metrics or {}, dict(values)


def _figures(metrics: Mapping[str, Any], names: Collection[str] | None) -> dict[str, float]:
    """The metrics that count, as numbers; of others those that are numbers."""
    if not metrics:
        raise EngineError("the engine's metric gives no figure, expected at least one")
    figures = {}
    for name, value in metrics.items():
        figure = as_number(value)
        if figure is not None:
            figures[str(name)] = figure
        elif names is None or name in names:
            raise EngineError(f"metric {name!r} is {value!r}, expected a number")
    return figures


def _is_mean(average: float, values: Sequence[float]) -> bool:
    return bool(values) and abs(fmean(values) - average) <= _CLOSE * max(1.0, abs(average))


class _Reachable:
    """The best that metrics can end up with, whatever the samples to come: means of values from 0 to 1.

    Args:
        engine: what evaluates.
        size: the number of all samples.
        higher: metric name -> whether a larger value is a better one.
        bars: metric name -> a value such that nothing needs to be known of what is worse.
    """

    def __init__(
        self, engine: IEEngine, size: int, higher: Mapping[str, bool], bars: Mapping[str, float]
    ) -> None:
        self._engine, self._size, self._higher, self._bars = engine, size, higher, bars
        self._sums = dict.fromkeys(higher, 0.0)
        self._counts = dict.fromkeys(higher, 0)
        self._read = 0

    def best(self) -> dict[str, float]:
        """The value of each metric if every sample to come is the best possible."""
        records = self._engine.values_so_far
        for record in records[self._read :]:
            name = record["metric_name"]
            if name in self._sums:
                self._sums[name] += float(np.asarray(record["result"]))
                self._counts[name] += 1
        self._read = len(records)
        return {
            name: (total + (self._size - self._counts[name]) * self._higher[name]) / self._size
            for name, total in self._sums.items()
        }

    def is_hopeless(self) -> bool:
        """Whether a metric will be worse than its bar."""
        bars, higher = self._bars, self._higher
        return any(
            value < bars[name] - _CLOSE if higher[name] else value > bars[name] + _CLOSE
            for name, value in self.best().items()
        )


class _Watched(BatchSampler):
    """All samples of a loader one by one, until time is over or nothing can be hoped for.

    Attributes:
        given: how many samples were asked for.
        was_stopped: whether some were not.
    """

    def __init__(self, data_loader: Any, clock: Clock, hopeless: Callable[[], bool]) -> None:
        super().__init__(data_loader)
        self._clock, self._hopeless = clock, hopeless
        self.given, self.was_stopped = 0, False

    def batches(self) -> Iterator[list[int]]:
        """The index of each sample."""
        for batch in super().batches():
            self.was_stopped = self.given > 0 and (self._clock.is_over or self._hopeless())
            if self.was_stopped:
                return
            self.given += 1
            yield batch
