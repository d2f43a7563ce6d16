"""BiasCorrection: makes the mean of every layer's output what it was in float, on the quantized network itself."""

from __future__ import annotations

from openvino.tools.pot.algorithms.interfaces import Refinement
from openvino.tools.pot.algorithms.quantization.drifts import DriftRefinement
from openvino.tools.pot.algorithms.quantization.fast_bias_correction import FastBiasCorrection
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.paths import offer

__path__: list[str] = []  # POT had a package here: see openvino.tools.pot.paths


class BiasCorrection(FastBiasCorrection):
    """Corrects biases, with a pass of its own; stands behind MinMaxQuantization in the same list of algorithms."""

    name = "BiasCorrection"

    def _make_refinements(self, recipe: Recipe) -> tuple[Refinement, ...]:
        return (DriftRefinement(self._bias_parameters()),)


offer(globals())
