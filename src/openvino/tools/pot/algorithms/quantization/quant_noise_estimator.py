"""QuantNoiseEstimator: how much noise quantization adds to the output of each layer; changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.interfaces import Refinement, Stage
from openvino.tools.pot.algorithms.quantization.noise import NoiseMeasurement
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.configs.parameters import MinMaxParameters
from openvino.tools.pot.configs.refining import QuantNoiseEstimatorParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.paths import offer


class QuantNoiseEstimator(Algorithm):
    """Measures, in a pass of its own; stands behind what places quantizers in the same list of algorithms."""

    name = "QuantNoiseEstimator"
    places = False

    def _make_recipe(self) -> Recipe:
        shared = {key: value for key, value in self.config.items() if key in MinMaxParameters.model_fields}
        own = {key: value for key, value in self.config.items() if key not in shared}
        self._parameters = validate(QuantNoiseEstimatorParameters, own, f"{self.name} params")
        return Recipe.of(validate(MinMaxParameters, shared, f"{self.name} params"))

    def _make_stages(self, recipe: Recipe) -> tuple[Stage, ...]:
        return ()

    def _make_refinements(self, recipe: Recipe) -> tuple[Refinement, ...]:
        self._measurement = NoiseMeasurement(self._parameters, recipe.parameters.stat_subset_size)
        return (self._measurement,)

    @property
    def noise(self) -> Mapping[str, float]:
        """Layer -> the power of its output over that of the noise, of the last run or cascade's network."""
        return dict(self._measurement.found)


offer(globals())
