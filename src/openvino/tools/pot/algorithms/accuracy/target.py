"""What accuracy must be kept: metrics of the float model, and how far a quantized one may fall behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, isnan

from openvino.tools.pot.configs.accuracy import AccuracyAwareParameters, NamedMetric
from openvino.tools.pot.utils.errors import ConfigError, EngineError, nearest

_SLACK = 1e-9
"""Metrics are sums in floating point: a drop of exactly what is allowed must not fail by its last bit."""


def never_right(name: str) -> str:
    """What to say of a metric that is 0 for the float model."""
    return f"metric {name!r} of the float model is 0, and can't be lost: do labels, and what is fed, fit the model?"


@dataclass(frozen=True)
class Goal:
    """One metric.

    Attributes:
        name: as the user's metric calls it.
        baseline: of the float model.
        higher_better: whether a larger value is a better one.
    """

    name: str
    baseline: float
    higher_better: bool

    @property
    def tells(self) -> bool:
        """Whether it can be lost: a model that is never right can't get worse."""
        return not self.higher_better or self.baseline != 0

    def drop(self, value: float) -> float:
        """How much worse than the baseline a value is, in the metric's unit."""
        return self.baseline - value if self.higher_better else value - self.baseline


@dataclass(frozen=True)
class Target:
    """The largest drop of all metrics that count must not exceed ``maximal``.

    Attributes:
        goals: the metrics.
        maximal: drop allowed.
        relative: whether drops are shares of the baseline.
    """

    goals: tuple[Goal, ...]
    maximal: float
    relative: bool

    def drop(self, metrics: Mapping[str, float]) -> float:
        """The largest of the drops, in the unit of ``maximal``, of the metrics that are there; infinity for NaN."""
        known = [goal for goal in self.goals if goal.name in metrics]
        drops = [goal.drop(metrics[goal.name]) / self._unit(goal) for goal in known]
        return max(inf if isnan(drop) else drop for drop in drops)

    @property
    def doubts(self) -> list[str]:
        """What is odd about the baselines, in sentences."""
        return [never_right(goal.name) for goal in self.goals if not goal.tells]

    def is_met(self, drop: float) -> bool:
        """Whether a drop is allowed."""
        return drop <= self.maximal + _SLACK

    def bounds(self, drop: float) -> dict[str, float]:
        """The value of each metric at a drop in the unit of ``maximal``."""
        signed = {goal: drop * self._unit(goal) * (-1 if goal.higher_better else 1) for goal in self.goals}
        return {goal.name: goal.baseline + change for goal, change in signed.items()}

    def _unit(self, goal: Goal) -> float:
        return abs(goal.baseline) if self.relative else 1.0


def make_target(
    parameters: AccuracyAwareParameters,
    measured: Mapping[str, float],
    directions: Mapping[str, bool],
) -> Target:
    """The target that parameters describe.

    Args:
        parameters: of the algorithm.
        measured: metrics of the float model.
        directions: metric name -> whether a larger value is a better one; of others it is.

    Raises:
        ConfigError: a metric is not among those measured, or a relative drop is asked for of a baseline of zero.
        EngineError: the metric gives no figure, or none that is finite for the float model.
    """
    wanted: Sequence[NamedMetric] = parameters.metrics or [NamedMetric(name=name) for name in measured]
    if not wanted:
        raise EngineError("the engine's metric gives no figure, expected at least one")
    goals = []
    for metric in wanted:
        if metric.name not in measured:
            raise ConfigError(
                f"metrics: the engine's metric gives no {metric.name!r}{nearest(metric.name, measured)}"
            )
        baseline = measured[metric.name] if metric.baseline_value is None else metric.baseline_value
        if not isfinite(baseline):
            raise EngineError(
                f"metric {metric.name!r} of the float model is {baseline}, expected a finite number"
            )
        if parameters.drop_type == "relative" and baseline == 0:
            raise ConfigError(f"drop_type: relative needs a baseline other than zero, {metric.name!r} has 0")
        goals.append(Goal(metric.name, baseline, directions.get(metric.name, True)))
    return Target(tuple(goals), parameters.maximal_drop, parameters.drop_type == "relative")
