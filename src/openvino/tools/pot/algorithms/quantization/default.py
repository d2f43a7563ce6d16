"""DefaultQuantization: ranges, then biases, from one pass over the data."""

from __future__ import annotations

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.interfaces import Refinement, Stage
from openvino.tools.pot.algorithms.quantization.accumulators import AccumulatorStage
from openvino.tools.pot.algorithms.quantization.alignment import AlignmentStage
from openvino.tools.pot.algorithms.quantization.biases import BiasStage
from openvino.tools.pot.algorithms.quantization.drifts import QUICK, THOROUGH, DriftRefinement
from openvino.tools.pot.algorithms.quantization.half_range import HalfRangeStage
from openvino.tools.pot.algorithms.quantization.migration import MigrationStage
from openvino.tools.pot.algorithms.quantization.ranges import RangeStage
from openvino.tools.pot.algorithms.quantization.recurrence import RecurrenceStage
from openvino.tools.pot.algorithms.quantization.rounding import RoundingStage
from openvino.tools.pot.algorithms.quantization.saturation import SaturationStage
from openvino.tools.pot.algorithms.quantization.tuning import FEW_CUTS, MANY_CUTS, TuningRefinement
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.configs.parameters import DefaultQuantizationParameters
from openvino.tools.pot.paths import offer

__path__: list[str] = []  # POT had a package here: see openvino.tools.pot.paths


class DefaultQuantization(Algorithm):
    """Full quantization without accuracy control: MinMaxQuantization, then a correction of biases."""

    name = "DefaultQuantization"
    parameters = DefaultQuantizationParameters

    def _make_stages(self, recipe: Recipe) -> tuple[Stage, ...]:
        """Divisions first, since ranges follow from them, then what changes ranges, then what is rounded to them."""
        parameters = recipe.parameters
        assert isinstance(parameters, DefaultQuantizationParameters)
        stages: list[Stage] = [MigrationStage(recipe), AlignmentStage(recipe)] if recipe.divides else []
        stages += [RecurrenceStage(recipe), RangeStage(recipe)]
        if recipe.protects:
            stages.append(SaturationStage())
        if recipe.sum_bits:
            stages.append(AccumulatorStage(recipe))
        if recipe.rounds:
            stages.append(RoundingStage(hands_on=parameters.max_memory is None))
        if recipe.device.half:
            stages.append(HalfRangeStage())
        return (*stages, BiasStage(parameters))

    def _make_refinements(self, recipe: Recipe) -> tuple[Refinement, ...]:
        parameters = recipe.parameters
        assert isinstance(parameters, DefaultQuantizationParameters)
        thorough = parameters.effort == "thorough"
        if recipe.tunes:
            instead = None if parameters.use_fast_bias else DriftRefinement(parameters, QUICK)
            cuts = MANY_CUTS if thorough else FEW_CUTS
            return (TuningRefinement(parameters, cuts, not recipe.sum_bits, instead),)
        corrects = thorough or not parameters.use_fast_bias
        return (DriftRefinement(parameters, THOROUGH if thorough else QUICK),) if corrects else ()


offer(globals())
