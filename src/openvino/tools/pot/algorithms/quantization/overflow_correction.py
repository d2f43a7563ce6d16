"""OverflowCorrection: ranges widened so that sums fit the device's accumulator."""

from __future__ import annotations

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.interfaces import Stage
from openvino.tools.pot.algorithms.quantization.accumulators import AccumulatorStage
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.paths import offer
from openvino.tools.pot.utils.errors import ConfigError

__path__: list[str] = []  # POT had a package here: see openvino.tools.pot.paths


class OverflowCorrection(Algorithm):
    """Widens ranges that could overflow; stands behind MinMaxQuantization in the same list of algorithms."""

    name = "OverflowCorrection"
    places = False

    def _make_recipe(self) -> Recipe:
        recipe = super()._make_recipe()
        if not recipe.sum_bits:
            raise ConfigError(
                f"{self.name} is for devices with 32-bit sums of 16-bit numbers, expected target_device GNA or GNA3, "
                f"found {recipe.parameters.target_device!r}"
            )
        return recipe

    def _make_stages(self, recipe: Recipe) -> tuple[Stage, ...]:
        return (AccumulatorStage(recipe),)


offer(globals())
