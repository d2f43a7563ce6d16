"""FastBiasCorrection: makes the mean of every layer's output what it was in float, in closed form."""

from __future__ import annotations

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.interfaces import Stage
from openvino.tools.pot.algorithms.quantization.biases import BiasStage
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.configs.parameters import FastBiasCorrectionParameters, MinMaxParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.paths import offer

__path__: list[str] = []  # POT had a package here: see openvino.tools.pot.paths


class FastBiasCorrection(Algorithm):
    """Corrects biases; stands behind MinMaxQuantization in the same list of algorithms."""

    name = "FastBiasCorrection"
    places = False

    def _make_recipe(self) -> Recipe:
        shared = {key: value for key, value in self.config.items() if key in MinMaxParameters.model_fields}
        return Recipe.of(validate(MinMaxParameters, shared, f"{self.name} params"))

    def _make_stages(self, recipe: Recipe) -> tuple[Stage, ...]:
        return (BiasStage(self._bias_parameters()),)

    def _bias_parameters(self) -> FastBiasCorrectionParameters:
        own = {key: value for key, value in self.config.items() if key not in MinMaxParameters.model_fields}
        return validate(FastBiasCorrectionParameters, own, f"{self.name} params")


offer(globals())
