"""ActivationChannelAlignment: channels of activations brought to one width, before ranges are found."""

from __future__ import annotations

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.interfaces import Stage
from openvino.tools.pot.algorithms.quantization.alignment import AlignmentStage
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.paths import offer

__path__: list[str] = []  # POT had a package here: see openvino.tools.pot.paths


class ActivationChannelAlignment(Algorithm):
    """Divides channels before they are rounded; stands before MinMaxQuantization in the same list of algorithms."""

    name = "ActivationChannelAlignment"
    places = False
    prepares = True

    def _make_stages(self, recipe: Recipe) -> tuple[Stage, ...]:
        return (AlignmentStage(recipe),)


offer(globals())
