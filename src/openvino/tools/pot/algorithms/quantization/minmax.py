"""MinMaxQuantization: places quantizers and finds their ranges."""

from __future__ import annotations

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.interfaces import Stage
from openvino.tools.pot.algorithms.quantization.half_range import HalfRangeStage
from openvino.tools.pot.algorithms.quantization.ranges import RangeStage
from openvino.tools.pot.algorithms.quantization.recurrence import RecurrenceStage
from openvino.tools.pot.algorithms.quantization.saturation import SaturationStage
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.paths import offer

__path__: list[str] = []  # POT had a package here: see openvino.tools.pot.paths


class MinMaxQuantization(Algorithm):
    """Places FakeQuantize nodes and sets their ranges from range estimators."""

    name = "MinMaxQuantization"

    def _make_stages(self, recipe: Recipe) -> tuple[Stage, ...]:
        stages: list[Stage] = [RecurrenceStage(recipe), RangeStage(recipe)]
        if recipe.protects:
            stages.append(SaturationStage())
        if recipe.device.half:
            stages.append(HalfRangeStage())
        return tuple(stages)


offer(globals())
