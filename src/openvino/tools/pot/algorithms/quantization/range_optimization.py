"""RangeOptimization: ranges of activations by the error of the network's outputs, on the quantized network itself."""

from __future__ import annotations

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.interfaces import Refinement, Stage
from openvino.tools.pot.algorithms.quantization.range_factors import RangeRefinement
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.configs.parameters import MinMaxParameters
from openvino.tools.pot.configs.refining import RangeOptimizationParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.paths import offer


class RangeOptimization(Algorithm):
    """Searches ranges in passes of its own; stands behind what places quantizers in the same list of algorithms."""

    name = "RangeOptimization"
    places = False

    def _make_recipe(self) -> Recipe:
        shared = {key: value for key, value in self.config.items() if key in MinMaxParameters.model_fields}
        own = {key: value for key, value in self.config.items() if key not in shared}
        self._parameters = validate(RangeOptimizationParameters, own, f"{self.name} params")
        return Recipe.of(validate(MinMaxParameters, shared, f"{self.name} params"))

    def _make_stages(self, recipe: Recipe) -> tuple[Stage, ...]:
        return ()

    def _make_refinements(self, recipe: Recipe) -> tuple[Refinement, ...]:
        return (RangeRefinement(self._parameters),)


offer(globals())
