"""The course of accuracy control, as plain data."""

from __future__ import annotations

from typing import Literal

from openvino.tools.pot.utils.form import Facts


class ControlStep(Facts):
    """A model that accuracy control evaluated.

    Attributes:
        what: in words.
        variant: name of the parameters' variant.
        floats: all layers that it has in float.
        freed: those of them that the step before did not have in float.
        returned: layers that the step before had in float, and it has in INT8 again.
        metrics: by name; bounds where the evaluation stopped early.
        drop: the largest of the metrics, in the unit of the target; a lower bound where the evaluation stopped early;
            None where a metric is no number.
        complete: whether all samples were seen.
        met: whether the drop is allowed.
        seconds: of quantizing and evaluating; zero where it was known from an earlier run.
    """

    what: str
    variant: str
    floats: tuple[str, ...]
    freed: tuple[str, ...]
    returned: tuple[str, ...]
    metrics: dict[str, float | None]
    drop: float | None
    complete: bool
    met: bool
    seconds: float


class ControlLayer(Facts):
    """A layer that could go back to float.

    Attributes:
        node, type: its name and operation.
        share: part of the squared error at the outputs that is gone with it alone in float; parts overlap, and need not
            add up to 1.
        latency: seconds that it takes longer in float than in INT8, zero where that isn't known.
        bought: what the drop would be larger by with this layer in INT8; None where that was not measured.
        bought_at_least: whether that is a lower bound, as the evaluation stopped early.
        is_float: whether it ended up in float.
        step: number of the first step that had it in float, from 1; None: it never was.
    """

    node: str
    type: str
    share: float
    latency: float
    bought: float | None
    bought_at_least: bool
    is_float: bool
    step: int | None


class AccuracyControl(Facts):
    """The course of a search for an INT8 model that keeps a metric.

    Attributes:
        baseline: metrics of the float model.
        maximal_drop: that is allowed.
        drop_type: whether drops are in the unit of the metric, or shares of the float model's figure.
        steps: all models that were evaluated, in their order.
        chosen: number of the step that was taken, from 1; None where nothing was evaluated.
        met: whether its drop is allowed.
        layers: in the order in which they were tried, the most promising first; empty where that wasn't needed.
        ended: why the search ended, in words.
        seconds: that it took, earlier runs of the same search left out.
        passes: over the samples.
    """

    baseline: dict[str, float | None]
    maximal_drop: float
    drop_type: Literal["absolute", "relative"]
    steps: tuple[ControlStep, ...]
    chosen: int | None
    met: bool
    layers: tuple[ControlLayer, ...]
    ended: str
    seconds: float
    passes: float

    @property
    def taken(self) -> ControlStep | None:
        """The step that was taken."""
        return None if self.chosen is None else self.steps[self.chosen - 1]
