"""DefaultQuantization: ranges, then biases, from one pass over the data."""

from __future__ import annotations

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.context import Stage
from openvino.tools.pot.algorithms.quantization.alignment import AlignmentStage
from openvino.tools.pot.algorithms.quantization.fast_bias_correction import BiasStage
from openvino.tools.pot.algorithms.quantization.migration import MigrationStage
from openvino.tools.pot.algorithms.quantization.minmax import RangeStage
from openvino.tools.pot.algorithms.quantization.overflow import OverflowStage
from openvino.tools.pot.algorithms.quantization.planning import PlanStage
from openvino.tools.pot.algorithms.quantization.recurrence import RecurrenceStage
from openvino.tools.pot.algorithms.quantization.rounding import RoundingStage
from openvino.tools.pot.algorithms.quantization.saturation import SaturationStage
from openvino.tools.pot.configs.parameters import DefaultQuantizationParameters, MinMaxParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.paths import offer

__path__: list[str] = []  # POT had a package here: see openvino.tools.pot.paths


class DefaultQuantization(Algorithm):
    """Full quantization without accuracy control: MinMaxQuantization, then FastBiasCorrection."""

    name = "DefaultQuantization"

    @property
    def sampling(self) -> MinMaxParameters:
        """The parameters that choose samples."""
        return self._parameters

    def _make_stages(self) -> tuple[Stage, ...]:
        self._parameters = validate(DefaultQuantizationParameters, self.config, f"{self.name} params")
        parameters = self._parameters
        return (
            PlanStage(parameters),
            MigrationStage(parameters),
            AlignmentStage(parameters),
            RecurrenceStage(parameters),
            RangeStage(parameters),
            SaturationStage(parameters),
            OverflowStage(parameters),
            RoundingStage(parameters),
            BiasStage(parameters),
        )


offer(globals())
